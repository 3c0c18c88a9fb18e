"""The SQL of features that lists of reports do not answer: units, one report, what is covered."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from backend.database import Connection, Record
from mobile_api.lists.store import LIST_COLUMNS

_UNIT_COLUMNS: Final = """u.code, u.valid_from, g.valid_to, u.name, u.kind, u.level,
    u.parent_code, u.is_approximate, u.area_km2, ST_AsBinary(u.geom) AS shape"""
_UNIT_SOURCE: Final = """unit u
    JOIN unit_generation g ON g.level = u.level AND g.valid_from = u.valid_from"""


@dataclass(frozen=True)
class UnitsWanted:
    """Which units are asked for: in force on any day of a period, both ends inclusive."""

    first: date
    last: date
    box: tuple[float, float, float, float] | None = None
    code: str | None = None
    level: str | None = None
    parent: str | None = None
    after: tuple[str, date] | None = None
    limit: int = 100


async def list_units(connection: Connection, wanted: UnitsWanted) -> list[Record]:
    """Units in force in the period, by code and first day, one more than `limit` if there are."""
    west, south, east, north = wanted.box or (None, None, None, None)
    after_code, after_day = wanted.after or (None, None)
    return await connection.fetch(
        f"""
        SELECT {_UNIT_COLUMNS} FROM {_UNIT_SOURCE}
        WHERE g.state = 'active' AND g.valid_from <= $2::date
            AND (g.valid_to IS NULL OR $1::date < g.valid_to)
            AND ($3::float8 IS NULL OR ST_Intersects(u.geom, ST_MakeEnvelope($3, $4, $5, $6, 4326)))
            AND ($7::text IS NULL OR u.code = $7) AND ($8::text IS NULL OR u.level = $8)
            AND ($9::text IS NULL OR u.parent_code = $9)
            AND ($10::text IS NULL OR (u.code, u.valid_from) > ($10, $11::date))
        ORDER BY u.code, u.valid_from LIMIT $12
        """,  # noqa: S608  own column names
        wanted.first,
        wanted.last,
        west,
        south,
        east,
        north,
        wanted.code,
        wanted.level,
        wanted.parent,
        after_code,
        after_day,
        wanted.limit + 1,
    )


async def find_unit(connection: Connection, code: str, valid_from: date) -> Record | None:
    """One unit of one generation."""
    return await connection.fetchrow(
        f"""
        SELECT {_UNIT_COLUMNS} FROM {_UNIT_SOURCE}
        WHERE g.state = 'active' AND u.code = $1 AND u.valid_from = $2
        """,  # noqa: S608  own column names
        code,
        valid_from,
    )


async def find_report(connection: Connection, code: str) -> Record | None:
    """One published report."""
    return await connection.fetchrow(
        f"SELECT {LIST_COLUMNS} FROM public_report WHERE code = $1",  # noqa: S608  own column names
        code,
    )


async def find_extent(connection: Connection) -> Record | None:
    """What all units cover, in degrees, with the first day of the oldest; None without any."""
    found: Any = await connection.fetchrow(
        """
        SELECT min(ST_XMin(geom)) AS west, min(ST_YMin(geom)) AS south, max(ST_XMax(geom)) AS east,
            max(ST_YMax(geom)) AS north, min(valid_from) AS first
        FROM unit HAVING count(*) > 0
        """
    )
    return found
