"""The SQL of photos as moves see them: what is evidence, and what may be shown."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from backend.database import Connection


async def count_evidence(connection: Connection, report_id: uuid.UUID) -> int:
    """How many after photos have arrived, since it was reopened if it was.

    A photo of work that did not satisfy is no evidence of the work that was asked for again.
    """
    count: int = await connection.fetchval(
        """
        SELECT count(*) FROM report_photo
        WHERE report_id = $1 AND purpose = 'after' AND state IN ('stored', 'ready')
          AND uploaded_at > coalesce((SELECT max(at) FROM event WHERE case_kind = 'report'
              AND case_id = $1 AND kind = 'reopen'), '-infinity')
        """,
        report_id,
    )
    return count


async def list_missing_evidence(
    connection: Connection, report_id: uuid.UUID, photos: Sequence[str]
) -> list[str]:
    """Which of these photos are not after photos that came since the last reopening, if any.

    The result of the first work cannot be shown again as that of the second.
    """
    rows = await connection.fetch(
        """
        SELECT named.sha256 FROM unnest($2::text[]) AS named (sha256)
        WHERE NOT EXISTS (
            SELECT FROM report_photo p
            WHERE p.report_id = $1 AND p.sha256 = named.sha256 AND p.purpose = 'after'
              AND p.state IN ('stored', 'ready')
              AND p.uploaded_at > coalesce((SELECT max(at) FROM event WHERE case_kind = 'report'
                  AND case_id = $1 AND kind = 'reopen'), '-infinity'))
        ORDER BY named.sha256 LIMIT 100
        """,
        report_id,
        photos,
    )
    return [row["sha256"] for row in rows]


async def release_photos(
    connection: Connection, report_id: uuid.UUID, *, seen_until: datetime | None
) -> None:
    """Let strangers see the photos that whoever publishes has seen, and hold back the others.

    Seen are those that were ready at `seen_until`, the moment of the newest one on the page that
    was read; None: all that are ready now. What is ready later has been seen by nobody.
    """
    await connection.execute(
        """
        UPDATE report_photo
        SET is_held = NOT (state = 'ready' AND ($2::timestamptz IS NULL OR ready_at <= $2))
        WHERE report_id = $1 AND purpose = 'before'
        """,
        report_id,
        seen_until,
    )


async def release_evidence(
    connection: Connection, report_id: uuid.UUID, photos: Sequence[str]
) -> None:
    """Show the photos that an answer names; without any, all of the work it answers for."""
    await connection.execute(
        """
        UPDATE report_photo SET is_held = false
        WHERE report_id = $1 AND purpose = 'after' AND is_held
          AND (sha256 = ANY ($2::text[]) OR (cardinality($2::text[]) = 0
            AND uploaded_at > coalesce((SELECT max(at) FROM event WHERE case_kind = 'report'
                AND case_id = $1 AND kind = 'reopen'), '-infinity')))
        """,
        report_id,
        photos,
    )


async def lock_both(
    connection: Connection, report_id: uuid.UUID, other_id: uuid.UUID | None
) -> None:
    """Lock a report and the one it is, or is to be, merged into, always in the same order.

    Two opposite merges at once would else each hold what the other waits for.
    """
    await connection.execute(
        """
        SELECT id FROM report
        WHERE id = $1 OR id = $2 OR id = (SELECT merged_into FROM report WHERE id = $1)
        ORDER BY id FOR UPDATE
        """,
        report_id,
        other_id,
    )
