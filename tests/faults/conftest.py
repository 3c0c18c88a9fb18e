"""A whole installation with two webs and two workers, durable, for faults to be done to it."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

import asyncpg
import httpx
import pytest

from backend import clock
from backend.demo.boundaries import load_boundaries
from backend.demo.configuration import build_configuration, store_configuration
from backend.roof.embedded import running_services
from backend.settings import read_settings
from geo.store import list_all_units
from tests.faults.history import History, Sending, send_until_known
from tests.frontdoor.conftest import MakeInstallation, checkout, make_installation
from tests.frontdoor.installation import Installation, wait_until

__all__ = ["checkout", "make_installation"]

WEBS = ("web-1", "web-2")
WORKERS = ("worker-1", "worker-2")


@dataclass(frozen=True)
class Victim:
    """A running installation and what is needed to hurt it and to look at it afterwards."""

    installation: Installation
    database_url: str

    def kill(self, part: str) -> None:
        """SIGKILL one part, if it runs at all."""
        pid = self.installation.pid_of(part)
        if pid:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def client(self) -> httpx.AsyncClient:
        """A client that gives up soon and never retries by itself."""
        limits = httpx.Limits(max_connections=200, max_keepalive_connections=200)
        return httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.installation.port}", timeout=8, limits=limits
        )

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[asyncpg.Connection]:
        connection = await asyncpg.connect(self.database_url)
        try:
            yield connection
        finally:
            await connection.close()

    async def ready_again(self, *, seconds: float = 30) -> None:
        await asyncio.to_thread(
            wait_until, lambda: self.installation.status_of("/readyz") == 200, seconds=seconds
        )


@pytest.fixture(scope="module")
def victim(make_installation: MakeInstallation) -> Iterator[Victim]:
    """Two webs, two workers, durable PostgreSQL, S3; the province's configuration, no content."""
    installation = make_installation(web_processes="2", worker_processes="2", limits="off")
    installation.start()
    with running_services(read_settings(installation.environment)) as settings:
        assert settings.database_url is not None
        url = settings.database_url
    asyncio.run(_configure(url))
    yield Victim(installation, url)
    installation.run("stop")


async def _configure(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await load_boundaries(connection)
        units = [
            unit
            for unit in await list_all_units(connection)
            if unit.level == "commune" and unit.parent == "51"
        ]
        async with connection.transaction():
            await store_configuration(connection, build_configuration(units))
    finally:
        await connection.close()


async def send_all(victim: Victim, sendings: list[Sending], *, seconds: float = 90) -> None:
    """Every sending until it is acknowledged, all at once."""
    async with victim.client() as client:
        await asyncio.gather(
            *(send_until_known(client, sending, seconds=seconds) for sending in sendings)
        )


async def check_everything(victim: Victim, history: History, *, seconds: float = 120) -> None:
    """The oracle: reports once, photos there, work done, chains and figures whole."""
    await victim.ready_again()
    async with victim.owner() as owner:
        await _drained(owner, seconds=seconds)
        await _check_reports(owner, history)
        await _check_work(owner)
    verified = victim.installation.run("caunoi", "audit", "verify", seconds=300)
    assert verified.returncode == 0, verified.stdout
    counted = victim.installation.run("caunoi", "counts", "verify", seconds=300)
    assert counted.returncode == 0, counted.stdout


async def _drained(owner: asyncpg.Connection, *, seconds: float) -> None:
    ends = time.monotonic() + seconds
    while True:
        jobs = await owner.fetchval("SELECT count(*) FROM pgqueuer")
        photos = await owner.fetchval("SELECT count(*) FROM report_photo WHERE state = 'stored'")
        timers = await owner.fetchval(
            "SELECT count(*) FROM report WHERE next_timer_at < $1",
            clock.now() - timedelta(seconds=5),
        )
        if not (jobs or photos or timers):
            return
        if time.monotonic() > ends:
            kinds = await owner.fetch(
                "SELECT entrypoint, status, count(*) FROM pgqueuer GROUP BY 1, 2"
            )
            raise AssertionError(
                f"not drained: {[tuple(kind) for kind in kinds]}, {photos} photos, {timers} timers"
            )
        await asyncio.sleep(0.3)


async def _check_reports(owner: asyncpg.Connection, history: History) -> None:
    sent = {sending.key: sending for sending in history.sendings}
    rows = await owner.fetch(
        """
        SELECT k.key, r.id, r.code, count(*) OVER (PARTITION BY k.key) AS times
        FROM idempotency_key k JOIN report r ON r.id = k.case_id
        WHERE k.key = ANY($1::uuid[])
        """,
        list(sent),
    )
    found = {row["key"]: row for row in rows}
    assert len(rows) == len(found)
    for sending in history.acknowledged:
        assert sending.refusals == []
        assert sending.key in found, "an acknowledged report is gone"
        # every acknowledgement names the same report, in the same words
        assert all(answer == sending.answers[0] for answer in sending.answers)
        assert found[sending.key]["code"] == sending.answers[0]["code"]
    texts = [sending.body["text"] for sending in history.sendings]
    doubled = await owner.fetch(
        "SELECT text FROM report WHERE text = ANY($1::text[]) GROUP BY text HAVING count(*) > 1",
        texts,
    )
    assert doubled == []
    ready = await owner.fetch(
        """
        SELECT k.key, p.sha256, p.state FROM report_photo p
        JOIN idempotency_key k ON k.case_id = p.report_id WHERE k.key = ANY($1::uuid[])
        """,
        list(sent),
    )
    states = {(row["key"], row["sha256"]): row["state"] for row in ready}
    for sending in history.acknowledged:
        for name in sending.photos_taken:
            assert states[sending.key, name] == "ready"


async def _check_work(owner: asyncpg.Connection) -> None:
    # one visible notice an event and device, whatever happened on the wire
    assert await owner.fetchval("SELECT count(*) FROM notification WHERE state = 'waiting'") == 0
    assert (
        await owner.fetchval(
            """
            SELECT count(*) FROM (SELECT 1 FROM notification
                GROUP BY event_id, device_id HAVING count(*) > 1) doubled
            """
        )
        == 0
    )
    # events of a case are numbered without gaps
    assert (
        await owner.fetchval(
            """
            SELECT count(*) FROM (SELECT case_id FROM event GROUP BY case_id
                HAVING max(seq) <> count(*) OR min(seq) <> 1) gaps
            """
        )
        == 0
    )
