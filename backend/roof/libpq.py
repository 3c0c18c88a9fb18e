"""PostgreSQL's own client programs, told by the environment where the database is.

Not by arguments: everybody on a machine may read those, and they would show the password.
"""

from collections.abc import Sequence
from pathlib import Path
from subprocess import CompletedProcess
from urllib.parse import parse_qsl, unquote, urlsplit

from backend.roof import processes
from backend.roof.cluster import find_postgresql
from backend.roof.errors import RoofError

_PARAMETERS = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
}


def run_client(program: str, arguments: Sequence[str | Path], *, url: str) -> str:
    """Run psql, pg_dump, createdb … on the database at `url`; its output, or RoofError with it."""
    ended = try_client(program, arguments, url=url)
    if ended.returncode != 0:
        raise RoofError(f"{program}: {ended.stdout}", f"{program} failed: {ended.stdout}")
    return ended.stdout


def try_client(program: str, arguments: Sequence[str | Path], *, url: str) -> CompletedProcess[str]:
    """The same, answering with the ended process whatever its status."""
    return processes.run_as(
        [find_postgresql() / program, *arguments], account=None, environ=client_environment(url)
    )


def client_environment(url: str) -> dict[str, str]:
    """The PG… variables that mean the same as this postgresql:// URL."""
    parts = urlsplit(url)
    given = {
        "host": parts.hostname,
        "port": str(parts.port) if parts.port else None,
        "user": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
        **dict(parse_qsl(parts.query)),
    }
    environ = processes.environment_without_secrets()
    environ |= {
        variable: value for name, variable in _PARAMETERS.items() if (value := given.get(name))
    }
    environ["PGDATABASE"] = unquote(parts.path.removeprefix("/")) or "postgres"
    environ["PGCONNECT_TIMEOUT"] = "10"
    return environ
