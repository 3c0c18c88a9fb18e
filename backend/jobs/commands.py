"""`caunoi jobs …`: dead letters — list, show, requeue, discard."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol, TypeVar

import click

from backend.clock import VIETNAM
from backend.database import Connection
from backend.jobs import store
from backend.jobs.errors import UnknownJob
from backend.jobs.store import DeadLetter

T = TypeVar("T")

_PAYLOAD_SHOWN = 120


class Roof(Protocol):
    """What these commands need of click's context object."""

    def owner_connection(self) -> AbstractAsyncContextManager[Connection]: ...


@click.group()
def jobs() -> None:
    """Work that failed for good: look into it, try it again, or drop it."""


@jobs.command("list")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@click.pass_obj
def list_command(roof: Roof, limit: int) -> None:
    """List dead letters, the newest first."""
    letters = _run(roof, lambda connection: store.list_dead_letters(connection, limit=limit))
    if not letters:
        click.echo("No dead letters.")
        return
    click.echo(f"{'ID':>8}  {'FAILED AT (UTC+7)':19}  {'JOB':14}  {'TRIES':>5}  REASON")
    for letter in letters:
        click.echo(
            f"{letter.id:>8}  {_moment(letter.failed_at):19}  {letter.entrypoint:14}"
            f"  {letter.attempts + 1:>5}  {_one_line(letter.reason)}"
        )


@jobs.command()
@click.argument("job_id", metavar="ID", type=int)
@click.pass_obj
def show(roof: Roof, job_id: int) -> None:
    """Show one dead letter with all its attempts."""

    async def find(connection: Connection) -> tuple[DeadLetter | None, list[store.Attempt]]:
        letter = await store.find_dead_letter(connection, job_id)
        return letter, await store.list_attempts(connection, job_id)

    letter, attempts = _run(roof, find)
    if letter is None:
        raise UnknownJob()
    click.echo(f"job       {letter.id}  {letter.entrypoint}")
    click.echo(f"payload   {_readable(letter.payload)}")
    click.echo(f"created   {_moment(letter.created_at)}   failed {_moment(letter.failed_at)}")
    click.echo(f"tries     {letter.attempts + 1}")
    for attempt in attempts:
        reason = f"  {_one_line(attempt.reason)}" if attempt.reason else ""
        click.echo(f"  {_moment(attempt.at)}  {attempt.status}{reason}")
    last = next((one.traceback for one in reversed(attempts) if one.traceback), "")
    if last:
        click.echo("\nlast traceback:\n" + last.rstrip())


@jobs.command()
@click.argument("ids", metavar="ID...", type=int, nargs=-1)
@click.option("--all", "every", is_flag=True, help="All dead letters.")
@click.pass_obj
def requeue(roof: Roof, ids: tuple[int, ...], every: bool) -> None:
    """Try dead letters again, as if for the first time."""
    if every == bool(ids):
        raise click.UsageError("Name the jobs, or give --all.")
    done = _run(roof, lambda connection: store.requeue(connection, None if every else ids))
    missing = sorted(set(ids) - set(done))
    click.echo(f"Queued again: {len(done)}.")
    if missing:
        click.echo(f"No dead letters: {', '.join(map(str, missing))}.", err=True)
        raise SystemExit(1)


@jobs.command()
@click.argument("job_id", metavar="ID", type=int)
@click.pass_obj
def discard(roof: Roof, job_id: int) -> None:
    """Drop a dead letter for good."""
    if not _run(roof, lambda connection: store.discard(connection, job_id)):
        raise UnknownJob()
    click.echo(f"Dropped: {job_id}.")


def _run(roof: Roof, work: Callable[[Connection], Awaitable[T]]) -> T:
    async def connected() -> T:
        async with roof.owner_connection() as connection:
            return await work(connection)

    return asyncio.run(connected())


def _moment(at: datetime) -> str:
    return at.astimezone(VIETNAM).strftime("%Y-%m-%d %H:%M:%S")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _readable(payload: bytes | None) -> str:
    """The payload without anything that could act on a terminal."""
    text = (payload or b"").decode("utf-8", "replace")
    shown = "".join(letter if letter.isprintable() else "�" for letter in text)
    return shown[:_PAYLOAD_SHOWN] or "(none)"
