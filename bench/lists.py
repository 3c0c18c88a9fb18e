"""How long near and bbox lists take with 1,000,000 published reports, wherever one looks.

    ./run caunoi bench lists [--many 1000000]

Boxes from a street to the province, each with every filter, also deep in the past and by cursor;
near at a dense, a rural and an empty place. Read through the strangers' role. Prints the medians
that are not far below the goal, and the worst: at most 15 ms.
"""

import statistics
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import asyncpg

from backend.settings import Settings
from bench.many import CITY, many_reports
from mobile_api.lists.filter import ListFilter
from mobile_api.lists.store import list_near, list_newest

READS = 20
GOAL_MS = 15
_THEN = datetime(2025, 1, 1, tzinfo=UTC)


def boxes() -> dict[str, tuple[float, float, float, float] | None]:
    """From nothing at all to everything."""
    lon, lat = CITY
    around = {"street": 0.002, "city": 0.02, "around the city": 0.08}
    return {
        "anywhere": None,
        **{name: (lon - side, lat - side, lon + side, lat + side) for name, side in around.items()},
        "province": (107.0, 14.0, 110.0, 16.0),
        "hills": (108.30, 14.50, 108.32, 14.52),
        "nowhere": (100.0, 10.0, 101.0, 11.0),
    }


def questions() -> dict[str, ListFilter]:
    """Every box with every filter."""
    found: dict[str, ListFilter] = {}
    for name, box in boxes().items():
        plain = ListFilter(bbox=box)
        found |= {
            name: plain,
            f"{name}, category": replace(plain, category="giao-thong-o-ga"),
            f"{name}, field": replace(plain, category="giao-thong"),
            f"{name}, common stage": replace(plain, status="closed"),
            f"{name}, rare stage": replace(plain, status="awaiting_citizen"),
            f"{name}, field, rare stage": replace(
                plain, category="giao-thong", status="awaiting_citizen"
            ),
            f"{name}, unit": replace(plain, unit="21028"),
            f"{name}, unit, rare stage": replace(plain, unit="21028", status="awaiting_citizen"),
            f"{name}, unit, field": replace(plain, unit="21028", category="giao-thong"),
            f"{name}, until then": replace(plain, until=_THEN),
            f"{name}, three days": replace(plain, since=_THEN, until=_THEN + timedelta(days=3)),
            f"{name}, page after": replace(plain, after=(_THEN, uuid.UUID(int=0))),
        }
    return found


async def run(settings: Settings, many: int) -> bool:
    """Fill, read, print; whether the promise holds."""
    async with many_reports(settings, many) as own:
        return await measure(own.database_url or "")


async def measure(url: str) -> bool:
    """Read every list; whether the promise holds."""
    reader = await asyncpg.connect(url, server_settings={"role": "caunoi_public"})
    asked: dict[str, Callable[[], Awaitable[Any]]] = {
        name: partial(list_newest, reader, wanted) for name, wanted in questions().items()
    }
    for place, (lon, lat) in {"city": CITY, "hills": (108.3, 14.51)}.items():
        for radius in (250, 5000):
            for category in (None, "giao-thong-o-ga", "giao-thong"):
                asked[f"near, {place}, {radius} m, {category or 'any'}"] = partial(
                    list_near,
                    reader,
                    lon=lon,
                    lat=lat,
                    radius_metres=radius,
                    category=category,
                    limit=20,
                )
    try:
        medians: dict[str, tuple[float, float]] = {}
        for name, ask in asked.items():
            times = []
            for _ in range(READS + 5):
                started = time.perf_counter()
                await ask()
                times.append((time.perf_counter() - started) * 1000)
            medians[name] = (statistics.median(times[5:]), max(times[5:]))
    finally:
        await reader.close()
    slowest = sorted(medians.items(), key=lambda item: -item[1][0])
    for name, (median, most) in slowest[:12]:
        print(f"{name:<44}{median:>8.2f} ms  (most {most:.1f})")
    of_all = statistics.median(median for median, _ in medians.values())
    print(f"{len(medians)} lists: median {of_all:.2f} ms, slowest list {slowest[0][1][0]:.2f} ms")
    return slowest[0][1][0] <= GOAL_MS
