"""Real worker processes on a database and bucket of the test's own."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backend.database import Database, open_database
from backend.photos.objects import ObjectStore
from backend.settings import Settings
from tests.shared_data import CHECKOUT


class Workers:
    """Starts and kills worker processes; what they say is in `said`."""

    def __init__(self, settings: Settings) -> None:
        assert settings.s3 is not None
        assert settings.database_url is not None
        self.folder = settings.var_dir
        self.environ = {
            **os.environ,
            "CAUNOI_VAR": str(settings.var_dir),
            "CAUNOI_DATABASE_URL": settings.database_url,
            "CAUNOI_SECRET_KEY": settings.secret_key.decode(),
            "CAUNOI_S3_URL": settings.s3.url,
            "CAUNOI_S3_ACCESS_KEY": settings.s3.access_key,
            "CAUNOI_S3_SECRET_KEY": settings.s3.secret_key,
            "CAUNOI_S3_BUCKET": settings.s3.bucket,
            "CAUNOI_LOG_LEVEL": "info",
            "CAUNOI_QUIET_HOURS": "off",
        }
        self.running: list[subprocess.Popen[bytes]] = []
        self._log = settings.var_dir / "worker.log"

    def start(self, **environ: str) -> subprocess.Popen[bytes]:
        """Start `caunoi worker`."""
        return self._start(["backend", "worker"], environ)

    def start_poisoned(self, *, attempts: int = 3) -> subprocess.Popen[bytes]:
        """Start the worker of poisoned.py, which gives a job so many attempts."""
        return self._start(["tests.worker.poisoned"], {"ATTEMPTS": str(attempts)})

    def _start(self, words: list[str], environ: dict[str, str]) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *words],
                cwd=CHECKOUT,
                env={**self.environ, **environ},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.running.append(process)
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """End a worker and its children as a power cut would."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=10)
        self.running.remove(process)

    def stop(self, process: subprocess.Popen[bytes]) -> float:
        """Ask a worker to end, once it has started; how many seconds it took."""
        deadline = time.monotonic() + 20
        while process.pid not in {line["pid"] for line in self.said("worker started")}:
            assert time.monotonic() < deadline, self.text()
            time.sleep(0.05)
        started = time.monotonic()
        process.terminate()
        status = process.wait(timeout=10)
        self.running.remove(process)
        assert status == 0, self.text()
        return time.monotonic() - started

    def text(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    def said(self, event: str) -> list[dict[str, Any]]:
        """The log lines with this event."""
        lines = [json.loads(line) for line in self.text().splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("event") == event]


@pytest.fixture
def workers(settings: Settings) -> Iterator[Workers]:
    made = Workers(settings)
    yield made
    for process in list(made.running):
        made.kill(process)


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    assert settings.database_url is not None
    opened = await open_database(settings.database_url, app_size=6, public_size=2)
    yield opened
    await opened.close()


@pytest.fixture
async def objects(settings: Settings) -> AsyncIterator[ObjectStore]:
    assert settings.s3 is not None
    store = ObjectStore(settings.s3)
    await store.ensure_bucket()
    yield store
    await store.close()


Condition = Callable[[], Awaitable[bool]]


async def eventually(condition: Condition, *, seconds: float = 20.0, what: str = "") -> None:
    """Wait until the condition holds; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while not await condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        await asyncio.sleep(0.05)


def left_files(folder: Path) -> list[Path]:
    """Temporary files that lie about."""
    return [path for name in ("darkroom", "uploads") for path in (folder / name).glob("*")]
