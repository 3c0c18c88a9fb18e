"""What can go wrong with working time.

CaunoiError
└── CalendarError
    ├── BadCalendar       the calendar or its document says something impossible
    ├── NoWorkingTime     the calendar has too little working time to reach the moment asked for
    └── NegativeDuration  an amount of working time below zero
"""

from typing import ClassVar

from backend.errors import CaunoiError


class CalendarError(CaunoiError):
    kind: ClassVar[str] = "calendar"


class BadCalendar(CalendarError):
    """A calendar that cannot be; `where` is the place in the document, such as `week.mon[1]`."""

    kind = "calendar-bad"

    def __init__(self, where: str, vi: str, en: str) -> None:
        self.where = where
        super().__init__(f"{where}: {vi}", f"{where}: {en}")


class NoWorkingTime(CalendarError):
    kind = "calendar-no-working-time"

    def __init__(self, code: str, from_year: int, to_year: int) -> None:
        self.code = code
        super().__init__(
            f"Lịch làm việc {code} không đủ giờ làm việc trong các năm {from_year}–{to_year}.",
            f"Calendar {code} has too little working time in the years {from_year}–{to_year}.",
        )


class NegativeDuration(CalendarError):
    kind = "calendar-negative-duration"
    vi = "Thời lượng làm việc không được âm."
    en = "An amount of working time cannot be negative."
