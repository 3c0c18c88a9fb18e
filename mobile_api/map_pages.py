"""The public map: a list that needs no script, and what the map beside it is drawn from."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Template

from backend.database import Database
from backend.errors import CaunoiError, FieldFault, Malformed
from backend.reports.lifecycle import PUBLIC_STATUSES, Language, Status, label
from backend.reports.rulebook import Rulebook, Rulebooks
from backend.settings import Settings
from backend.web.cursors import read_cursor, write_cursor
from backend.web.language import page_language
from backend.web.limits import Limit
from backend.web.moments import written_day
from backend.web.packing import PACKED
from backend.web.policies import ANYONE
from backend.web.problems import status_of
from geo.units import UnitRow
from mobile_api import store
from mobile_api.choices import category_filters, list_communes
from mobile_api.lists.days import read_period
from mobile_api.reports import read_bbox
from mobile_api.views import list_item

_OPT: Final = {"policy": ANYONE, "limit": Limit("public_read", per_minute=600, burst=200)}
_PAGE: Final = 20

Short = Annotated[str, QueryParameter(max_length=64)]


@dataclass(frozen=True)
class _Asked:
    """The filters as the address holds them; empty ones are left out of addresses."""

    unit: str = ""
    category: str = ""
    status: str = ""
    since: str = ""
    until: str = ""
    words: str = ""
    bbox: str = ""

    def url(self, **more: str) -> str:
        """The address of the map with these filters, and more of them, or others."""
        given = {
            "unit": self.unit,
            "category": self.category,
            "status": self.status,
            "from": self.since,
            "to": self.until,
            "q": self.words,
            "bbox": self.bbox,
            **more,
        }
        query = urlencode({name: value for name, value in given.items() if value})
        return f"/ban-do?{query}" if query else "/ban-do"


@get("/ban-do", opt=_OPT, include_in_schema=False, middleware=PACKED)
async def look_around(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    settings: NamedDependency[Settings],
    unit: Short = "",
    category: Short = "",
    status: Short = "",
    since: Annotated[str, QueryParameter(name="from", max_length=10)] = "",
    until: Annotated[str, QueryParameter(name="to", max_length=10)] = "",
    words: Annotated[str, QueryParameter(name="q", max_length=100)] = "",
    bbox: Annotated[str, QueryParameter(max_length=120)] = "",
    after: Short = "",
    part: Annotated[str, QueryParameter(name="phan", max_length=20)] = "",
) -> Template:
    """Published reports, newest first; with `phan=danh-sach` the list alone, for the map's side."""
    asked = _Asked(unit, category, status, since, until, words.strip(), bbox)
    rows: list[Any] = []
    problem: CaunoiError | None = None
    try:
        rows = list(await store.list_public(database.public, _filter(asked, after)))
    except Malformed as found:
        # said beside the filters, which stay as they were typed
        problem = found
    rulebook, language = await rulebooks.current(), page_language(request)
    page = rows[:_PAGE]
    following = write_cursor(page[-1]["created_at"], page[-1]["id"]) if len(rows) > _PAGE else None
    listed: dict[str, Any] = {
        "items": [list_item(row, rulebook, language) for row in page],
        "next_url": asked.url(after=following) if following else None,
        "first_url": asked.url() if after else None,
        "in_view": bool(bbox),
        "problem": problem,
        "faults": problem.faults if problem else (),
    }
    status_code = status_of(problem) if problem else 200
    communes = await list_communes(database)
    listed["active"] = _active(asked, rulebook, communes, language)
    if part == "danh-sach":
        return Template("citizen/public_list_part.html", context=listed, status_code=status_code)
    return Template(
        "citizen/public_list.html",
        context={
            **listed,
            "asked": asked,
            "units": [(row.unit.code, row.unit.name) for row in communes],
            "categories": category_filters(rulebook, language),
            "statuses": [
                (stage.value, label(stage, language))
                for stage in Status
                if stage in PUBLIC_STATUSES
            ],
            "drawn": _drawn(rulebook, communes, language),
            "public_url": settings.public_url,
            "tiles_url": settings.map_tiles_url,
            "tiles_credit": settings.map_tiles_credit,
        },
        status_code=status_code,
    )


def _filter(asked: _Asked, after: str) -> store.ListFilter:
    first, end = read_period(_day(asked.since, "from"), _day(asked.until, "to"))
    return store.ListFilter(
        bbox=read_bbox(asked.bbox) if asked.bbox else None,
        unit=asked.unit or None,
        category=asked.category or None,
        status=_status(asked.status),
        since=first,
        until=end,
        words=asked.words or None,
        after=read_cursor(after) if after else None,
        limit=_PAGE,
    )


def _status(text: str) -> str | None:
    if not text:
        return None
    if text not in {stage.value for stage in PUBLIC_STATUSES}:
        vi, en = "Không có trạng thái này.", "There is no such status."
        raise Malformed(faults=(FieldFault("status", vi, en),))
    return text


def _day(text: str, field: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        vi, en = "Ngày phải có dạng 2026-11-22.", "A day looks like 2026-11-22."
        raise Malformed(faults=(FieldFault(field, vi, en),)) from None


def _said_day(text: str, language: Language) -> str:
    try:
        return written_day(date.fromisoformat(text), language) if text else "…"
    except ValueError:
        return text


def _active(
    asked: _Asked, rulebook: Rulebook, communes: list[UnitRow], language: Language
) -> list[tuple[str, str]]:
    """Each filter in force: its words, and the address of the list without it."""
    names = {str(row.unit.code): row.unit.name for row in communes}
    category = rulebook.categories.get(asked.category)
    period = " – ".join(_said_day(day, language) for day in (asked.since, asked.until))
    found = (
        (asked.unit, names.get(asked.unit, asked.unit), {"unit": ""}),
        (
            asked.category,
            category.name(language) if category else asked.category,
            {"category": ""},
        ),
        (
            asked.status,
            label(Status(asked.status), language) if asked.status in set(Status) else asked.status,
            {"status": ""},
        ),
        (asked.since or asked.until, period, {"from": "", "to": ""}),
        (asked.words, f"“{asked.words}”", {"q": ""}),
    )
    return [(words, asked.url(**without)) for value, words, without in found if value]


def _drawn(rulebook: Rulebook, communes: list[UnitRow], language: Language) -> dict[str, Any]:
    """What the map needs beside its tiles: names of communes with their places, and of categories.

    Tiles carry codes only; `units` are [code, name, lon, lat, area in km²].
    """
    return {
        "units": [
            [
                row.unit.code,
                row.unit.name,
                round(row.label_point.x, 4),
                round(row.label_point.y, 4),
                round(row.area_km2, 1),
            ]
            for row in communes
        ],
        "categories": {
            category.code: category.name(language) for category in rulebook.categories.values()
        },
        "statuses": {
            stage.value: label(stage, language) for stage in Status if stage in PUBLIC_STATUSES
        },
    }
