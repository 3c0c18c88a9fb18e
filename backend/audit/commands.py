"""`caunoi audit …`: prove that the event log is whole; anchor it now."""

import asyncio
import sys
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any, Protocol

import click

from backend import clock
from backend.audit.anchors import copy_anchor, copy_key, is_true, read_copy, write_anchor
from backend.audit.errors import AnchorContradicted
from backend.audit.verify import Break, Outcome, verify
from backend.photos.objects import ObjectStore
from backend.settings import Settings

# Copies are looked at that far back; each vouches for everything before it.
_COPY_DAYS = 31


class Roof(Protocol):
    """What these commands need of click's context object."""

    @property
    def settings(self) -> Settings: ...

    def owner_connection(self) -> AbstractAsyncContextManager[Any]: ...


@click.group()
def audit() -> None:
    """Prove that the event log is whole."""


@audit.command("verify")
@click.pass_obj
def verify_command(roof: Roof) -> None:
    """Compute every hash chain anew; exit status 1 naming the first broken row."""
    outcome = asyncio.run(_verify(roof))
    click.echo(
        f"{outcome.events} events of {outcome.cases} cases, {outcome.anchors} anchors"
        f" ({outcome.unanchored} events not anchored yet)"
    )
    for reason, events in outcome.removed:
        click.echo(f"{events} events were removed by record: {reason}")
    if outcome.broken is not None:
        click.echo(f"BROKEN: {outcome.broken}", err=True)
        sys.exit(1)
    click.echo("Whole: every chain, head, note and anchor is as it was written.")


@audit.command()
@click.pass_obj
def anchor(roof: Roof) -> None:
    """Anchor what has been committed so far, and copy the anchor out of the database."""
    made = asyncio.run(_anchor(roof))
    click.echo(made or "Nothing new to anchor.")


async def _verify(roof: Roof) -> Outcome:
    async with (
        roof.owner_connection() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        outcome = await verify(connection, progress=_tell)
        if outcome.broken is None:
            outcome.broken = await _verify_copies(roof.settings, connection)
    return outcome


async def _verify_copies(settings: Settings, connection: Any) -> Break | None:
    """Whether the copies outside the database tell of anchors that it still holds."""
    if settings.s3 is None:
        return None
    objects = ObjectStore(settings.s3)
    try:
        for days in range(_COPY_DAYS):
            key = copy_key(clock.now() - timedelta(days=days))
            copy = await read_copy(objects, key)
            if copy is not None and not await is_true(connection, copy):
                return Break("audit_anchor", str(copy.id), f"it is not what its copy {key} says")
    finally:
        await objects.close()
    return None


async def _anchor(roof: Roof) -> str | None:
    async with roof.owner_connection() as connection:
        async with connection.transaction():
            made = await write_anchor(connection, clock.now())
        if made is None:
            return None
        if roof.settings.s3 is not None:
            objects = ObjectStore(roof.settings.s3)
            try:
                await copy_anchor(connection, objects, made)
            except AnchorContradicted as error:
                raise click.ClickException(error.en) from error
            finally:
                await objects.close()
    return f"Anchor {made.id}: {made.events} events, digest {made.digest.hex()}"


def _tell(events: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r… {events} events", nl=False, err=True)
