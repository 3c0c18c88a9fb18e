"""The SQL of the audit. Everything is read in the order of an index and by a cursor, so that the
memory it takes does not grow with the log."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol, cast

from backend.database import Connection, Record

_AT_ONCE: Final = 2000
# One at a time looks after anchors; whoever comes second has nothing to do.
_ANCHOR_LOCK: Final = 0x0CA0_0002


class _Cursors(Protocol):
    """What asyncpg's connections can do besides: read by a cursor, inside a transaction."""

    def cursor(
        self, query: str, *args: Any, prefetch: int | None = None
    ) -> AsyncIterator[Record]: ...


@dataclass(frozen=True)
class Anchor:
    """A digest over all events whose transactions lie in [from_xact, below_xact)."""

    id: int
    at: datetime
    from_xact: int
    below_xact: int
    events: int
    prev_digest: bytes
    digest: bytes


@dataclass(frozen=True)
class Anchored:
    """What an anchor says of one event."""

    id: int
    xact: int
    hash: bytes


async def take_anchor_turn(connection: Connection) -> bool:
    """Whether nobody else is making an anchor; holds until the transaction ends."""
    return bool(await connection.fetchval("SELECT pg_try_advisory_xact_lock($1)", _ANCHOR_LOCK))


async def find_horizon(connection: Connection) -> int:
    """The transaction below which everything has committed or failed for good."""
    horizon: int = await connection.fetchval("SELECT pg_snapshot_xmin(pg_current_snapshot())")
    return horizon


async def find_last_anchor(connection: Connection) -> Anchor | None:
    """The newest anchor; None before the first."""
    row = await connection.fetchrow(
        """
        SELECT id, at, from_xact, below_xact, events, prev_digest, digest
        FROM audit_anchor ORDER BY id DESC LIMIT 1
        """
    )
    return None if row is None else Anchor(**row)


async def find_anchor(connection: Connection, anchor_id: int) -> Anchor | None:
    """The anchor of this number; None when there is none."""
    row = await connection.fetchrow(
        """
        SELECT id, at, from_xact, below_xact, events, prev_digest, digest
        FROM audit_anchor WHERE id = $1
        """,
        anchor_id,
    )
    return None if row is None else Anchor(**row)


async def insert_anchor(
    connection: Connection,
    *,
    at: datetime,
    from_xact: int,
    below_xact: int,
    events: int,
    prev_digest: bytes,
    digest: bytes,
) -> Anchor:
    """Append one anchor."""
    anchor_id: int = await connection.fetchval(
        """
        INSERT INTO audit_anchor (at, from_xact, below_xact, events, prev_digest, digest)
        VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
        """,
        at,
        from_xact,
        below_xact,
        events,
        prev_digest,
        digest,
    )
    return Anchor(anchor_id, at, from_xact, below_xact, events, prev_digest, digest)


async def stream_anchored(
    connection: Connection, *, from_xact: int, below_xact: int
) -> AsyncIterator[Anchored]:
    """The events of these transactions, also those removed by record, by transaction and number."""
    query = """
        SELECT id, xact, hash FROM event WHERE xact >= $1 AND xact < $2
        UNION ALL
        SELECT id, xact, hash FROM event_removed WHERE xact >= $1 AND xact < $2
        ORDER BY xact, id
        """
    async for row in _cursors(connection).cursor(query, from_xact, below_xact, prefetch=_AT_ONCE):
        yield Anchored(**row)


async def stream_anchors(connection: Connection) -> AsyncIterator[Anchor]:
    """All anchors, oldest first."""
    query = """
        SELECT id, at, from_xact, below_xact, events, prev_digest, digest
        FROM audit_anchor ORDER BY id
        """
    async for row in _cursors(connection).cursor(query, prefetch=_AT_ONCE):
        yield Anchor(**row)


async def stream_events(connection: Connection) -> AsyncIterator[Record]:
    """All events, case by case, each case from its first."""
    query = """
        SELECT id, case_kind, case_id, seq, kind, at, actor_kind, actor_id, agency_code, is_public,
               body, prev_hash, hash
        FROM event ORDER BY case_kind, case_id, seq
        """
    async for row in _cursors(connection).cursor(query, prefetch=_AT_ONCE):
        yield row


async def stream_notes(connection: Connection) -> AsyncIterator[Record]:
    """All notes in the order of their events."""
    query = """
        SELECT case_kind, case_id, seq, kind, text, salt FROM note
        ORDER BY case_kind, case_id, seq, kind
        """
    async for row in _cursors(connection).cursor(query, prefetch=_AT_ONCE):
        yield row


async def stream_heads(
    connection: Connection,
) -> AsyncIterator[tuple[uuid.UUID, int, bytes]]:
    """What each report says of its own last event: id, version, hash; by id."""
    query = "SELECT id, version, head_hash FROM report ORDER BY id"
    async for row in _cursors(connection).cursor(query, prefetch=_AT_ONCE):
        yield row["id"], row["version"], row["head_hash"]


async def find_contradicted_report(connection: Connection) -> uuid.UUID | None:
    """The first report whose state, text, visibility or rating is not what events last told."""
    found: uuid.UUID | None = await connection.fetchval(
        """
        SELECT r.id FROM report r
        JOIN event e ON e.case_kind = 'report' AND e.case_id = r.id AND e.seq = r.version
        WHERE (e.body ->> 'status' IS NOT NULL AND (
            r.status <> e.body ->> 'status'
            OR r.category_code <> e.body ->> 'category'
            OR r.unit_code <> e.body ->> 'unit'
            OR r.agency_code IS DISTINCT FROM e.body ->> 'agency'
            OR r.accept_by IS DISTINCT FROM (e.body ->> 'accept_by')::timestamptz
            OR r.resolve_by IS DISTINCT FROM (e.body ->> 'resolve_by')::timestamptz
            OR (r.paused_at IS NOT NULL) <> (e.body ->> 'paused')::boolean
            OR r.is_overdue <> (e.body ->> 'overdue')::boolean))
            OR r.visibility <> (
                SELECT v.body ->> 'visibility' FROM event v
                WHERE v.case_kind = 'report' AND v.case_id = r.id
                    AND v.body ->> 'visibility' IS NOT NULL
                ORDER BY v.seq DESC LIMIT 1)
            OR encode(sha256(r.tracking_hash || convert_to(r.text, 'UTF8')), 'hex') <> (
                SELECT v.body ->> 'text_sha256' FROM event v
                WHERE v.case_kind = 'report' AND v.case_id = r.id
                    AND v.body ->> 'text_sha256' IS NOT NULL
                ORDER BY v.seq DESC LIMIT 1)
            OR r.rating <> (
                SELECT (v.body ->> 'score')::integer FROM event v
                WHERE v.case_kind = 'report' AND v.case_id = r.id AND v.kind = 'rate'
                ORDER BY v.seq DESC LIMIT 1)
        ORDER BY r.id LIMIT 1
        """
    )
    return found


async def list_rules(connection: Connection) -> list[Record]:
    """Every version of the rules of practice, and of retention, with who, why and from when."""
    return await connection.fetch(
        """
        SELECT kind, version, body, effective_on, loaded_by, note FROM practice_rule
        UNION ALL
        SELECT 'retention', version, body, effective_on, loaded_by, note FROM retention_rule
        ORDER BY kind, version LIMIT 100000
        """
    )


async def list_changes_of_rules(connection: Connection) -> list[Record]:
    """Every event that tells of rules put in force: its id and body."""
    return await connection.fetch(
        """
        SELECT id, body FROM event WHERE case_kind = 'practice'
        ORDER BY case_id, seq LIMIT 100000
        """
    )


async def find_exposed_note(connection: Connection) -> Record | None:
    """The first note that strangers may read although its kind is never for them."""
    return await connection.fetchrow(
        """
        SELECT n.case_kind, n.case_id, n.seq, n.kind FROM note n
        JOIN event e USING (case_kind, case_id, seq)
        WHERE n.is_public AND (n.kind IN ('internal', 'answer', 'comment') OR e.kind = 'hide')
        ORDER BY n.case_kind, n.case_id, n.seq, n.kind LIMIT 1
        """
    )


async def list_removed(connection: Connection) -> list[tuple[str, int]]:
    """Why events were removed by record, and how many for each reason; the largest first."""
    rows = await connection.fetch(
        """
        SELECT reason, count(*) AS events FROM event_removed
        GROUP BY reason ORDER BY count(*) DESC, reason LIMIT 100
        """
    )
    return [(row["reason"], row["events"]) for row in rows]


def _cursors(connection: Connection) -> _Cursors:
    return cast(_Cursors, connection)
