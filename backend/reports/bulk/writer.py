"""Store whole cases, each with all that ever happened to it, thousands a second.

What is stored is what the same moves made one by one would have left: report, chained events,
notes, contact, photos and counts. No work is queued: nobody is told today of what happened long
ago. Timers that are still to come ring as usual (`Report.next_timer_at`).
"""

import itertools
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

import msgspec

from backend.counts.deltas import MEASURES, Delta, Measures, deltas_between
from backend.events.chain import Event, Note
from backend.identifiers import new_report_code
from backend.reports.bulk import store
from backend.reports.report import COLUMNS, Report, standing
from backend.reports.store import Contact, Screening

_CHUNK: Final = 2_000


@dataclass(frozen=True)
class BulkPhoto:
    """A photo of a case, ready when its derivatives lie in the object store already."""

    sha256: str
    purpose: str
    bytes: int
    content_type: str
    state: str = "ready"
    width: int | None = None
    height: int | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class BulkCase:
    """One case as it stands, and how it came to be so.

    `source_ref` identifies it within `report.source` for good; `events` run from seq 1 to
    `report.version`, whose hash is `report.head_hash`; each note belongs to the event of its seq.
    """

    report: Report
    source_ref: str
    tracking_hash: bytes
    text: str
    lon: float
    lat: float
    events: tuple[Event, ...]
    notes: tuple[tuple[int, Note], ...] = ()
    address: str | None = None
    answers: dict[str, Any] = field(default_factory=dict)
    happened_at: datetime | None = None
    accuracy_metres: float | None = None
    contact: Contact | None = None
    photos: tuple[BulkPhoto, ...] = ()
    supporters: int = 0
    screening: Screening | None = None


async def write_cases(
    connection: store.OwnerConnection,
    cases: Iterable[BulkCase],
    *,
    wrote: Callable[[int], None] = lambda _: None,
) -> int:
    """Store cases inside the caller's transaction, as the tables' owner; how many were new.

    Cases whose (source, source_ref) is stored already are left alone, also those that come twice.
    A code that is taken is drawn anew. A case merged into another comes after it. `wrote` hears
    the total after each chunk. Raises ValueError for a case whose events do not fit its state.
    """
    await store.wait_for_turn(connection)
    total = 0
    async with store.geometry_as_bytes(connection):
        for chunk in _chunks(cases):
            fresh = await _only_new(connection, chunk)
            await _write_chunk(connection, fresh)
            total += len(fresh)
            wrote(total)
    return total


def _chunks(cases: Iterable[BulkCase]) -> Iterator[list[BulkCase]]:
    waiting = iter(cases)
    while chunk := list(itertools.islice(waiting, _CHUNK)):
        yield chunk


async def _only_new(connection: store.OwnerConnection, chunk: Sequence[BulkCase]) -> list[BulkCase]:
    refs: dict[str, list[str]] = {}
    for case in chunk:
        _check(case)
        refs.setdefault(case.report.source, []).append(case.source_ref)
    known = {
        (source, ref)
        for source, wanted in refs.items()
        for ref in await store.find_known_refs(connection, source, wanted)
    }
    fresh = []
    for case in chunk:
        key = (case.report.source, case.source_ref)
        if key not in known:
            known.add(key)
            fresh.append(case)
    return await _with_free_codes(connection, fresh)


async def _with_free_codes(
    connection: store.OwnerConnection, cases: list[BulkCase]
) -> list[BulkCase]:
    """A million reports hold two equal draws on average: draw again until every code is its own."""
    taken = await store.find_taken_codes(connection, [case.report.code for case in cases])
    found = []
    for case in cases:
        code = case.report.code
        while code in taken:
            code = new_report_code(code.partition("-")[0])
            if await store.find_taken_codes(connection, [code]):
                taken.add(code)
        taken.add(code)
        kept = code == case.report.code
        found.append(case if kept else replace(case, report=replace(case.report, code=code)))
    return found


def _check(case: BulkCase) -> None:
    last = case.events[-1] if case.events else None
    if last is None or last.seq != case.report.version or last.hash != case.report.head_hash:
        raise ValueError(f"the events of {case.source_ref} do not lead to its state")


async def _write_chunk(connection: store.OwnerConnection, cases: Sequence[BulkCase]) -> None:
    reports = [_report_row(case) for case in cases]
    contacts = [_contact_row(case.report.id, case.contact) for case in cases if case.contact]
    photos = [row for case in cases for row in _photo_rows(case)]
    screenings = [_screening_row(case, case.screening) for case in cases if case.screening]
    events = [_event_row(event) for case in cases for event in case.events]
    notes = [
        ("report", case.report.id, seq, note.kind, note.text, note.salt, note.is_public)
        for case in cases
        for seq, note in case.notes
    ]
    for table, columns, rows in (
        ("report", store.REPORT_COLUMNS, reports),
        ("report_contact", store.CONTACT_COLUMNS, contacts),
        ("report_photo", store.PHOTO_COLUMNS, photos),
        ("report_screening", store.SCREENING_COLUMNS, screenings),
        ("event", store.EVENT_COLUMNS, events),
        ("note", store.NOTE_COLUMNS, notes),
        ("count_delta", store.DELTA_COLUMNS, _delta_rows(cases)),
    ):
        await store.copy_rows(connection, table, columns, rows=rows)


def _report_row(case: BulkCase) -> tuple[Any, ...]:
    state = [getattr(case.report, name) for name in COLUMNS]
    state[COLUMNS.index("routing")] = _json(case.report.routing)
    return (
        *state,
        case.tracking_hash,
        case.source_ref,
        case.text,
        case.address,
        _json(case.answers),
        case.happened_at,
        store.point_bytes(case.lon, case.lat),
        case.accuracy_metres,
        case.supporters,
    )


def _contact_row(report_id: uuid.UUID, contact: Contact) -> tuple[Any, ...]:
    return report_id, contact.name, contact.phone, contact.email, _json(contact.consent)


def _screening_row(case: BulkCase, found: Screening) -> tuple[Any, ...]:
    at = case.report.created_at
    return case.report.id, found.kinds, _json(found.findings), found.version, at


def _photo_rows(case: BulkCase) -> Iterator[tuple[Any, ...]]:
    for position, photo in enumerate(case.photos, start=1):
        at = photo.at or case.report.created_at
        is_ready = photo.state == "ready"
        yield (
            case.report.id,
            photo.sha256,
            photo.purpose,
            position,
            photo.bytes,
            photo.content_type,
            photo.state,
            photo.width,
            photo.height,
            at if photo.state != "expected" else None,
            at if is_ready else None,
        )


def _event_row(event: Event) -> tuple[Any, ...]:
    return (
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
    )


def _delta_rows(cases: Sequence[BulkCase]) -> list[tuple[Any, ...]]:
    """What the cases contribute as they stand, summed by place and bucket: far fewer rows."""
    sums: dict[tuple[Any, ...], list[int]] = {}
    for case in cases:
        for delta in deltas_between(None, standing(case.report)):
            added = sums.setdefault(_place(delta), [0] * len(MEASURES))
            for index, value in enumerate(_values(delta.measures)):
                added[index] += value
    return [(*place[:-1], *values, place[-1]) for place, values in sums.items()]


def _place(delta: Delta) -> tuple[Any, ...]:
    cell = delta.cell
    where = cell.day, cell.unit_key, cell.category_code, cell.agency_code
    return "report", *where, delta.bucket


def _values(measures: Measures) -> list[int]:
    return [getattr(measures, name) for name in MEASURES]


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
