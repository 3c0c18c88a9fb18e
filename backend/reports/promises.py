"""Promises: by when an agency accepts a report and by when it answers it.

A promise is two moments given to the citizen on the day of receipt. It is not computed again
because terms, calendars or agencies change; only five rules move it:

pause      while the citizen is asked for more, the clock of `resolve_by` stands still;
resume     the working time that was left is laid out again from the moment of resuming. A pause
           without any working time in it changes nothing, and a pause begun after the deadline
           never takes the lateness away;
extend     adds a duration to `resolve_by`, as often and as long as the terms allow;
transfer   by `PromiseTerms.on_transfer`, see move_to_calendar;
renew      a reopened report is promised an answer anew, never earlier than before.

On time means resolved at or before `resolve_by` as it stands then.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Literal, assert_never

from backend.calendars.working_time import (
    WorkCalendar,
    add_working_minutes,
    subtract_working_minutes,
    working_minutes_between,
)
from backend.reports.durations import Duration as Duration
from backend.reports.durations import add_duration as add_duration
from backend.reports.durations import duration_from_text as duration_from_text
from backend.reports.durations import duration_minutes as duration_minutes
from backend.reports.durations import duration_text as duration_text
from backend.reports.errors import (
    ClockNotRunning,
    ExtensionTooLate,
    ExtensionTooLong,
    TooManyExtensions,
)

TransferRule = Literal["keep", "accept_anew", "recount"]

NOTHING = Duration(Decimal(0), "wh")
FOUR_HOURS = Duration(Decimal(4), "wh")
FIVE_DAYS = Duration(Decimal(5), "wd")

_JUST_AFTER = timedelta(microseconds=1)


@dataclass(frozen=True)
class PromiseTerms:
    """What a category promises; `version` is kept with each report.

    `due_soon` warns that much working time before a deadline; `escalate_after` is the time after
    `resolve_by` at which the parent agency is called, `close_after` the time after the answer at
    which a silent citizen is taken to agree; None means never. `extension_notice` is the working
    time that must still be left when an extension is asked for.
    """

    version: int
    accept: Duration
    resolve: Duration
    extensions_at_most: int = 1
    extension_longest: Duration = FIVE_DAYS
    extension_notice: Duration = NOTHING
    pauses_allowed: bool = True
    due_soon: Duration = FOUR_HOURS
    escalate_after: Duration | None = None
    close_after: Duration | None = None
    on_transfer: TransferRule = "keep"


@dataclass(frozen=True)
class Promise:
    """The deadlines of one report; `remaining_minutes` is set exactly while it is paused.

    Remaining minutes are working minutes with seconds as the fraction, exact to the microsecond.
    """

    accept_by: datetime
    resolve_by: datetime
    paused_at: datetime | None = None
    remaining_minutes: float | None = None
    extensions: int = 0


class Coming(StrEnum):
    """What happens to a report by the passing of time alone."""

    ACCEPT_DUE_SOON = "accept_due_soon"
    ACCEPT_OVERDUE = "accept_overdue"
    RESOLVE_DUE_SOON = "resolve_due_soon"
    RESOLVE_OVERDUE = "resolve_overdue"
    ESCALATE = "escalate"
    AUTO_CLOSE = "auto_close"


@dataclass(frozen=True)
class ComingMoment:
    at: datetime
    what: Coming


def make_promise(terms: PromiseTerms, calendar: WorkCalendar, *, received_at: datetime) -> Promise:
    """The promise given on receipt; accepting is never due after resolving."""
    resolve_by = add_duration(calendar, received_at, duration=terms.resolve)
    accept_by = add_duration(calendar, received_at, duration=terms.accept)
    return Promise(min(accept_by, resolve_by), resolve_by)


def pause(promise: Promise, calendar: WorkCalendar, *, at: datetime) -> Promise:
    """Stop the clock; ClockNotRunning if it stands already.

    Whether the terms allow pauses is the caller's question (`terms.pauses_allowed`).
    """
    if promise.paused_at is not None:
        raise ClockNotRunning
    left = working_minutes_between(calendar, at, end=promise.resolve_by)
    return replace(promise, paused_at=at, remaining_minutes=max(0.0, left))


def resume(promise: Promise, calendar: WorkCalendar, *, at: datetime) -> Promise:
    """Let the clock run on with the working time that was left; ClockNotRunning if it runs."""
    if promise.paused_at is None or promise.remaining_minutes is None:
        raise ClockNotRunning
    going = replace(promise, paused_at=None, remaining_minutes=None)
    was_late = promise.paused_at > promise.resolve_by
    if was_late or working_minutes_between(calendar, promise.paused_at, end=at) <= 0:
        return going
    resolve_by = add_working_minutes(calendar, at, minutes=promise.remaining_minutes)
    return replace(going, resolve_by=resolve_by)


def extend(
    promise: Promise,
    terms: PromiseTerms,
    calendar: WorkCalendar,
    *,
    duration: Duration,
    at: datetime,
) -> Promise:
    """Move `resolve_by` on by a duration.

    Raises TooManyExtensions, ExtensionTooLong (also for nothing at all), ExtensionTooLate when
    less than the notice is left, ClockNotRunning while paused.
    """
    if promise.paused_at is not None:
        raise ClockNotRunning
    if promise.extensions >= terms.extensions_at_most:
        raise TooManyExtensions(terms.extensions_at_most)
    longest = duration_minutes(calendar, terms.extension_longest)
    if not 0 < duration_minutes(calendar, duration) <= longest:
        raise ExtensionTooLong(
            duration_text(terms.extension_longest, "vi"),
            duration_text(terms.extension_longest, "en"),
        )
    left = working_minutes_between(calendar, at, end=promise.resolve_by)
    if at > promise.resolve_by or left < duration_minutes(calendar, terms.extension_notice):
        raise ExtensionTooLate
    resolve_by = add_duration(calendar, promise.resolve_by, duration=duration)
    return replace(promise, resolve_by=resolve_by, extensions=promise.extensions + 1)


def move_to_calendar(
    promise: Promise,
    terms: PromiseTerms,
    *,
    old: WorkCalendar,
    new: WorkCalendar,
    at: datetime,
) -> Promise:
    """The promise after a transfer to an agency with another calendar, by `terms.on_transfer`.

    keep         both moments stand: the citizen was given them, whoever answers (the default);
    accept_anew  `resolve_by` stands, and the new agency has its own time to accept within it;
    recount      also the working time that was left is laid out on the new calendar from `at`.

    A promise that is already late stays late, and one that is paused keeps what was left.
    """
    match terms.on_transfer:
        case "keep":
            return promise
        case "accept_anew":
            resolve_by = promise.resolve_by
        case "recount":
            resolve_by = promise.resolve_by
            if promise.paused_at is None and at <= resolve_by:
                left = working_minutes_between(old, at, end=resolve_by)
                resolve_by = add_working_minutes(new, at, minutes=left)
        case _:
            assert_never(terms.on_transfer)
    accept_by = add_duration(new, at, duration=terms.accept)
    return replace(promise, accept_by=min(accept_by, resolve_by), resolve_by=resolve_by)


def renew(
    promise: Promise, terms: PromiseTerms, calendar: WorkCalendar, *, at: datetime
) -> Promise:
    """The promise of a report reopened at that moment; extensions used stay used."""
    resolve_by = add_duration(calendar, at, duration=terms.resolve)
    return replace(
        promise,
        resolve_by=max(promise.resolve_by, resolve_by),
        paused_at=None,
        remaining_minutes=None,
    )


def is_overdue(promise: Promise, now: datetime) -> bool:
    """Whether `resolve_by` has passed; while paused, whether it had passed at the pause."""
    return (promise.paused_at or now) > promise.resolve_by


def is_on_time(promise: Promise, resolved_at: datetime) -> bool:
    """Whether an answer at that moment keeps the promise."""
    return resolved_at <= promise.resolve_by


def is_due_soon(
    promise: Promise, terms: PromiseTerms, *, now: datetime, calendar: WorkCalendar
) -> bool:
    """Whether the clock runs and at most `terms.due_soon` is left, and not nothing."""
    if promise.paused_at is not None or now > promise.resolve_by:
        return False
    left = working_minutes_between(calendar, now, end=promise.resolve_by)
    return left <= duration_minutes(calendar, terms.due_soon)


def coming_moments(
    promise: Promise,
    terms: PromiseTerms,
    calendar: WorkCalendar,
    *,
    is_accepted: bool,
    resolved_at: datetime | None = None,
) -> tuple[ComingMoment, ...]:
    """Every moment, past ones too, at which time alone makes something happen, in order.

    While paused nothing comes. After the answer (`resolved_at`) only the closing does. Overdue
    begins one microsecond after its deadline, so that is_overdue holds at the moment named.
    """
    if resolved_at is not None:
        if terms.close_after is None:
            return ()
        closes = add_duration(calendar, resolved_at, duration=terms.close_after)
        return (ComingMoment(closes, Coming.AUTO_CLOSE),)
    if promise.paused_at is not None:
        return ()
    early = duration_minutes(calendar, terms.due_soon)

    def deadline(by: datetime, soon: Coming, overdue: Coming) -> list[ComingMoment]:
        warn_at = min(by, subtract_working_minutes(calendar, by, minutes=early))
        return [ComingMoment(warn_at, soon), ComingMoment(by + _JUST_AFTER, overdue)]

    found = deadline(promise.resolve_by, Coming.RESOLVE_DUE_SOON, Coming.RESOLVE_OVERDUE)
    if not is_accepted:
        found += deadline(promise.accept_by, Coming.ACCEPT_DUE_SOON, Coming.ACCEPT_OVERDUE)
    if terms.escalate_after is not None:
        called_at = add_duration(calendar, promise.resolve_by, duration=terms.escalate_after)
        found.append(
            ComingMoment(max(called_at, promise.resolve_by + _JUST_AFTER), Coming.ESCALATE)
        )
    order = list(Coming)
    return tuple(sorted(found, key=lambda coming: (coming.at, order.index(coming.what))))


def next_moment(
    promise: Promise,
    terms: PromiseTerms,
    calendar: WorkCalendar,
    *,
    now: datetime,
    is_accepted: bool,
    resolved_at: datetime | None = None,
) -> datetime | None:
    """The first coming moment after `now`: the report's next timer, or None if nothing comes.

    What fell due between two timers is in coming_moments; several things may share one moment.
    """
    coming = coming_moments(
        promise, terms, calendar, is_accepted=is_accepted, resolved_at=resolved_at
    )
    return next((moment.at for moment in coming if moment.at > now), None)
