"""`caunoi open311 …`: the keys of programs that send reports."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import click

from backend import clock
from backend.database import Database, open_database
from backend.settings import Settings
from mobile_api.open311 import keys as actions
from mobile_api.open311 import store

T = TypeVar("T")


class Roof(Protocol):
    """What these commands need of click's context object."""

    @property
    def settings(self) -> Settings: ...


@click.group()
def open311() -> None:
    """Programs that speak Open311 GeoReport v2."""


@open311.group()
def keys() -> None:
    """Keys with which programs may send reports; reading needs none."""


@keys.command()
@click.argument("name")
@click.option("--contact", required=True, help="Whom to ask when the program misbehaves.")
@click.option("--per-minute", type=click.IntRange(1, 100_000), default=30, show_default=True)
@click.option("--per-day", type=click.IntRange(1, 10_000_000), default=2000, show_default=True)
@click.pass_obj
def add(roof: Roof, name: str, *, contact: str, per_minute: int, per_day: int) -> None:
    """Issue a key and print it; it is shown once."""
    click.echo(
        _run(
            roof,
            lambda database: actions.add_key(
                database,
                name,
                contact=contact,
                per_minute=per_minute,
                per_day=per_day,
                at=clock.now(),
            ),
        )
    )


@keys.command("list")
@click.pass_obj
def list_command(roof: Roof) -> None:
    """List all keys, revoked ones too."""
    for key in _run(roof, lambda database: store.list_keys(database.app)):
        used = f"last used {key.last_used_on}" if key.last_used_on else "never used"
        state = f"  (revoked {key.revoked_at:%Y-%m-%d})" if key.revoked_at else ""
        limits = f"{key.per_minute}/min {key.per_day}/day"
        click.echo(f"{key.name:<28} {limits:<20} {used:<22} {key.contact}{state}")


@keys.command()
@click.argument("name")
@click.pass_obj
def revoke(roof: Roof, name: str) -> None:
    """Refuse a key from now on; the reports it sent stay."""
    _run(roof, lambda database: actions.revoke_key(database, name, at=clock.now()))
    click.echo(f"Revoked {name}.")


def _run(roof: Roof, work: Callable[[Database], Awaitable[T]]) -> T:
    async def run() -> T:
        database = await open_database(
            roof.settings.database_url or "",
            app_size=2,
            public_size=1,
            application_name="caunoi-open311",
        )
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())
