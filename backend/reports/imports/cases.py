"""From an entry to a case with the events that must have happened to it.

The other system tells moments, not moves; these are the fewest moves that lead to its state:
submitted; accepted (when told, or when its status means so); overdue, one microsecond after a due
date that passed; resolved and closed at the closing time, or declined, referred, withdrawn. Its due
date is the promise: no due date, no promise. It is never computed anew.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from backend.agencies.catalogue import Agency, Category
from backend.calendars.working_time import WorkCalendar
from backend.events.chain import GENESIS, SYSTEM, Actor, Event, Note, make_event, write_note
from backend.identifiers import new_report_code, new_uuid7
from backend.reports.bulk.writer import BulkCase
from backend.reports.imports.rows import Entry
from backend.reports.lifecycle import OPEN_STATUSES, Move, Status
from backend.reports.moves import snapshot
from backend.reports.promises import Coming, PromiseTerms
from backend.reports.report import Report
from backend.reports.timers import coming
from geo.units import UnitAt

SOURCE: Final = "import"
# The kinds of event are the words of the moves; the bulk of them are these.
SUBMITTED: Final = "submitted"
OVERDUE: Final = "overdue"
_JUST_AFTER: Final = timedelta(microseconds=1)
_CITIZEN, _STAFF = Actor("citizen"), Actor("officer")
_ACCEPTED: Final = frozenset({Status.ASSIGNED, Status.IN_PROGRESS})
_ENDS: Final = {
    Status.RESOLVED: (Move.RESOLVE,),
    Status.CLOSED: (Move.RESOLVE, Move.CLOSE),
    Status.DECLINED: (Move.DECLINE,),
    Status.REDIRECTED: (Move.REDIRECT,),
    Status.WITHDRAWN: (Move.WITHDRAW,),
}
_ANSWERS: Final = frozenset({Move.RESOLVE, Move.DECLINE, Move.REDIRECT})
_ALL_TIMERS: Final = tuple(sorted({moment.value for moment in Coming} - {Coming.AUTO_CLOSE.value}))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a case is: its unit, and its point in degrees of WGS84."""

    unit: UnitAt
    lon: float
    lat: float
    accuracy_metres: float | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """What is the same for every case of one import."""

    name: str
    code_prefix: str
    visibility: str
    as_of: datetime
    promise_version: int


@dataclass(frozen=True, slots=True)
class Clockwork:
    """By what time goes on for an open case; both None where no rules are loaded yet."""

    terms: PromiseTerms | None = None
    calendar: WorkCalendar | None = None


def make_case(
    entry: Entry,
    place: Place,
    *,
    category: Category,
    agency: Agency | None,
    frame: Frame,
    clockwork: Clockwork,
) -> BulkCase:
    """The whole case an entry tells of, as of `frame.as_of`; pure but for fresh ids and salts."""
    closing = (write_note("public", entry.closing, is_public=True),) if entry.closing else ()
    report = _first_state(entry, place, category=category, agency=agency, frame=frame)
    events: list[Event] = []
    notes: list[tuple[int, Note]] = []
    extra: dict[str, object] = {
        "imported_from": frame.name,
        "unit_name": place.unit.name,
        "unit_level": place.unit.level,
        "agency_name": agency.name_vi if agency else None,
    }
    for seq, (at, kind, actor) in enumerate(_steps(entry, frame), start=1):
        if seq > 1:
            report = replace(report, **_change(kind, at), version=seq, updated_at=at)
        said = closing if kind in _ANSWERS else ()
        event = make_event(
            "report",
            report.id,
            seq=seq,
            kind=str(kind),
            at=at,
            actor=actor,
            agency_code=report.agency_code,
            is_public=True,
            body={**snapshot(report), **extra},
            prev_hash=events[-1].hash if events else GENESIS,
            notes=said,
        )
        events.append(event)
        notes += [(seq, note) for note in said]
        extra = {}
    return BulkCase(
        report=replace(
            report, head_hash=events[-1].hash, **_timers(report, frame.as_of, clockwork)
        ),
        source_ref=entry.ref,
        # of no secret at all: whoever reported it there holds none of ours
        tracking_hash=os.urandom(32),
        text=entry.text,
        lon=place.lon,
        lat=place.lat,
        events=tuple(events),
        notes=tuple(notes),
        address=entry.address,
        answers=entry.kept | ({"channel": entry.channel} if entry.channel else {}),
        accuracy_metres=place.accuracy_metres,
    )


def is_late(entry: Entry, as_of: datetime) -> bool:
    """Whether its own timestamps say that the due date passed: closed after it, or open past it."""
    return entry.due_at is not None and (entry.closed_at or as_of) > entry.due_at


def _steps(entry: Entry, frame: Frame) -> Iterator[tuple[datetime, str, Actor]]:
    """What happened, in the order of time; at the same moment in the order of the lifecycle."""
    reporter = _STAFF if entry.channel == "staff" else _CITIZEN
    yield entry.opened_at, SUBMITTED, reporter
    steps: list[tuple[datetime, str, Actor]] = []
    accepted_at = entry.accepted_at or (entry.opened_at if entry.status in _ACCEPTED else None)
    if accepted_at:
        steps.append((accepted_at, Move.ACCEPT, _STAFF))
        if entry.status is Status.IN_PROGRESS:
            steps.append((accepted_at, Move.START, _STAFF))
    if entry.due_at and is_late(entry, frame.as_of):
        steps.append((max(entry.due_at + _JUST_AFTER, entry.opened_at), OVERDUE, SYSTEM))
    if entry.closed_at:
        ender = reporter if entry.status is Status.WITHDRAWN else _STAFF
        steps += [(entry.closed_at, move, ender) for move in _ENDS[entry.status]]
    # sorted() keeps the order of what has the same moment
    yield from sorted(steps, key=lambda step: step[0])


def _first_state(
    entry: Entry, place: Place, *, category: Category, agency: Agency | None, frame: Frame
) -> Report:
    return Report(
        id=new_uuid7(),
        code=new_report_code(frame.code_prefix),
        source=SOURCE,
        account_id=None,
        is_anonymous=True,
        category_code=category.code,
        unit_code=place.unit.code,
        unit_valid_from=place.unit.valid_from,
        status=Status.RECEIVED if agency else Status.CLASSIFYING,
        status_before=None,
        visibility=frame.visibility,
        is_restricted=category.is_restricted,
        is_sensitive=category.is_sensitive,
        is_urgent=category.is_urgent,
        agency_code=agency.code if agency else None,
        co_agencies=(),
        officer_group=None,
        officer_id=None,
        routing={
            "rule": None,
            "reason_vi": f"Theo hệ thống {frame.name}: {entry.agency or 'không ghi cơ quan'}",
            "reason_en": f"As in {frame.name}: {entry.agency or 'no agency named'}",
            # of the cells this came from: the same id with another digest is a conflict
            "digest": entry.digest.hex(),
        },
        promise_version=frame.promise_version,
        calendar_code=agency.calendar_code if agency else None,
        # The other system names one date only, the answer's. A promise needs both, and accepting
        # later than answering would be no use.
        accept_by=entry.due_at,
        resolve_by=entry.due_at,
        paused_at=None,
        remaining_minutes=None,
        extensions=0,
        accepted_at=None,
        resolved_at=None,
        closed_at=None,
        is_overdue=False,
        timers_fired=(),
        next_timer_at=None,
        escalations=0,
        reopened=0,
        rating=None,
        rating_comment=None,
        merged_into=None,
        version=1,
        head_hash=GENESIS,
        created_at=entry.opened_at,
        updated_at=entry.opened_at,
    )


def _change(kind: str, at: datetime) -> dict[str, Any]:
    """What a step changes of the report."""
    match kind:
        case Move.ACCEPT:
            return {"status": Status.ASSIGNED, "accepted_at": at}
        case Move.START:
            return {"status": Status.IN_PROGRESS}
        case Move.RESOLVE:
            return {"status": Status.RESOLVED, "resolved_at": at}
        case Move.CLOSE:
            return {"status": Status.CLOSED, "closed_at": at}
        case Move.DECLINE:
            return {"status": Status.DECLINED, "closed_at": at}
        case Move.REDIRECT:
            return {"status": Status.REDIRECTED, "closed_at": at}
        case Move.WITHDRAW:
            return {"status": Status.WITHDRAWN, "closed_at": at}
        case "overdue":
            return {"is_overdue": True}
        case _:
            raise ValueError(f"{kind} is no step of an import")


def _timers(report: Report, as_of: datetime, clockwork: Clockwork) -> dict[str, Any]:
    """What time will still do; moments of the past are taken as acted on.

    Nobody is warned today of what has long been overdue.
    """
    if report.status not in OPEN_STATUSES and report.status is not Status.RESOLVED:
        return {}
    moments = coming(report, clockwork.terms, clockwork.calendar)
    if report.status is Status.RESOLVED:
        # closing what nobody objected to is still to be done, however late
        return {"next_timer_at": moments[0][0] if moments else None}
    if moments:
        ahead = next((at for at, _ in moments if at > as_of), None)
        fired = tuple(name for at, name in moments if at <= as_of)
        return {"timers_fired": fired, "next_timer_at": ahead}
    if report.is_overdue:
        return {"timers_fired": _ALL_TIMERS}
    # no rules are loaded yet, but the due date is known
    due = report.resolve_by
    return {"next_timer_at": due + _JUST_AFTER if due else None}
