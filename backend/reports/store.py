"""The SQL of reports: one statement stores a submit, one stores a change.

Stores open no transaction and decide nothing; values come in checked.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from backend.counts.deltas import Delta
from backend.counts.store import insert_deltas
from backend.database import Connection, Record
from backend.events.chain import Event, Note
from backend.events.store import insert_event, insert_jobs
from backend.reports.report import COLUMNS, Report, report_from_row

_REPORT_COLUMNS: Final = ", ".join(COLUMNS)


@dataclass(frozen=True)
class Sight:
    """What a member of staff may see: one agency's reports, or (None) every agency's."""

    agency_code: str | None
    sees_restricted: bool


@dataclass(frozen=True)
class NewPhoto:
    """A photo that was announced; its bytes come later, in a request of their own."""

    sha256: str
    bytes: int
    content_type: str
    purpose: str = "before"


@dataclass(frozen=True)
class Contact:
    """How the reporter may be reached, and to what they agreed; kept apart from the report."""

    name: str | None
    phone: str | None
    email: str | None
    consent: dict[str, Any]


@dataclass(frozen=True)
class Screening:
    """What screening found in the words of a report, and by which version of its rules."""

    version: int
    findings: tuple[Mapping[str, Any], ...]

    @property
    def kinds(self) -> list[str]:
        return [str(finding["kind"]) for finding in self.findings]


@dataclass(frozen=True)
class NewReport:
    """Everything the submit statement stores: the report's state and what lies beside it."""

    report: Report
    tracking_secret: str
    tracking_hash: bytes
    source_ref: str | None
    text: str
    address: str | None
    answers: dict[str, Any]
    happened_at: datetime | None
    lon: float
    lat: float
    accuracy_metres: float | None
    contact: Contact | None
    photos: tuple[NewPhoto, ...]
    event: Event
    deltas: tuple[Delta, ...]
    screening: Screening | None = None


@dataclass(frozen=True)
class SubmitOutcome:
    """What the submit statement found: were the rules current, was the key new."""

    is_current: bool
    is_new: bool


# The whole submit in one round trip. Nothing is stored unless the configuration is the one the
# values were computed from (config_epoch) and the key is new: the later inserts feed on `taken`.
# Nor for an account that was closed while the body was on its way, which has been taken out of all
# that it had; whoever closes it just now waits for this statement, or this one for them.
_SUBMIT: Final = """
WITH current_rules AS (
    SELECT 1 FROM config_epoch WHERE epoch = $1
), owner AS (
    SELECT 1 FROM account WHERE id = $10 AND closed_at IS NULL FOR SHARE
), taken AS (
    INSERT INTO idempotency_key (principal, operation, key, payload_hash, case_id)
    SELECT $2, 'submit_report', $3, $4, $5 FROM current_rules
    WHERE $10::uuid IS NULL OR EXISTS (SELECT FROM owner)
    ON CONFLICT DO NOTHING
    RETURNING case_id
), stored AS (
    INSERT INTO report (
        id, code, tracking_hash, source, source_ref, account_id, is_anonymous, category_code, text,
        address, answers, happened_at, geom, accuracy_metres, unit_code, unit_valid_from, status,
        visibility, is_restricted, is_sensitive, is_urgent, agency_code, co_agencies, officer_group,
        routing, promise_version, calendar_code, accept_by, resolve_by, next_timer_at, version,
        head_hash, created_at, updated_at, is_held, is_emergency)
    SELECT case_id, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15::jsonb, $16,
        ST_SetSRID(ST_MakePoint($17, $18), 4326), $19, $20, $21, $22, $23, $24, $25, $26, $27, $28,
        $29, $30::jsonb, $31, $32, $33, $34, $35, 1, $36, $37, $37, $52, $56
    FROM taken
), contact AS (
    INSERT INTO report_contact (report_id, name, phone, email, consent)
    SELECT case_id, $38, $39, $40, $41::jsonb FROM taken WHERE $41 IS NOT NULL
), photos AS (
    INSERT INTO report_photo (report_id, sha256, purpose, position, bytes, content_type, state)
    SELECT case_id, photo.sha256, 'before', photo.position, photo.bytes, photo.content_type,
        'expected'
    FROM taken, unnest($42::text[], $43::int[], $44::text[]) WITH ORDINALITY
        AS photo (sha256, bytes, content_type, position)
), screened AS (
    INSERT INTO report_screening (report_id, kinds, findings, version, at)
    SELECT case_id, $53, $54::jsonb, $55, $37 FROM taken WHERE $54 IS NOT NULL
), happened AS (
    INSERT INTO event (case_kind, case_id, seq, kind, at, actor_kind, actor_id, agency_code,
        is_public, body, prev_hash, hash)
    SELECT 'report', case_id, 1, 'submitted', $37, $45, $51, $27, true, $46, $47, $36 FROM taken
    RETURNING id
), counted AS (
    INSERT INTO count_delta (case_kind, day, unit_key, category_code, agency_code, received, open)
    SELECT 'report', $48, $49, $12, $50, 1, 1 FROM taken
), work AS (
    INSERT INTO pgqueuer (priority, entrypoint, payload, status)
    SELECT 0, 'announce', convert_to(id::text, 'UTF8'), 'queued' FROM happened
)
SELECT EXISTS (SELECT FROM current_rules) AS is_current, EXISTS (SELECT FROM taken) AS is_new
"""


async def insert_report(
    connection: Connection,
    new: NewReport,
    *,
    epoch: int,
    principal: str,
    key: uuid.UUID,
    payload_hash: bytes,
) -> SubmitOutcome:
    """Store one submit, whole or not at all; raises UniqueViolationError if its code is taken."""
    report, contact, cell = new.report, new.contact, new.deltas[0].cell
    row = await connection.fetchrow(
        _SUBMIT,
        epoch,
        principal,
        key,
        payload_hash,
        report.id,
        report.code,
        new.tracking_hash,
        report.source,
        new.source_ref,
        report.account_id,
        report.is_anonymous,
        report.category_code,
        new.text,
        new.address,
        _json(new.answers),
        new.happened_at,
        new.lon,
        new.lat,
        new.accuracy_metres,
        report.unit_code,
        report.unit_valid_from,
        report.status,
        report.visibility,
        report.is_restricted,
        report.is_sensitive,
        report.is_urgent,
        report.agency_code,
        report.co_agencies,
        report.officer_group,
        _json(report.routing),
        report.promise_version,
        report.calendar_code,
        report.accept_by,
        report.resolve_by,
        report.next_timer_at,
        new.event.hash,
        report.created_at,
        contact.name if contact else None,
        contact.phone if contact else None,
        contact.email if contact else None,
        _json(contact.consent) if contact else None,
        [photo.sha256 for photo in new.photos],
        [photo.bytes for photo in new.photos],
        [photo.content_type for photo in new.photos],
        new.event.actor.kind,
        new.event.body,
        new.event.prev_hash,
        cell.day,
        cell.unit_key,
        cell.agency_code,
        new.event.actor.id,
        report.is_held,
        new.screening.kinds if new.screening else None,
        _json(new.screening.findings) if new.screening else None,
        new.screening.version if new.screening else None,
        report.is_emergency,
    )
    if row is None:
        raise RuntimeError("the submit statement always answers one row")
    return SubmitOutcome(is_current=row["is_current"], is_new=row["is_new"])


@dataclass(frozen=True)
class EarlierSubmit:
    """What a repeated key finds: enough to give the first answer again, word for word."""

    case_id: uuid.UUID
    payload_hash: bytes
    code: str
    created_at: datetime
    body: dict[str, Any]
    owned: bool


async def find_earlier_submit(
    connection: Connection, principal: str, key: uuid.UUID
) -> EarlierSubmit | None:
    """The submit that used this key before, with its first event's body."""
    row = await connection.fetchrow(
        """
        SELECT k.case_id, k.payload_hash, r.code, r.created_at, e.body,
               r.account_id IS NOT NULL AS owned
        FROM idempotency_key k
        JOIN report r ON r.id = k.case_id
        JOIN event e ON e.case_kind = 'report' AND e.case_id = k.case_id AND e.seq = 1
        WHERE k.principal = $1 AND k.operation = 'submit_report' AND k.key = $2
        """,
        principal,
        key,
    )
    if row is None:
        return None
    return EarlierSubmit(
        case_id=row["case_id"],
        payload_hash=row["payload_hash"],
        code=row["code"],
        created_at=row["created_at"],
        body=msgspec.json.decode(row["body"]),
        owned=row["owned"],
    )


async def find_report(
    connection: Connection,
    report_id: uuid.UUID,
    *,
    for_update: bool = False,
    skip_locked: bool = False,
) -> Report | None:
    """The report's state; with `for_update` it stays locked until the transaction ends.

    With `skip_locked` a report that somebody else holds is None.
    """
    lock = f" FOR UPDATE{' SKIP LOCKED' if skip_locked else ''}" if for_update else ""
    row = await connection.fetchrow(
        f"SELECT {_REPORT_COLUMNS} FROM report WHERE id = $1{lock}",  # noqa: S608  own column names
        report_id,
    )
    return report_from_row(_decoded(row)) if row else None


_FIXED = frozenset(
    {"id", "code", "source", "account_id", "is_anonymous", "created_at", "head_hash"}
)
_MUTABLE: Final = tuple(name for name in COLUMNS if name not in _FIXED)
_SET: Final = ", ".join(
    f"{name} = ${number}{'::jsonb' if name == 'routing' else ''}"
    for number, name in enumerate(_MUTABLE, start=4)
)
_UPDATE: Final = f"UPDATE report SET head_hash = $3, {_SET} WHERE id = $1 AND version = $2"  # noqa: S608  own column names


async def change_report(
    connection: Connection,
    before: Report,
    after: Report,
    *,
    event: Event,
    notes: Sequence[Note],
    deltas: Sequence[Delta],
    jobs: Sequence[tuple[str, bytes | None]] = (),
) -> int:
    """Store one change inside the caller's transaction: state, event, notes, counts, work.

    Returns the event's id. Raises RuntimeError if the row is not at `before.version`, which cannot
    happen while the caller holds its lock.
    """
    # The row goes last: a hand-over takes it out of its old agency's sight, and with it the right
    # to see what is inserted after.
    event_id = await insert_event(connection, event, notes)
    await insert_deltas(connection, event.case_kind, deltas)
    await insert_jobs(connection, [("announce", str(event_id).encode()), *jobs])
    values = [getattr(after, name) for name in _MUTABLE]
    values[_MUTABLE.index("routing")] = _json(after.routing)
    done = await connection.execute(_UPDATE, before.id, before.version, event.hash, *values)
    if done != "UPDATE 1":
        raise RuntimeError(f"report {before.id} is no longer at version {before.version}")
    return event_id


async def list_due(connection: Connection, now: datetime, *, limit: int) -> list[uuid.UUID]:
    """Reports whose next moment has come, the longest due first."""
    rows = await connection.fetch(
        "SELECT id FROM report WHERE next_timer_at <= $1 ORDER BY next_timer_at LIMIT $2",
        now,
        limit,
    )
    return [row["id"] for row in rows]


async def set_timer(
    connection: Connection, report_id: uuid.UUID, next_timer_at: datetime | None
) -> None:
    """Set when the worker looks at the report next; no event, as nothing happened."""
    await connection.execute(
        "UPDATE report SET next_timer_at = $2 WHERE id = $1", report_id, next_timer_at
    )


async def is_officer_of(connection: Connection, account_id: uuid.UUID, agency_code: str) -> bool:
    """Whether this account is an active officer or key-holder of the agency."""
    found: bool = await connection.fetchval(
        """
        SELECT EXISTS (SELECT FROM account WHERE id = $1 AND agency_code = $2 AND is_active
            AND role IN ('officer', 'key_holder'))
        """,
        account_id,
        agency_code,
    )
    return found


async def add_supporters(connection: Connection, report_id: uuid.UUID, count: int) -> None:
    """Count people who met the same problem; never below zero."""
    statement = "UPDATE report SET supporters = greatest(0, supporters + $2) WHERE id = $1"
    await connection.execute(statement, report_id, count)


async def enter_sight(connection: Connection, sight: Sight) -> None:
    """Let the rest of this transaction see only what `sight` may (row-level security)."""
    await connection.execute(
        """
        SELECT set_config('role', 'caunoi_desk', true),
               set_config('caunoi.scope', $1, true),
               set_config('caunoi.agency', $2, true),
               set_config('caunoi.restricted', $3, true)
        """,
        "agency" if sight.agency_code else "all",
        sight.agency_code or "",
        "on" if sight.sees_restricted else "off",
    )


async def leave_sight(connection: Connection) -> None:
    """Give the transaction the application's full sight back, for what the system does."""
    await connection.execute("SELECT set_config('role', 'caunoi_app', true)")


def _decoded(row: Record) -> dict[str, Any]:
    values = dict(row)
    values["routing"] = msgspec.json.decode(values["routing"])
    return values


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
