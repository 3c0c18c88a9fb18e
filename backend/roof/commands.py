"""The roof's commands: serve, stop, status, web, worker, prepare, migrate, backup, restore.

Everything heavy is imported inside the command that needs it: the supervisor lives as long as the
installation and should weigh little.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

import click

from backend.roof import processes
from backend.roof.errors import RoofError
from backend.roof.installation import holder, load_settings
from backend.roof.overview import look, welcome
from backend.settings import Settings, read_settings

# LSB init scripts: "program is not running"
_NOT_RUNNING_STATUS = 3


@click.command()
@click.option("--detach", is_flag=True, help="Go on in the background once it answers.")
def serve(detach: bool) -> None:
    """Start everything and keep it running until Ctrl-C or `caunoi stop`."""
    from backend.roof.supervisor import serve as run
    from backend.web.assets import check_is_built

    settings = read_settings()
    check_is_built()
    if not detach:
        run(settings, say=_say, ready=lambda done: _say("\n" + welcome(done) + "\n\nCtrl-C stops."))
        return
    _detach(settings)


def _detach(settings: Settings) -> None:
    from backend.roof.detaching import run_detached
    from backend.roof.places import prepare_var
    from backend.roof.readiness import ask_readiness
    from backend.roof.supervisor import serve as run

    pid = holder(settings.var_dir)
    if pid is not None:
        answer = ask_readiness(settings)
        _say(f"It already runs here (process {pid}). {'' if answer.is_ready else answer.reason}")
        sys.exit(0 if answer.is_ready else 1)
    prepare_var(settings.var_dir)
    is_up = run_detached(
        lambda say, ready: run(settings, say=say, ready=lambda _: ready()),
        log_path=settings.var_dir / "log" / "supervisor.log",
        say=_say,
    )
    if not is_up:
        sys.exit(1)
    _say(welcome(settings) + "\n\nIt goes on in the background; `./run stop` stops it.")


@click.command()
def stop() -> None:
    """Stop what runs in this CAUNOI_VAR."""
    settings = read_settings()
    pid = holder(settings.var_dir)
    if pid is None:
        _say(f"Nothing runs in {settings.var_dir}.")
        return
    os.kill(pid, signal.SIGTERM)
    if processes.wait_for_end(pid, seconds=30):
        _say("Stopped.")
        return
    # its children are told by the kernel to end with it
    os.kill(pid, signal.SIGKILL)
    raise RoofError(
        f"Tiến trình {pid} không dừng và đã bị buộc dừng.",
        f"Process {pid} did not stop in 30 s and was killed.",
    )


@click.command()
def status() -> None:
    """Say what runs: process, port, uptime, restarts, memory. Exit status 3 when nothing does."""
    settings = read_settings()
    overview = look(settings)
    if overview is None:
        _say(f"Nothing runs in {settings.var_dir}.")
        sys.exit(_NOT_RUNNING_STATUS)
    _say(f"Cầu Nối runs at {overview.url}")
    _say("\n".join(overview.lines))


@click.command()
@click.option("--listener", type=int, hidden=True, help="An inherited listening socket.")
def web(listener: int | None) -> None:
    """Serve HTTP in this process (the database and store must run)."""
    from backend.roof.web_process import run_web

    run_web(load_settings(), listener=listener)


@click.command()
def worker() -> None:
    """Work on jobs and timers in this process (the database and store must run)."""
    from backend.worker import run_worker

    asyncio.run(run_worker(load_settings()))


@click.command(hidden=True)
def prepare() -> None:
    """Migrate, make the bucket, load the demo province once."""
    from backend.roof.preparing import prepare_data

    asyncio.run(prepare_data(load_settings(), say=_say))


@click.command()
def migrate() -> None:
    """Bring the database's schema up to this version."""
    from backend.roof.embedded import running_services
    from backend.roof.preparing import migrate_database

    with running_services(read_settings()) as settings:
        applied = asyncio.run(migrate_database(settings))
    _say("\n".join(applied) if applied else "The schema is up to date.")


@click.command()
@click.argument("target", type=click.Path(path_type=Path))
def backup(target: Path) -> None:
    """Save database, photos and keys into the file TARGET (or a new file in that folder)."""
    from backend.roof.backup import make_backup
    from backend.roof.embedded import running_services

    with running_services(read_settings()) as settings:
        made = make_backup(settings, target, say=_say)
    _say(f"Saved {made}")


@click.command()
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.option("--force", is_flag=True, help="Replace what the database and bucket hold.")
def restore(source: Path, force: bool) -> None:
    """Check the backup SOURCE and put its database, photos and keys back."""
    from backend.roof.embedded import running_services
    from backend.roof.restoring import restore_backup

    with running_services(read_settings(), alone=True) as settings:
        restore_backup(settings, source, force=force, say=_say)
    _say("Restored. Start it with ./run.")


COMMANDS = (serve, stop, status, web, worker, prepare, migrate, backup, restore)


def _say(text: str) -> None:
    click.echo(text)
