"""`caunoi practice …`: what law or custom leaves open, by version."""

import getpass
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from backend import clock
from backend.database import OwnerConnection, OwnersRoof, as_owner
from backend.practice import store
from backend.practice.changes import Change, in_force, load_rules
from backend.practice.rules import KINDS, Kind, read_rules, write_rules

_F = TypeVar("_F", bound=Callable[..., Any])


def change_options(command: _F) -> _F:
    """The options of every command that puts rules in force: who, why, from when, and whether."""
    for option in (
        click.option("--commit", is_flag=True, help="Do it; without, only say what would be done."),
        click.option(
            "--from",
            "effective_on",
            type=click.DateTime(["%Y-%m-%d"]),
            help="The day from which it holds; today if absent.",
        ),
        click.option("--by", default=getpass.getuser, help="Who changes it; your login if absent."),
        click.option("--why", "--note", "why", default="", help="Why: a decision's number, say."),
    ):
        command = option(command)
    return command


def read_change(by: str, why: str, effective_on: datetime | None) -> Change:
    """What the options say."""
    day: date = effective_on.date() if effective_on else clock.day_of(clock.now())
    return Change(by, why, day)


@click.group()
def practice() -> None:
    """What law or custom leaves open: notices (quiet hours, …), open_data (licence, k, …)."""


@practice.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.pass_obj
def show(roof: OwnersRoof, kind: Kind) -> None:
    """Show the rules in force, and every version there ever was; a star marks the one in force."""

    async def read(connection: OwnerConnection) -> tuple[int, list[store.Version]]:
        version, _ = await in_force(connection, kind, clock.now())
        return version, await store.list_versions(connection, kind)

    current, versions = as_owner(roof, read)
    for one in versions:
        star = "*" if one.version == current else " "
        click.echo(
            f"# {star} version {one.version} from {one.effective_on}: {one.note}"
            f" ({one.loaded_by}, {one.loaded_at:%Y-%m-%d %H:%M} UTC)"
        )
    body = next(one.body for one in versions if one.version == current)
    click.echo(write_rules(body), nl=False)


@practice.command("import")
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@change_options
@click.pass_obj
def import_command(
    roof: OwnersRoof,
    kind: Kind,
    file: Path,
    *,
    why: str,
    by: str,
    effective_on: datetime | None,
    commit: bool,
) -> None:
    """Put new rules in force from a TOML file as `show` prints it; a dry run without --commit."""
    rules, change = read_rules(kind, file.read_bytes()), read_change(by, why, effective_on)

    async def work(connection: OwnerConnection) -> None:
        async with connection.transaction():
            version, before = await in_force(connection, kind, clock.now())
            for line in differences(before, msgspec.to_builtins(rules)):
                click.echo(line)
            if commit:
                version = await load_rules(connection, kind, rules, change, now=clock.now())
            click.echo(told(version, change, is_done=commit))

    as_owner(roof, work)


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """A line for each value that changes."""
    return [
        f"{name}: {before.get(name)} -> {value}"
        for name, value in after.items()
        if before.get(name) != value
    ]


def told(version: int, change: Change, *, is_done: bool) -> str:
    """The last line of a command that puts rules in force."""
    if not is_done:
        return f"Dry run; still version {version}."
    return f"Version {version} from {change.effective_on}."
