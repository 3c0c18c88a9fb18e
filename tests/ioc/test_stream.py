"""The stream over a real server: told at once, beating, ending when it must."""

import asyncio
import time

import asyncpg
import httpx
import pytest

from backend.counts.fold import fold_counts
from backend.database import Database
from backend.settings import Settings
from ioc_views.hub import Watcher
from tests.counts.cases import a_case
from tests.ioc.conftest import TODAY, receive
from tests.ioc.serving import listening, serve, signed_in


async def test_figures_come_at_once_follow_every_change_and_beat_in_between(
    settings: Settings, board: Database, people: None
) -> None:
    with serve(settings) as server:
        async with signed_in(server, "lanhdao") as client, listening(client) as stream:
            first = await stream.next("figures", within=2)
            summary = (await client.get("/api/v1/ioc/reports/summary")).json()
            for name in ("received", "open", "on_time_share", "overdue_open", "median_hours"):
                assert first.body[name] == summary[name]
            assert first.body["received"] == 12

            for received in (13, 14, 15):
                await receive(board, a_case(TODAY))
                changed_at = time.monotonic()
                told = await stream.next("figures", within=2)
                assert told.body["received"] == received
                assert told.at - changed_at < 1.0

            await fold_counts(board.app)
            beat = await stream.next("heartbeat", within=3)
            assert beat.body["as_of"] > told.body["as_of"]
            assert stream.heard.empty(), "folding changes nothing that is shown"


async def test_an_officers_stream_is_of_their_own_agency(settings: Settings, people: None) -> None:
    with serve(settings) as server:
        async with signed_in(server, "canbo") as client:
            async with listening(client) as stream:
                assert (await stream.next("figures", within=2)).body["received"] == 7
            answer = await client.get("/api/v1/ioc/stream?agency=so-xay-dung")
            assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-allowed")
        async with signed_in(server, "nguoidan") as client:
            assert (await client.get("/api/v1/ioc/stream")).status_code == 403
        async with httpx.AsyncClient(base_url=server.url) as client:
            assert (await client.get("/api/v1/ioc/stream")).status_code == 401


async def test_an_open_stream_ends_with_its_session(
    settings: Settings, owner: asyncpg.Connection, people: None
) -> None:
    with serve(settings) as server:
        async with signed_in(server, "lanhdao") as client, listening(client) as stream:
            await stream.next("figures", within=2)
            await owner.execute("DELETE FROM session")
            await stream.end(within=10)


async def test_an_open_stream_does_not_hold_up_the_server(settings: Settings, people: None) -> None:
    with serve(settings) as server:
        async with signed_in(server, "lanhdao") as client, listening(client) as stream:
            await stream.next("figures", within=2)
            seconds, _ = await asyncio.gather(asyncio.to_thread(server.stop), stream.end(within=10))
            assert seconds < 3
            assert server.process.returncode in (0, -15)


async def test_a_stream_is_silent_without_a_database_and_goes_on_when_it_is_back(
    settings: Settings, board: Database, people: None, server_url: str
) -> None:
    name = await board.app.fetchval("SELECT current_database()")
    elsewhere = await asyncpg.connect(server_url)
    with serve(settings) as server:
        async with signed_in(server, "lanhdao") as client, listening(client) as stream:
            await stream.next("heartbeat", within=5)
            await elsewhere.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            await elsewhere.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
            )
            with pytest.raises(TimeoutError):
                await stream.next("heartbeat", within=4)
            await elsewhere.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
            await stream.next("heartbeat", within=6)
    await elsewhere.close()


async def test_who_reads_slowly_gets_the_latest_and_nothing_piles_up() -> None:
    watcher = Watcher()
    for number in range(1000):
        watcher.tell(b"%d" % number)
    assert await watcher.next_message(0.1) == b"999"
    assert await watcher.next_message(0.01) is None
