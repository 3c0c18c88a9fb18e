"""Working time on a calendar: pure arithmetic over aware datetimes.

Seconds and microseconds count like everything else: nothing is rounded to minutes. A start at
08:00:30 plus 60 working minutes is 09:00:30, and minutes given or returned as fractions carry
whole microseconds exactly (a double does so for up to 70 years of working time).

A span holds its first instant and not its last. A deadline that falls exactly on the end of a
span is that end (16:30 today), not the beginning of the next span (07:30 tomorrow).
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from backend.calendars.errors import BadCalendar, NegativeDuration, NoWorkingTime
from backend.calendars.year_index import (
    MINUTE_MICROS,
    Spans,
    YearIndex,
    build_year,
    micros_of,
    moment_of,
)

DayRule = Literal["end_of_day", "same_time"]
Week = tuple[Spans, Spans, Spans, Spans, Spans, Spans, Spans]
Minutes = int | float | Decimal

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# How far ahead a deadline is looked for: no promise runs longer, and a calendar that has run dry
# (an agency dissolved, a week left empty) must give a named error, not an endless search.
HORIZON_YEARS = 20


@dataclass(frozen=True)
class WorkCalendar:
    """The working hours of an agency: local spans per weekday, and dates that differ.

    `week` runs Monday to Sunday; each day has spans of minutes since local midnight, in order,
    apart, within 0..1440. `overrides` replaces whole dates: an empty tuple is a day off, spans
    make a worked weekend. `version` counts the changes of the calendar, kept with each promise.
    Anything else raises BadCalendar.
    """

    code: str
    zone: str
    week: Week
    overrides: Mapping[date, Spans] = field(default_factory=dict, hash=False)
    day_rule: DayRule = "end_of_day"
    version: int = 1
    # Remembered layouts of single years: a cache of what the fields above say, never more.
    _years: dict[int, YearIndex] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "overrides", dict(self.overrides))
        if len(self.week) != len(WEEKDAYS):
            raise BadCalendar("week", "phải có đúng 7 ngày", "must have exactly 7 days")
        if self.day_rule not in get_args(DayRule):
            raise BadCalendar("day_rule", "không có quy tắc này", "no such rule")
        for name, spans in zip(WEEKDAYS, self.week, strict=True):
            check_spans(spans, where=f"week.{name}")
        for day, spans in self.overrides.items():
            check_spans(spans, where=f"overrides.{day.isoformat()}")
        zone_of(self.zone)

    def spans_on(self, day: date) -> Spans:
        """The spans of one local date, in minutes since its midnight."""
        spans = self.overrides.get(day)
        return self.week[day.weekday()] if spans is None else spans

    def year(self, year: int) -> YearIndex:
        """The layout of one local year, made once."""
        index = self._years.get(year)
        if index is None:
            index = self._years[year] = build_year(year, ZoneInfo(self.zone), self.spans_on)
        return index


def is_working(calendar: WorkCalendar, moment: datetime) -> bool:
    """Whether a moment lies inside a span."""
    return calendar.year(_local_day(calendar, moment).year).is_working(micros_of(moment))


def next_working_moment(calendar: WorkCalendar, moment: datetime) -> datetime:
    """The moment itself if it is working time, else the start of the next span."""
    at = micros_of(moment)
    first = _local_day(calendar, moment).year
    for year in _years_ahead(first):
        found = calendar.year(year).next_working(at)
        if found is not None:
            return moment_of(found)
    raise NoWorkingTime(calendar.code, first, first + HORIZON_YEARS)


def add_working_minutes(calendar: WorkCalendar, start: datetime, *, minutes: Minutes) -> datetime:
    """The earliest moment with that many working minutes since `start`.

    Zero minutes is `start` itself, working time or not. Raises NegativeDuration, NoWorkingTime.
    """
    left = micros_of_minutes(minutes)
    first = _local_day(calendar, start).year
    if left == 0:
        return start.astimezone(UTC)
    left += calendar.year(first).worked_until(micros_of(start))
    for year in _years_ahead(first):
        index = calendar.year(year)
        if left <= index.total:
            return moment_of(index.instant_of(left))
        left -= index.total
    raise NoWorkingTime(calendar.code, first, first + HORIZON_YEARS)


def subtract_working_minutes(
    calendar: WorkCalendar, end: datetime, *, minutes: Minutes
) -> datetime:
    """The earliest moment from which at most that many working minutes remain until `end`.

    Raises NegativeDuration, NoWorkingTime.
    """
    last = _local_day(calendar, end).year
    index = calendar.year(last)
    wanted = index.worked_until(micros_of(end)) - micros_of_minutes(minutes)
    for year in range(last - 1, max(last - HORIZON_YEARS, 1) - 1, -1):
        if wanted > 0:
            break
        index = calendar.year(year)
        wanted += index.total
    if wanted <= 0:
        raise NoWorkingTime(calendar.code, last - HORIZON_YEARS, last)
    return moment_of(index.instant_of(wanted))


def working_minutes_between(calendar: WorkCalendar, start: datetime, *, end: datetime) -> float:
    """The working minutes from `start` to `end`, seconds as the fraction; negative if reversed."""
    if end < start:
        return -working_minutes_between(calendar, end, end=start)
    first, last = _local_day(calendar, start).year, _local_day(calendar, end).year
    micros = calendar.year(last).worked_until(micros_of(end))
    micros -= calendar.year(first).worked_until(micros_of(start))
    micros += sum(calendar.year(year).total for year in range(first, last))
    return micros / MINUTE_MICROS


def add_working_days(
    calendar: WorkCalendar, start: datetime, *, days: int | float | Decimal
) -> datetime:
    """The moment at which a time limit of that many working days ends.

    Under `end_of_day` it is the end of the last span of the N-th working day after the local day
    of `start`: the day of receipt is not counted and the last day counts whole. That is how
    Vietnamese law counts days (Civil Code 2015, art. 147.2 and 148.1) and how offices and
    citizens read "3 ngày làm việc", so it is the default. The law lets the last day run to 24:00;
    nobody answers after hours, so it ends here with the office. A report at the weekend counts
    Monday as day one.

    Under `same_time` it is N times the calendar's standard day in working minutes from `start`:
    Monday 10:00 plus 1 is Tuesday 10:00.

    A fraction of a day adds that share of the standard day in working minutes, but never reaches
    beyond the next whole number of days: more days never end earlier. Zero days is `start`.
    Raises NegativeDuration, NoWorkingTime.
    """
    amount = Decimal(str(days))
    if amount < 0:
        raise NegativeDuration
    standard = standard_day_minutes(calendar)
    if calendar.day_rule == "same_time":
        return add_working_minutes(calendar, start, minutes=amount * standard)
    whole, share = int(amount), amount % 1
    reached = _end_of_day(calendar, start, days=whole)
    if not share:
        return reached
    further = add_working_minutes(calendar, reached, minutes=share * standard)
    return min(further, _end_of_day(calendar, start, days=whole + 1))


def standard_spans(week: Week) -> Spans:
    """The spans most working days of a week have (the longer ones when two are as common)."""
    counted = Counter(spans for spans in week if spans)
    return max(counted, key=lambda spans: (counted[spans], _length(spans)), default=())


def standard_day_minutes(calendar: WorkCalendar) -> int:
    """The working minutes of a standard day: 480 for eight hours; NoWorkingTime if none."""
    minutes = _length(standard_spans(calendar.week))
    if minutes == 0 and calendar.overrides:
        # A calendar that lists each worked date by itself, such as a seasonal post's.
        minutes = max(_length(spans) for spans in calendar.overrides.values())
    if minutes == 0:
        raise NoWorkingTime(calendar.code, 1, 9999)
    return minutes


def micros_of_minutes(minutes: Minutes) -> int:
    """Whole microseconds of working time, rounded to the nearest one; NegativeDuration below 0."""
    if minutes < 0:
        raise NegativeDuration
    return round(minutes * MINUTE_MICROS)


def check_spans(spans: Spans, *, where: str) -> None:
    """Raise BadCalendar unless spans are whole minutes within a day, in order and apart."""
    reached = 0
    for i, (start, end) in enumerate(spans):
        place = f"{where}[{i}]"
        if not 0 <= start < end <= 1440:
            raise BadCalendar(
                place,
                "giờ phải nằm trong 00:00–24:00 và giờ bắt đầu trước giờ kết thúc",
                "times must lie within 00:00–24:00 and start before they end",
            )
        if start < reached:
            raise BadCalendar(place, "chồng lên ca trước", "overlaps the span before it")
        reached = end


def zone_of(name: str) -> ZoneInfo:
    """The time zone of that IANA name; BadCalendar if there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadCalendar("zone", "không có múi giờ này", "no such time zone") from error


def _end_of_day(calendar: WorkCalendar, start: datetime, *, days: int) -> datetime:
    day = _local_day(calendar, start)
    if days == 0:
        return start.astimezone(UTC)
    left = days + bisect_right(calendar.year(day.year).days, day.toordinal())
    for year in _years_ahead(day.year):
        index = calendar.year(year)
        if left <= len(index.days):
            return moment_of(index.day_ends[left - 1])
        left -= len(index.days)
    raise NoWorkingTime(calendar.code, day.year, day.year + HORIZON_YEARS)


def _local_day(calendar: WorkCalendar, moment: datetime) -> date:
    if moment.tzinfo is None:
        raise TypeError("working time needs aware datetimes")
    return moment.astimezone(ZoneInfo(calendar.zone)).date()


def _years_ahead(first: int) -> range:
    return range(first, min(first + HORIZON_YEARS, 9998) + 1)


def _length(spans: Spans) -> int:
    return sum(end - start for start, end in spans)
