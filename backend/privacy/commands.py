"""`caunoi retention …`: how long things are kept."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import click
import msgspec

from backend import clock
from backend.database import OwnerConnection, OwnersRoof, as_owner, open_database
from backend.practice.commands import change_options, differences, read_change, told
from backend.privacy import store
from backend.privacy.retention import (
    Periods,
    Removed,
    apply_retention,
    current_periods,
    load_periods,
    plan_retention,
    read_periods,
)
from backend.reports.rulebook import Rulebooks
from backend.settings import Settings

_RUNS_SHOWN = 20


class _Roof(OwnersRoof, Protocol):
    """What `run` needs besides: it works as the application does."""

    @property
    def settings(self) -> Settings: ...


@click.group()
def retention() -> None:
    """How long things are kept, and removing what has been kept long enough."""


@retention.command()
@click.pass_obj
def show(roof: OwnersRoof) -> None:
    """Show the periods in force, and what was removed lately."""

    async def read(connection: OwnerConnection) -> tuple[int, Periods, list[dict[str, Any]]]:
        version, periods = await current_periods(connection, now=clock.now())
        return version, periods, await store.list_runs(connection, limit=_RUNS_SHOWN)

    version, periods, runs = as_owner(roof, read)
    click.echo(f"# version {version}")
    for name, days in msgspec.to_builtins(periods).items():
        click.echo(f"{name} = {days}")
    for run in runs:
        click.echo(f"# {run['at']:%Y-%m-%d %H:%M} {run['kind']}: {run['removed']} removed")


@retention.command()
@click.option("--commit", is_flag=True, help="Do it; without, only say what would be done.")
@click.pass_obj
def run(roof: _Roof, *, commit: bool) -> None:
    """Remove what has been kept long enough; a dry run without --commit."""

    async def work() -> Removed:
        database = await open_database(
            roof.settings.database_url or "",
            app_size=2,
            public_size=1,
            application_name="caunoi-retention",
        )
        try:
            if not commit:
                return await plan_retention(database.app, now=clock.now())
            return await apply_retention(
                database, Rulebooks(database), now=clock.now(), batches=1_000_000
            )
        finally:
            await database.close()

    removed = asyncio.run(work())
    for kind, count in removed.counts.items():
        click.echo(f"{kind}: {count}")
    click.echo(
        f"Done by version {removed.version}."
        if commit
        else f"Dry run by version {removed.version}: nothing was removed (--commit does it)."
    )


@retention.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@change_options
@click.pass_obj
def import_command(
    roof: OwnersRoof,
    file: Path,
    *,
    why: str,
    by: str,
    effective_on: datetime | None,
    commit: bool,
) -> None:
    """Put new periods in force from a TOML file as `show` prints it; a dry run without --commit."""
    periods, change = read_periods(file.read_bytes()), read_change(by, why, effective_on)

    async def work(connection: OwnerConnection) -> None:
        async with connection.transaction():
            version, before = await current_periods(connection, now=clock.now())
            for line in differences(msgspec.to_builtins(before), msgspec.to_builtins(periods)):
                click.echo(line)
            if commit:
                version = await load_periods(connection, periods, change, now=clock.now())
            click.echo(told(version, change, is_done=commit))

    as_owner(roof, work)
