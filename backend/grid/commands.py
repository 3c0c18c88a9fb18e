"""`caunoi map …`: prove that the public map is what the reports say, fold, and rebuild."""

import asyncio
import sys
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import click

from backend.grid.keeping import fold_map
from backend.grid.recount import OwnerConnection, Recount, rebuild, recount


class Roof(Protocol):
    """What these commands need of the context object."""

    def owner_connection(self) -> AbstractAsyncContextManager[OwnerConnection]: ...


@click.group("map")
def map_group() -> None:
    """The public map's points and clusters."""


@map_group.command()
@click.option("--limit", default=20, show_default=True, help="How many differences to name.")
@click.pass_obj
def verify(roof: Roof, limit: int) -> None:
    """Look at every report again; exit 1 and name the points and cells that differ."""
    found = asyncio.run(_verify(roof, limit))
    for difference in found.differences:
        click.echo(f"{difference.cell}: {difference.what}")
    if found.differences:
        click.echo("The map differs from the reports; `caunoi map rebuild` mends its sums.")
        sys.exit(1)
    click.echo(f"The map is what the reports say: {found.points} points.")


@map_group.command("rebuild")
@click.pass_obj
def rebuild_command(roof: Roof) -> None:
    """Sum all points afresh in the place of all stored clusters."""
    click.echo(f"Rebuilt from {asyncio.run(_rebuild(roof))} points.")


@map_group.command()
@click.pass_obj
def fold(roof: Roof) -> None:
    """Fold what waits, as the worker does all the time; for after a large import."""
    click.echo(f"Folded {asyncio.run(_fold(roof))} changes.")


async def _verify(roof: Roof, limit: int) -> Recount:
    async with roof.owner_connection() as connection:
        return await recount(connection, limit=limit)


async def _rebuild(roof: Roof) -> int:
    async with roof.owner_connection() as connection:
        return await rebuild(connection)


async def _fold(roof: Roof) -> int:
    folded = 0
    async with roof.owner_connection() as connection:
        while step := await fold_map(connection):
            folded += step
    return folded
