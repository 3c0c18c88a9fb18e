"""The SQL of events and of the work that follows from them."""

import uuid
from collections.abc import Sequence

from backend.database import Connection
from backend.events.chain import Event, Note


async def insert_event(connection: Connection, event: Event, notes: Sequence[Note]) -> int:
    """Append one event and the words that go with it; the event's id."""
    event_id: int = await connection.fetchval(
        """
        WITH happened AS (
            INSERT INTO event (case_kind, case_id, seq, kind, at, actor_kind, actor_id, agency_code,
                is_public, body, prev_hash, hash)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            RETURNING id
        ), said AS (
            INSERT INTO note (case_kind, case_id, seq, kind, text, salt, is_public)
            SELECT $1, $2, $3, n.kind, n.text, n.salt, n.is_public
            FROM unnest($13::text[], $14::text[], $15::bytea[], $16::boolean[])
                AS n (kind, text, salt, is_public)
        )
        SELECT id FROM happened
        """,
        event.case_kind,
        event.case_id,
        event.seq,
        event.kind,
        event.at,
        event.actor.kind,
        event.actor.id,
        event.agency_code,
        event.is_public,
        event.body,
        event.prev_hash,
        event.hash,
        [note.kind for note in notes],
        [note.text for note in notes],
        [note.salt for note in notes],
        [note.is_public for note in notes],
    )
    return event_id


async def find_last(
    connection: Connection, case_kind: str, case_id: uuid.UUID
) -> tuple[int, bytes] | None:
    """Number and hash of the last event of a case; None if it has none."""
    row = await connection.fetchrow(
        """
        SELECT seq, hash FROM event WHERE case_kind = $1 AND case_id = $2
        ORDER BY seq DESC LIMIT 1
        """,
        case_kind,
        case_id,
    )
    return (row["seq"], row["hash"]) if row else None


async def insert_jobs(connection: Connection, jobs: Sequence[tuple[str, bytes | None]]) -> None:
    """Queue work in the caller's transaction: (entrypoint, payload) each."""
    await connection.execute(
        """
        INSERT INTO pgqueuer (priority, entrypoint, payload, status)
        SELECT 0, job.entrypoint, job.payload, 'queued'
        FROM unnest($1::text[], $2::bytea[]) AS job (entrypoint, payload)
        """,
        [entrypoint for entrypoint, _ in jobs],
        [payload for _, payload in jobs],
    )
