"""One local year of a calendar, laid out so that questions about it are binary searches.

All instants are microseconds since 1970-01-01 UTC, as whole numbers: nothing is ever rounded.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

Span = tuple[int, int]
Spans = tuple[Span, ...]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY = date(1970, 1, 1).toordinal()
MICROSECOND = timedelta(microseconds=1)
MINUTE_MICROS = 60_000_000
DAY_MICROS = 1440 * MINUTE_MICROS


@dataclass(frozen=True, slots=True)
class YearIndex:
    """The spans of one local year and the working time up to the end of each."""

    starts: list[int]
    ends: list[int]
    worked: list[int]  # worked[i] = working microseconds in spans 0..i
    days: list[int]  # ordinals of the working days
    day_ends: list[int]  # the end of the last span of each working day

    @property
    def total(self) -> int:
        return self.worked[-1] if self.worked else 0

    def is_working(self, at: int) -> bool:
        """A span holds its first instant and not its last: 07:30 works, 12:00 does not."""
        i = bisect_right(self.starts, at) - 1
        return i >= 0 and at < self.ends[i]

    def worked_until(self, at: int) -> int:
        """The working microseconds of this year that lie before an instant."""
        i = bisect_right(self.starts, at) - 1
        if i < 0:
            return 0
        return self.worked[i] - max(0, self.ends[i] - at)

    def instant_of(self, worked: int) -> int:
        """The earliest instant with that much work before it; 0 < worked <= total."""
        i = bisect_left(self.worked, worked)
        return self.ends[i] - (self.worked[i] - worked)

    def next_working(self, at: int) -> int | None:
        """The first working instant at or after `at` in this year, or None."""
        i = bisect_right(self.starts, at) - 1
        if i >= 0 and at < self.ends[i]:
            return at
        return self.starts[i + 1] if i + 1 < len(self.starts) else None


def micros_of(moment: datetime) -> int:
    """Microseconds since the epoch; a naive datetime raises TypeError."""
    return (moment - EPOCH) // MICROSECOND


def moment_of(micros: int) -> datetime:
    """The aware UTC datetime of an instant."""
    return EPOCH + timedelta(microseconds=micros)


def build_year(year: int, zone: ZoneInfo, spans_on: Callable[[date], Spans]) -> YearIndex:
    """Lay out one local year; `spans_on` tells the spans of a date in local minutes."""
    starts: list[int] = []
    ends: list[int] = []
    days: list[int] = []
    day_ends: list[int] = []
    day = date(year, 1, 1)
    shift = _shift_at_midnight(day, zone)
    while day.year == year:
        tomorrow = day + timedelta(days=1)
        shift_tomorrow = _shift_at_midnight(tomorrow, zone)
        laid = len(ends)
        for span in spans_on(day):
            # A day on which the clock changes needs the long way; every other day is arithmetic.
            if shift == shift_tomorrow:
                start, end = (_plain_instant(day, minute, shift) for minute in span)
            else:
                start, end = (first_instant_at(day, minute, zone) for minute in span)
            if start < end:
                starts.append(start)
                ends.append(end)
        if len(ends) > laid:
            days.append(day.toordinal())
            day_ends.append(ends[-1])
        day, shift = tomorrow, shift_tomorrow
    worked = list(accumulate(end - start for start, end in zip(starts, ends, strict=True)))
    return YearIndex(starts, ends, worked, days, day_ends)


def first_instant_at(day: date, minute: int, zone: ZoneInfo) -> int:
    """The first instant at which the wall clock of that day shows `minute` or later.

    An hour shown twice (clock set back) counts from its first showing; a time never shown
    (clock set forward) is the instant of the jump. 1440 is the next midnight.
    """
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)  # noqa: DTZ001 wall clock
    shown = wall.replace(tzinfo=zone).astimezone(UTC)
    if shown.astimezone(zone).replace(tzinfo=None) == wall:
        return micros_of(shown)
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    low, high = micros_of(before) // 1_000_000, micros_of(shown) // 1_000_000
    while high - low > 1:
        middle = (low + high) // 2
        if moment_of(middle * 1_000_000).astimezone(zone).replace(tzinfo=None) >= wall:
            high = middle
        else:
            low = middle
    return high * 1_000_000


def _plain_instant(day: date, minute: int, shift: int) -> int:
    return (day.toordinal() - EPOCH_DAY) * DAY_MICROS + minute * MINUTE_MICROS - shift


def _shift_at_midnight(day: date, zone: ZoneInfo) -> int:
    offset = datetime(day.year, day.month, day.day, tzinfo=zone).utcoffset()
    if offset is None:  # a ZoneInfo always knows its offset; this only tells the type checker so
        raise ValueError(zone.key)
    return offset // MICROSECOND
