"""`caunoi consents …`: the words people are asked to agree to."""

from functools import partial
from pathlib import Path

import click

from backend.accounts.consents import actions, store
from backend.database import OwnerConnection, OwnersRoof, as_owner


@click.group()
def consents() -> None:
    """The words people are asked to agree to, by purpose and version."""


@consents.command()
@click.pass_obj
def show(roof: OwnersRoof) -> None:
    """Show every version there ever was; a star marks the one in force."""

    for text in as_owner(roof, partial(store.list_texts, with_history=True)):
        star = "*" if text.is_active else " "
        click.echo(f"{star} {text.purpose} {text.version}: {text.title_vi} / {text.title_en}")


@consents.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--commit", is_flag=True, help="Do it; without, only say what would be done.")
@click.pass_obj
def import_command(roof: OwnersRoof, file: Path, *, commit: bool) -> None:
    """Put new versions in force from a TOML file of [[consent]] tables; a dry run without --commit.

    Keys: purpose, version, title_vi, title_en, text_vi, text_en, law, position, and renews = true
    where consents to earlier versions must not count any longer. `retire = ["survey"]` at the top
    asks for a purpose no more.
    """
    texts, retired = actions.read_texts(file.read_bytes())

    async def work(connection: OwnerConnection) -> list[str]:
        async with connection.transaction():
            plan = await actions.plan_texts(connection, texts, retired)
            if commit:
                await actions.load_texts(connection, texts, retired)
            return plan

    for line in as_owner(roof, work):
        click.echo(line)
    click.echo("Done." if commit else "Dry run: nothing was changed (--commit does it).")
