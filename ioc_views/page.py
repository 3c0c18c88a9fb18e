"""`/ioc`: the leaders' board, complete without JavaScript and live with it."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template

from backend.accounts.principals import Principal
from backend.clock import day_of, now
from backend.counts.filters import CountsFilter
from backend.counts.naming import store as naming
from backend.counts.read import by, find_agency_name, summary
from backend.database import Database
from backend.errors import FieldFault, Malformed
from backend.web.language import page_language
from ioc_views.charts import Bar, draw_bars, draw_columns
from ioc_views.questions import VIEWERS, Question, limit_to_own, understand

_BARS_SHOWN: Final = 10
_DAYS_SHOWN: Final = 30
_DAYS_MOST: Final = 92


@dataclass(frozen=True)
class Period:
    """A choice of days at the head of the board."""

    vi: str
    en: str
    href: str
    is_current: bool


@dataclass(frozen=True)
class Ranking:
    """Bars of one dimension; `more` are those behind the fold, `name` the filter a bar sets."""

    name: str
    bars: list[Bar]
    more: list[Bar]


@get("/ioc", opt={"policy": VIEWERS}, include_in_schema=False)
async def board(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    principal: NamedDependency[Principal | None],
    unit: FromQuery[str] = "",
    category: FromQuery[str] = "",
    agency: FromQuery[str] = "",
) -> Template:
    """Received, open, on time, overdue; by unit, field, agency and day; filters in the address."""
    question = limit_to_own(
        Question(
            first=_read_day(request, "from"),
            last=_read_day(request, "to"),
            unit=unit or None,
            category=category or None,
            agency=agency or None,
        ),
        principal,
    )
    wanted = await understand(database.app, question, principal)
    today = day_of(now())
    categories = await naming.list_categories(database.app)
    first, last = _days_drawn(question, today)
    days = await by(database.app, "day", replace(wanted, first=first, last=last))
    english = page_language(request) == "en"
    return Template(
        "ioc/board.html",
        context={
            "question": question,
            "figures": await summary(database.app, wanted),
            "rankings": await _rankings(database, wanted, question),
            "columns": draw_columns(days.lines, first, last),
            "most_a_day": max((line.received for line in days.lines), default=0),
            "periods": _periods(question, today),
            "link": lambda **change: _address(question, **change),
            "units": [
                (place.code, place.name)
                for place in await naming.list_units_on(database.app, today)
            ],
            "fields": [
                (c.code, c.name_en if english else c.name_vi)
                for c in categories
                if c.code == c.field_code
            ],
            "category_name": _name_of(categories, question.category, english=english),
            "agency_name": await find_agency_name(database.app, question.agency, english=english),
            "is_own_agency": principal is not None and principal.role in ("officer", "key_holder"),
            "stream": f"/api/v1/ioc/stream{_address(question)[len('/ioc') :]}",
        },
    )


async def _rankings(database: Database, wanted: CountsFilter, question: Question) -> list[Ranking]:
    units = await by(database.app, "unit", wanted)
    categories = await by(database.app, "category", wanted, by_field=question.category is None)
    rankings = [_ranking("unit", units.lines), _ranking("category", categories.lines)]
    if question.agency is None:
        agencies = await by(database.app, "agency", wanted)
        rankings.append(_ranking("agency", agencies.lines))
    return rankings


def _ranking(name: str, lines: Any) -> Ranking:
    bars = draw_bars(lines)
    return Ranking(name, bars[:_BARS_SHOWN], bars[_BARS_SHOWN:])


def _read_day(request: Request[Any, Any, Any], name: str) -> date | None:
    # A form sends its empty fields too, so an empty day is no day rather than a fault.
    text = request.query_params.get(name, "")
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Malformed(
            faults=(FieldFault(name, "Ngày cần có dạng 2026-07-01.", "Write a day as 2026-07-01."),)
        ) from None


def _days_drawn(question: Question, today: date) -> tuple[date, date]:
    last = min(question.last or today, today)
    first = question.first or last - timedelta(days=_DAYS_SHOWN - 1)
    return max(min(first, last), last - timedelta(days=_DAYS_MOST - 1)), last


def _periods(question: Question, today: date) -> list[Period]:
    choices: tuple[tuple[str, str, date | None], ...] = (
        ("Tất cả", "All", None),
        ("Hôm nay", "Today", today),
        ("7 ngày", "7 days", today - timedelta(days=6)),
        ("30 ngày", "30 days", today - timedelta(days=29)),
        ("Tháng này", "This month", today.replace(day=1)),
        ("Năm nay", "This year", today.replace(month=1, day=1)),
    )
    return [
        Period(
            vi,
            en,
            _address(question, first=first, last=None),
            question.first == first and question.last is None,
        )
        for vi, en, first in choices
    ]


def _address(question: Question, **change: Any) -> str:
    """The board's address for this question with some filters changed; None takes one away."""
    asked = replace(question, **change)
    words = {
        "from": asked.first.isoformat() if asked.first else None,
        "to": asked.last.isoformat() if asked.last else None,
        "unit": asked.unit,
        "category": asked.category,
        "agency": asked.agency,
    }
    given = {name: word for name, word in words.items() if word}
    return f"/ioc?{urlencode(given)}" if given else "/ioc"


def _name_of(
    categories: list[naming.CategoryName], code: str | None, *, english: bool
) -> str | None:
    for category in categories:
        if category.code == code:
            return category.name_en if english else category.name_vi
    return None
