"""How a moment and a day are written for people, everywhere: `14:05, 22/11/2026`.

web/src/shell/words.js writes the same in the browser; tests/web/test_moments.py compares the two.
"""

from datetime import date, datetime
from typing import Final

from backend.clock import VIETNAM
from backend.web.language import Language

# strftime would follow the machine's locale
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


def written_moment(moment: datetime, language: Language) -> str:
    """A moment on Vietnamese clocks: `14:05, 22/11/2026`, in English `14:05, 22 Nov 2026`."""
    local = moment.astimezone(VIETNAM)
    return f"{local:%H:%M}, {written_day(local.date(), language)}"


def written_day(day: date, language: Language) -> str:
    """A day: `22/11/2026`, in English `22 Nov 2026`; a moment's day is the one in Vietnam."""
    local = day.astimezone(VIETNAM) if isinstance(day, datetime) else day
    if language == "en":
        return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"
    return f"{local:%d/%m/%Y}"
