"""Public holidays as a seed, and calendars written as documents."""

import copy
import json
from datetime import date
from pathlib import Path

import pytest

import backend.calendars
from backend.calendars.errors import BadCalendar
from backend.calendars.holidays import (
    OFFICE_WEEK,
    calendar_from_document,
    vietnam_calendar,
    vietnam_overrides,
)

DAY = OFFICE_WEEK[0]
HALF = ((480, 690),)
SHIPPED = Path(backend.calendars.__file__).with_name("office_hours.json")


def a_document(**changes: object) -> dict:
    document: dict = {
        "version": 3,
        "code": "x",
        "week": {"mon": ["07:30-12:00", "13:00-16:30"], "sat": ["08:00-11:30"]},
        "holidays": {"country": "VN", "from_year": 2025, "to_year": 2027},
        "overrides": [{"on": "2026-01-02", "spans": [], "reason": "swap"}, {"on": "2026-01-10"}],
    }
    return document | changes


# Off: statutory days, days in lieu, swapped days. Sources: yearly notices 2021-2026.
@pytest.mark.parametrize(
    "day",
    [
        "2021-02-10", "2021-02-16", "2021-04-21", "2021-05-03", "2021-09-02", "2021-09-03",
        "2022-01-03", "2022-01-31", "2022-02-04", "2022-04-11", "2022-05-02", "2022-05-03",
        "2022-09-01", "2022-09-02",
        "2023-01-02", "2023-01-20", "2023-01-26", "2023-05-02", "2023-05-03", "2023-09-01",
        "2023-09-04",
        "2024-01-01", "2024-02-08", "2024-02-14", "2024-04-18", "2024-04-29", "2024-09-03",
        "2025-01-27", "2025-01-31", "2025-04-07", "2025-05-02", "2025-09-01",
        "2026-02-16", "2026-02-20", "2026-04-27", "2026-08-31", "2026-09-01", "2026-11-24",
        "2027-05-03", "2027-11-24",
    ],
)  # fmt: skip
def test_public_holidays_and_days_in_lieu_are_off(day: str) -> None:
    assert vietnam_calendar("x", range(2021, 2028)).spans_on(date.fromisoformat(day)) == ()


@pytest.mark.parametrize("day", ["2024-05-04", "2025-04-26", "2026-08-22"])
def test_a_swapped_saturday_is_worked_like_a_weekday(day: str) -> None:
    assert vietnam_calendar("x", range(2024, 2027)).spans_on(date.fromisoformat(day)) == DAY
    short = (*(DAY,) * 5, HALF, ())
    calendar = vietnam_calendar("x", range(2024, 2027), week=short)
    assert calendar.spans_on(date.fromisoformat(day)) == DAY


@pytest.mark.parametrize("day", ["2025-11-24", "2026-02-13", "2026-02-23", "2026-09-03"])
def test_days_beside_the_holidays_are_worked(day: str) -> None:
    assert vietnam_calendar("x", range(2025, 2027)).spans_on(date.fromisoformat(day)) == DAY


def test_the_package_still_needs_the_override_of_january_2026() -> None:
    """When this turns red the package has learnt it, and the shipped document may forget it."""
    seed = vietnam_overrides([2026], worked_day=DAY)
    assert date(2026, 1, 2) not in seed
    assert date(2026, 1, 10) not in seed
    shipped = calendar_from_document(json.loads(SHIPPED.read_text("utf-8")))
    assert shipped.spans_on(date(2026, 1, 2)) == ()
    assert shipped.spans_on(date(2026, 1, 10)) == DAY


def test_overrides_win_over_the_seed() -> None:
    calendar = vietnam_calendar("x", [2026], overrides={date(2026, 9, 2): HALF})
    assert calendar.spans_on(date(2026, 9, 2)) == HALF
    assert calendar.spans_on(date(2026, 9, 1)) == ()


def test_only_the_years_asked_for_are_seeded() -> None:
    assert {day.year for day in vietnam_overrides([2015, 2026], worked_day=DAY)} == {2015, 2026}
    # the swap for 2 January 2015 worked a Saturday of 2014
    assert vietnam_overrides([2014], worked_day=DAY)[date(2014, 12, 27)] == DAY


def test_a_document_becomes_a_calendar() -> None:
    calendar = calendar_from_document(a_document())
    assert (calendar.code, calendar.version) == ("x", 3)
    assert (calendar.zone, calendar.day_rule) == ("Asia/Ho_Chi_Minh", "end_of_day")
    assert calendar.week == (DAY, (), (), (), (), HALF, ())
    assert calendar.spans_on(date(2026, 9, 2)) == ()
    assert calendar.spans_on(date(2026, 1, 2)) == ()
    assert calendar.spans_on(date(2026, 1, 10)) in (DAY, HALF)
    plain = calendar_from_document({"version": 1, "code": "y", "week": {}, "zone": "Asia/Tokyo"})
    assert plain.overrides == {}


def test_a_documents_overrides_win_over_its_holidays() -> None:
    worked = [{"on": "2026-09-02", "spans": ["08:00-11:30"]}, {"on": "2026-08-22", "spans": []}]
    calendar = calendar_from_document(a_document(overrides=worked))
    assert calendar.spans_on(date(2026, 9, 2)) == HALF
    assert calendar.spans_on(date(2026, 8, 22)) == ()


def test_midnight_may_end_a_day() -> None:
    calendar = calendar_from_document(a_document(week={"mon": ["00:00-24:00"]}))
    assert calendar.week[0] == ((0, 1440),)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"version": None}, "version"),
        ({"version": 0}, "version"),
        ({"version": True}, "version"),
        ({"version": "3"}, "version"),
        ({"code": " "}, "code"),
        ({"code": 7}, "code"),
        ({"zone": "Asia/Quang_Ngai"}, "zone"),
        ({"zone": "../etc/passwd"}, "zone"),
        ({"zone": ""}, "zone"),
        ({"zone": None}, "zone"),
        ({"day_rule": "noon"}, "day_rule"),
        ({"week": None}, "week"),
        ({"week": []}, "week"),
        ({"week": {"monday": []}}, "week.monday"),
        ({"week": {"mon": "07:30-12:00"}}, "week.mon"),
        ({"week": {"mon": ["7:30-12:00"]}}, "week.mon[0]"),
        ({"week": {"mon": [730]}}, "week.mon[0]"),
        ({"week": {"mon": ["07:60-12:00"]}}, "week.mon[0]"),
        ({"week": {"mon": ["07:30-11:60"]}}, "week.mon[0]"),
        ({"week": {"mon": ["07:30-24:01"]}}, "week.mon[0]"),
        ({"week": {"mon": ["12:00-07:30"]}}, "week.mon[0]"),
        ({"week": {"mon": ["12:00-12:00"]}}, "week.mon[0]"),
        ({"week": {"mon": ["07:30-12:00", "11:59-16:30"]}}, "week.mon[1]"),
        ({"week": {"mon": ["13:00-16:30", "07:30-12:00"]}}, "week.mon[1]"),
        ({"holidays": {"country": "LA", "from_year": 2025, "to_year": 2026}}, "holidays.country"),
        ({"holidays": {"country": "VN", "to_year": 2026}}, "holidays.from_year"),
        ({"holidays": {"country": "VN", "from_year": 2026, "to_year": 2025}}, "holidays.to_year"),
        ({"holidays": {"country": "VN", "years": [2026]}}, "holidays.years"),
        ({"overrides": {}}, "overrides"),
        ({"overrides": ["2026-01-02"]}, "overrides[0]"),
        ({"overrides": [{"on": "2/1/2026"}]}, "overrides[0].on"),
        ({"overrides": [{"on": "2026-02-30"}]}, "overrides[0].on"),
        ({"overrides": [{"on": None}]}, "overrides[0].on"),
        ({"overrides": [{"on": "2026-01-02"}, {"on": "2026-01-02"}]}, "overrides[1].on"),
        ({"overrides": [{"on": "2026-01-02", "spans": ["x"]}]}, "overrides[0].spans[0]"),
        ({"overrides": [{"on": "2026-01-02", "hours": []}]}, "overrides[0].hours"),
        ({"overides": []}, "calendar.overides"),
    ],
)
def test_a_bad_document_is_refused_where_it_is_wrong(change: dict, where: str) -> None:
    with pytest.raises(BadCalendar) as raised:
        calendar_from_document(a_document(**change))
    assert raised.value.where == where
    assert raised.value.vi != raised.value.en


@pytest.mark.parametrize("document", [None, [], "x", 3])
def test_a_document_that_is_no_object_is_refused(document: object) -> None:
    with pytest.raises(BadCalendar):
        calendar_from_document(document)


def test_reading_leaves_the_document_as_it_was() -> None:
    document = a_document()
    kept = copy.deepcopy(document)
    calendar_from_document(document)
    assert document == kept
