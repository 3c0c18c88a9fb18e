"""`caunoi consents …`: the words people are asked to agree to."""

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

import click

from backend.accounts.consents import actions, store


class Roof(Protocol):
    """What these commands need of click's context object."""

    def owner_connection(self) -> AbstractAsyncContextManager[Any]: ...


@click.group()
def consents() -> None:
    """The words people are asked to agree to, by purpose and version."""


@consents.command()
@click.pass_obj
def show(roof: Roof) -> None:
    """Show every version there ever was; a star marks the one in force."""

    async def read() -> list[store.ConsentText]:
        async with roof.owner_connection() as connection:
            return await store.list_texts(connection, with_history=True)

    for text in asyncio.run(read()):
        star = "*" if text.is_active else " "
        click.echo(f"{star} {text.purpose} {text.version}: {text.title_vi} / {text.title_en}")


@consents.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--commit", is_flag=True, help="Do it; without, only say what would be done.")
@click.pass_obj
def import_command(roof: Roof, file: Path, *, commit: bool) -> None:
    """Put new versions in force from a TOML file of [[consent]] tables; a dry run without --commit.

    Keys: purpose, version, title_vi, title_en, text_vi, text_en, law, position, and renews = true
    where consents to earlier versions must not count any longer. `retire = ["survey"]` at the top
    asks for a purpose no more.
    """
    texts, retired = actions.read_texts(file.read_bytes())

    async def work() -> list[str]:
        async with roof.owner_connection() as connection, connection.transaction():
            plan = await actions.plan_texts(connection, texts, retired)
            if commit:
                await actions.load_texts(connection, texts, retired)
            return plan

    for line in asyncio.run(work()):
        click.echo(line)
    click.echo("Done." if commit else "Dry run: nothing was changed (--commit does it).")
