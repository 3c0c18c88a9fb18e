"""`caunoi counts …`: prove that the figures are what the events say, fold, and rebuild."""

import asyncio
import sys
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import click

from backend.counts.fold import fold_counts
from backend.counts.recount import OwnerConnection, Recount, rebuild, recount


class Roof(Protocol):
    """What these commands need of the context object."""

    def owner_connection(self) -> AbstractAsyncContextManager[OwnerConnection]: ...


@click.group()
def counts() -> None:
    """The figures that leaders see."""


@counts.command()
@click.option("--limit", default=20, show_default=True, help="How many differences to name.")
@click.pass_obj
def verify(roof: Roof, limit: int) -> None:
    """Count every case again from its events; exit 1 and name the figures that differ."""
    found = asyncio.run(_verify(roof, limit))
    for difference in found.differences:
        click.echo(
            f"{difference.place}: {difference.cell}: {difference.measure} is {difference.stored}, "
            f"the events say {difference.counted}"
        )
    if found.differences:
        click.echo("The figures differ from the events; `caunoi counts rebuild` mends them.")
        sys.exit(1)
    click.echo(f"The figures are what the events of {found.cases} cases say.")


@counts.command("rebuild")
@click.pass_obj
def rebuild_command(roof: Roof) -> None:
    """Put a count from the events in the place of all stored figures."""
    cases = asyncio.run(_rebuild(roof))
    click.echo(f"Rebuilt from the events of {cases} cases.")


@counts.command()
@click.pass_obj
def fold(roof: Roof) -> None:
    """Fold what waits, as the worker does all the time; for after a large import."""
    folded = asyncio.run(_fold(roof))
    click.echo(f"Folded {folded} changes.")


async def _verify(roof: Roof, limit: int) -> Recount:
    async with roof.owner_connection() as connection:
        return await recount(connection, limit=limit)


async def _rebuild(roof: Roof) -> int:
    async with roof.owner_connection() as connection:
        return await rebuild(connection)


async def _fold(roof: Roof) -> int:
    folded = 0
    async with roof.owner_connection() as connection:
        while step := await fold_counts(connection):
            folded += step
    return folded
