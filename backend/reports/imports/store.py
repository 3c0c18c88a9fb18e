"""The SQL of an import: the rows seen so far in this file, and what is stored of earlier ones.

Everything works inside the caller's transaction, as the tables' owner.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from backend.agencies.catalogue import Agency, Category
from backend.agencies.store import put_agencies, put_categories
from backend.database import Connection
from backend.reports.imports.cases import SOURCE
from geo.units import Level, UnitAt, UnitCode

# Ids of a whole file would not fit into memory; a temporary table takes any number.
_CREATE_SEEN: Final = """
CREATE TEMPORARY TABLE import_seen (
    ref text PRIMARY KEY, digest bytea NOT NULL, line bigint NOT NULL
) ON COMMIT DROP
"""


@dataclass(frozen=True, slots=True)
class Seen:
    """An id met before in this file: what it said then, and on which line."""

    digest: bytes
    line: int


@dataclass(frozen=True, slots=True)
class UnitMiddle:
    """A unit with the point that stands for it, and how far from it a place in it may be."""

    unit: UnitAt
    lon: float
    lat: float
    radius_metres: float


async def prepare_seen(connection: Connection) -> None:
    """Begin to remember rows, until the transaction ends."""
    await connection.execute(_CREATE_SEEN)


async def find_seen(connection: Connection, refs: Sequence[str]) -> dict[str, Seen]:
    """Which of these ids came earlier in this file."""
    rows = await connection.fetch(
        "SELECT ref, digest, line FROM import_seen WHERE ref = ANY ($1::text[])", refs
    )
    return {row["ref"]: Seen(row["digest"], row["line"]) for row in rows}


async def add_seen(
    connection: Connection, refs: Sequence[str], digests: Sequence[bytes], lines: Sequence[int]
) -> None:
    """Remember ids of this file with what their rows said."""
    await connection.execute(
        """
        INSERT INTO import_seen (ref, digest, line)
        SELECT * FROM unnest($1::text[], $2::bytea[], $3::bigint[])
        """,
        refs,
        digests,
        lines,
    )


async def find_stored_digests(
    connection: Connection, refs: Sequence[str]
) -> dict[str, bytes | None]:
    """What the rows of these ids said when they were loaded; None where that is not known."""
    rows = await connection.fetch(
        """
        SELECT source_ref, decode(routing->>'digest', 'hex') AS digest
        FROM report WHERE source = $1 AND source_ref = ANY ($2::text[])
        """,
        SOURCE,
        refs,
    )
    return {row["source_ref"]: row["digest"] for row in rows}


async def find_unit_middle(
    connection: Connection, code: str, *, level: Level, on: date
) -> UnitMiddle | None:
    """The unit of this code in force on a day, with its label point."""
    row = await connection.fetchrow(
        """
        SELECT u.code, u.name, u.kind, u.level, u.parent_code, u.valid_from, u.is_approximate,
               ST_X(u.label_point) AS lon, ST_Y(u.label_point) AS lat,
               sqrt(u.area_km2 / pi()) * 1000 AS radius_metres
        FROM unit u JOIN unit_generation g USING (level, valid_from)
        WHERE u.code = $1 AND u.level = $2 AND g.state = 'active' AND g.valid_from <= $3
            AND (g.valid_to IS NULL OR $3 < g.valid_to)
        """,
        code,
        level,
        on,
    )
    if row is None:
        return None
    unit = UnitAt(
        code=UnitCode(row["code"]),
        name=row["name"],
        kind=row["kind"],
        level=row["level"],
        parent=row["parent_code"],
        valid_from=row["valid_from"],
        is_approximate=row["is_approximate"],
    )
    return UnitMiddle(unit, row["lon"], row["lat"], row["radius_metres"])


async def has_units(connection: Connection, *, level: Level, on: date | None) -> bool:
    """Whether boundaries of a level are in force on a day (None: on any)."""
    found: bool = await connection.fetchval(
        """
        SELECT EXISTS (SELECT FROM unit_generation WHERE level = $1 AND state = 'active'
            AND ($2::date IS NULL
                OR valid_from <= $2 AND (valid_to IS NULL OR $2 < valid_to)))
        """,
        level,
        on,
    )
    return found


async def add_catalogue(
    connection: Connection, agencies: Sequence[Agency], categories: Sequence[Category]
) -> None:
    """Store the agencies and categories an import brought along; parents and fields first."""
    await put_agencies(connection, agencies)
    await put_categories(connection, categories)


async def refresh_statistics(connection: Connection) -> None:
    """Let the planner know that the tables have grown, before anybody asks anything of them."""
    await connection.execute("ANALYZE report, event, note, count_delta")
