"""Working time against a counter that labels every single minute as worked or not."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import accumulate
from zoneinfo import ZoneInfo

import holidays
from hypothesis import given
from hypothesis import strategies as st

from backend.calendars.holidays import vietnam_calendar
from backend.calendars.working_time import (
    WorkCalendar,
    add_working_days,
    add_working_minutes,
    is_working,
    next_working_moment,
    subtract_working_minutes,
    working_minutes_between,
)

MINUTE = timedelta(minutes=1)
FIRST, LAST = date(2021, 1, 1), date(2028, 1, 1)
DAY = ((450, 720), (780, 990))
# Split hours, a late shift that meets midnight and an early one that begins there.
SHIFTS = (
    ((0, 90), (450, 720), (780, 990)),
    ((450, 720), (780, 990), (1200, 1440)),
    ((0, 90), (450, 690), (810, 1020)),
    DAY,
    ((421, 437), (450, 451), (500, 720), (783, 990)),
    ((480, 690),),
    (),
)
OVERRIDES = {
    date(2026, 1, 2): (),
    date(2026, 1, 10): DAY,
    date(2024, 2, 29): ((600, 660),),
    date(2023, 12, 31): ((0, 1440),),
    date(2024, 1, 1): ((0, 30), (1410, 1440)),
    date(2025, 2, 28): (),
}
OFFICE = vietnam_calendar("office", range(2021, 2028), overrides=OVERRIDES)
SHIFTED = vietnam_calendar("shifts", range(2021, 2028), week=SHIFTS, overrides=OVERRIDES)
ABROAD = WorkCalendar("ny", "America/New_York", ((((540, 1020)),),) * 5 + ((), ((600, 660),)))


class MinuteCounter:
    """Labels each minute by itself and counts; slow, long and hard to get wrong."""

    def __init__(self, start: datetime, labels: bytes) -> None:
        self.start = start
        self.labels = labels
        self.worked = list(accumulate(labels, initial=0))

    def _split(self, moment: datetime) -> tuple[int, timedelta]:
        minute, rest = divmod(moment - self.start, MINUTE)
        return minute, rest

    def is_working(self, moment: datetime) -> bool:
        return bool(self.labels[self._split(moment)[0]])

    def worked_until(self, moment: datetime) -> timedelta:
        minute, rest = self._split(moment)
        return self.worked[minute] * MINUTE + (rest if self.labels[minute] else timedelta())

    def between(self, start: datetime, end: datetime) -> timedelta:
        return self.worked_until(end) - self.worked_until(start)

    def add(self, start: datetime, amount: timedelta) -> datetime:
        """Walk on, minute by minute, until the amount is used up."""
        minute, rest = self._split(start)
        moment, left = start, amount
        while left:
            room = MINUTE - rest
            if self.labels[minute]:
                if left <= room:
                    return moment + left
                left -= room
            moment, minute, rest = moment + room, minute + 1, timedelta()
        return moment


@cache
def day_labels(spans: tuple) -> bytes:
    return bytes(any(start <= minute < end for start, end in spans) for minute in range(1440))


@cache
def counter_of(calendar_code: str) -> MinuteCounter:
    """Every minute of 2021-2027, read straight from the holidays and the tables above."""
    week = {"office": (DAY,) * 5 + ((), ()), "shifts": SHIFTS}[calendar_code]
    worked_day = {"office": DAY, "shifts": SHIFTS[1]}[calendar_code]  # no two alike: the longest
    known = holidays.Vietnam(years=range(2020, 2029))
    labels = bytearray()
    for i in range((LAST - FIRST).days):
        day = FIRST + timedelta(days=i)
        if day in OVERRIDES:
            labels += day_labels(OVERRIDES[day])
        elif day in known.weekend_workdays:
            labels += day_labels(worked_day)
        elif day in known:
            labels += day_labels(())
        else:
            labels += day_labels(week[day.weekday()])
    start = datetime(2021, 1, 1, tzinfo=ZoneInfo("Asia/Ho_Chi_Minh"))
    return MinuteCounter(start.astimezone(UTC), bytes(labels))


@cache
def counter_abroad() -> MinuteCounter:
    """Every minute of 14 months in New York, asked from its wall clock."""
    start = datetime(2025, 1, 1, tzinfo=UTC)
    zone = ZoneInfo("America/New_York")

    def labels() -> Iterator[int]:
        for i in range(425 * 1440):
            wall = (start + i * MINUTE).astimezone(zone)
            minute = wall.hour * 60 + wall.minute
            spans = ABROAD.week[wall.weekday()]
            yield any(low <= minute < high for low, high in spans)

    return MinuteCounter(start, bytes(labels()))


def moments(first: datetime, last: datetime) -> st.SearchStrategy[datetime]:
    """Moments to the microsecond, and often exactly on or beside a whole half hour."""
    any_moment = st.datetimes(
        first.replace(tzinfo=None), last.replace(tzinfo=None), timezones=st.just(UTC)
    )
    half_hours = (last - first) // timedelta(minutes=30)
    near_edge = st.builds(
        lambda i, off: first + timedelta(minutes=30) * i + timedelta(microseconds=off),
        st.integers(1, half_hours - 1),
        st.sampled_from([-1, 0, 0, 0, 1, 30_000_000]),
    )
    return any_moment | near_edge


amounts = st.builds(
    lambda minutes, micros: timedelta(minutes=minutes, microseconds=micros),
    st.integers(0, 60 * 480) | st.sampled_from([0, 1, 240, 270, 480, 960]),
    st.sampled_from([0, 0, 1, 1_500_000, 59_999_999]),
)
in_vietnam = moments(datetime(2021, 1, 2, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC))
in_new_york = moments(datetime(2025, 1, 2, tzinfo=UTC), datetime(2025, 12, 1, tzinfo=UTC))
calendars = st.sampled_from([OFFICE, SHIFTED])


def micros(minutes: float) -> timedelta:
    return timedelta(microseconds=round(minutes * 60_000_000))


def check_against_counter(
    calendar: WorkCalendar, counter: MinuteCounter, *, start: datetime, amount: timedelta
) -> None:
    due = add_working_minutes(calendar, start, minutes=amount / MINUTE)
    assert due == counter.add(start, amount)
    assert due.tzinfo is UTC
    assert is_working(calendar, start) == counter.is_working(start)
    assert micros(working_minutes_between(calendar, start, end=due)) == amount
    following = next_working_moment(calendar, start)
    assert counter.is_working(following)
    assert counter.between(start, following) == timedelta()


@given(calendar=calendars, start=in_vietnam, amount=amounts)
def test_adding_equals_a_minute_by_minute_counter(
    calendar: WorkCalendar, start: datetime, amount: timedelta
) -> None:
    check_against_counter(calendar, counter_of(calendar.code), start=start, amount=amount)


@given(start=in_new_york, amount=amounts.filter(lambda amount: amount < timedelta(days=10)))
def test_adding_equals_the_counter_where_clocks_are_changed(
    start: datetime, amount: timedelta
) -> None:
    check_against_counter(ABROAD, counter_abroad(), start=start, amount=amount)


@given(calendar=calendars, start=in_vietnam, end=in_vietnam)
def test_the_time_between_equals_a_minute_by_minute_counter(
    calendar: WorkCalendar, start: datetime, end: datetime
) -> None:
    expected = counter_of(calendar.code).between(start, end)
    assert micros(working_minutes_between(calendar, start, end=end)) == expected


@given(calendar=calendars, end=in_vietnam.filter(lambda m: m.year > 2021), amount=amounts)
def test_subtracting_finds_the_first_moment_with_so_little_left(
    calendar: WorkCalendar, end: datetime, amount: timedelta
) -> None:
    counter = counter_of(calendar.code)
    start = subtract_working_minutes(calendar, end, minutes=amount / MINUTE)
    assert counter.between(start, end) == amount
    assert counter.between(start - timedelta(microseconds=1), end) > amount


@given(calendar=calendars, start=in_vietnam, days=st.integers(1, 60))
def test_days_equal_a_walk_over_dates(calendar: WorkCalendar, start: datetime, days: int) -> None:
    counter, zone = counter_of(calendar.code), ZoneInfo("Asia/Ho_Chi_Minh")
    day = start.astimezone(zone).date()
    for _ in range(days):
        day += timedelta(days=1)
        while not _minutes_of(counter, day):
            day += timedelta(days=1)
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    expected = midnight + (max(_minutes_of(counter, day)) + 1) * MINUTE
    assert add_working_days(calendar, start, days=days) == expected


def _minutes_of(counter: MinuteCounter, day: date) -> list[int]:
    first = (day - FIRST).days * 1440
    return [i for i in range(1440) if counter.labels[first + i]]


@given(
    calendar=calendars,
    start=in_vietnam,
    quarters=st.lists(st.integers(0, 200), min_size=2, max_size=2).map(sorted),
    later=st.timedeltas(timedelta(), timedelta(days=20)),
)
def test_more_days_or_a_later_start_never_end_earlier(
    calendar: WorkCalendar, start: datetime, quarters: list[int], later: timedelta
) -> None:
    fewer, more = (add_working_days(calendar, start, days=n / 4) for n in quarters)
    assert start <= fewer <= more
    assert add_working_days(calendar, start + later, days=quarters[0] // 4) >= add_working_days(
        calendar, start, days=quarters[0] // 4
    )


spans = st.lists(st.integers(0, 1440), max_size=6, unique=True).map(
    lambda edges: tuple(zip(*[iter(sorted(edges))] * 2, strict=False))
)
days_of_march = st.integers(0, 45).map(lambda i: date(2026, 3, 1) + timedelta(days=i))


@given(
    week=st.tuples(*[spans] * 7),
    overrides=st.dictionaries(days_of_march, spans, max_size=8),
    ends=st.tuples(
        *[moments(datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 4, 14, tzinfo=UTC))] * 2
    ),
)
def test_any_calendar_agrees_with_its_own_minutes(
    week: tuple, overrides: dict, ends: tuple[datetime, datetime]
) -> None:
    calendar = WorkCalendar("any", "Asia/Ho_Chi_Minh", week, overrides)
    labels = bytearray()
    for i in range(46):
        day = bytearray(1440)
        today = date(2026, 3, 1) + timedelta(days=i)
        for low, high in overrides.get(today, week[today.weekday()]):
            day[low:high] = b"\1" * (high - low)
        labels += day
    zone = ZoneInfo("Asia/Ho_Chi_Minh")
    counter = MinuteCounter(datetime(2026, 3, 1, tzinfo=zone).astimezone(UTC), bytes(labels))
    start, end = sorted(ends)
    between = counter.between(start, end)
    assert micros(working_minutes_between(calendar, start, end=end)) == between
    assert is_working(calendar, start) == counter.is_working(start)
    if between:
        due = add_working_minutes(calendar, start, minutes=between / MINUTE)
        assert due == counter.add(start, between)
        assert due <= end
