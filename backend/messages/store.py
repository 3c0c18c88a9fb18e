"""The SQL of devices, follows and notifications."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from backend.database import Connection, Record
from backend.messages.letters import Outcome

CHUNK: Final = 50


@dataclass(frozen=True)
class Happening:
    """An event as far as telling of it goes."""

    event_id: int
    kind: str
    is_public: bool
    is_urgent: bool
    code: str
    case_kind: str
    case_id: uuid.UUID
    # strangers could read the case before this event as well
    was_shown: bool = False


class Addressed(Protocol):
    """What recording an outcome takes of a notification that was handed over."""

    @property
    def id(self) -> int: ...
    @property
    def device_id(self) -> uuid.UUID: ...
    @property
    def asked_at(self) -> datetime: ...


@dataclass(frozen=True)
class Waiting:
    """One notification not yet handed over, with its device; `asked_at` is the database's now."""

    id: int
    collapse_key: str
    audience: str
    is_urgent: bool
    device_id: uuid.UUID
    device_kind: str
    device_value: str = field(repr=False)
    language: str
    is_officer: bool
    asked_at: datetime


async def upsert_device(
    connection: Connection,
    device_id: uuid.UUID,
    *,
    kind: str,
    value: str,
    value_hash: bytes,
    account_id: uuid.UUID | None,
    language: str,
) -> uuid.UUID:
    """Register an address, or register it anew; its id.

    The last registration that was signed in owns it. A new owner inherits nothing: what the old one
    followed is forgotten, what still waited for them is dropped.
    """
    await connection.execute(
        """
        WITH taken_over AS (
            SELECT id FROM device
            WHERE value_hash = $1 AND account_id IS NOT NULL AND account_id <> $2
            FOR UPDATE
        ), forgotten AS (
            DELETE FROM follow WHERE device_id IN (SELECT id FROM taken_over)
        )
        UPDATE notification SET state = 'dropped', error = 'new-owner'
        WHERE state = 'waiting' AND device_id IN (SELECT id FROM taken_over)
        """,
        value_hash,
        account_id,
    )
    found: uuid.UUID = await connection.fetchval(
        """
        INSERT INTO device (id, kind, value, value_hash, account_id, language)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (value_hash) DO UPDATE SET
            kind = excluded.kind, language = excluded.language,
            account_id = coalesce(excluded.account_id, device.account_id),
            registered_at = clock_timestamp(), dropped_at = NULL, drop_reason = NULL
        RETURNING id
        """,
        device_id,
        kind,
        value,
        value_hash,
        account_id,
        language,
    )
    return found


async def delete_device(
    connection: Connection, device_id: uuid.UUID, account_id: uuid.UUID | None
) -> bool:
    """Forget a device and all that hangs on it; False if there is none, or it is another's."""
    done = await connection.execute(
        "DELETE FROM device WHERE id = $1 AND (account_id IS NULL OR account_id = $2)",
        device_id,
        account_id,
    )
    return done == "DELETE 1"


async def insert_follow(
    connection: Connection,
    case_kind: str,
    case_id: uuid.UUID,
    *,
    device_id: uuid.UUID,
    is_reporter: bool,
) -> None:
    """Tell this device of this case from now on."""
    await connection.execute(
        """
        INSERT INTO follow AS kept (case_kind, case_id, device_id, is_reporter)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (case_kind, case_id, device_id)
            DO UPDATE SET is_reporter = kept.is_reporter OR excluded.is_reporter
        """,
        case_kind,
        case_id,
        device_id,
        is_reporter,
    )


async def find_happening(connection: Connection, event_id: int) -> Happening | None:
    """The event with this id and the code of its case."""
    row = await connection.fetchrow(
        """
        SELECT e.id AS event_id, e.kind, e.is_public, r.is_urgent, r.code, e.case_kind, e.case_id,
               coalesce((e.body ->> 'was_shown')::boolean, false) AS was_shown
        FROM event e JOIN report r ON e.case_kind = 'report' AND r.id = e.case_id
        WHERE e.id = $1
        """,
        event_id,
    )
    return Happening(**dict(row)) if row else None


# Whether `d` wants this kind of event: what the address chose goes before what its account chose.
WANTED: Final = """
    coalesce(
        (SELECT c.is_wanted FROM notice_choice c WHERE c.device_id = d.id AND c.kind = {kind}
            AND c.channel = CASE WHEN d.kind = 'email' THEN 'email' ELSE 'push' END),
        (SELECT c.is_wanted FROM notice_choice c WHERE c.account_id = d.account_id
            AND c.kind = {kind}
            AND c.channel = CASE WHEN d.kind = 'email' THEN 'email' ELSE 'push' END),
        d.kind <> 'email' OR {by_email})
"""


@dataclass(frozen=True)
class Told:
    """Who is to be told of an event: `mailboxes` are the reporter's.

    `chosen_as` is the kind of event that people choose about, `by_email` what holds if they do not.
    """

    to_citizens: bool
    to_supporters: bool
    to_officers: bool
    mailboxes: Sequence[uuid.UUID]
    chosen_as: str
    by_email: bool
    now: datetime


async def insert_notifications(
    connection: Connection, event_id: int, *, collapse_key: str, told: Told
) -> int:
    """Write one notification for each address that is to be told of the event; how many are new.

    Citizens: the reporter's own devices and whoever follows the case; those who only support it,
    while it is published, and of what concerns them (`to_supporters`). Officers: those of the
    agency that has the case now (of the parent for 'called_parent'); once it is assigned, the
    officer in charge and the key-holders; only those entitled, if it is restricted. Never the
    person who did it, and nobody who chose not to be. E-mail is due at once, and not sent here.
    """
    rows = await connection.fetch(
        f"""
        WITH happened AS (
            SELECT e.id, e.kind, e.actor_id, e.case_kind, e.case_id, r.account_id, r.officer_id,
                r.is_restricted, r.is_urgent,
                is_shown(r.visibility, r.is_restricted, r.status) AS is_shown,
                CASE WHEN e.kind = 'called_parent' THEN e.body ->> 'parent'
                    ELSE e.agency_code END AS agency_code
            FROM event e JOIN report r ON e.case_kind = 'report' AND r.id = e.case_id
            WHERE e.id = $1
        ), concerned AS (
            SELECT f.device_id, 'case' AS audience FROM happened h
            JOIN follow f ON f.case_kind = h.case_kind AND f.case_id = h.case_id AND f.is_reporter
            WHERE $3
            UNION ALL
            SELECT f.device_id, 'support' FROM happened h
            JOIN follow f ON f.case_kind = h.case_kind AND f.case_id = h.case_id
            WHERE NOT f.is_reporter AND h.is_shown AND $8
            UNION ALL
            SELECT d.id, 'case' FROM happened h JOIN device d ON d.account_id = h.account_id
            WHERE $3 AND d.kind <> 'email'
            UNION ALL
            SELECT unnest($5::uuid[]), 'case' WHERE $3
            UNION ALL
            SELECT d.id, 'case' FROM happened h
            JOIN account a ON a.agency_code = h.agency_code AND a.is_active
                AND a.role IN ('officer', 'key_holder')
                AND (NOT h.is_restricted OR a.sees_restricted)
                AND CASE WHEN h.kind = 'assign' THEN a.id = h.officer_id
                    ELSE a.role = 'key_holder' OR h.officer_id IS NULL OR a.id = h.officer_id END
            JOIN device d ON d.account_id = a.id AND d.kind <> 'email'
            WHERE $4
        ), told AS (
            -- 'case' comes before 'support'
            SELECT device_id, min(audience) AS audience FROM concerned GROUP BY device_id
        )
        INSERT INTO notification (event_id, device_id, collapse_key, state, audience, is_urgent,
            due_at)
        SELECT h.id, d.id, $2, 'waiting', t.audience, h.is_urgent,
            CASE WHEN d.kind = 'email' THEN $7::timestamptz END
        FROM happened h, told t JOIN device d ON d.id = t.device_id
        WHERE d.dropped_at IS NULL
            AND (d.account_id IS NULL OR h.actor_id IS NULL OR d.account_id <> h.actor_id)
            AND {WANTED.format(kind="$9", by_email="$6")}
        ORDER BY d.id
        ON CONFLICT DO NOTHING
        RETURNING id
        """,  # noqa: S608  own condition
        event_id,
        collapse_key,
        told.to_citizens,
        told.to_officers,
        list(told.mailboxes),
        told.by_email,
        told.now,
        told.to_supporters,
        told.chosen_as,
    )
    return len(rows)


async def hold_notifications(
    connection: Connection, event_id: int, *, until: datetime, collapse_key: str
) -> None:
    """Keep what is told of this event, and is not urgent, until the quiet hours end."""
    await connection.execute(
        """
        UPDATE notification
        SET due_at = $2,
            collapse_key = CASE WHEN audience = 'area' THEN collapse_key ELSE $3 END
        WHERE event_id = $1 AND state = 'waiting' AND NOT is_urgent
            AND (due_at IS NULL OR due_at < $2)
        """,
        event_id,
        until,
        collapse_key,
    )


async def list_waiting(
    connection: Connection, event_id: int, *, beyond: int, kinds: Sequence[str]
) -> list[Waiting]:
    """The next notifications of an event to be handed over, with ids greater than `beyond`.

    Only those that are not held, to addresses of these kinds.
    """
    rows = await connection.fetch(
        """
        SELECT n.id, n.collapse_key, n.audience, n.is_urgent, d.id AS device_id,
            d.kind AS device_kind, d.value AS device_value, d.language,
            coalesce(a.role IN ('officer', 'key_holder'), false) AS is_officer,
            clock_timestamp() AS asked_at
        FROM notification n
        JOIN device d ON d.id = n.device_id
        LEFT JOIN account a ON a.id = d.account_id
        WHERE n.event_id = $1 AND n.state = 'waiting' AND n.due_at IS NULL AND n.id > $2
            AND d.kind = ANY ($4)
        ORDER BY n.id
        LIMIT $3
        """,
        event_id,
        beyond,
        CHUNK,
        list(kinds),
    )
    return [_waiting(row) for row in rows]


async def drop_stale_notifications(connection: Connection, event_id: int, *, hours: int) -> None:
    """Give up what waits for a dropped device, or has waited so long that it is no news."""
    await connection.execute(
        """
        UPDATE notification n
        SET state = CASE WHEN d.dropped_at IS NULL THEN 'failed' ELSE 'dropped' END,
            error = CASE WHEN d.dropped_at IS NULL THEN 'too-late' ELSE 'device-dropped' END
        FROM device d
        WHERE n.event_id = $1 AND n.state = 'waiting' AND n.due_at IS NULL AND d.id = n.device_id
            AND (d.dropped_at IS NOT NULL OR n.created_at < now() - make_interval(hours => $2))
        """,
        event_id,
        hours,
    )


async def record_outcomes(
    connection: Connection, waiting: Sequence[Addressed], outcomes: Sequence[Outcome]
) -> None:
    """Write down what became of these notifications, and drop the devices that are gone.

    A device registered anew since it was asked for keeps its place: its notification waits on. What
    was held and is to be tried later waits the longer, the more often it was tried.
    """
    await connection.execute(
        """
        WITH outcome AS (
            SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::timestamptz[], $4::text[],
                $5::text[], $6::text[], $7::float8[])
                AS o (id, device_id, asked_at, fate, wire_id, error, wait_seconds)
        ), dropped AS (
            UPDATE device d SET dropped_at = now(), drop_reason = o.error
            FROM outcome o
            WHERE d.id = o.device_id AND o.fate = 'gone' AND d.registered_at <= o.asked_at
            RETURNING d.id
        )
        UPDATE notification n
        SET state = CASE o.fate
                WHEN 'sent' THEN 'sent' WHEN 'bad' THEN 'failed'
                WHEN 'gone' THEN CASE WHEN o.device_id IN (SELECT id FROM dropped)
                    THEN 'dropped' ELSE 'waiting' END
                ELSE 'waiting' END,
            attempts = least(n.attempts + 1, 32000),
            sent_at = CASE WHEN o.fate = 'sent' THEN now() END,
            due_at = CASE WHEN o.fate = 'later' AND n.due_at IS NOT NULL
                THEN now() + make_interval(secs => least(
                    coalesce(o.wait_seconds, 5 * 2 ^ least(n.attempts, 7)), 600))
                ELSE n.due_at END,
            -- nobody took it: it may be bundled anew, and this does not count as unsure
            unsure = CASE WHEN o.fate = 'later' AND o.wire_id IS NULL
                THEN greatest(n.unsure - 1, 0) ELSE n.unsure END,
            wire_id = o.wire_id, error = o.error
        FROM outcome o
        WHERE n.id = o.id AND n.state = 'waiting'
        """,
        [one.id for one in waiting],
        [one.device_id for one in waiting],
        [one.asked_at for one in waiting],
        [outcome.fate for outcome in outcomes],
        [outcome.wire_id for outcome in outcomes],
        [outcome.error for outcome in outcomes],
        [outcome.retry_after_seconds for outcome in outcomes],
    )


async def count_waiting(connection: Connection, event_id: int) -> int:
    """How many notifications of this event are neither held nor handed over."""
    waiting: int = await connection.fetchval(
        """
        SELECT count(*) FROM notification
        WHERE event_id = $1 AND state = 'waiting' AND due_at IS NULL
        """,
        event_id,
    )
    return waiting


def _waiting(row: Record) -> Waiting:
    return Waiting(**dict(row))
