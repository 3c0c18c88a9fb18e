"""`caunoi units …`: import, activate, successors, and questions about units.

The roof gives each command, as click's context object, a way to connect as the tables' owner.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Protocol, cast
from zoneinfo import ZoneInfo

import asyncpg
import click

from geo import printing, store
from geo.errors import GeoError
from geo.findings import Finding, has_errors
from geo.imports import (
    OwnerConnection,
    activate_generations,
    import_source,
    import_successors,
)
from geo.reading import FieldNames, Source, read_boundaries
from geo.successors import read_successors
from geo.units import LEVELS, Level, Target, UnitCode
from geo.validate import DEFAULT_TOLERANCE_SQUARE_METRES, CheckRules

HOME = ZoneInfo("Asia/Ho_Chi_Minh")


class Roof(Protocol):
    """What these commands need of the context object."""

    def owner_connection(self) -> AbstractAsyncContextManager[OwnerConnection]: ...


class _Day(click.ParamType[date, object]):
    name = "DATE"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value} is no day written YYYY-MM-DD", param, ctx)


_DAY = _Day()
_LEVEL = click.Choice(LEVELS)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def units() -> None:
    """Administrative units: boundaries, generations, successors."""


@units.command("import")
@click.argument("file", type=_FILE)
@click.option("--level", type=_LEVEL, required=True)
@click.option("--valid-from", type=_DAY, required=True, help="First day of the generation.")
@click.option("--valid-to", type=_DAY, help="First day on which it no longer holds.")
@click.option("--code-field", required=True)
@click.option("--name-field", required=True, help='The full name: "Phường Nghĩa Lộ".')
@click.option("--parent-field", help="The code one level up.")
@click.option("--kind-field", help="The kind, if the name does not begin with it.")
@click.option("--crs", help="EPSG:n, where the file does not say it.")
@click.option("--layer", help="Of a GeoPackage with several.")
@click.option("--encoding", help="Of a Shapefile's texts.")
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0),
    default=DEFAULT_TOLERANCE_SQUARE_METRES,
    show_default=True,
    help="Overlaps and gaps up to this many m² are warnings.",
)
@click.option("--allow-overlaps", is_flag=True, help="Larger overlaps are warnings too.")
@click.option("--allow-gaps", is_flag=True, help="Larger gaps are warnings too.")
@click.option("--repair", is_flag=True, help="Mend invalid shapes; each is reported.")
@click.option("--approximate", is_flag=True, help="Label the boundaries as approximate.")
@click.option("--replace", is_flag=True, help="Overwrite the shapes of an active exact one.")
@click.option("--commit", is_flag=True, help="Write; without it, only the report.")
@click.pass_obj
def import_command(
    roof: Roof,
    file: Path,
    level: str,
    valid_from: date,
    valid_to: date | None,
    code_field: str,
    name_field: str,
    parent_field: str | None,
    kind_field: str | None,
    crs: str | None,
    layer: str | None,
    encoding: str | None,
    tolerance: float,
    allow_overlaps: bool,
    allow_gaps: bool,
    repair: bool,
    approximate: bool,
    replace: bool,
    commit: bool,
) -> None:
    """Load boundaries from GeoJSON, GeoPackage or Shapefile, or one of them zipped.

    A dry run unless --commit. The generation is inactive until `activate`; over an active
    approximate generation of the same day the shapes are replaced at once.
    """
    target = Target(
        level=_as_level(level),
        valid_from=valid_from,
        valid_to=valid_to,
        source=file.name,
        is_approximate=approximate,
        replace=replace,
    )
    rules = CheckRules(
        tolerance_square_metres=tolerance,
        allow_overlaps=allow_overlaps,
        allow_gaps=allow_gaps,
        repair=repair,
    )
    fields = FieldNames(code_field, name_field, parent=parent_field, kind=kind_field)

    async def run(conn: OwnerConnection) -> None:
        _progress(f"reading {file.name}")
        source = read_boundaries(file, fields, crs=crs, layer=layer, encoding=encoding)
        await _import(conn, source, target, rules=rules, commit=commit)

    _run(roof, run)


@units.command()
@click.option("--valid-from", type=_DAY, required=True)
@click.option("--level", type=_LEVEL, help="Only this level; otherwise all of that day.")
@click.pass_obj
def activate(roof: Roof, valid_from: date, level: str | None) -> None:
    """Put loaded generations in force from their first day on."""

    async def run(conn: OwnerConnection) -> None:
        wanted = _as_level(level) if level else None
        done = await activate_generations(conn, valid_from=valid_from, level=wanted)
        for line in printing.describe_generations(done):
            click.echo(line)

    _run(roof, run)


@units.group()
def successors() -> None:
    """What became of units that are no more."""


@successors.command("import")
@click.argument("csv", type=_FILE)
@click.option("--old-valid-from", type=_DAY, help="For files without that column.")
@click.option("--new-valid-from", type=_DAY, help="For files without that column.")
@click.option("--commit", is_flag=True, help="Write; without it, only the report.")
@click.pass_obj
def import_successors_command(
    roof: Roof,
    csv: Path,
    old_valid_from: date | None,
    new_valid_from: date | None,
    commit: bool,
) -> None:
    """Load a CSV with old_code, new_code and relation (full or partial)."""

    async def run(conn: OwnerConnection) -> None:
        found, findings = await import_successors(
            conn,
            read_successors(csv),
            old_valid_from=old_valid_from,
            new_valid_from=new_valid_from,
            commit=commit,
        )
        for line in printing.describe_successors(findings, count=len(found), commit=commit):
            click.echo(line)
        _exit_if_refused(findings)

    _run(roof, run)


# Western and southern positions begin with a minus, which is no option here.
@units.command(context_settings={"ignore_unknown_options": True})
@click.argument("lon", type=float)
@click.argument("lat", type=float)
@click.option("--on", type=_DAY, help="The day; today in Việt Nam if not given.")
@click.option("--level", type=_LEVEL, help="Otherwise the lowest that holds the point.")
@click.pass_obj
def at(roof: Roof, lon: float, lat: float, on: date | None, level: str | None) -> None:
    """Print the unit that holds LON LAT as one JSON line; `within` are the larger ones.

    Prints null and exits with 1 outside every unit.
    """

    async def run(conn: OwnerConnection) -> None:
        found = await store.list_units_at(conn, lon, lat, on=on or _today())
        levels = [unit.level for unit in found]
        start = levels.index(_as_level(level)) if level in levels else 0
        if not found or (level and level not in levels):
            click.echo("null")
            raise SystemExit(1)
        first, *larger = [printing.unit_as_json(unit) for unit in found[start:]]
        click.echo(json.dumps({**first, "within": larger}, ensure_ascii=False))

    _run(roof, run)


@units.command("list")
@click.option("--level", type=_LEVEL, default="commune", show_default=True)
@click.option("--on", type=_DAY, help="The day; today in Việt Nam if not given.")
@click.pass_obj
def list_command(roof: Roof, level: str, on: date | None) -> None:
    """List the units of a level in force on a day."""

    async def run(conn: OwnerConnection) -> None:
        after: UnitCode | None = None
        day = on or _today()
        while page := await store.list_units(conn, on=day, level=_as_level(level), after=after):
            for row in page:
                click.echo(printing.describe_unit(row))
            after = page[-1].unit.code

    _run(roof, run)


@units.command()
@click.pass_obj
def generations(roof: Roof) -> None:
    """List all generations, when they hold and where they came from."""

    async def run(conn: OwnerConnection) -> None:
        for line in printing.describe_generations(await store.list_generations(conn)):
            click.echo(line)

    _run(roof, run)


async def _import(
    conn: OwnerConnection, source: Source, target: Target, *, rules: CheckRules, commit: bool
) -> None:
    for line in printing.describe_source(source):
        click.echo(line)
    report = await import_source(conn, source, target, rules=rules, commit=commit, say=_progress)
    for line in printing.describe_import(report, target, is_committed=commit):
        click.echo(line)
    _exit_if_refused(report.findings)


def _run(roof: Roof, work: Callable[[OwnerConnection], Awaitable[None]]) -> None:
    async def connected() -> None:
        async with roof.owner_connection() as conn:
            await work(conn)

    try:
        asyncio.run(connected())
    except GeoError as error:
        raise click.ClickException(str(error)) from error
    except (asyncpg.UndefinedTableError, asyncpg.UndefinedFunctionError) as error:
        raise click.ClickException("this database has no units yet: caunoi migrate") from error


def _exit_if_refused(findings: list[Finding] | tuple[Finding, ...]) -> None:
    if has_errors(findings):
        raise SystemExit(1)


def _progress(doing: str) -> None:
    if sys.stderr.isatty():
        click.echo(f"… {doing}", err=True)


def _as_level(text: str | None) -> Level:
    # click.Choice let only these through
    return cast(Level, text)


def _today() -> date:
    return datetime.now(UTC).astimezone(HOME).date()
