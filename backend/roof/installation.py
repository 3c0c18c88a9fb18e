"""One installation: its settings completed by what is embedded, and the lock on its folder."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from backend.roof.cluster import find_cluster
from backend.roof.errors import AlreadyRuns, NotRunning
from backend.roof.objects import find_store
from backend.roof.places import prepare_var, read_or_make_secret
from backend.settings import Settings, read_settings


def load_settings() -> Settings:
    """The environment's settings, completed; raises SettingsError or NotRunning."""
    return complete_settings(read_settings())


def complete_settings(settings: Settings) -> Settings:
    """Fill in where the embedded database and store of this CAUNOI_VAR are, and its keys.

    Raises NotRunning when there is none yet: the first start makes them.
    """
    prepare_var(settings.var_dir)
    if settings.database_url is None:
        cluster = find_cluster(settings.var_dir)
        if cluster is None:
            raise NotRunning
        settings = replace(settings, database_url=cluster.url)
    if settings.s3 is None:
        store = find_store(settings.var_dir)
        if store is None:
            raise NotRunning
        settings = replace(settings, s3=store.s3)
    return with_keys(settings)


def with_keys(settings: Settings) -> Settings:
    """The settings with the secret and the VAPID key: those given, else this installation's own.

    The first start makes both. An installation from before it kept a VAPID key, or one that is
    given its secret key (and may be one machine of several), writes down the VAPID key that
    follows from the secret, so that it stays when the secret is changed. Decision 0013.
    """
    is_first = not settings.secret_key and not secret_key_path(settings).exists()
    if not settings.secret_key:
        own = read_or_make_secret(secret_key_path(settings))
        settings = replace(settings, secret_key=own.encode())
    if settings.vapid_key is not None:
        return settings

    def make() -> str:
        # the supervisor needs it once in the life of an installation, and should weigh little
        from backend.messages.vapid import derive_key, make_key

        return make_key() if is_first else derive_key(settings.secret_key)

    return replace(settings, vapid_key=read_or_make_secret(vapid_key_path(settings), make))


def secret_key_path(settings: Settings) -> Path:
    """Where the key lies that an installation made for itself."""
    return settings.var_dir / "secrets" / "secret-key"


def vapid_key_path(settings: Settings) -> Path:
    """Where the key lies that push services know this installation by."""
    return settings.var_dir / "secrets" / "vapid-key"


def demo_mark(settings: Settings) -> Path:
    """The file that says "never again": a removed demo must not come back with the next start."""
    return settings.var_dir / "demo.loaded"


def is_demo_wanted(settings: Settings) -> bool:
    """Whether this start loads the demo province."""
    return settings.demo and not demo_mark(settings).exists()


@contextmanager
def locked(var_dir: Path) -> Iterator[None]:
    """Hold this CAUNOI_VAR; raises AlreadyRuns with the id of the process that holds it."""
    prepare_var(var_dir)
    with (var_dir / "caunoi.pid").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = _read_pid(var_dir)
            raise AlreadyRuns(
                f"Hệ thống đang chạy rồi (tiến trình {pid}).",
                f"It already runs here (process {pid}).",
                pid=pid,
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def holder(var_dir: Path) -> int | None:
    """The id of the process that holds this CAUNOI_VAR; None when nothing runs."""
    try:
        file = (var_dir / "caunoi.pid").open("a+")
    except FileNotFoundError:
        return None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return _read_pid(var_dir)
    return None


@dataclass(frozen=True)
class PartState:
    """One running part as `caunoi status` shows it; `started_at` in seconds of the Unix clock."""

    name: str
    pid: int
    port: int | None
    started_at: float
    restarts: int


def write_state(var_dir: Path, *, url: str, parts: list[PartState]) -> None:
    """Say what runs, for `caunoi status` to read."""
    content = {"url": url, "parts": [vars(part) for part in parts]}
    fresh = var_dir / "state.json.new"
    fresh.write_text(json.dumps(content, indent=1) + "\n")
    fresh.rename(var_dir / "state.json")


def read_state(var_dir: Path) -> tuple[str, list[PartState]]:
    """The address and parts that the running supervisor last wrote down."""
    try:
        content: dict[str, Any] = json.loads((var_dir / "state.json").read_text())
    except FileNotFoundError:
        return "", []
    return content["url"], [PartState(**part) for part in content["parts"]]


def _read_pid(var_dir: Path) -> int:
    text = (var_dir / "caunoi.pid").read_text().strip()
    # between the lock and the number lies an instant
    return int(text) if text else 0
