"""The command `caunoi`: all packages' commands under one roof, each imported when it is called."""

import importlib
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from functools import cached_property
from typing import Any, Final

import click

from backend.errors import CaunoiError

# Name on the command line → where its command or group lives, and what it is for.
COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "serve": ("backend.roof.commands:serve", "Start everything and keep it running."),
    "stop": ("backend.roof.commands:stop", "Stop what runs in this CAUNOI_VAR."),
    "status": ("backend.roof.commands:status", "Say what runs."),
    "web": ("backend.roof.commands:web", "Serve HTTP in this process."),
    "worker": ("backend.roof.commands:worker", "Work on jobs and timers in this process."),
    "prepare": ("backend.roof.commands:prepare", "Migrate and load the demo once."),
    "migrate": ("backend.roof.commands:migrate", "Bring the schema up to this version."),
    "backup": ("backend.roof.commands:backup", "Save database, photos and keys."),
    "restore": ("backend.roof.commands:restore", "Put a backup back."),
    "units": ("geo.commands:units", "Administrative units: import, activate, ask."),
    "accounts": ("backend.accounts.commands:accounts", "People who may sign in."),
    "consents": ("backend.accounts.consents.commands:consents", "What people agree to."),
    "practice": ("backend.practice.commands:practice", "Quiet hours, open data: rules."),
    "retention": ("backend.privacy.commands:retention", "How long things are kept."),
    "wall-tokens": ("backend.accounts.commands:wall_tokens", "Links for screens on a wall."),
    "reports": ("backend.reports.imports.commands:reports", "History of another system."),
    "demo": ("backend.demo.commands:demo", "The demo province: load it, take it away."),
    "open311": ("mobile_api.open311.commands:open311", "Keys of programs that send reports."),
    "jobs": ("backend.jobs.commands:jobs", "Work that failed for good: look, queue again."),
    "counts": ("backend.counts.commands:counts", "Prove that the figures are right."),
    "map": ("backend.grid.commands:map_group", "Prove that the public map is right."),
    "bench": ("bench.commands:bench", "Measure, from a checkout (bench/README.md)."),
    "audit": ("backend.audit.commands:audit", "Prove that the event log is whole."),
}
# Called by the supervisor, not by people.
_HIDDEN: Final = frozenset(("prepare",))


class Roof:
    """What commands are handed as click's context object; nothing is opened before it is asked for.

    The embedded database and store are started for the length of a command if nothing runs.
    """

    def __init__(self) -> None:
        self._open = ExitStack()

    @cached_property
    def settings(self) -> Any:
        """The settings, complete with the addresses of database and store."""
        from backend.roof.embedded import running_services
        from backend.settings import read_settings

        return self._open.enter_context(running_services(read_settings()))

    @asynccontextmanager
    async def owner_connection(self) -> AsyncIterator[Any]:
        """A connection as the owner of the tables."""
        from backend.database import owner_connection

        async with owner_connection(self.settings.database_url) as connection:
            yield connection

    def close(self) -> None:
        """Stop what was started for this command."""
        self._open.close()


class _Commands(click.Group):
    """Lists all commands, imports one when it is used: `caunoi --help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            shown = [(name, COMMANDS[name][1]) for name in self.list_commands(ctx)]
            formatter.write_dl([line for line in shown if line[0] not in _HIDDEN])


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="caunoi", prog_name="caunoi")
@click.pass_context
def caunoi(ctx: click.Context) -> None:
    """Cầu Nối: citizens report, agencies answer under a promise, leaders see it live."""
    if ctx.obj is None:
        ctx.obj = Roof()
        ctx.call_on_close(ctx.obj.close)


def main() -> None:
    """Run the command line; an error of ours is one sentence and exit status 1."""
    try:
        caunoi(prog_name="caunoi")
    except CaunoiError as error:
        is_vietnamese = os.environ.get("LANG", "").startswith("vi")
        click.echo(error.vi if is_vietnamese else error.en, err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
