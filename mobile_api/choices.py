"""What people choose from on the citizens' pages: fields, communes."""

import math

from backend.clock import day_of, now
from backend.database import Database
from backend.reports.lifecycle import Language
from backend.reports.rulebook import Rulebook
from geo.store import list_units
from geo.units import UnitRow


def category_options(
    rulebook: Rulebook, language: Language
) -> list[tuple[str, list[tuple[str, str]]]]:
    """Fields with their sub-fields, as a select shows them."""
    return [
        (
            field.name(language),
            [
                (child.code, child.name(language))
                for child in rulebook.categories.values()
                if child.field_code == field.code and child.is_active
            ],
        )
        for field in rulebook.categories.values()
        if field.field_code is None and field.is_active
    ]


def category_filters(
    rulebook: Rulebook, language: Language
) -> list[tuple[str, list[tuple[str, str]]]]:
    """As category_options, with the whole field as the first choice of each."""
    whole = "All of: {}" if language == "en" else "Tất cả: {}"
    fields = {
        field.name(language): field
        for field in rulebook.categories.values()
        if field.field_code is None and field.is_active
    }
    return [
        (name, [(fields[name].code, whole.format(name)), *children])
        for name, children in category_options(rulebook, language)
    ]


async def commune_options(database: Database) -> list[dict[str, str]]:
    """Every commune of today as the report form offers it; `at` is its middle: lon, lat, radius."""
    return [
        {
            "code": row.unit.code,
            "name": row.unit.name,
            "at": f"{row.label_point.x:.5f},{row.label_point.y:.5f},{radius_metres(row)}",
        }
        for row in await list_communes(database)
    ]


def radius_metres(row: UnitRow) -> int:
    """How far from its middle a place in this unit may be, roughly: as if it were a circle."""
    return round(math.sqrt(row.area_km2 * 1e6 / math.pi))


async def list_communes(database: Database) -> list[UnitRow]:
    """Every commune of today, by name without its kind."""
    rows: list[UnitRow] = []
    today = day_of(now())
    while True:
        page = await list_units(
            database.public,
            on=today,
            level="commune",
            after=rows[-1].unit.code if rows else None,
        )
        rows.extend(page)
        if not page:
            return sorted(rows, key=lambda row: row.unit.name.split(" ", 1)[-1])
