"""`caunoi demo …`: load the demo province, or remove everything of it."""

import asyncio
from typing import Protocol

import click

from backend.demo.errors import AlreadyConfigured
from backend.demo.load import load_demo
from backend.demo.remove import remove_demo
from backend.settings import Settings


class Roof(Protocol):
    """What these commands need of click's context object."""

    @property
    def settings(self) -> Settings: ...


@click.group()
def demo() -> None:
    """The demo province: something to look at on the first day."""


@demo.command()
@click.pass_obj
def load(roof: Roof) -> None:
    """Load the demo province, unless it is there."""
    settings = roof.settings
    loaded = asyncio.run(load_demo(settings))
    if loaded.outcome == "configured":
        raise AlreadyConfigured()
    if loaded.outcome == "already":
        click.echo(f"The demo is there already, with {loaded.reports} reports.")
        return
    click.echo(
        f"Loaded {loaded.reports} reports with {loaded.events} events"
        f" in {loaded.seconds:.1f} s; logins: {settings.demo_logins_path}"
    )


@demo.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def remove(roof: Roof, *, yes: bool) -> None:
    """Remove everything of the demo province; real reports and what they need stay."""
    if not yes:
        click.confirm("Remove all reports, accounts and settings of the demo?", abort=True)
    removed = asyncio.run(remove_demo(roof.settings))
    click.echo(
        f"Removed {removed.reports} reports with {removed.events} events and {removed.photos}"
        f" photos, {removed.accounts} accounts, {removed.configuration} entries of configuration,"
        f" {removed.generations} generations of units."
    )
    for reason in removed.kept:
        click.echo(f"Kept: {reason}.")
