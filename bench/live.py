"""How long until a report is on the leaders' board, while a hundred reports a second come in.

    ./run caunoi bench live [--rate 100] [--seconds 20]

Submits go through HTTP at fixed moments; a listener on the live stream notes when the count of
received reports reaches each of them. Measured from the 201 (and, for comparison, from the moment
the submit was due) to the event that shows it.
"""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from backend.settings import Settings
from bench.intake import build_request, percentile
from bench.lanes import open_lane
from bench.stack import Served, free_port, served


@dataclass
class Board:
    """What the stream has shown so far: (moment, reports received)."""

    counts: list[tuple[float, int]] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def show(self, received: int) -> None:
        async with self.changed:
            self.counts.append((time.perf_counter(), received))
            self.changed.notify_all()

    async def reached(self, received: int) -> None:
        async with self.changed:
            await self.changed.wait_for(
                lambda: bool(self.counts) and self.counts[-1][1] >= received
            )


async def run(settings: Settings, *, rate: float, seconds: float) -> list[float]:
    """Seconds from each 201 to the event that counts it."""
    async with served(settings, port=free_port()) as web:
        token = await sign_in(web, read_leader(settings.demo_logins_path))
        board = Board()
        listening = asyncio.create_task(_listen(web, token, board))
        await board.reached(0)
        before = board.counts[-1][1]
        acknowledged = await _submit_paced(web, rate=rate, seconds=seconds)
        await asyncio.wait_for(board.reached(before + len(acknowledged)), timeout=10)
        listening.cancel()
    return _waits(acknowledged, board.counts, before=before)


def _waits(
    acknowledged: list[float], counts: list[tuple[float, int]], *, before: int
) -> list[float]:
    """For the n-th acknowledgement, the first event whose count has reached n."""
    waits, position = [], 0
    for number, answered_at in enumerate(sorted(acknowledged), start=1):
        while position < len(counts) and (counts[position][1] < before + number):
            position += 1
        if position == len(counts):
            raise RuntimeError(f"report {number} of {len(acknowledged)} never appeared")
        waits.append(max(0.0, counts[position][0] - answered_at))
    return waits


def read_leader(logins: Path) -> dict[str, str]:
    """Name and password of the demo's leader."""
    people: list[dict[str, str]] = json.loads(logins.read_text())
    return next(one for one in people if one["role"] == "leader")


async def sign_in(web: Served, leader: dict[str, str]) -> str:
    """A bearer token of this person."""
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{web.port}") as client:
        answer = await client.post(
            "/api/v1/sessions",
            json={"username": leader["username"], "password": leader["password"]},
        )
        token: str = answer.raise_for_status().json()["access_token"]
        return token


async def _listen(web: Served, token: str, board: Board) -> None:
    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{web.port}", timeout=None) as client,  # noqa: S113  a stream
        client.stream(
            "GET", "/api/v1/ioc/stream", headers={"Authorization": f"Bearer {token}"}
        ) as stream,
    ):
        kind = ""
        async for line in stream.aiter_lines():
            if line.startswith("event:"):
                kind = line.removeprefix("event:").strip()
            elif line.startswith("data:") and kind == "figures":
                figures = json.loads(line.removeprefix("data:"))
                await board.show(figures["received"])


async def _submit_paced(web: Served, *, rate: float, seconds: float) -> list[float]:
    answered: list[float] = []
    due: asyncio.Queue[int] = asyncio.Queue()

    async def lane() -> None:
        async with open_lane(web) as ask:
            while (number := await due.get()) >= 0:
                await ask(build_request(number))
                answered.append(time.perf_counter())

    lanes = [asyncio.create_task(lane()) for _ in range(32)]
    started = time.perf_counter()
    for number in range(int(rate * seconds)):
        wait = started + number / rate - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        due.put_nowait(number)
    for _ in lanes:
        due.put_nowait(-1)
    await asyncio.gather(*lanes)
    return answered


def report(waits: list[float], *, say: Callable[[str], None] = print) -> None:
    """Print the percentiles."""
    milliseconds = [wait * 1000 for wait in waits]
    say(
        f"{len(waits)} reports: on the board after p50 {percentile(milliseconds, 50):.0f} ms, "
        f"p95 {percentile(milliseconds, 95):.0f} ms, max {max(milliseconds):.0f} ms; "
        "wanted p95 at most 1000 ms"
    )
