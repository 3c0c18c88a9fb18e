"""Where and what: categories with their promises, and the unit at a point."""

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Annotated, Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from backend.agencies.catalogue import Category
from backend.clock import day_of, now
from backend.database import Database
from backend.reports.folding import folded
from backend.reports.promises import duration_text
from backend.reports.rulebook import Rulebook, Rulebooks
from backend.reports.search.store import list_most_used
from backend.reports.suggesting import Searchable, find_categories
from backend.web.language import language_of
from backend.web.limits import Limit
from backend.web.packing import PACKED
from backend.web.policies import ANYONE
from geo.store import find_unit_at
from mobile_api.errors import OutsideEveryUnit

_LIMIT = Limit("public_read", per_minute=600, burst=200)
_MOST_USED = 8
_FOUND_MOST = 20


@get(
    "/api/v1/categories",
    opt={"policy": ANYONE, "limit": _LIMIT},
    summary="Danh mục lĩnh vực",
    tags=["reports"],
    middleware=PACKED,
)
async def list_categories(
    request: Request[Any, Any, Any],
    rulebooks: NamedDependency[Rulebooks],
    database: NamedDependency[Database],
) -> dict[str, Any]:
    """Fields and their sub-fields with promise and extra questions, in the order people see.

    `most_used` are the sub-fields that most people choose. `keywords` are folded words (small
    letters, no accents, đ as d) with weights: the sum over those a text has, each counted once, is
    how much it is about a sub-field, also where there is no network.
    """
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
        "most_used": await list_most_used(database.public, limit=_MOST_USED),
        "next": None,
    }


@get(
    "/api/v1/categories/search",
    opt={"policy": ANYONE, "limit": _LIMIT},
    summary="Tìm lĩnh vực, có dấu hoặc không dấu",
    tags=["reports"],
)
async def search_categories(
    request: Request[Any, Any, Any],
    rulebooks: NamedDependency[Rulebooks],
    words: Annotated[str, QueryParameter(name="q", min_length=1, max_length=100)],
) -> dict[str, Any]:
    """Sub-fields whose names or keywords have words beginning with those typed, nearest first."""
    rulebook, language = await rulebooks.current(), language_of(request)
    found = find_categories(map(partial(_searchable, rulebook), _active(rulebook)), words)
    return {
        "items": [
            {
                "code": code,
                "name": rulebook.categories[code].name(language),
                "field": rulebook.categories[code].field_code,
            }
            for code in found[:_FOUND_MOST]
        ],
        "next": None,
    }


def _active(rulebook: Rulebook) -> list[Category]:
    return [c for c in rulebook.categories.values() if c.field_code is not None and c.is_active]


def _searchable(rulebook: Rulebook, category: Category) -> Searchable:
    names = f"{category.name_vi} {category.name_en}"
    return Searchable(category.code, folded(names), tuple(_keywords(rulebook, category)))


def _keywords(rulebook: Rulebook, category: Category) -> Mapping[str, int]:
    return rulebook.keywords.keywords.get(category.code, {}) if rulebook.keywords else {}


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
        "keywords": _keywords(rulebook, category),
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
