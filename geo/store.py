"""What is asked of the unit tables: GeoAlchemy2 statements compiled once, run on asyncpg.

The connection that comes in may be a pool, or be in a transaction; what changes units lies in
geo/generations/store.py.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import shapely
from sqlalchemy import (
    ColumnElement,
    Double,
    Integer,
    and_,
    bindparam,
    case,
    func,
    literal,
    not_,
    or_,
    select,
    true,
    union,
)

from geo.statements import Connection, compile_statement, day_param, text_param
from geo.tables import unit, unit_cell, unit_generation, unit_successor
from geo.units import (
    LEVELS_LOWEST_FIRST,
    Generation,
    Level,
    Successor,
    UnitAt,
    UnitCode,
    UnitRow,
    UnitShape,
    check_position,
)

# The whole of Vietnam has some 3,400 communes, and had some 10,600 before 2025.
MAX_UNITS = 20_000
MAX_GENERATIONS = 1_000
PAGE_MAX = 200
# Within this many degrees (about 0.1 mm) of a cell's edge the full shape decides: cutting shapes
# into cells bends their edges by rounding, some 1e-14 degrees.
EDGE_DEGREES = 1e-9


_level_rank = case(
    *((unit.c.level == level, rank) for rank, level in enumerate(LEVELS_LOWEST_FIRST)),
    else_=len(LEVELS_LOWEST_FIRST),
)
_unit_columns = (
    unit.c.code,
    unit.c.name,
    unit.c.kind,
    unit.c.level,
    unit.c.parent_code,
    unit.c.valid_from,
    unit.c.is_approximate,
)
_unit_in_generation = unit.join(
    unit_generation,
    and_(
        unit.c.level == unit_generation.c.level, unit.c.valid_from == unit_generation.c.valid_from
    ),
)
_wanted_level = or_(text_param("level").is_(None), unit.c.level == text_param("level"))
_units_of_given_generation = and_(
    unit.c.level == text_param("key_level"), unit.c.valid_from == day_param("key_valid_from")
)


def _in_force() -> ColumnElement[bool]:
    return and_(
        unit_generation.c.state == "active",
        unit_generation.c.valid_from <= day_param("on"),
        or_(unit_generation.c.valid_to.is_(None), day_param("on") < unit_generation.c.valid_to),
    )


def _holds_point() -> ColumnElement[bool]:
    # ST_Disjoint and not ST_Covers: PostGIS answers the latter for points with arithmetic of its
    # own that rounds; the former asks GEOS, whose exact orientation test shapely uses too.
    point = func.ST_SetSRID(
        func.ST_MakePoint(bindparam("lon", type_=Double), bindparam("lat", type_=Double)), 4326
    )
    edge = literal(EDGE_DEGREES, Double)
    return and_(
        func.ST_DWithin(unit_cell.c.geom, point, edge),
        case(
            (
                func.ST_DWithin(func.ST_Boundary(unit_cell.c.geom), point, edge),
                not_(func.ST_Disjoint(unit.c.geom, point)),
            ),
            else_=true(),
        ),
    )


_UNITS_AT = compile_statement(
    select(*_unit_columns)
    .select_from(
        _unit_in_generation.join(
            unit_cell,
            and_(unit_cell.c.code == unit.c.code, unit_cell.c.valid_from == unit.c.valid_from),
        )
    )
    .where(_holds_point(), _in_force(), _wanted_level)
    .order_by(_level_rank, unit.c.code)
    .limit(bindparam("limit", type_=Integer))
)
_UNIT_SHAPES = compile_statement(
    select(*_unit_columns, unit.c.geom)
    .select_from(_unit_in_generation)
    .where(_in_force(), _wanted_level)
    .order_by(unit.c.level, unit.c.code)
    .limit(MAX_UNITS)
)
_UNIT_PAGE = compile_statement(
    select(*_unit_columns, unit.c.label_point, unit.c.area_km2)
    .select_from(_unit_in_generation)
    .where(_in_force(), unit.c.level == text_param("level"))
    .where(or_(text_param("after").is_(None), unit.c.code > text_param("after")))
    .order_by(unit.c.code)
    .limit(bindparam("limit", type_=Integer))
)
_unit_count = (
    select(func.count())
    .select_from(unit)
    .where(unit.c.level == unit_generation.c.level)
    .where(unit.c.valid_from == unit_generation.c.valid_from)
    .scalar_subquery()
)
_GENERATIONS = compile_statement(
    select(
        unit_generation.c.level,
        unit_generation.c.valid_from,
        unit_generation.c.valid_to,
        unit_generation.c.state,
        unit_generation.c.is_approximate,
        unit_generation.c.source,
        _unit_count.label("unit_count"),
    )
    .order_by(unit_generation.c.level, unit_generation.c.valid_from)
    .limit(MAX_GENERATIONS)
)
_active = unit_generation.c.state == "active"
_changes = union(
    select(unit_generation.c.valid_from.label("day")).where(_active),
    select(unit_generation.c.valid_to).where(_active),
).subquery()
_NEXT_CHANGE = compile_statement(
    select(func.min(_changes.c.day)).where(_changes.c.day > day_param("on"))
)
_SHAPES_OF_GENERATION = compile_statement(
    select(*_unit_columns, unit.c.geom)
    .where(_units_of_given_generation)
    .order_by(unit.c.code)
    .limit(MAX_UNITS)
)
_ALL_UNITS = compile_statement(
    select(*_unit_columns).order_by(unit.c.code, unit.c.valid_from).limit(MAX_UNITS * 10)
)
_successor_columns = tuple(unit_successor.c)
_SUCCESSORS = compile_statement(
    select(*_successor_columns)
    .where(
        unit_successor.c.old_code == text_param("code"),
        unit_successor.c.old_valid_from == day_param("valid_from"),
    )
    .order_by(unit_successor.c.new_valid_from, unit_successor.c.new_code)
    .limit(PAGE_MAX)
)
_PREDECESSORS = compile_statement(
    select(*_successor_columns)
    .where(
        unit_successor.c.new_code == text_param("code"),
        unit_successor.c.new_valid_from == day_param("valid_from"),
    )
    .order_by(unit_successor.c.old_valid_from, unit_successor.c.old_code)
    .limit(PAGE_MAX)
)
_ALL_SUCCESSORS = compile_statement(
    select(*_successor_columns).order_by(*_successor_columns[:4]).limit(MAX_UNITS)
)


def _unit(row: Mapping[str, Any]) -> UnitAt:
    return UnitAt(
        code=row["code"],
        name=row["name"],
        kind=row["kind"],
        level=row["level"],
        parent=row["parent_code"],
        valid_from=row["valid_from"],
        is_approximate=row["is_approximate"],
    )


async def find_unit_at(
    conn: Connection, lon: float, lat: float, *, on: date, level: Level | None = None
) -> UnitAt | None:
    """Find the unit that holds a point on a day, of one level or else the lowest there is.

    Degrees of WGS84. On a border, and where units overlap, the lowest code wins. None outside
    every unit. Raises PositionRefused.
    """
    check_position(lon, lat)
    rows = await conn.fetch(
        _UNITS_AT.sql, *_UNITS_AT.args(lon=lon, lat=lat, on=on, level=level, limit=1)
    )
    return _unit(rows[0]) if rows else None


async def list_units_at(conn: Connection, lon: float, lat: float, *, on: date) -> list[UnitAt]:
    """List the unit of every level that holds a point on a day, the lowest level first.

    Degrees of WGS84; ties as in find_unit_at. Raises PositionRefused.
    """
    check_position(lon, lat)
    rows = await conn.fetch(
        _UNITS_AT.sql, *_UNITS_AT.args(lon=lon, lat=lat, on=on, level=None, limit=PAGE_MAX)
    )
    by_level: dict[str, UnitAt] = {}
    for row in rows:
        by_level.setdefault(row["level"], _unit(row))
    return list(by_level.values())


async def list_unit_shapes(
    conn: Connection, *, on: date, level: Level | None = None
) -> list[UnitShape]:
    """List every unit in force on a day with its boundary, of one level or of all."""
    rows = await conn.fetch(_UNIT_SHAPES.sql, *_UNIT_SHAPES.args(on=on, level=level))
    return [UnitShape(_unit(row), shapely.from_wkb(row["geom"])) for row in rows]


async def list_units(
    conn: Connection,
    *,
    on: date,
    level: Level,
    after: UnitCode | None = None,
    limit: int = PAGE_MAX,
) -> list[UnitRow]:
    """List the units of a level in force on a day by code, those after a code, at most 200."""
    args = _UNIT_PAGE.args(on=on, level=level, after=after, limit=max(1, min(limit, PAGE_MAX)))
    return [
        UnitRow(_unit(row), shapely.from_wkb(row["label_point"]), row["area_km2"])
        for row in await conn.fetch(_UNIT_PAGE.sql, *args)
    ]


async def list_generations(conn: Connection) -> list[Generation]:
    """List all generations, loaded and active, by level and first day."""
    rows = await conn.fetch(_GENERATIONS.sql, *_GENERATIONS.args())
    return [Generation(**row) for row in rows]


async def find_next_change(conn: Connection, *, on: date) -> date | None:
    """Find the first day after this one with other units in force; None if none is known."""
    changed_on: date | None = await conn.fetchval(_NEXT_CHANGE.sql, *_NEXT_CHANGE.args(on=on))
    return changed_on


async def list_shapes_of_generation(
    conn: Connection, *, level: Level, valid_from: date
) -> list[UnitShape]:
    """List the units of one generation with their boundaries, whether it is active or not."""
    args = _SHAPES_OF_GENERATION.args(key_level=level, key_valid_from=valid_from)
    rows = await conn.fetch(_SHAPES_OF_GENERATION.sql, *args)
    return [UnitShape(_unit(row), shapely.from_wkb(row["geom"])) for row in rows]


async def list_all_units(conn: Connection) -> list[UnitAt]:
    """List the units of all generations by code and first day."""
    return [_unit(row) for row in await conn.fetch(_ALL_UNITS.sql, *_ALL_UNITS.args())]


async def list_successors(conn: Connection, code: UnitCode, valid_from: date) -> list[Successor]:
    """List what became of one unit; an empty list when nothing is recorded."""
    args = _SUCCESSORS.args(code=code, valid_from=valid_from)
    return [Successor(**row) for row in await conn.fetch(_SUCCESSORS.sql, *args)]


async def list_predecessors(conn: Connection, code: UnitCode, valid_from: date) -> list[Successor]:
    """List the old units that one unit came from; an empty list when nothing is recorded."""
    args = _PREDECESSORS.args(code=code, valid_from=valid_from)
    return [Successor(**row) for row in await conn.fetch(_PREDECESSORS.sql, *args)]


async def list_all_successors(conn: Connection) -> list[Successor]:
    """List every recorded succession, by old code."""
    rows = await conn.fetch(_ALL_SUCCESSORS.sql, *_ALL_SUCCESSORS.args())
    return [Successor(**row) for row in rows]
