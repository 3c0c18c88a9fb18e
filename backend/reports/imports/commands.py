"""`caunoi reports …`: the history of another system."""

import asyncio
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Protocol

import click

from backend.clock import now
from backend.reports.imports.loading import Order, OwnerConnection, import_reports
from backend.reports.imports.mapping_file import read_mapping
from backend.reports.imports.printing import describe_import
from backend.reports.imports.tally import Tally

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


class Roof(Protocol):
    """What these commands need of the context object."""

    @property
    def settings(self) -> Any: ...

    def owner_connection(self) -> AbstractAsyncContextManager[OwnerConnection]: ...


@click.group()
def reports() -> None:
    """Reports of citizens: the history of another system."""


@reports.command("import")
@click.argument("file", type=_FILE)
@click.option("--mapping", "mapping_path", type=_FILE, required=True, help="What columns mean.")
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write every row that is not loaded into this CSV, with the reason.",
)
@click.option("--commit", is_flag=True, help="Write; without it, only the report.")
@click.pass_obj
def import_command(
    roof: Roof, file: Path, mapping_path: Path, rejects: Path | None, commit: bool
) -> None:
    """Load FILE (.csv or .csv.gz), each of its cases once, however often it is called."""
    mapping = read_mapping(mapping_path)
    order = Order(
        path=file,
        mapping=mapping,
        code_prefix=roof.settings.code_prefix,
        now=now(),
        commit=commit,
        rejects=rejects,
    )
    tally = asyncio.run(_import(roof, order))
    for line in describe_import(tally, order):
        click.echo(line)


async def _import(roof: Roof, order: Order) -> Tally:
    async with roof.owner_connection() as connection:
        tally = await import_reports(connection, order, say=_progress)
    if sys.stderr.isatty():
        click.echo("\r" + " " * 40 + "\r", err=True, nl=False)
    return tally


def _progress(share: float, rows: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r… {share:4.0%}  {rows:,} rows", err=True, nl=False)
