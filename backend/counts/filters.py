"""Which cases a figure is about: a range of days, some units, categories and agencies."""

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, TypeAlias

Dimension: TypeAlias = Literal["unit", "category", "agency", "day"]
Grain: TypeAlias = Literal["day", "month", "year"]


@dataclass(frozen=True)
class CountsFilter:
    """Cases of one kind received from `first` to `last`, days in Vietnam, both included.

    None means without limit. Units are keys (`code@valid_from`), categories are leaves and fields
    as cases carry them, `-` is the agency of what no agency has: see find_filter for words people
    use. Hashable, so that the same question is asked once for many.
    """

    first: date | None = None
    last: date | None = None
    units: tuple[str, ...] | None = None
    categories: tuple[str, ...] | None = None
    agencies: tuple[str, ...] | None = None
    case_kind: str = "report"


@dataclass(frozen=True)
class Span:
    """Periods of one grain, named by their first days, from `first` to `last` included."""

    grain: Grain
    first: date
    last: date


def split_range(
    first: date | None, last: date | None, grains: Sequence[Grain] = ("year", "month", "day")
) -> list[Span]:
    """The fewest whole periods that make up a range of days; `grains` from coarse to fine.

    The finest grain must be `day`. Unlimited ends are date.min and date.max, which PostgreSQL
    reads as minus and plus infinity.
    """
    return list(_split(first or date.min, last or date.max, tuple(grains)))


def _split(first: date, last: date, grains: tuple[Grain, ...]) -> Iterable[Span]:
    if first > last:
        return
    grain, finer = grains[0], grains[1:]
    if not finer:
        yield Span(grain, first, last)
        return
    inner_first = _next_start(grain, first)
    inner_last = _last_end(grain, last)
    if inner_first is None or inner_last is None or inner_first > inner_last:
        yield from _split(first, last, finer)
        return
    if first < inner_first:
        yield from _split(first, inner_first - timedelta(days=1), finer)
    yield Span(grain, inner_first, inner_last)
    if inner_last < last:
        yield from _split(inner_last + timedelta(days=1), last, finer)


def _next_start(grain: Grain, day: date) -> date | None:
    """The first day of the first whole period that begins on `day` or later."""
    if day == date.min:
        return day
    if day.day == 1 and (grain == "month" or day.month == 1):
        return day
    year, month = (
        (day.year + 1, 1) if grain == "year" or day.month == 12 else (day.year, day.month + 1)
    )
    return date(year, month, 1) if year <= date.max.year else None


def _last_end(grain: Grain, day: date) -> date | None:
    """The last day of the last whole period that ends on `day` or earlier."""
    if day == date.max:
        return day
    if grain == "year":
        if (day.month, day.day) == (12, 31):
            return day
        return date(day.year - 1, 12, 31) if day.year > date.min.year else None
    if day.day == calendar.monthrange(day.year, day.month)[1]:
        return day
    start = day.replace(day=1)
    return start - timedelta(days=1) if start > date.min else None
