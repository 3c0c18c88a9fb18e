"""Amounts of working time as people state them: four working hours, half a working day."""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, cast

from backend.calendars.working_time import (
    WorkCalendar,
    add_working_days,
    add_working_minutes,
    standard_day_minutes,
)
from backend.reports.errors import BadRules

Unit = Literal["wh", "wd"]

_DURATION = re.compile(r"(\d{1,5}(?:\.\d{1,3})?)(wh|wd)", re.ASCII)


@dataclass(frozen=True)
class Duration:
    """An amount of working hours (wh) or working days (wd); never negative, may be 0.5."""

    amount: Decimal
    unit: Unit

    def __post_init__(self) -> None:
        if not (self.amount.is_finite() and self.amount >= 0 and self.unit in ("wh", "wd")):
            raise BadRules(
                "duration",
                "thời lượng phải từ 0, đơn vị wh hoặc wd",
                "a duration is 0 or more, in wh or wd",
            )


def add_duration(calendar: WorkCalendar, start: datetime, *, duration: Duration) -> datetime:
    """The end of a time limit; days follow the calendar's day rule."""
    if duration.unit == "wd":
        return add_working_days(calendar, start, days=duration.amount)
    return add_working_minutes(calendar, start, minutes=duration.amount * 60)


def duration_minutes(calendar: WorkCalendar, duration: Duration) -> float:
    """A duration in working minutes, a day being the calendar's standard day."""
    each = standard_day_minutes(calendar) if duration.unit == "wd" else 60
    return float(duration.amount * each)


def duration_from_text(text: str) -> Duration:
    """Read "4wh", "3wd" or "0.5wd"; BadRules otherwise."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise BadRules("duration", 'phải có dạng "4wh" hoặc "3wd"', 'must look like "4wh" or "3wd"')
    return Duration(Decimal(match[1]), cast("Unit", match[2]))


def duration_text(duration: Duration, language: Literal["vi", "en"]) -> str:
    """A duration for people: "3 ngày làm việc", "0,5 ngày làm việc", "1 working hour"."""
    amount = f"{duration.amount:f}"
    amount = amount.rstrip("0").rstrip(".") if "." in amount else amount
    if language == "vi":
        unit = "giờ làm việc" if duration.unit == "wh" else "ngày làm việc"
        return f"{amount.replace('.', ',')} {unit}"
    unit = "working hour" if duration.unit == "wh" else "working day"
    return f"{amount} {unit}{'' if amount == '1' else 's'}"
