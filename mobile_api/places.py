"""Where and what: categories with their promises, and the unit at a point."""

from datetime import date
from typing import Annotated, Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from backend.agencies.catalogue import Category
from backend.clock import day_of, now
from backend.database import Database
from backend.reports.promises import duration_text
from backend.reports.rulebook import Rulebook, Rulebooks
from backend.web.language import language_of
from backend.web.limits import Limit
from backend.web.policies import ANYONE
from geo.store import find_unit_at
from mobile_api.errors import OutsideEveryUnit

_LIMIT = Limit("public_read", per_minute=600, burst=200)


@get(
    "/api/v1/categories",
    opt={"policy": ANYONE, "limit": _LIMIT},
    summary="Danh mục lĩnh vực",
    tags=["reports"],
)
async def list_categories(
    request: Request[Any, Any, Any], rulebooks: NamedDependency[Rulebooks]
) -> dict[str, Any]:
    """Fields and their sub-fields with promise and extra questions, in the order people see."""
    rulebook, language = await rulebooks.current(), language_of(request)
    fields = [c for c in rulebook.categories.values() if c.field_code is None and c.is_active]
    return {
        "items": [
            {
                "code": field.code,
                "name": field.name(language),
                "children": [
                    _sub_field(rulebook, child, language)
                    for child in rulebook.categories.values()
                    if child.field_code == field.code and child.is_active
                ],
            }
            for field in fields
        ],
        "next": None,
    }


def _sub_field(rulebook: Rulebook, category: Category, language: Any) -> dict[str, Any]:
    terms = rulebook.terms(category)
    return {
        "code": category.code,
        "name": category.name(language),
        "is_urgent": category.is_urgent,
        "is_sensitive": category.is_sensitive,
        "is_restricted": category.is_restricted,
        "promise": {
            "accept": duration_text(terms.accept, language),
            "resolve": duration_text(terms.resolve, language),
        },
        "questions": list(category.questions),
    }


@get(
    "/api/v1/units/at",
    opt={"policy": ANYONE, "limit": _LIMIT},
    summary="Đơn vị hành chính tại một điểm",
    tags=["places"],
)
async def unit_at(
    database: NamedDependency[Database],
    lon: Annotated[float, QueryParameter(ge=-180, le=180)],
    lat: Annotated[float, QueryParameter(ge=-90, le=90)],
    on: FromQuery[date | None] = None,
) -> dict[str, Any]:
    """The lowest unit that held the point on that day (today by default)."""
    unit = await find_unit_at(database.public, lon, lat, on=on or day_of(now()))
    if unit is None:
        raise OutsideEveryUnit()
    return {
        "code": unit.code,
        "name": unit.name,
        "kind": unit.kind,
        "level": unit.level,
        "parent": unit.parent,
        "valid_from": unit.valid_from,
        "is_approximate": unit.is_approximate,
    }
