"""What lies where under CAUNOI_VAR: secrets, ports, logs, the pid file with its lock."""

import os
import random
import secrets
import socket
from collections.abc import Callable
from pathlib import Path

from backend.roof.errors import StartFailed


def prepare_var(var_dir: Path) -> None:
    """Make the folder of an installation and its closed parts."""
    var_dir.mkdir(parents=True, exist_ok=True)
    for name in ("secrets", "log", "objects"):
        (var_dir / name).mkdir(mode=0o700, exist_ok=True)


def read_or_make_secret(
    path: Path, make: Callable[[], str] = lambda: secrets.token_urlsafe(32)
) -> str:
    """The secret kept in this file, made on first use and readable by its owner only."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    value = make()
    with os.fdopen(handle, "w") as file:
        file.write(value + "\n")
        file.flush()
        os.fsync(file.fileno())
    return value


def free_port() -> int:
    """A loopback port that nobody listens on now.

    Below the ports that Linux lends to outgoing connections (32768 and up), so that it is still
    free when its server comes back from a restart.
    """
    for port in random.sample(range(20_000, 32_000), 200):
        if is_port_free(port):
            return port
    raise StartFailed("Không còn cổng trống.", "There is no free port from 20000 to 32000.")


def is_port_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def tail(path: Path, *, lines: int = 12) -> str:
    """The last lines of a log, for a message about what went wrong; empty when there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - 16_384))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
