"""The command line: `caunoi …` finds each package's commands and imports only the one asked for."""

import importlib
import sys

import click

from backend.errors import CaunoiError

# command → module and attribute; a command's module is imported when it is called or explained
_COMMANDS = {
    "serve": "backend.roof.commands:serve",
    "stop": "backend.roof.commands:stop",
    "status": "backend.roof.commands:status",
    "web": "backend.roof.commands:web",
    "worker": "backend.roof.commands:worker",
    "prepare": "backend.roof.commands:prepare",
    "migrate": "backend.roof.commands:migrate",
    "backup": "backend.roof.commands:backup",
    "restore": "backend.roof.commands:restore",
}


class _LazyGroup(click.Group):
    def list_commands(self, _context: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        module, attribute = _COMMANDS[name].split(":")
        command = getattr(importlib.import_module(module), attribute)
        return command if isinstance(command, click.Command) else None


@click.group(cls=_LazyGroup, help="Cầu Nối: citizens report, agencies answer, leaders see it live.")
def cli() -> None:
    """The root of all commands."""


def main() -> None:
    """Run the command line; an error of ours is one sentence and status 1."""
    try:
        cli(prog_name="caunoi")
    except CaunoiError as error:
        click.echo(f"caunoi: {error.en}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
