"""The SQL of photos as moves see them: what is evidence, and what may be shown."""

import uuid
from collections.abc import Sequence

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
    """Which of these photos are not after photos of the case whose bytes have arrived."""
    rows = await connection.fetch(
        """
        SELECT named.sha256 FROM unnest($2::text[]) AS named (sha256)
        WHERE NOT EXISTS (
            SELECT FROM report_photo p
            WHERE p.report_id = $1 AND p.sha256 = named.sha256 AND p.purpose = 'after'
              AND p.state IN ('stored', 'ready'))
        ORDER BY named.sha256 LIMIT 100
        """,
        report_id,
        photos,
    )
    return [row["sha256"] for row in rows]


async def release_photos(connection: Connection, report_id: uuid.UUID) -> None:
    """Let strangers see the photos of a report that somebody has just looked at."""
    await connection.execute(
        "UPDATE report_photo SET is_held = false WHERE report_id = $1 AND is_held", report_id
    )
