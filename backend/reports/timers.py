"""What the passing of time alone does to a report: moments are computed here, rows fire them.

`report.next_timer_at` is the first moment not yet acted on; nothing is kept in memory, so a worker
that was off for days catches up, each thing once, in order.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from backend.calendars.working_time import WorkCalendar
from backend.reports.lifecycle import OPEN_STATUSES, Entered, Status
from backend.reports.promises import Coming, Promise, PromiseTerms, coming_moments
from backend.reports.report import Report

AWAIT_CONFIRMATION: Final = "await_confirmation"
ANSWERED: Final = frozenset({Status.RESOLVED, Status.AWAITING_CONFIRMATION})


def entered(report: Report) -> Entered:
    """Who put the case in: what staff enter (or history) closes without the citizen's word."""
    return Entered.BY_STAFF if report.source in ("staff", "import") else Entered.BY_CITIZEN


def coming(
    report: Report, terms: PromiseTerms | None, calendar: WorkCalendar | None
) -> list[tuple[datetime, str]]:
    """Every moment not yet acted on, past ones too, in order; terms are None while unrouted."""
    if report.status is Status.RESOLVED and entered(report) is Entered.BY_CITIZEN:
        return [(report.resolved_at or report.updated_at, AWAIT_CONFIRMATION)]
    promise = report.promise
    if promise is None or terms is None or calendar is None:
        return []
    if report.status in ANSWERED:
        found = coming_moments(
            promise, terms, calendar, is_accepted=True, resolved_at=report.resolved_at
        )
    elif report.status in OPEN_STATUSES:
        found = coming_moments(promise, terms, calendar, is_accepted=report.accepted_at is not None)
    else:
        return []
    return [
        (moment.at, moment.what.value)
        for moment in found
        if moment.what.value not in report.timers_fired
    ]


def next_timer(
    report: Report, terms: PromiseTerms | None, calendar: WorkCalendar | None
) -> datetime | None:
    """When the worker must look at this report next; None if time alone does nothing to it."""
    return next((at for at, _ in coming(report, terms, calendar)), None)


def first_timer(
    promise: Promise | None, terms: PromiseTerms, calendar: WorkCalendar | None
) -> datetime | None:
    """The first moment of a report just received; None while it has no agency and no promise."""
    if promise is None or calendar is None:
        return None
    return coming_moments(promise, terms, calendar, is_accepted=False)[0].at


def forget_fired(fired: Sequence[str], *names: Coming) -> tuple[str, ...]:
    """The fired timers less those that a moved deadline makes come again."""
    again = {name.value for name in names}
    return tuple(name for name in fired if name not in again)
