"""The SQL that looks up units, categories and agencies for the figures' filters."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from backend.counts.deltas import unit_key
from backend.database import Connection

# More than Vietnam has communes in any generation, or a taxonomy has leaves.
_ROWS_MAX: Final = 20_000


@dataclass(frozen=True)
class UnitName:
    """A unit as breakdowns show it; `key` is `code@valid_from`."""

    key: str
    code: str
    valid_from: date
    name: str


@dataclass(frozen=True)
class SuccessorKeys:
    """What became of a unit, by keys; wholly part of the new one, or one of several."""

    old: str
    new: str
    is_full: bool


async def list_units_below(connection: Connection, code: str, on: date) -> list[UnitName]:
    """The unit of this code in force on a day, first, and all units inside it; empty if none."""
    rows = await connection.fetch(
        f"""
        WITH RECURSIVE found AS (
            SELECT u.code, u.valid_from, u.name, 0 AS depth
            FROM unit u JOIN unit_generation g USING (level, valid_from)
            WHERE u.code = $1 AND g.state = 'active' AND g.valid_from <= $2
                AND (g.valid_to IS NULL OR $2 < g.valid_to)
            UNION
            SELECT u.code, u.valid_from, u.name, found.depth + 1
            FROM found JOIN unit u ON u.parent_code = found.code
            JOIN unit_generation g ON g.level = u.level AND g.valid_from = u.valid_from
            WHERE g.state = 'active' AND g.valid_from <= $2
                AND (g.valid_to IS NULL OR $2 < g.valid_to) AND found.depth < 4
        )
        SELECT code, valid_from, name FROM found ORDER BY depth, code LIMIT {_ROWS_MAX}
        """,  # noqa: S608  a constant
        code,
        on,
    )
    return [_unit(row["code"], row["valid_from"], row["name"]) for row in rows]


async def list_units_on(connection: Connection, on: date) -> list[UnitName]:
    """The communes in force on a day, by code; empty before the first generation."""
    rows = await connection.fetch(
        f"""
        SELECT u.code, u.valid_from, u.name
        FROM unit u JOIN unit_generation g USING (level, valid_from)
        WHERE g.level = 'commune' AND g.state = 'active' AND g.valid_from <= $1
            AND (g.valid_to IS NULL OR $1 < g.valid_to)
        ORDER BY u.code LIMIT {_ROWS_MAX}
        """,  # noqa: S608  a constant
        on,
    )
    return [_unit(row["code"], row["valid_from"], row["name"]) for row in rows]


async def list_successors(connection: Connection) -> list[SuccessorKeys]:
    """Everything that is known of what became of units."""
    rows = await connection.fetch(
        f"""
        SELECT old_code, old_valid_from, new_code, new_valid_from, relation FROM unit_successor
        ORDER BY old_code, old_valid_from, new_code, new_valid_from LIMIT {_ROWS_MAX}
        """,  # noqa: S608  a constant
    )
    return [
        SuccessorKeys(
            old=unit_key(row["old_code"], row["old_valid_from"]),
            new=unit_key(row["new_code"], row["new_valid_from"]),
            is_full=row["relation"] == "full",
        )
        for row in rows
    ]


@dataclass(frozen=True)
class CategoryName:
    """A category, and the field it belongs to (itself, where it is a field)."""

    code: str
    field_code: str
    name_vi: str
    name_en: str


async def list_categories(connection: Connection) -> list[CategoryName]:
    """The whole taxonomy in the order in which it is shown, fields and their sub-categories."""
    rows = await connection.fetch(
        f"""
        SELECT code, coalesce(field_code, code) AS field_code, name_vi, name_en FROM category
        ORDER BY position, code LIMIT {_ROWS_MAX}
        """,  # noqa: S608  a constant
    )
    return [CategoryName(*row) for row in rows]


async def find_agency_names(connection: Connection, code: str) -> tuple[str, str] | None:
    """An agency's name in Vietnamese and English; None for no such agency."""
    row = await connection.fetchrow("SELECT name_vi, name_en FROM agency WHERE code = $1", code)
    return (row["name_vi"], row["name_en"]) if row else None


def _unit(code: str, valid_from: date, name: str) -> UnitName:
    return UnitName(unit_key(code, valid_from), code, valid_from, name)
