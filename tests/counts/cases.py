"""Made-up cases as the figures see them, and the figures of a list of them by plain counting."""

import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date

from backend.counts.deltas import MEASURES, Cell, Measures, Standing, bucket_of
from backend.counts.filters import CountsFilter

UNITS = ("21025@2025-07-01", "21025@2024-01-01", "21028@2025-07-01")
CATEGORIES = ("o-ga", "den-hong", "rac-ton-dong")
AGENCIES = ("ubnd-21025", "so-xay-dung", "-")


def a_case(
    day: date = date(2026, 3, 15),
    unit: str = UNITS[0],
    *,
    category: str = CATEGORIES[0],
    agency: str = AGENCIES[0],
) -> Standing:
    """A case just received."""
    return Standing(Cell(day, unit, category, agency), Measures(received=1, open=1), None)


def resolved(case: Standing, minutes: int, *, on_time: bool = True) -> Standing:
    """The case answered after so many minutes."""
    measures = replace(
        case.measures,
        accepted=1,
        resolved=1,
        open=0,
        overdue_open=0,
        on_time=int(on_time),
        late=int(not on_time),
        minutes=minutes,
    )
    return replace(case, measures=measures, bucket=bucket_of(minutes))


def reopened(case: Standing) -> Standing:
    """The case taken up again: what its answer counted for is gone."""
    measures = Measures(received=1, accepted=case.measures.accepted, open=1, reopened=1)
    return replace(case, measures=measures, bucket=None)


def rated(case: Standing, *, satisfied: bool) -> Standing:
    return replace(case, measures=replace(case.measures, rated=1, satisfied=int(satisfied)))


def overdue(case: Standing) -> Standing:
    return replace(case, measures=replace(case.measures, overdue_open=case.measures.open))


def moved(case: Standing, **where: str) -> Standing:
    """The case counted elsewhere: another agency, unit or category."""
    return replace(case, cell=replace(case.cell, **where))  # type: ignore[arg-type]  # str fields


@dataclass(frozen=True)
class Counted:
    """Figures by plain counting."""

    sums: Measures
    median_hours: float | None


def picks(wanted: CountsFilter) -> Callable[[Standing], bool]:
    """Whether a filter picks a case, said the long way."""

    def does(case: Standing) -> bool:
        cell = case.cell
        return (
            (wanted.first is None or cell.day >= wanted.first)
            and (wanted.last is None or cell.day <= wanted.last)
            and (wanted.units is None or cell.unit_key in wanted.units)
            and (wanted.categories is None or cell.category_code in wanted.categories)
            and (wanted.agencies is None or cell.agency_code in wanted.agencies)
        )

    return does


def count(cases: Iterable[Standing]) -> Counted:
    """The figures of these cases."""
    listed = list(cases)
    sums = Measures(
        **{name: sum(getattr(case.measures, name) for case in listed) for name in MEASURES}
    )
    minutes = [case.measures.minutes for case in listed if case.measures.resolved]
    return Counted(sums, statistics.median(minutes) / 60 if minutes else None)
