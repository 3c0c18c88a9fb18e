"""What each move does to a report's state: agency, promise, visibility, moments; pure."""

import uuid
from dataclasses import dataclass, replace
from datetime import datetime

from backend.reports import promises
from backend.reports.errors import IllegalMove, TargetNeeded
from backend.reports.lifecycle import Move, Status
from backend.reports.promises import Coming, Promise, PromiseTerms
from backend.reports.report import Report
from backend.reports.rulebook import Rulebook
from backend.reports.timers import forget_fired


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
    # of hiding: what the reporter is told (hiding.py)
    reason_code: str | None = None
    # when the newest photo on the page that was read had become ready; None: not said
    photos_seen_until: datetime | None = None
    # of editing: the digest of the new text, for the event
    text_digest: str | None = None


def moved(
    rulebook: Rulebook,
    report: Report,
    order: MoveOrder,
    *,
    before: Report,
    terms: PromiseTerms,
    at: datetime,
) -> Report:
    """The state after a move whose target status `report` has already; `before` is the old one."""
    match order.move:
        case Move.ACCEPT:
            # What screening found waits for somebody to say "publish".
            kept = report.is_restricted or report.is_held
            shown = not kept and order.publish is not False
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
                # who only changes the score has not taken back the words
                rating_comment=order.comment or before.rating_comment,
                closed_at=(before.closed_at or at) if closed else None,
            )
        case Move.CLOSE | Move.AUTO_CLOSE | Move.DECLINE | Move.REDIRECT | Move.WITHDRAW:
            return replace(report, closed_at=at)
        case Move.REOPEN:
            again = _reopened(rulebook, report, terms=terms, at=at)
            # What was declined is shown again only when somebody has accepted it after all.
            declined = before.status is Status.DECLINED and again.visibility == "public"
            return replace(again, visibility="pending") if declined else again
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
        is_restricted=_still_restricted(rulebook, report),
        calendar_code=new.code,
        escalations=report.escalations + int(order.move is Move.ESCALATE),
        timers_fired=fired,
    )


def _still_restricted(rulebook: Rulebook, report: Report) -> bool:
    """Intake that hands a screened report to an agency has judged it to be an ordinary one.

    Then it is for everybody whom its category is for. It still is not published by itself.
    """
    if report.is_held and report.agency_code is None:
        return rulebook.categories[report.category_code].is_restricted
    return report.is_restricted


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
    return replace(report, visibility="public", is_held=False)
