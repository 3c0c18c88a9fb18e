"""What people choose from on the citizens' pages: fields, communes."""

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
