"""The SQL of photos. What was announced is 'expected', what lies in quarantine is 'stored', what
may be shown is 'ready', what cannot be made harmless is 'refused'."""

import uuid
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final, Literal, TypeAlias

from backend.database import Connection, Record

PhotoStage: TypeAlias = Literal["expected", "stored", "ready", "refused"]
Purpose: TypeAlias = Literal["before", "after"]


@dataclass(frozen=True)
class PhotoState:
    """One photo of one report; `refused_reason` is a stable word, only for refused photos.

    `width` and `height` are those of the largest derivative, in pixels; None until it is ready.
    """

    report_id: uuid.UUID
    sha256: str
    purpose: Purpose
    position: int
    bytes: int
    content_type: str
    state: PhotoStage
    refused_reason: str | None
    width: int | None
    height: int | None
    is_held: bool


@dataclass(frozen=True)
class ReportStanding:
    """What decides whether a report takes another photo."""

    status: str
    created_at: datetime
    photos: int
    refused: int = 0


# Refused for what the bytes are: sent again they would only be refused again. The words are those
# of moderation/derivatives.py; with all others (too-costly, broken, expired) it may be our fault.
REFUSED_FOR_GOOD: Final = ("not-a-photo", "too-many-pixels", "too-long", "too-many-scans")

_COLUMNS: Final = ", ".join(field.name for field in fields(PhotoState))
_IS_PUBLISHED: Final = "(SELECT visibility = 'public' FROM report WHERE id = $1)"


async def find_photo(
    connection: Connection, report_id: uuid.UUID, sha256: str
) -> PhotoState | None:
    """The photo as it stands."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM report_photo WHERE report_id = $1 AND sha256 = $2",  # noqa: S608  own column names
        report_id,
        sha256,
    )
    return _photo(row) if row else None


async def list_photos(connection: Connection, report_id: uuid.UUID) -> list[PhotoState]:
    """All photos of a report, those before the work first, in the reporter's order."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM report_photo WHERE report_id = $1"  # noqa: S608  own column names
        " ORDER BY purpose DESC, position, sha256 LIMIT 200",
        report_id,
    )
    return [_photo(row) for row in rows]


async def find_public_photo(connection: Connection, report_id: uuid.UUID, sha256: str) -> bool:
    """Whether a stranger may see this photo now; also works as caunoi_public."""
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM public_photo WHERE report_id = $1 AND sha256 = $2)",
        report_id,
        sha256,
    )
    return found


async def find_report_standing(
    connection: Connection, report_id: uuid.UUID, purpose: Purpose, *, for_update: bool = False
) -> ReportStanding | None:
    """The report's status and how many photos of this purpose it has, refused ones apart.

    With `for_update` it stays locked to the end of the transaction: one addition at a time.
    """
    lock = " FOR UPDATE" if for_update else ""
    row = await connection.fetchrow(
        f"SELECT status, created_at FROM report WHERE id = $1{lock}",  # noqa: S608  a constant
        report_id,
    )
    if row is None:
        return None
    # A statement of its own: counted after the lock is held, it sees what others have added.
    refused: list[bool] = await connection.fetchval(
        """
        SELECT coalesce(array_agg(state = 'refused'), '{}')
        FROM report_photo WHERE report_id = $1 AND purpose = $2
        """,
        report_id,
        purpose,
    )
    standing = row["status"], row["created_at"], refused.count(False)
    return ReportStanding(*standing, refused=refused.count(True))


async def mark_stored(
    connection: Connection, report_id: uuid.UUID, sha256: str, *, size: int, content_type: str
) -> bool:
    """Say that a photo which was expected, or refused but not for good, lies in quarantine.

    False where it was neither. A reporter's photo that comes after the report was published is held
    back from strangers; once held it stays so, also where this statement has not seen yet that it
    was published.
    """
    done = await connection.execute(
        f"""
        UPDATE report_photo
        SET state = 'stored', bytes = $3, content_type = $4, uploaded_at = now(),
            refused_reason = NULL, is_held = is_held OR purpose = 'before' AND {_IS_PUBLISHED}
        WHERE report_id = $1 AND sha256 = $2
            AND (state = 'expected'
                OR state = 'refused' AND coalesce(refused_reason, '') <> ALL ($5::text[]))
        """,  # noqa: S608  a constant
        report_id,
        sha256,
        size,
        content_type,
        REFUSED_FOR_GOOD,
    )
    return done == "UPDATE 1"


async def insert_expected_photo(
    connection: Connection, report_id: uuid.UUID, sha256: str, *, size: int, content_type: str
) -> None:
    """Announce one more of the reporter's photos; nothing happens if it is known already."""
    await connection.execute(
        """
        INSERT INTO report_photo
            (report_id, sha256, purpose, position, bytes, content_type, state)
        SELECT $1, $2, 'before', coalesce(max(position), 0) + 1, $3, $4, 'expected'
        FROM report_photo WHERE report_id = $1
        ON CONFLICT (report_id, sha256) DO NOTHING
        """,
        report_id,
        sha256,
        size,
        content_type,
    )


async def insert_stored_photo(
    connection: Connection,
    report_id: uuid.UUID,
    sha256: str,
    *,
    purpose: Purpose,
    size: int,
    content_type: str,
) -> bool:
    """Add a photo that was never announced and lies in quarantine; False if it is there already.

    One of the result waits for the answer that shows it.
    """
    done = await connection.execute(
        f"""
        INSERT INTO report_photo
            (report_id, sha256, purpose, position, bytes, content_type, state, uploaded_at, is_held)
        SELECT $1, $2, $3, coalesce(max(position), 0) + 1, $4, $5, 'stored', now(),
            $3 = 'after' OR {_IS_PUBLISHED}
        FROM report_photo WHERE report_id = $1
        ON CONFLICT (report_id, sha256) DO NOTHING
        """,  # noqa: S608  a constant
        report_id,
        sha256,
        purpose,
        size,
        content_type,
    )
    return done == "INSERT 0 1"


async def mark_ready(
    connection: Connection, report_id: uuid.UUID, sha256: str, *, width: int, height: int
) -> bool:
    """Say that the derivatives are in place; False if somebody else has said so."""
    done = await connection.execute(
        """
        UPDATE report_photo
        SET state = 'ready', width = $3, height = $4, ready_at = now(), refused_reason = NULL
        WHERE report_id = $1 AND sha256 = $2 AND state = 'stored'
        """,
        report_id,
        sha256,
        width,
        height,
    )
    return done == "UPDATE 1"


async def mark_refused(
    connection: Connection, report_id: uuid.UUID, sha256: str, reason: str
) -> bool:
    """Say that no derivative can be made, with a stable reason; False if it is decided already."""
    done = await connection.execute(
        """
        UPDATE report_photo SET state = 'refused', refused_reason = $3
        WHERE report_id = $1 AND sha256 = $2 AND state = 'stored'
        """,
        report_id,
        sha256,
        reason,
    )
    return done == "UPDATE 1"


async def mark_expected(connection: Connection, report_id: uuid.UUID, sha256: str) -> bool:
    """Ask for the bytes again, as the store has lost them before they were made safe."""
    done = await connection.execute(
        """
        UPDATE report_photo SET state = 'expected', uploaded_at = NULL
        WHERE report_id = $1 AND sha256 = $2 AND state = 'stored'
        """,
        report_id,
        sha256,
    )
    return done == "UPDATE 1"


async def requeue_waiting_photos(connection: Connection, *, older_than_seconds: int) -> int:
    """Give each photo that has been stored so long without work in the queue new work; how many."""
    rows = await connection.fetch(
        """
        INSERT INTO pgqueuer (priority, entrypoint, payload, status)
        SELECT 0, 'derive_photo', work.payload, 'queued'
        FROM (
            SELECT convert_to(report_id::text || '/' || sha256, 'UTF8') AS payload
            FROM report_photo
            WHERE state = 'stored' AND uploaded_at < now() - make_interval(secs => $1)
            ORDER BY uploaded_at
            LIMIT 500
        ) AS work
        WHERE NOT EXISTS (
            SELECT FROM pgqueuer job
            WHERE job.entrypoint = 'derive_photo' AND job.payload = work.payload
        )
        RETURNING id
        """,
        older_than_seconds,
    )
    return len(rows)


async def list_states(
    connection: Connection, names: list[tuple[uuid.UUID, str]]
) -> dict[tuple[uuid.UUID, str], PhotoStage]:
    """The state of each of these photos that has a row."""
    rows = await connection.fetch(
        """
        SELECT p.report_id, p.sha256, p.state
        FROM unnest($1::uuid[], $2::text[]) AS wanted (report_id, sha256)
        JOIN report_photo p USING (report_id, sha256)
        ORDER BY p.report_id, p.sha256
        LIMIT 10000
        """,
        [report_id for report_id, _ in names],
        [sha256 for _, sha256 in names],
    )
    return {(row["report_id"], row["sha256"]): row["state"] for row in rows}


def _photo(row: Record) -> PhotoState:
    return PhotoState(**dict(row))
