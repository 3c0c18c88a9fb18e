"""Intake through HTTP against its floor: the same submit as one statement on raw asyncpg.

    ./run caunoi bench intake [--seconds 8] [--rounds 3]

Floor and product run in turn on one database, load generator included, on the same cores. Prints
throughput of both, their ratio, and the latency at 70 % of the product's own maximum (open loop:
requests are due at fixed moments, and waiting for a late one counts). Beside it stands what the
machine itself costs: the same percentile of two processes that only count, at 70 % of two cores.
"""

import asyncio
import gc
import json
import os
import statistics
import sys
import time
import uuid
from dataclasses import dataclass

from backend.clock import now
from backend.database import open_database
from backend.events.chain import Actor
from backend.reports.rulebook import Rulebook, Rulebooks
from backend.reports.store import NewReport, insert_report
from backend.reports.submit import Submission, prepare_report
from backend.settings import Settings
from bench.lanes import open_lane
from bench.machine import lateness
from bench.stack import Served, free_port, own_database, served

CONNECTIONS = 16
CATEGORIES = ("giao-thong-o-ga", "ve-sinh-moi-truong-rac-ton-dong", "dien-chieu-sang-den-hong")
PLACES = ((108.7923, 15.1205), (108.80, 15.12), (108.75, 15.25), (108.01, 14.35), (108.95, 14.81))


@dataclass(frozen=True)
class Round:
    """What one round measured; throughput in submits a second, latency in milliseconds."""

    floor: float
    product: float
    p50: float
    p99: float
    offered: float
    machine_p99: float


async def run(settings: Settings, *, seconds: float, rounds: int) -> list[Round]:
    """Measure floor and product in turn; raises if any submit is not acknowledged."""
    found = []
    async with own_database(settings) as own, served(own, port=free_port()) as web:
        await http_max(web, seconds=2)
        # a collection of what the load generator has imported would be counted as the product's
        gc.collect()
        gc.freeze()
        for _ in range(rounds):
            floor = await floor_max(own, seconds=seconds)
            product = await http_max(web, seconds=seconds)
            offered = product * 0.7
            machine = await asyncio.to_thread(lateness, share=0.7, seconds=seconds)
            latencies = await http_paced(web, rate=offered, seconds=seconds)
            found.append(
                Round(
                    floor=floor,
                    product=product,
                    p50=percentile(latencies, 50),
                    p99=percentile(latencies, 99),
                    offered=offered,
                    machine_p99=percentile(machine, 99),
                )
            )
            print(
                f"floor {floor:7.0f}/s   product {product:7.0f}/s   ratio {product / floor:5.2f}   "
                f"at 70 %: p50 {found[-1].p50:5.1f} ms  p99 {found[-1].p99:6.1f} ms   "
                f"machine p99 {found[-1].machine_p99:6.1f} ms",
                flush=True,
            )
    return found


async def floor_max(settings: Settings, *, seconds: float) -> float:
    """Submits a second by the bare statement: values made beforehand, 16 connections."""
    database = await open_database(settings.database_url or "", app_size=CONNECTIONS)
    try:
        rulebook = await Rulebooks(database).current()
        prepared = [_prepared(rulebook, settings, number) for number in range(int(seconds * 6000))]
        waiting = iter(prepared)
        ends = time.perf_counter() + seconds
        done = 0

        async def lane() -> None:
            nonlocal done
            async with database.app.acquire() as connection:
                for new in waiting:
                    if time.perf_counter() > ends:
                        return
                    await insert_report(
                        connection,
                        new,
                        epoch=rulebook.epoch,
                        principal="citizen",
                        key=uuid.uuid4(),
                        payload_hash=bytes(32),
                    )
                    done += 1

        started = time.perf_counter()
        await asyncio.gather(*(lane() for _ in range(CONNECTIONS)))
        return done / (time.perf_counter() - started)
    finally:
        await database.close()


def _prepared(rulebook: Rulebook, settings: Settings, number: int) -> NewReport:
    lon, lat = PLACES[number % len(PLACES)]
    submission = Submission(
        category_code=CATEGORIES[number % len(CATEGORIES)],
        text=f"Ổ gà sâu giữa đường, nhiều xe phải tránh, đo thử lần {number}",
        lon=lon,
        lat=lat,
    )
    return prepare_report(rulebook, submission, settings=settings, actor=Actor("citizen"), at=now())


def build_request(number: int) -> bytes:
    """A submit as a phone sends it, under a fresh key."""
    lon, lat = PLACES[number % len(PLACES)]
    body = json.dumps(
        {
            "category": CATEGORIES[number % len(CATEGORIES)],
            "text": f"Ổ gà sâu giữa đường, nhiều xe phải tránh, đo thử lần {number}",
            "location": {"lon": lon, "lat": lat, "accuracy_metres": 12},
        },
        ensure_ascii=False,
    ).encode()
    head = (
        "POST /api/v1/reports HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        f"Idempotency-Key: {uuid.uuid4()}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def http_max(web: Served, *, seconds: float, connections: int = CONNECTIONS) -> float:
    """Acknowledged submits a second, each connection sending the next when it has its answer."""
    ends, done = time.perf_counter() + seconds, 0

    async def lane(first: int) -> None:
        nonlocal done
        number = first
        async with open_lane(web) as ask:
            while time.perf_counter() < ends:
                await ask(build_request(number))
                number += connections
                done += 1

    started = time.perf_counter()
    await asyncio.gather(*(lane(number) for number in range(connections)))
    return done / (time.perf_counter() - started)


async def http_paced(web: Served, *, rate: float, seconds: float) -> list[float]:
    """Milliseconds from the moment each submit was due to its answer, at a fixed rate."""
    latencies: list[float] = []
    due: asyncio.Queue[float] = asyncio.Queue()

    async def lane() -> None:
        async with open_lane(web) as ask:
            number = 0
            while True:
                moment = await due.get()
                if moment < 0:
                    return
                number += 1
                await ask(build_request(number))
                latencies.append((time.perf_counter() - moment) * 1000)

    lanes = [asyncio.create_task(lane()) for _ in range(64)]
    started = time.perf_counter()
    for number in range(int(rate * seconds)):
        moment = started + number / rate
        wait = moment - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        due.put_nowait(moment)
    for _ in lanes:
        due.put_nowait(-1.0)
    await asyncio.gather(*lanes)
    return latencies


def percentile(values: list[float], share: int) -> float:
    """The value that `share` percent of the values do not exceed."""
    return statistics.quantiles(values, n=100)[share - 1]


def report(rounds: list[Round]) -> None:
    """Print the medians with their spread."""
    ratios = [one.product / one.floor for one in rounds]
    p99s = [one.p99 for one in rounds]
    print(f"cores {os.cpu_count()}, python {sys.version.split()[0]}, {len(rounds)} rounds")
    print(
        f"ratio median {statistics.median(ratios):.2f} (min {min(ratios):.2f}, "
        f"max {max(ratios):.2f}); wanted at least 0.35"
    )
    print(
        f"p99 at 70 % of its maximum: median {statistics.median(p99s):.1f} ms "
        f"(min {min(p99s):.1f}, max {max(p99s):.1f}); wanted at most 50 ms"
    )
    own = [one.machine_p99 for one in rounds]
    print(
        f"p99 of the bare machine: median {statistics.median(own):.1f} ms "
        f"(min {min(own):.1f}, max {max(own):.1f})"
    )
