"""How fast Open311 lists are answered over HTTP with a million published reports, in one run.

Each question is asked many times, with other spans, places and services each time; medians and the
slowest of twenty are printed. The reports lie in a database of their own (bench/many.py).
"""

import random
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import httpx

from backend.database import owner_connection
from backend.settings import Settings
from bench.many import CITY, many_reports
from bench.stack import free_port, served

WANTED_MS = 15.0
_LAST = datetime(2026, 11, 21, tzinfo=UTC)
_WARM, _ASKED = 5, 40


async def run(settings: Settings, *, reports: int) -> bool:
    """Measure and print; whether every median is as it is wanted."""
    async with many_reports(settings, reports) as many:
        return await measure(many)


async def measure(settings: Settings) -> bool:
    """Ask a server on this database."""
    async with owner_connection(settings.database_url or "") as owner:
        services = [
            row["code"]
            for row in await owner.fetch(
                "SELECT code FROM category WHERE field_code IS NOT NULL AND NOT is_restricted"
                " ORDER BY code"
            )
        ]
        places = [
            (row["lon"], row["lat"])
            for row in await owner.fetch(
                "SELECT ST_X(geom) AS lon, ST_Y(geom) AS lat FROM public_report"
                " ORDER BY created_at DESC LIMIT 40"
            )
        ]
    held = True
    async with (
        served(settings, port=free_port()) as web,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{web.port}/open311/v2") as client,
    ):
        for name, make in questions(services, [CITY, *places]).items():
            chance, times = random.Random(42), []
            for _ in range(_WARM + _ASKED):
                path = make(chance)
                started = time.perf_counter()
                answer = await client.get(path)
                times.append((time.perf_counter() - started) * 1000)
                answer.raise_for_status()
            times = times[_WARM:]
            median = statistics.median(times)
            worst = statistics.quantiles(times, n=20)[-1]
            held = held and median <= WANTED_MS
            print(f"{name:<34} median {median:6.1f} ms   p95 {worst:6.1f} ms")
    return held


def questions(
    services: list[str], places: list[tuple[float, float]]
) -> dict[str, Callable[[random.Random], str]]:
    """Queries as clients make them."""

    def asked(query: Callable[[random.Random], str]) -> Callable[[random.Random], str]:
        return lambda chance: f"/requests.json?{query(chance)}"

    def span(chance: random.Random) -> str:
        end = _LAST - timedelta(days=chance.randint(1, 1000))
        return f"end_date={end:%Y-%m-%dT%H:%M:%SZ}"

    def changes(chance: random.Random) -> str:
        since = _LAST - timedelta(days=chance.randint(100, 1000))
        return f"updated_after={since:%Y-%m-%dT%H:%M:%SZ}"

    def service(chance: random.Random) -> str:
        return f"service_code={quote(chance.choice(services))}"

    def around(chance: random.Random) -> str:
        lon, lat = chance.choice(places)
        return f"lat={lat:.6f}&long={lon:.6f}"

    def box(chance: random.Random) -> str:
        lon, lat = chance.choice(places)
        half = chance.choice((0.005, 0.02, 0.1))
        return f"bbox={lon - half:.6f},{lat - half:.6f},{lon + half:.6f},{lat + half:.6f}"

    made = {
        "the last 90 days": lambda _: "",
        "any 90 days": span,
        "open": lambda _: "status=open",
        "closed, any 90 days": lambda c: f"status=closed&{span(c)}",
        "a service": service,
        "a service, open": lambda c: f"{service(c)}&status=open",
        "500 m around": lambda c: f"{around(c)}&radius=500",
        "5 km around, open": lambda c: f"{around(c)}&radius=5000&status=open",
        "500 m around, a service": lambda c: f"{around(c)}&radius=500&{service(c)}",
        "a box": box,
        "a box, open, any 90 days": lambda c: f"{box(c)}&status=open&{span(c)}",
        "changes": changes,
        "changes of a service": lambda c: f"{changes(c)}&{service(c)}",
        "page 100": lambda _: "page=100",
    }
    # the first asks no database: what HTTP and the machine cost at this moment
    nothing = {"(a definition, for comparison)": lambda _: f"/services/{services[0]}.json"}
    return {**nothing, **{name: asked(query) for name, query in made.items()}}
