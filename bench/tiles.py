"""How long a vector tile takes at every zoom with 1,000,000 published reports.

    ./run caunoi bench tiles [--many 1000000]

Tiles are those that hold a published report drawn at random, and the densest of the city; each is
read as the door reads it, through the strangers' role, packing not counted. Prints median and p95
of each zoom, with filters beside, and whether p95 is at most 30 ms and z6 at most 3 times z14.
"""

import math
import statistics
import time
from datetime import date

import asyncpg

from backend.settings import Settings
from bench.many import CITY, many_reports
from geo.tiles import Tile, find_tile, read_units_tile
from mobile_api.tiles.store import TileFilter, read_reports_tile

ZOOMS = range(19)
READS = 60
GOAL_MS = 30
_FIELD = "SELECT code FROM category WHERE field_code = 'giao-thong' ORDER BY code"
_PLACES = """SELECT ST_X(public_geom), ST_Y(public_geom) FROM report
    WHERE visibility = 'public' ORDER BY md5(id::text) LIMIT $1"""


def tile_at(lon: float, lat: float, zoom: int) -> Tile:
    """The tile that holds a place."""
    side = 1 << zoom
    down = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    tile = find_tile(zoom, int((lon + 180) / 360 * side), int(down * side))
    assert tile is not None  # noqa: S101  every place of the province is on the map
    return tile


async def run(settings: Settings, many: int) -> bool:
    """Fill, read, print; whether the promise holds."""
    async with many_reports(settings, many) as own:
        return await measure(own.database_url or "")


async def measure(url: str) -> bool:
    """Read every zoom in turn, three rounds; whether the promise holds."""
    owner = await asyncpg.connect(url)
    reader = await asyncpg.connect(url, server_settings={"role": "caunoi_public"})
    try:
        places = [tuple(row) for row in await owner.fetch(_PLACES, READS - 6)] + [CITY] * 6
        field = tuple(row["code"] for row in await owner.fetch(_FIELD))
        filters = {
            "all": TileFilter(),
            "category": TileFilter(categories=("giao-thong-o-ga",)),
            "field": TileFilter(categories=field),
            "stage": TileFilter(statuses=("closed",)),
            "a year": TileFilter(first=date(2025, 6, 10), last=date(2026, 6, 20)),
            "field, year": TileFilter(field, None, date(2025, 6, 10), date(2026, 6, 20)),
        }
        times: dict[tuple[int, str], list[float]] = {}
        for number in range(4):
            for zoom in ZOOMS:
                for name, wanted in filters.items():
                    for place in places[number % 3 :: 3]:
                        started = time.perf_counter()
                        await read_reports_tile(reader, tile_at(*place, zoom), wanted)
                        # the first round warms up plans and pages
                        if number:
                            spent = (time.perf_counter() - started) * 1000
                            times.setdefault((zoom, name), []).append(spent)
                for place in places[:10]:
                    started = time.perf_counter()
                    await read_units_tile(reader, tile_at(*place, zoom), on=date(2026, 11, 20))
                    if number:
                        spent = (time.perf_counter() - started) * 1000
                        times.setdefault((zoom, "units"), []).append(spent)
    finally:
        await reader.close()
        await owner.close()
    return report(times, [*filters, "units"])


def report(times: dict[tuple[int, str], list[float]], names: list[str]) -> bool:
    """Print the table; whether the promise holds."""
    print("ms, median/p95   " + "".join(f"{name:>16}" for name in names))
    for zoom in ZOOMS:
        cells = [
            f"{statistics.median(found):.1f}/{p95(found):.1f}"
            for found in (times[zoom, name] for name in names)
        ]
        print(f"z{zoom:<16}" + "".join(f"{cell:>16}" for cell in cells))
    worst = max(p95(times[zoom, "all"]) for zoom in ZOOMS)
    ratio = statistics.median(times[6, "all"]) / statistics.median(times[14, "all"])
    print(f"worst p95 of a zoom {worst:.1f} ms (goal: at most {GOAL_MS}); z6 is {ratio:.2f} × z14")
    return worst <= GOAL_MS and ratio <= 3


def p95(found: list[float]) -> float:
    """The 95th percentile."""
    return sorted(found)[int(len(found) * 0.95)]
