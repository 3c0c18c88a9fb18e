"""How fast leaders' figures are read with 10,000 and with 1,000,000 reports, in one run.

    python bench/counts.py --database-url postgresql://owner@host/postgres [--many 1000000]

Makes two databases, counts synthetic reports into them (COPY of their deltas, folded as the worker
does), reads through the application's role, and drops them. Prints medians and the ratio.
"""

import argparse
import asyncio
import random
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from backend.counts.deltas import MEASURES, bucket_of
from backend.counts.filters import CountsFilter
from backend.counts.fold import fold_counts
from backend.counts.read import by, summary
from backend.database import Connection, migrate

FEW = 10_000
DAYS = 3 * 365
LAST = date(2026, 11, 21)
UNITS = [f"{21000 + 3 * n}@2025-07-01" for n in range(96)]
CATEGORIES = [f"field-{n // 5}-{n % 5}" for n in range(60)]
FIELD = tuple(CATEGORIES[:5])
READS = 60

Reading = Callable[[Connection], Awaitable[Any]]
# The first two carry the promise; the others show what drilling down costs.
READINGS: dict[str, Reading] = {
    "summary": lambda c: summary(c, CountsFilter()),
    "by/unit": lambda c: by(c, "unit", CountsFilter()),
    "summary, odd range": lambda c: summary(c, CountsFilter(date(2024, 2, 11), date(2026, 10, 17))),
    "summary, one unit": lambda c: summary(c, CountsFilter(units=(UNITS[3],))),
    "summary, unit × field": lambda c: summary(
        c, CountsFilter(units=(UNITS[3],), categories=FIELD)
    ),
    "by/unit, odd range": lambda c: by(
        c, "unit", CountsFilter(date(2024, 2, 11), date(2026, 10, 17))
    ),
    "by/category of a unit": lambda c: by(c, "category", CountsFilter(units=(UNITS[3],))),
    "by/unit of a field": lambda c: by(c, "unit", CountsFilter(categories=FIELD)),
    "by/agency": lambda c: by(c, "agency", CountsFilter()),
    "by/day, 90 days": lambda c: by(c, "day", CountsFilter(LAST - timedelta(days=89), LAST)),
}


def make_deltas(reports: int) -> Iterator[tuple[Any, ...]]:
    """Deltas of that many reports over three years, by day: most answered, agencies as routed."""
    chance = random.Random(42)
    weights = [1 / (1 + n) ** 0.6 for n in range(96)]
    for number in range(reports):
        day = LAST - timedelta(days=DAYS - 1 - number * DAYS // reports)
        unit = chance.choices(UNITS, weights)[0]
        category = chance.choice(CATEGORIES)
        code = unit[:5]
        agency = chance.choices(
            (f"ubnd-{code}", f"congan-{code}", f"so-{category[6:8]}"), (70, 15, 15)
        )[0]
        is_answered = chance.random() < 0.93
        minutes = int(chance.lognormvariate(7.5, 1.0)) if is_answered else 0
        is_on_time = is_answered and chance.random() < 0.9
        is_overdue = not is_answered and chance.random() < 0.3
        measures = dict.fromkeys(MEASURES, 0) | {
            "received": 1,
            "accepted": 1,
            "resolved": int(is_answered),
            "open": int(not is_answered),
            "on_time": int(is_on_time),
            "late": int(is_answered and not is_on_time),
            "overdue_open": int(is_overdue),
            "minutes": minutes,
        }
        bucket = bucket_of(minutes) if is_answered else None
        yield ("report", day, unit, category, agency, *measures.values(), bucket)


async def fill(url: str, reports: int) -> float:
    """Count that many reports into a new database; how many deltas a second were folded."""
    await migrate(url)
    owner = await asyncpg.connect(url)
    try:
        columns = ["case_kind", "day", "unit_key", "category_code", "agency_code"]
        seconds = 0.0
        waiting = iter(make_deltas(reports))
        # In portions, as an import's commits would come; the worker folds behind.
        while rows := [row for row, _ in zip(waiting, range(100_000), strict=False)]:
            await owner.copy_records_to_table(
                "count_delta", records=rows, columns=[*columns, *MEASURES, "bucket"]
            )
            started = time.perf_counter()
            while await fold_counts(owner, 50_000):
                pass
            seconds += time.perf_counter() - started
        await owner.execute("VACUUM ANALYZE")
        return reports / seconds
    finally:
        await owner.close()


async def measure(connections: dict[int, Connection]) -> dict[str, dict[int, float]]:
    """Median milliseconds of each reading, the sizes in turn so that neither is favoured."""
    medians: dict[str, dict[int, float]] = {}
    for name, read in READINGS.items():
        times: dict[int, list[float]] = {reports: [] for reports in connections}
        for number in range(READS + 5):
            for reports, connection in connections.items():
                started = time.perf_counter()
                await read(connection)
                if number >= 5:
                    times[reports].append((time.perf_counter() - started) * 1000)
        medians[name] = {reports: statistics.median(taken) for reports, taken in times.items()}
    return medians


async def run(server: str, many: int) -> bool:
    """Fill both databases, read both, print; whether the promise holds."""
    admin = await asyncpg.connect(server)
    names = {reports: f"caunoi_bench_counts_{reports}" for reports in (FEW, many)}
    connections: dict[int, Connection] = {}
    try:
        for reports, name in names.items():
            await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            await admin.execute(f"CREATE DATABASE {name}")
            url = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
            rate = await fill(url, reports)
            print(f"{reports:>9,} reports counted; {rate:,.0f} deltas folded a second")
            # as the web's pool connects
            settings = {"role": "caunoi_app", "plan_cache_mode": "force_generic_plan"}
            connections[reports] = await asyncpg.connect(url, server_settings=settings)
        medians = await measure(connections)
    finally:
        for name in names.values():
            await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await admin.close()
    return report(medians, many)


def report(medians: dict[str, dict[int, float]], many: int) -> bool:
    """Print the table; whether the promise holds."""
    print(f"{'median of ' + str(READS):<24}{FEW:>12,}{many:>12,}   ratio")
    for name, of in medians.items():
        print(f"{name:<24}{of[FEW]:>9.2f} ms{of[many]:>9.2f} ms{of[many] / of[FEW]:>8.2f}")
    held = all(
        medians[name][many] <= 10 and medians[name][many] <= 1.5 * medians[name][FEW]
        for name in ("summary", "by/unit")
    )
    print("summary and by/unit: ≤ 10 ms and ≤ 1.5 ×:", "yes" if held else "NO")
    return held


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database-url", required=True, help="a superuser's, of any database")
    parser.add_argument("--many", type=int, default=1_000_000)
    given = parser.parse_args()
    if not asyncio.run(run(given.database_url, given.many)):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
