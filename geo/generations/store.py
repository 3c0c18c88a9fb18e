"""What changes the unit tables: GeoAlchemy2 statements compiled once, run on asyncpg.

All of them belong inside a transaction that first called lock_generations.
"""

from collections.abc import Iterable
from datetime import date

import shapely
from sqlalchemy import Boolean, Double, LargeBinary, and_, bindparam, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from geo.statements import Connection, compile_statement, day_param, text_param
from geo.tables import config_epoch, unit, unit_cell, unit_generation, unit_successor
from geo.units import Generation, Level, Successor, UnitCode, UnitDraft

CELL_MAX_CORNERS = 128

_generation_is_given = and_(
    unit_generation.c.level == text_param("key_level"),
    unit_generation.c.valid_from == day_param("key_valid_from"),
)
_unit_is_in_generation = and_(
    unit.c.level == text_param("key_level"), unit.c.valid_from == day_param("key_valid_from")
)
# One number for "somebody changes units of this database now". A lock on the row of config_epoch
# would hold up everyone else who changes configuration for as long as shapes are written.
_UNITS_LOCK = 0x0CA0_6E01
_LOCK = compile_statement(select(func.pg_advisory_xact_lock(_UNITS_LOCK)))
_BUMP = compile_statement(update(config_epoch).values(epoch=config_epoch.c.epoch + 1))

_new_generation = insert(unit_generation).values(
    level=text_param("level"),
    valid_from=day_param("valid_from"),
    valid_to=day_param("valid_to"),
    state=text_param("state"),
    is_approximate=bindparam("is_approximate", type_=Boolean),
    source=text_param("source"),
    imported_at=func.now(),
)
_PUT_GENERATION = compile_statement(
    _new_generation.on_conflict_do_update(
        constraint="unit_generation_pkey",
        set_={
            name: _new_generation.excluded[name]
            for name in ("valid_to", "state", "is_approximate", "source", "imported_at")
        },
    )
)
_CHANGE_PERIOD = compile_statement(
    update(unit_generation)
    .where(_generation_is_given)
    .values(valid_to=day_param("to"), state=text_param("to_state"))
)
_REMOVE_GENERATION = compile_statement(delete(unit_generation).where(_generation_is_given))

_new_unit = insert(unit).values(
    code=text_param("code"),
    valid_from=day_param("valid_from"),
    level=text_param("level"),
    name=text_param("name"),
    kind=text_param("kind"),
    parent_code=text_param("parent_code"),
    is_approximate=bindparam("is_approximate", type_=Boolean),
    geom=func.ST_GeomFromWKB(bindparam("geom", type_=LargeBinary), 4326),
    label_point=func.ST_GeomFromWKB(bindparam("label_point", type_=LargeBinary), 4326),
    area_km2=bindparam("area_km2", type_=Double),
)
_PUT_UNIT = compile_statement(
    _new_unit.on_conflict_do_update(
        constraint="unit_pkey",
        set_={
            name: _new_unit.excluded[name]
            for name in (
                "name",
                "kind",
                "parent_code",
                "is_approximate",
                "geom",
                "label_point",
                "area_km2",
            )
        },
        # the same code and day on another level is another unit: refused before, never taken over
        where=unit.c.level == _new_unit.excluded.level,
    )
)
_REMOVE_UNIT = compile_statement(
    delete(unit).where(_unit_is_in_generation, unit.c.code == text_param("code"))
)
_REMOVE_UNITS = compile_statement(delete(unit).where(_unit_is_in_generation))
_REMOVE_CELLS = compile_statement(
    delete(unit_cell).where(
        unit_cell.c.level == text_param("key_level"),
        unit_cell.c.valid_from == day_param("key_valid_from"),
    )
)
_ADD_CELLS = compile_statement(
    insert(unit_cell).from_select(
        ["code", "valid_from", "level", "geom"],
        select(
            unit.c.code,
            unit.c.valid_from,
            unit.c.level,
            func.ST_Subdivide(unit.c.geom, CELL_MAX_CORNERS),
        ).where(_unit_is_in_generation),
    )
)
_REMOVE_SUCCESSORS = compile_statement(
    delete(unit_successor).where(
        unit_successor.c.old_code == text_param("code"),
        unit_successor.c.old_valid_from == day_param("valid_from"),
    )
)
_ADD_SUCCESSOR = compile_statement(
    insert(unit_successor).values(
        old_code=text_param("old_code"),
        old_valid_from=day_param("old_valid_from"),
        new_code=text_param("new_code"),
        new_valid_from=day_param("new_valid_from"),
        relation=text_param("relation"),
    )
)


async def lock_generations(conn: Connection) -> None:
    """Wait until no one else changes units; held to the transaction's end."""
    await conn.execute(_LOCK.sql, *_LOCK.args())


async def bump_epoch(conn: Connection) -> None:
    """Make every process that keeps units in memory read them anew before it stores a report."""
    await conn.execute(_BUMP.sql, *_BUMP.args())


async def put_generation(conn: Connection, generation: Generation) -> None:
    """Write one generation's row, or overwrite the row of the same level and first day."""
    args = _PUT_GENERATION.args(
        level=generation.level,
        valid_from=generation.valid_from,
        valid_to=generation.valid_to,
        state=generation.state,
        is_approximate=generation.is_approximate,
        source=generation.source,
    )
    await conn.execute(_PUT_GENERATION.sql, *args)


async def change_generation(conn: Connection, generation: Generation) -> None:
    """Write a generation's end and state; both come from the value given."""
    args = _CHANGE_PERIOD.args(
        to=generation.valid_to,
        to_state=generation.state,
        key_level=generation.level,
        key_valid_from=generation.valid_from,
    )
    await conn.execute(_CHANGE_PERIOD.sql, *args)


async def put_units(
    conn: Connection, drafts: Iterable[UnitDraft], *, level: Level, valid_from: date
) -> None:
    """Write units, overwriting those of the same code and day, and cut the level's cells anew."""
    rows = [
        _PUT_UNIT.args(
            code=draft.code,
            valid_from=valid_from,
            level=level,
            name=draft.name,
            kind=draft.kind,
            parent_code=draft.parent,
            is_approximate=draft.is_approximate,
            geom=shapely.to_wkb(draft.geom),
            label_point=shapely.to_wkb(draft.label_point),
            area_km2=draft.area_km2,
        )
        for draft in drafts
    ]
    await conn.executemany(_PUT_UNIT.sql, rows)
    key = {"key_level": level, "key_valid_from": valid_from}
    await conn.execute(_REMOVE_CELLS.sql, *_REMOVE_CELLS.args(**key))
    await conn.execute(_ADD_CELLS.sql, *_ADD_CELLS.args(**key))


async def remove_units(
    conn: Connection, codes: Iterable[UnitCode], *, level: Level, valid_from: date
) -> None:
    """Remove units of one generation with their cells and successions."""
    rows = [
        _REMOVE_UNIT.args(key_level=level, key_valid_from=valid_from, code=code) for code in codes
    ]
    await conn.executemany(_REMOVE_UNIT.sql, rows)


async def remove_generation(conn: Connection, *, level: Level, valid_from: date) -> None:
    """Remove a generation with its units, cells and successions."""
    key = {"key_level": level, "key_valid_from": valid_from}
    await conn.execute(_REMOVE_UNITS.sql, *_REMOVE_UNITS.args(**key))
    await conn.execute(_REMOVE_GENERATION.sql, *_REMOVE_GENERATION.args(**key))


async def put_successors(conn: Connection, successors: Iterable[Successor]) -> None:
    """Record what became of old units; each old unit named here loses what was recorded before."""
    wanted = sorted(set(successors))
    old = sorted({(row.old_code, row.old_valid_from) for row in wanted})
    await conn.executemany(
        _REMOVE_SUCCESSORS.sql,
        [_REMOVE_SUCCESSORS.args(code=code, valid_from=day) for code, day in old],
    )
    await conn.executemany(
        _ADD_SUCCESSOR.sql,
        [
            _ADD_SUCCESSOR.args(
                old_code=row.old_code,
                old_valid_from=row.old_valid_from,
                new_code=row.new_code,
                new_valid_from=row.new_valid_from,
                relation=row.relation,
            )
            for row in wanted
        ],
    )
