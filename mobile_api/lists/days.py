"""Days as filters name them: days in Vietnam, both ends inclusive."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

from backend.clock import VIETNAM
from backend.errors import FieldFault, Malformed

# beyond them there is nothing but overflow
_FIRST_DAY: Final = date(1900, 1, 1)
_LAST_DAY: Final = date(9000, 1, 1)


def read_period(since: date | None, until: date | None) -> tuple[datetime | None, datetime | None]:
    """The first moment (UTC) of the period and the first one after it; None where it is open.

    Raises Malformed for a period that ends before it begins.
    """
    check_period(since, until)
    return _day_start(since), _day_start(until, days=1)


def check_period(since: date | None, until: date | None) -> None:
    """Raise Malformed when the last day lies before the first: nothing could ever be found."""
    if since is not None and until is not None and until < since:
        raise Malformed(
            faults=(
                FieldFault(
                    "to",
                    "Ngày cuối phải bằng hoặc sau ngày đầu.",
                    "The last day lies before the first.",
                ),
            )
        )


def _day_start(day: date | None, *, days: int = 0) -> datetime | None:
    if day is None:
        return None
    day = min(max(day, _FIRST_DAY), _LAST_DAY)
    return (
        datetime(day.year, day.month, day.day, tzinfo=VIETNAM) + timedelta(days=days)
    ).astimezone(UTC)
