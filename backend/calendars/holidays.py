"""Calendars from Vietnamese public holidays and from documents.

A calendar document is what an administrator keeps, one per kind of agency:

    {
      "version": 3,                          counts the changes, from 1
      "code": "hanh-chinh",
      "name": "Giờ hành chính",              optional, as are note and each reason below
      "zone": "Asia/Ho_Chi_Minh",            the default
      "day_rule": "end_of_day",              the default, or "same_time"
      "week": {
        "mon": ["07:30-12:00", "13:00-16:30"], "tue": …, "wed": …, "thu": …, "fri": …,
        "sat": [], "sun": []                 a day left out is a day off
      },
      "holidays": {"country": "VN", "from_year": 2020, "to_year": 2030},      optional seed
      "overrides": [
        {"on": "2026-01-02", "spans": [], "reason": "Nghỉ hoán đổi dịp Tết Dương lịch"},
        {"on": "2026-01-10", "reason": "Làm bù"}                no spans: a standard day is worked
      ]
    }
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import cast

import holidays

from backend.calendars.errors import BadCalendar
from backend.calendars.working_time import (
    WEEKDAYS,
    DayRule,
    Week,
    WorkCalendar,
    standard_spans,
)
from backend.calendars.year_index import Span, Spans

VIETNAM_ZONE = "Asia/Ho_Chi_Minh"

_OFFICE_DAY: Spans = ((7 * 60 + 30, 12 * 60), (13 * 60, 16 * 60 + 30))
# A start for demonstrations and tests; each agency's own hours come from its document.
OFFICE_WEEK: Week = (*(_OFFICE_DAY,) * 5, (), ())

_SPAN = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")
_KEYS = {"version", "code", "name", "note", "zone", "day_rule", "week", "holidays", "overrides"}
_OVERRIDE_KEYS = {"on", "spans", "reason"}
_HOLIDAY_KEYS = {"country", "from_year", "to_year"}


def vietnam_calendar(
    code: str,
    years: Iterable[int],
    *,
    week: Week = OFFICE_WEEK,
    overrides: Mapping[date, Spans] | None = None,
    zone: str = VIETNAM_ZONE,
    day_rule: DayRule = "end_of_day",
    version: int = 1,
) -> WorkCalendar:
    """A calendar seeded with the public holidays of those years; `overrides` win over the seed.

    Other years have the plain week: seed at least one year beyond the longest promise.
    """
    seeded = {**vietnam_overrides(years, worked_day=standard_spans(week)), **(overrides or {})}
    return WorkCalendar(code, zone, week, seeded, day_rule, version)


def vietnam_overrides(years: Iterable[int], *, worked_day: Spans) -> dict[date, Spans]:
    """Days off (holidays, days in lieu, swapped days) and worked weekends of those years.

    From the package `holidays`: a seed, for yearly notices add swaps it may not know yet.
    """
    wanted = set(years)
    vietnam = holidays.country_holidays("VN", years=sorted(wanted), language="vi")
    found: dict[date, Spans] = dict.fromkeys(vietnam, ())
    # The package also names worked days of other years, such as the swaps over a new year.
    found |= dict.fromkeys(vietnam.weekend_workdays, worked_day)
    return {day: spans for day, spans in sorted(found.items()) if day.year in wanted}


def calendar_from_document(document: object) -> WorkCalendar:
    """Read a calendar document (see the module); BadCalendar names the first wrong place."""
    root = _mapping(document, "calendar", _KEYS)
    week = _week(root.get("week"))
    country, years = _seed(root.get("holidays"))
    overrides = _overrides(root.get("overrides", []), worked_day=standard_spans(week))
    seed = vietnam_overrides(years, worked_day=standard_spans(week)) if country else {}
    return WorkCalendar(
        code=_text(root.get("code"), "code"),
        zone=_text(root.get("zone", VIETNAM_ZONE), "zone"),
        week=week,
        overrides=seed | overrides,
        # WorkCalendar itself refuses any other word
        day_rule=cast("DayRule", _text(root.get("day_rule", "end_of_day"), "day_rule")),
        version=_whole(root.get("version"), "version", least=1, most=1_000_000),
    )


def _week(value: object) -> Week:
    days = _mapping(value, "week", set(WEEKDAYS))
    return cast("Week", tuple(_spans(days.get(name, []), f"week.{name}") for name in WEEKDAYS))


def _seed(value: object) -> tuple[str | None, range]:
    if value is None:
        return None, range(0)
    seed = _mapping(value, "holidays", _HOLIDAY_KEYS)
    country = _text(seed.get("country"), "holidays.country")
    if country != "VN":
        raise BadCalendar("holidays.country", "chỉ có ngày lễ VN", "only VN is known")
    first = _whole(seed.get("from_year"), "holidays.from_year", least=1990, most=2100)
    last = _whole(seed.get("to_year"), "holidays.to_year", least=first, most=2100)
    return country, range(first, last + 1)


def _overrides(value: object, *, worked_day: Spans) -> dict[date, Spans]:
    found: dict[date, Spans] = {}
    for i, item in enumerate(_list(value, "overrides")):
        where = f"overrides[{i}]"
        override = _mapping(item, where, _OVERRIDE_KEYS)
        day = _date(override.get("on"), f"{where}.on")
        if day in found:
            raise BadCalendar(f"{where}.on", "ngày này đã có ở trên", "this date is given twice")
        if "spans" in override:
            found[day] = _spans(override["spans"], f"{where}.spans")
        else:
            found[day] = worked_day
    return found


def _spans(value: object, where: str) -> Spans:
    return tuple(_span(item, f"{where}[{i}]") for i, item in enumerate(_list(value, where)))


def _span(value: object, where: str) -> Span:
    match = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise BadCalendar(where, 'phải có dạng "07:30-12:00"', 'must look like "07:30-12:00"')
    hour, minute, end_hour, end_minute = map(int, match.groups())
    if minute > 59 or end_minute > 59:
        raise BadCalendar(where, "phút phải từ 00 đến 59", "minutes must be 00 to 59")
    return hour * 60 + minute, end_hour * 60 + end_minute


def _mapping(value: object, where: str, known: set[str]) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise BadCalendar(where, "thiếu hoặc không phải là đối tượng", "must be an object")
    for key in value:
        if key not in known:
            raise BadCalendar(f"{where}.{key}", "không có mục này", "no such entry")
    return value


def _list(value: object, where: str) -> list[object]:
    if not isinstance(value, list):
        raise BadCalendar(where, "phải là danh sách", "must be a list")
    return value


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise BadCalendar(where, "thiếu", "must be given")
    return value


def _whole(value: object, where: str, *, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise BadCalendar(
            where, f"phải là số từ {least} đến {most}", f"must be a number from {least} to {most}"
        )
    return value


def _date(value: object, where: str) -> date:
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError as error:
        raise BadCalendar(where, "phải là ngày 2026-01-31", "must be a date 2026-01-31") from error
