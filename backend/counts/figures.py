"""The figures themselves, and the arithmetic from sums to medians and shares.

Definitions (API.md, decision 0006). All belong to the day in Vietnam on which a case was received.
    received    cases, whatever became of them        accepted   … that an agency has accepted
    resolved    … answered, and not reopened since    open       … to which an answer is still owed
    on_time     resolved at or before `resolve_by` as it stood, or without a promise
    late        resolved after it                     overdue_open  open and past it
    reopened    … reopened at least once              declined   … declined or referred elsewhere
    rated, satisfied   … rated by their reporter, and of those with 3 or 4 of 4
    on_time_share = on_time / resolved                satisfaction = satisfied / rated
    median_hours, mean_hours   from receipt to resolution, of resolved cases, elapsed (not working)
Shares, medians and means are None where nothing stands below the line.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from backend.counts.deltas import MEASURES, Measures, minutes_of

# Rankings of units, categories and agencies show no share that rests on fewer cases than this.
MINIMUM_CASES: Final = 5


@dataclass(frozen=True)
class Figures:
    """What is known of the cases a filter picks, as of one moment; shares lie in 0–1."""

    received: int
    accepted: int
    resolved: int
    open: int
    on_time: int
    late: int
    overdue_open: int
    reopened: int
    declined: int
    rated: int
    on_time_share: float | None
    median_hours: float | None
    mean_hours: float | None
    satisfaction: float | None
    as_of: datetime


@dataclass(frozen=True)
class Line:
    """One unit, category, agency or day of a breakdown; see Figures for the rest.

    `minimum` cases must stand below a share's line, else it is None: a ranking is fair only so.
    """

    key: str
    code: str
    name: str
    name_en: str
    received: int
    accepted: int
    resolved: int
    open: int
    on_time: int
    late: int
    overdue_open: int
    reopened: int
    declined: int
    rated: int
    on_time_share: float | None
    mean_hours: float | None
    satisfaction: float | None
    valid_from: str | None = None
    is_approximate: bool = False


@dataclass(frozen=True)
class Group:
    """The sums of one key before they are presented."""

    key: str
    code: str
    name: str
    name_en: str
    sums: Measures
    valid_from: str | None = None


def sums_of(row: Mapping[str, Any]) -> Measures:
    """The measures in a store's row; absent sums are zero."""
    return Measures(**{name: int(row[name] or 0) for name in MEASURES})


def add_up(parts: Sequence[Measures]) -> Measures:
    """The sum of several."""
    return Measures(**{name: sum(getattr(part, name) for part in parts) for name in MEASURES})


def make_figures(sums: Measures, histogram: Mapping[int, int], as_of: datetime) -> Figures:
    """Figures from sums and the histogram of resolution times (bucket → cases)."""
    return Figures(
        received=sums.received,
        accepted=sums.accepted,
        resolved=sums.resolved,
        open=sums.open,
        on_time=sums.on_time,
        late=sums.late,
        overdue_open=sums.overdue_open,
        reopened=sums.reopened,
        declined=sums.declined,
        rated=sums.rated,
        on_time_share=share(sums.on_time, sums.resolved),
        median_hours=median_hours(histogram),
        mean_hours=mean_hours(sums),
        satisfaction=share(sums.satisfied, sums.rated),
        as_of=as_of,
    )


def make_line(group: Group, *, minimum: int = MINIMUM_CASES, is_approximate: bool = False) -> Line:
    """One line of a breakdown."""
    sums = group.sums
    return Line(
        key=group.key,
        code=group.code,
        name=group.name,
        name_en=group.name_en,
        received=sums.received,
        accepted=sums.accepted,
        resolved=sums.resolved,
        open=sums.open,
        on_time=sums.on_time,
        late=sums.late,
        overdue_open=sums.overdue_open,
        reopened=sums.reopened,
        declined=sums.declined,
        rated=sums.rated,
        on_time_share=share(sums.on_time, sums.resolved, minimum=minimum),
        mean_hours=mean_hours(sums) if sums.resolved >= minimum else None,
        satisfaction=share(sums.satisfied, sums.rated, minimum=minimum),
        valid_from=group.valid_from,
        is_approximate=is_approximate,
    )


def share(part: int, whole: int, *, minimum: int = 1) -> float | None:
    """part / whole to four decimals; None below `minimum` cases."""
    return round(part / whole, 4) if whole >= minimum else None


def mean_hours(sums: Measures) -> float | None:
    """Mean elapsed hours from receipt to resolution; exact."""
    return round(sums.minutes / sums.resolved / 60, 1) if sums.resolved else None


def median_hours(histogram: Mapping[int, int]) -> float | None:
    """Median elapsed hours from buckets, within 2.5 % or 3 minutes of the exact median.

    With an even number of cases it is the mean of the two in the middle, each within that bound.
    """
    cases = sum(histogram.values())
    if cases <= 0:
        return None
    low = _nth(histogram, (cases - 1) // 2)
    high = _nth(histogram, cases // 2)
    return round((minutes_of(low) + minutes_of(high)) / 2 / 60, 2)


def _nth(histogram: Mapping[int, int], wanted: int) -> int:
    seen = 0
    for bucket in sorted(histogram):
        seen += histogram[bucket]
        if seen > wanted:
            return bucket
    raise ValueError("the histogram holds fewer cases than its sum")
