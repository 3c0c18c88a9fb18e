"""`caunoi map …`: prove that the public map is what the reports say, fold, and rebuild."""

import sys
from functools import partial

import click

from backend.database import OwnerConnection, OwnersRoof, as_owner
from backend.grid.keeping import fold_map
from backend.grid.recount import rebuild, recount


@click.group("map")
def map_group() -> None:
    """The public map's points and clusters."""


@map_group.command()
@click.option("--limit", default=20, show_default=True, help="How many differences to name.")
@click.pass_obj
def verify(roof: OwnersRoof, limit: int) -> None:
    """Look at every report again; exit 1 and name the points and cells that differ."""
    found = as_owner(roof, partial(recount, limit=limit))
    for difference in found.differences:
        click.echo(f"{difference.cell}: {difference.what}")
    if found.differences:
        click.echo("The map differs from the reports; `caunoi map rebuild` mends its sums.")
        sys.exit(1)
    click.echo(f"The map is what the reports say: {found.points} points.")


@map_group.command("rebuild")
@click.pass_obj
def rebuild_command(roof: OwnersRoof) -> None:
    """Sum all points afresh in the place of all stored clusters."""
    click.echo(f"Rebuilt from {as_owner(roof, rebuild)} points.")


@map_group.command()
@click.pass_obj
def fold(roof: OwnersRoof) -> None:
    """Fold what waits, as the worker does all the time; for after a large import."""
    click.echo(f"Folded {as_owner(roof, _fold)} changes.")


async def _fold(connection: OwnerConnection) -> int:
    folded = 0
    while step := await fold_map(connection):
        folded += step
    return folded
