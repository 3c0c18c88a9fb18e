"""`caunoi counts …`: prove that the figures are what the events say, fold, and rebuild."""

import sys
from functools import partial

import click

from backend.counts.fold import fold_counts
from backend.counts.recount import rebuild, recount
from backend.database import OwnerConnection, OwnersRoof, as_owner


@click.group()
def counts() -> None:
    """The figures that leaders see."""


@counts.command()
@click.option("--limit", default=20, show_default=True, help="How many differences to name.")
@click.pass_obj
def verify(roof: OwnersRoof, limit: int) -> None:
    """Count every case again from its events; exit 1 and name the figures that differ."""
    found = as_owner(roof, partial(recount, limit=limit))
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
def rebuild_command(roof: OwnersRoof) -> None:
    """Put a count from the events in the place of all stored figures."""
    cases = as_owner(roof, rebuild)
    click.echo(f"Rebuilt from the events of {cases} cases.")


@counts.command()
@click.pass_obj
def fold(roof: OwnersRoof) -> None:
    """Fold what waits, as the worker does all the time; for after a large import."""
    folded = as_owner(roof, _fold)
    click.echo(f"Folded {folded} changes.")


async def _fold(connection: OwnerConnection) -> int:
    folded = 0
    while step := await fold_counts(connection):
        folded += step
    return folded
