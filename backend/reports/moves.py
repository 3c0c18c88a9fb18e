"""How a move changes a report: pure. The action that stores it is in actions.py.

`apply_move` checks the move against the lifecycle, moves the promise by its rules, and gives the
new state with its event, the words that go with it, and what it changes of the figures.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from backend.accounts.principals import Principal
from backend.counts.deltas import Delta, deltas_between
from backend.events.chain import Actor, Event, Note, NoteKind, make_event, write_note
from backend.reports import promises
from backend.reports.errors import IllegalMove, TargetNeeded
from backend.reports.lifecycle import (
    CaseState,
    CheckedMove,
    Move,
    MoveRequest,
    ReopenTerms,
    Role,
    Status,
    check_move,
)
from backend.reports.promises import Coming, Promise, PromiseTerms
from backend.reports.report import Report, standing
from backend.reports.rulebook import Rulebook
from backend.reports.timers import entered, forget_fired, next_timer

# Steps that only the staff see in the history; all others stand in the public timeline.
_INTERNAL: Final = frozenset({Move.ASSIGN, Move.HIDE, Move.PUBLISH, Move.EDIT})
_EVENT_NAMES: Final = {Move.MARK_OVERDUE: "overdue"}


@dataclass(frozen=True)
class MoveOrder:
    """A wish to move a report: texts as typed, codes and ids as sent; `photos` are SHA-256 sums."""

    move: Move
    reason: str | None = None
    public_note: str | None = None
    internal_note: str | None = None
    agency: str | None = None
    officer: uuid.UUID | None = None
    report: uuid.UUID | None = None
    photos: tuple[str, ...] = ()
    score: int | None = None
    comment: str | None = None
    duration: str | None = None
    publish: bool | None = None


@dataclass(frozen=True)
class Change:
    """One change of one report, ready to be stored."""

    before: Report
    after: Report
    event: Event
    notes: tuple[Note, ...]
    deltas: tuple[Delta, ...]


def roles_for(principal: Principal, report: Report) -> frozenset[Role]:
    """What this person is for this report; empty when it is none of theirs to move.

    Once a case is assigned, only its officer and the key-holders of its agency advance it.
    """
    match principal.role:
        case "officer" if principal.agency_code == report.agency_code:
            if report.officer_id in (None, principal.account_id):
                return frozenset({Role.OFFICER})
            return frozenset()
        case "key_holder" if principal.agency_code == report.agency_code:
            return frozenset({Role.KEY_HOLDER, Role.OFFICER})
        case "moderator":
            return frozenset({Role.MODERATOR})
        case "leader":
            return frozenset({Role.LEADER})
        case "admin":
            return frozenset({Role.ADMIN})
        case _:
            return frozenset()


def apply_move(
    rulebook: Rulebook,
    report: Report,
    order: MoveOrder,
    *,
    actor: Actor,
    roles: Collection[str],
    at: datetime,
    evidence: int = 0,
) -> Change:
    """The change this order makes at `at`; `evidence` counts after photos already on the case.

    Raises what check_move raises, UnknownAgency, PromiseFixed and its kin.
    """
    book = rulebook.terms_books[report.promise_version]
    checked = check_move(
        CaseState(
            status=report.status,
            status_before=report.status_before,
            agency_code=report.agency_code,
            entered=entered(report),
            reopened=report.reopened,
            is_rated=report.rating is not None,
        ),
        MoveRequest(
            move=order.move,
            reason=order.reason,
            note=order.public_note,
            agency=order.agency,
            officer=str(order.officer) if order.officer else None,
            report=str(order.report) if order.report else None,
            photos=len(order.photos) + evidence,
            score=order.score,
        ),
        roles=roles,
        reopen=ReopenTerms(at_most=book.reopenings_at_most),
    )
    terms = book.terms_for(rulebook.categories[report.category_code])
    after = _moved(
        rulebook, replace(report, status=checked.to), order, before=report, terms=terms, at=at
    )
    return finish_change(
        rulebook,
        report,
        after,
        at=at,
        actor=actor,
        kind=_EVENT_NAMES.get(order.move, order.move.value),
        is_public=order.move not in _INTERNAL,
        notes=_notes(order, checked),
        extra=_extra(report, after, order),
    )


def finish_change(
    rulebook: Rulebook,
    before: Report,
    after: Report,
    *,
    at: datetime,
    actor: Actor,
    kind: str,
    is_public: bool,
    notes: tuple[Note, ...] = (),
    extra: dict[str, Any] | None = None,
) -> Change:
    """Complete a new state: version, next timer, event on the chain, deltas of the figures."""
    book = rulebook.terms_books[after.promise_version]
    terms = book.terms_for(rulebook.categories[after.category_code])
    calendar = rulebook.calendars.get(after.calendar_code or "")
    after = replace(after, version=before.version + 1, updated_at=at)
    after = replace(after, next_timer_at=next_timer(after, terms, calendar))
    event = make_event(
        "report",
        before.id,
        seq=after.version,
        kind=kind,
        at=at,
        actor=actor,
        agency_code=after.agency_code,
        is_public=is_public,
        body={**snapshot(after), **(extra or {})},
        prev_hash=before.head_hash,
        notes=notes,
    )
    after = replace(after, head_hash=event.hash)
    deltas = deltas_between(standing(before), standing(after))
    return Change(before, after, event, notes, tuple(deltas))


def snapshot(report: Report) -> dict[str, Any]:
    """What every event says of the state after it; figures can be recounted from these alone."""
    return {
        "status": report.status.value,
        "category": report.category_code,
        "unit": report.unit_code,
        "unit_valid_from": report.unit_valid_from.isoformat(),
        "agency": report.agency_code,
        "accept_by": report.accept_by.isoformat() if report.accept_by else None,
        "resolve_by": report.resolve_by.isoformat() if report.resolve_by else None,
        "paused": report.paused_at is not None,
        "overdue": report.is_overdue,
    }


def _moved(
    rulebook: Rulebook,
    report: Report,
    order: MoveOrder,
    *,
    before: Report,
    terms: PromiseTerms,
    at: datetime,
) -> Report:
    match order.move:
        case Move.ACCEPT:
            shown = not report.is_restricted and order.publish is not False
            return replace(
                report,
                accepted_at=report.accepted_at or at,
                visibility="public"
                if shown and report.visibility == "pending"
                else report.visibility,
            )
        case Move.TRANSFER | Move.ESCALATE:
            return _handed_over(rulebook, report, order, terms=terms, at=at)
        case Move.ASSIGN:
            return replace(report, officer_id=order.officer)
        case Move.ASK:
            return _asked(rulebook, report, before=before, terms=terms, at=at)
        case Move.ANSWER:
            return _answered(rulebook, report, at=at)
        case Move.RESOLVE:
            return replace(report, resolved_at=at, status_before=None)
        case Move.RATE:
            closed = report.status is Status.CLOSED
            return replace(
                report,
                rating=order.score,
                rating_comment=order.comment,
                closed_at=(before.closed_at or at) if closed else None,
            )
        case Move.CLOSE | Move.AUTO_CLOSE | Move.DECLINE | Move.REDIRECT | Move.WITHDRAW:
            return replace(report, closed_at=at)
        case Move.REOPEN:
            return _reopened(rulebook, report, terms=terms, at=at)
        case Move.EXTEND:
            return _extended(rulebook, report, order, terms=terms, at=at)
        case Move.MERGE:
            return replace(report, status_before=before.status, merged_into=order.report)
        case Move.UNMERGE:
            return replace(report, status_before=None, merged_into=None)
        case Move.HIDE:
            return replace(report, visibility="hidden")
        case Move.PUBLISH:
            return _published(report)
        case Move.MARK_OVERDUE:
            return replace(report, is_overdue=True)
        case Move.EDIT:
            # Other words have not been looked at by anybody.
            hidden = report.visibility == "hidden"
            return replace(report, visibility="hidden" if hidden else "pending")
        case Move.START | Move.AWAIT_CONFIRMATION:
            return report


def _handed_over(
    rulebook: Rulebook, report: Report, order: MoveOrder, *, terms: PromiseTerms, at: datetime
) -> Report:
    agency = rulebook.get_agency(order.agency or "")
    new = rulebook.calendar_of(agency.code)
    promise = report.promise
    if promise is None:
        # Nobody had it until now: the promise begins with the agency that can keep it.
        promise = promises.make_promise(terms, new, received_at=at)
    else:
        old = rulebook.calendars.get(report.calendar_code or "", new)
        promise = promises.move_to_calendar(promise, terms, old=old, new=new, at=at)
    fired = report.timers_fired
    if promise.accept_by != report.accept_by:
        fired = forget_fired(fired, Coming.ACCEPT_DUE_SOON, Coming.ACCEPT_OVERDUE)
    if promise.resolve_by != report.resolve_by:
        fired = forget_fired(
            fired, Coming.RESOLVE_DUE_SOON, Coming.RESOLVE_OVERDUE, Coming.ESCALATE
        )
    return replace(
        _promised(report, promise, at=at),
        agency_code=agency.code,
        co_agencies=tuple(code for code in report.co_agencies if code != agency.code),
        officer_id=None,
        officer_group=None,
        accepted_at=None,
        calendar_code=new.code,
        escalations=report.escalations + int(order.move is Move.ESCALATE),
        timers_fired=fired,
    )


def _asked(
    rulebook: Rulebook, report: Report, *, before: Report, terms: PromiseTerms, at: datetime
) -> Report:
    asked = replace(report, status_before=before.status)
    promise = report.promise
    if promise is None or not terms.pauses_allowed:
        return asked
    calendar = rulebook.calendars[report.calendar_code or ""]
    return _promised(asked, promises.pause(promise, calendar, at=at), at=at)


def _answered(rulebook: Rulebook, report: Report, *, at: datetime) -> Report:
    going = replace(report, status_before=None)
    promise = report.promise
    if promise is None or promise.paused_at is None:
        return going
    calendar = rulebook.calendars[report.calendar_code or ""]
    resumed = promises.resume(promise, calendar, at=at)
    fired = report.timers_fired
    if resumed.resolve_by != promise.resolve_by:
        fired = forget_fired(fired, Coming.RESOLVE_DUE_SOON)
    return replace(_promised(going, resumed, at=at), timers_fired=fired)


def _reopened(rulebook: Rulebook, report: Report, *, terms: PromiseTerms, at: datetime) -> Report:
    reopened = replace(
        report,
        reopened=report.reopened + 1,
        resolved_at=None,
        closed_at=None,
        rating=None,
        rating_comment=None,
        status_before=None,
        accepted_at=report.accepted_at if report.status is Status.IN_PROGRESS else None,
        is_overdue=False,
        timers_fired=(),
    )
    if report.agency_code is None:
        return reopened
    calendar = rulebook.calendar_of(report.agency_code)
    promise = promises.make_promise(terms, calendar, received_at=at)
    return replace(_promised(reopened, promise, at=at), calendar_code=calendar.code)


def _extended(
    rulebook: Rulebook, report: Report, order: MoveOrder, *, terms: PromiseTerms, at: datetime
) -> Report:
    promise = report.promise
    if promise is None or not order.duration:
        raise TargetNeeded(
            "duration",
            vi='Cần nêu thời gian gia hạn, ví dụ "2wd" (2 ngày làm việc).',
            en='Say for how long, e.g. "2wd" (2 working days).',
        )
    extended = promises.extend(
        promise,
        terms,
        rulebook.calendars[report.calendar_code or ""],
        duration=promises.duration_from_text(order.duration),
        at=at,
    )
    fired = forget_fired(
        report.timers_fired, Coming.RESOLVE_DUE_SOON, Coming.RESOLVE_OVERDUE, Coming.ESCALATE
    )
    return replace(_promised(report, extended, at=at), timers_fired=fired)


def _promised(report: Report, promise: Promise, *, at: datetime) -> Report:
    return replace(
        report,
        accept_by=promise.accept_by,
        resolve_by=promise.resolve_by,
        paused_at=promise.paused_at,
        remaining_minutes=promise.remaining_minutes,
        extensions=promise.extensions,
        is_overdue=report.is_overdue and promises.is_overdue(promise, at),
    )


def _published(report: Report) -> Report:
    if report.is_restricted:
        raise IllegalMove(
            report.status,
            Move.PUBLISH,
            vi="Phản ánh thuộc diện hạn chế, không được công khai.",
            en="This report is restricted and cannot be published.",
        )
    return replace(report, visibility="public")


def _notes(order: MoveOrder, checked: CheckedMove) -> tuple[Note, ...]:
    notes = []

    def say(kind: NoteKind, text: str | None, *, is_public: bool) -> None:
        if text and text.strip():
            notes.append(write_note(kind, text.strip(), is_public=is_public))

    say("reason", checked.reason, is_public=order.move is not Move.HIDE)
    match order.move:
        case Move.ASK:
            say("question", checked.note, is_public=True)
        case Move.ANSWER:
            # A citizen's own words: for the agency, not for the public.
            say("answer", checked.note, is_public=False)
        case _:
            say("public", checked.note, is_public=True)
    say("internal", order.internal_note, is_public=False)
    say("comment", order.comment, is_public=False)
    return tuple(notes)


def _extra(before: Report, after: Report, order: MoveOrder) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    if before.agency_code != after.agency_code:
        extra["from_agency"] = before.agency_code
    if order.move is Move.ASSIGN:
        extra["officer"] = str(order.officer)
    if order.photos:
        extra["photos"] = list(order.photos)
    if order.move is Move.RATE:
        extra["score"] = order.score
    if order.move is Move.EXTEND:
        extra["duration"] = order.duration
    if order.move in (Move.HIDE, Move.PUBLISH) or before.visibility != after.visibility:
        extra["visibility"] = after.visibility
    return extra
