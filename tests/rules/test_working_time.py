"""Working time by tables of cases; the comparison with a counter is in test_working_minutes."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from time import perf_counter
from zoneinfo import ZoneInfo

import pytest

from backend.calendars.errors import BadCalendar, NegativeDuration, NoWorkingTime
from backend.calendars.holidays import OFFICE_WEEK, vietnam_calendar
from backend.calendars.working_time import (
    WorkCalendar,
    add_working_days,
    add_working_minutes,
    is_working,
    next_working_moment,
    standard_day_minutes,
    subtract_working_minutes,
    working_minutes_between,
)

HERE = ZoneInfo("Asia/Ho_Chi_Minh")
OVERRIDES = {
    date(2026, 1, 2): (),
    date(2026, 1, 10): OFFICE_WEEK[0],
    date(2026, 3, 11): ((8 * 60, 9 * 60),),  # a short Wednesday
}
OFFICE = vietnam_calendar("hanh-chinh", range(2024, 2029), overrides=OVERRIDES)
SAME_TIME = vietnam_calendar(
    "hanh-chinh", range(2024, 2029), overrides=OVERRIDES, day_rule="same_time"
)
ALWAYS = WorkCalendar("24-7", "Asia/Ho_Chi_Minh", (((0, 1440),),) * 7)
NEW_YORK = WorkCalendar("ny", "America/New_York", (((60, 150), (180, 240)),) * 7)


def at(text: str, zone: ZoneInfo = HERE) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


# 2026-03-09 is a Monday; 16/2–20/2 is Tết; 2/1 is off and Sat 10/1 worked; 24/11 is a holiday.
@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        ("2026-03-09 07:30", 0, "2026-03-09 07:30"),
        ("2026-03-09 07:30", 1, "2026-03-09 07:31"),
        ("2026-03-09 07:30", 270, "2026-03-09 12:00"),  # the end of a span is a deadline
        ("2026-03-09 07:30", 271, "2026-03-09 13:01"),
        ("2026-03-09 07:30", 480, "2026-03-09 16:30"),
        ("2026-03-09 12:00", 60, "2026-03-09 14:00"),
        ("2026-03-09 12:30", 60, "2026-03-09 14:00"),
        ("2026-03-09 13:00", 60, "2026-03-09 14:00"),
        ("2026-03-09 05:00", 60, "2026-03-09 08:30"),
        ("2026-03-09 16:30", 60, "2026-03-10 08:30"),
        ("2026-03-09 23:59", 60, "2026-03-10 08:30"),
        ("2026-03-10 16:00", 60, "2026-03-11 08:30"),  # into the short Wednesday
        ("2026-03-10 16:00", 91, "2026-03-12 07:31"),  # and through it
        ("2026-03-13 16:00", 60, "2026-03-16 08:00"),  # over a weekend
        ("2026-03-14 10:00", 60, "2026-03-16 08:30"),  # from a Saturday
        ("2026-02-13 16:00", 60, "2026-02-23 08:00"),  # over Tết
        ("2026-01-01 09:00", 60, "2026-01-05 08:30"),  # New Year, and Friday given off for it
        ("2026-01-09 16:00", 60, "2026-01-10 08:00"),  # into the worked Saturday
        ("2025-04-25 16:00", 60, "2025-04-26 08:00"),  # a worked Saturday of the package
        ("2026-04-24 16:00", 60, "2026-04-28 08:00"),  # Hùng Kings on Sunday: Monday in lieu
        ("2026-08-21 16:00", 60, "2026-08-22 08:00"),
        ("2026-08-28 16:00", 60, "2026-09-03 08:00"),  # 31/8 swapped, 1–2/9
        ("2026-11-23 16:00", 60, "2026-11-25 08:00"),  # 24/11 from 2026
        ("2025-11-23 16:00", 60, "2025-11-24 08:30"),  # but not before
        ("2026-12-31 16:00", 60, "2027-01-04 08:00"),  # over the year's end
        ("2026-12-31 15:30", 60, "2026-12-31 16:30"),  # at its very end
        ("2026-03-09 08:00:30", 60, "2026-03-09 09:00:30"),
        ("2026-03-09 11:59:59.999999", 1, "2026-03-09 13:00:59.999999"),
        ("2026-03-09 16:29:30", 1, "2026-03-10 07:30:30"),
        ("2026-03-09 08:00", 0.5, "2026-03-09 08:00:30"),
        ("2026-03-09 08:00", Decimal("0.25"), "2026-03-09 08:00:15"),
    ],
)
def test_working_minutes_are_added_inside_working_hours(
    start: str, minutes: float, due: str
) -> None:
    assert add_working_minutes(OFFICE, at(start), minutes=minutes) == at(due)
    if minutes:
        assert working_minutes_between(OFFICE, at(start), end=at(due)) == float(minutes)


@pytest.mark.parametrize(
    ("moment", "working", "following"),
    [
        ("2026-03-09 07:29:59.999999", False, "2026-03-09 07:30"),
        ("2026-03-09 07:30", True, "2026-03-09 07:30"),
        ("2026-03-09 11:59:59.999999", True, "2026-03-09 11:59:59.999999"),
        ("2026-03-09 12:00", False, "2026-03-09 13:00"),
        ("2026-03-09 16:30", False, "2026-03-10 07:30"),
        ("2026-03-14 09:00", False, "2026-03-16 07:30"),
        ("2026-01-10 09:00", True, "2026-01-10 09:00"),
        ("2026-02-14 09:00", False, "2026-02-23 07:30"),
        ("2026-12-31 17:00", False, "2027-01-04 07:30"),
    ],
)
def test_a_span_holds_its_first_instant_and_not_its_last(
    moment: str, working: bool, following: str
) -> None:
    assert is_working(OFFICE, at(moment)) is working
    assert next_working_moment(OFFICE, at(moment)) == at(following)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-03-09 08:00", 1, "2026-03-10 16:30"),
        ("2026-03-09 16:29", 1, "2026-03-10 16:30"),
        ("2026-03-09 20:00", 1, "2026-03-10 16:30"),
        ("2026-03-09 08:00", 2, "2026-03-11 09:00"),  # the short Wednesday ends at nine
        ("2026-03-13 10:00", 3, "2026-03-18 16:30"),
        ("2026-03-14 10:00", 1, "2026-03-16 16:30"),
        ("2026-03-15 23:59", 3, "2026-03-18 16:30"),
        ("2026-02-13 10:00", 1, "2026-02-23 16:30"),
        ("2026-01-09 10:00", 1, "2026-01-10 16:30"),
        ("2025-12-31 10:00", 1, "2026-01-05 16:30"),
        ("2026-12-30 10:00", 1, "2026-12-31 16:30"),
        ("2026-12-30 10:00", 2, "2027-01-04 16:30"),
        ("2026-03-16 10:00", 0, "2026-03-16 10:00"),
        ("2026-03-16 10:00", Decimal("0.5"), "2026-03-16 15:00"),
        ("2026-03-16 16:00", 0.5, "2026-03-17 11:00"),
        ("2026-03-16 10:00", Decimal("1.5"), "2026-03-18 11:30"),
        ("2026-03-09 10:00", Decimal("1.5"), "2026-03-11 09:00"),  # never beyond two days
    ],
)
def test_days_end_with_the_nth_working_day_after_receipt(start: str, days: float, due: str) -> None:
    assert add_working_days(OFFICE, at(start), days=days) == at(due)


def test_weekend_report_is_due_counting_from_monday() -> None:
    for received in ("2026-03-14 00:00", "2026-03-14 12:00", "2026-03-15 23:59:59"):
        assert add_working_days(OFFICE, at(received), days=3) == at("2026-03-18 16:30")


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-03-16 10:00", 1, "2026-03-17 10:00"),
        ("2026-03-16 10:00", 0.5, "2026-03-16 15:00"),
        ("2026-03-16 07:30", 1, "2026-03-16 16:30"),
        ("2026-03-14 10:00", 1, "2026-03-16 16:30"),
        ("2026-03-13 10:00", 2, "2026-03-17 10:00"),
    ],
)
def test_same_time_days_are_standard_days_in_minutes(start: str, days: float, due: str) -> None:
    assert add_working_days(SAME_TIME, at(start), days=days) == at(due)


@pytest.mark.parametrize(
    ("end", "minutes", "start"),
    [
        ("2026-03-09 10:00", 60, "2026-03-09 09:00"),
        ("2026-03-09 14:00", 60, "2026-03-09 12:00"),
        ("2026-03-09 14:00", 61, "2026-03-09 11:59"),
        ("2026-03-09 08:30", 60, "2026-03-06 16:30"),
        ("2026-03-09 07:30", 0, "2026-03-06 16:30"),
        ("2027-01-04 08:00", 60, "2026-12-31 16:00"),
        ("2026-03-09 10:00:30", 60, "2026-03-09 09:00:30"),
    ],
)
def test_subtracting_finds_the_earliest_moment_with_that_little_left(
    end: str, minutes: int, start: str
) -> None:
    assert subtract_working_minutes(OFFICE, at(end), minutes=minutes) == at(start)


def test_a_calendar_without_pause_counts_every_minute() -> None:
    start = at("2026-02-16 23:59:30")
    assert add_working_minutes(ALWAYS, start, minutes=1440) == start + timedelta(days=1)
    assert add_working_days(ALWAYS, start, days=1) == at("2026-02-18 00:00")
    year_end = at("2027-01-01 00:00")
    assert is_working(ALWAYS, year_end)
    assert next_working_moment(ALWAYS, year_end) == year_end


def test_hours_follow_the_wall_clock_when_it_is_changed() -> None:
    zone = ZoneInfo("America/New_York")
    # 2026-03-08 02:00 jumps to 03:00: of 01:00–02:30 only one hour happens, 03:00–04:00 is whole.
    spring = at("2026-03-08 00:00", zone)
    assert working_minutes_between(NEW_YORK, spring, end=spring + timedelta(hours=23)) == 120
    assert not is_working(NEW_YORK, at("2026-03-08 00:59:59", zone))
    assert add_working_minutes(NEW_YORK, spring, minutes=61) == at("2026-03-08 03:01", zone)
    # 2026-11-01 01:00–02:00 happens twice: 01:00–02:30 lasts two and a half hours.
    autumn = at("2026-11-01 00:00", zone)
    assert working_minutes_between(NEW_YORK, autumn, end=autumn + timedelta(hours=25)) == 210


def test_a_calendar_with_no_working_time_is_an_error_not_an_endless_search() -> None:
    never = WorkCalendar("never", "UTC", ((),) * 7)
    started = perf_counter()
    with pytest.raises(NoWorkingTime, match="never"):
        add_working_minutes(never, at("2026-03-09 08:00"), minutes=1)
    with pytest.raises(NoWorkingTime):
        subtract_working_minutes(never, at("2026-03-09 08:00"), minutes=1)
    with pytest.raises(NoWorkingTime):
        add_working_days(never, at("2026-03-09 08:00"), days=1)
    with pytest.raises(NoWorkingTime):
        next_working_moment(never, at("2026-03-09 08:00"))
    with pytest.raises(NoWorkingTime):
        add_working_minutes(OFFICE, at("2026-03-09 08:00"), minutes=1e9)
    assert perf_counter() - started < 5


def test_a_calendar_that_ran_dry_still_tells_what_was_worked() -> None:
    season = WorkCalendar("season", "UTC", ((),) * 7, {date(2026, 6, 1): ((0, 600),)})
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert standard_day_minutes(season) == 600
    assert working_minutes_between(season, start, end=start + timedelta(days=9000)) == 600
    assert add_working_days(season, start, days=1) == datetime(2026, 6, 1, 10, tzinfo=UTC)
    with pytest.raises(NoWorkingTime):
        add_working_days(season, start, days=2)


def test_naive_moments_and_negative_amounts_are_refused() -> None:
    naive = datetime(2026, 3, 9, 8)  # noqa: DTZ001 the very thing under test
    for minutes in (0, 1):
        with pytest.raises(TypeError):
            add_working_minutes(OFFICE, naive, minutes=minutes)
    for days in (0, 1):
        with pytest.raises(TypeError):
            add_working_days(OFFICE, naive, days=days)
    for amount in (-1, -0.001, Decimal(-1)):
        with pytest.raises(NegativeDuration):
            add_working_minutes(OFFICE, at("2026-03-09 08:00"), minutes=amount)
        with pytest.raises(NegativeDuration):
            add_working_days(OFFICE, at("2026-03-09 08:00"), days=amount)


@pytest.mark.parametrize(
    "spans", [((60, 60),), ((120, 60),), ((-1, 60),), ((0, 1441),), ((0, 60), (59, 90))]
)
def test_impossible_spans_are_refused(spans: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(BadCalendar, match=r"week\.wed"):
        WorkCalendar("x", "UTC", ((), (), spans, (), (), (), ()))
    with pytest.raises(BadCalendar, match=r"overrides\.2026-01-01"):
        WorkCalendar("x", "UTC", ((),) * 7, {date(2026, 1, 1): spans})


def test_a_calendar_is_a_value() -> None:
    overrides = {date(2026, 3, 9): ()}
    one = WorkCalendar("x", "UTC", OFFICE_WEEK, overrides)
    same = WorkCalendar("x", "UTC", OFFICE_WEEK, {date(2026, 3, 9): ()})
    add_working_minutes(one, at("2026-03-09 08:00"), minutes=600)
    overrides.clear()
    assert one == same
    assert hash(one) == hash(same)
    assert not is_working(one, datetime(2026, 3, 9, 9, tzinfo=UTC))


def test_a_deadline_costs_microseconds() -> None:
    start = at("2026-03-09 08:00")
    add_working_minutes(OFFICE, start, minutes=6000)  # lays the year out, once
    best = min(_seconds_of_a_hundred(start) for _ in range(5)) / 100
    assert best < 100e-6  # about 3 µs on a quiet core; a loop over minutes takes 1 ms


def _seconds_of_a_hundred(start: datetime) -> float:
    started = perf_counter()
    for _ in range(100):
        add_working_minutes(OFFICE, start, minutes=6000)
    return perf_counter() - started
