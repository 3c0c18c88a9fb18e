"""`caunoi accounts …` and `caunoi wall-tokens …`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar

import click

from backend import clock
from backend.accounts import actions, store
from backend.accounts.actions import NewAccount
from backend.accounts.principals import PEOPLE, Role
from backend.accounts.sessions import normal_username
from backend.accounts.tables import Account
from backend.database import Database, open_database
from backend.settings import Settings

T = TypeVar("T")


class Roof(Protocol):
    """What these commands need of click's context object."""

    @property
    def settings(self) -> Settings: ...


@click.group()
def accounts() -> None:
    """People who may sign in."""


@accounts.command()
@click.argument("username")
@click.option("--role", type=click.Choice(sorted(PEOPLE)), required=True)
@click.option("--name", required=True, help="The person's name, as colleagues see it.")
@click.option("--agency", help="The agency's code; officers and key holders need one.")
@click.option("--unit", help="The unit's code, for leaders of one unit.")
@click.option("--sees-restricted", is_flag=True, help="May open restricted reports.")
@click.password_option(help="Asked for when absent; at least 12 characters.")
@click.pass_obj
def add(
    roof: Roof,
    username: str,
    *,
    role: Role,
    name: str,
    agency: str | None,
    unit: str | None,
    sees_restricted: bool,
    password: str,
) -> None:
    """Add an account."""
    new = NewAccount(
        username,
        role,
        name,
        password=password,
        agency_code=agency,
        unit_code=unit,
        sees_restricted=sees_restricted,
    )
    _run(roof, lambda database: actions.add_account(database, new, now=clock.now()))
    click.echo(f"Added {normal_username(username)} ({role}).")


@accounts.command("list")
@click.pass_obj
def list_command(roof: Roof) -> None:
    """List all accounts."""

    async def read(_: Database) -> list[dict[str, object]]:
        return await Account.select(
            Account.username,
            Account.role,
            Account.name,
            Account.agency_code,
            Account.unit_code,
            Account.is_active,
        ).order_by(Account.role, Account.username)

    for row in _run(roof, read):
        place = row["agency_code"] or row["unit_code"] or "-"
        state = "" if row["is_active"] else "  (disabled)"
        click.echo(f"{row['role']:<11} {row['username']:<28} {place:<24} {row['name']}{state}")


@accounts.command()
@click.argument("username")
@click.pass_obj
def disable(roof: Roof, username: str) -> None:
    """Switch an account off and end its sessions."""
    ended = _run(roof, lambda database: actions.set_active(database, username, is_active=False))
    click.echo(f"Disabled {normal_username(username)}; {ended} sessions ended.")


@accounts.command()
@click.argument("username")
@click.pass_obj
def enable(roof: Roof, username: str) -> None:
    """Switch an account on again."""
    _run(roof, lambda database: actions.set_active(database, username, is_active=True))
    click.echo(f"Enabled {normal_username(username)}.")


@accounts.command()
@click.argument("username")
@click.password_option(help="Asked for when absent; at least 12 characters.")
@click.pass_obj
def password(roof: Roof, username: str, password: str) -> None:
    """Set a new password and end every session."""
    _run(roof, lambda database: actions.change_password(database, username, password))
    click.echo("The password is changed; every session of the account has ended.")


@accounts.command("codes")
@click.argument("username")
@click.option("--drop", is_flag=True, help="Ask for no codes any more (phone lost).")
@click.pass_obj
def codes_command(roof: Roof, username: str, *, drop: bool) -> None:
    """Ask an account for one-time codes; prints what the authenticator app reads."""
    if drop:
        _run(roof, lambda database: actions.drop_codes(database, username))
        click.echo(f"{normal_username(username)} signs in without codes.")
    else:
        click.echo(_run(roof, lambda database: actions.set_up_codes(database, username)))


@click.group("wall-tokens")
def wall_tokens() -> None:
    """Links for screens on a wall: read-only, without expiry, revocable."""


@wall_tokens.command()
@click.argument("username")
@click.option("--name", help="Where the screen hangs; a new screen needs it.")
@click.option("--unit", help="Show this unit only.")
@click.pass_obj
def issue(roof: Roof, username: str, *, name: str | None, unit: str | None) -> None:
    """Print the link of a screen; it is shown once."""

    async def work(database: Database) -> str:
        now = clock.now()
        if name is not None:
            return await actions.add_wall(database, username, name=name, unit_code=unit, now=now)
        return await actions.issue_wall_link(database, username, now=now)

    token = _run(roof, work)
    click.echo(f"{roof.settings.public_url}/ioc/wall?token={token}")


@wall_tokens.command()
@click.argument("username")
@click.pass_obj
def revoke(roof: Roof, username: str) -> None:
    """End every link of a screen."""
    ended = _run(roof, lambda database: store.revoke_wall(database.app, normal_username(username)))
    click.echo(f"{ended} links revoked.")


def _run(roof: Roof, work: Callable[[Database], Awaitable[T]]) -> T:
    async def run() -> T:
        async with _database(roof.settings) as database:
            return await work(database)

    return asyncio.run(run())


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Database]:
    database = await open_database(
        settings.database_url or "", app_size=2, public_size=1, application_name="caunoi-accounts"
    )
    try:
        yield database
    finally:
        await database.close()
