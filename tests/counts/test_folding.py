"""Whatever happens to cases, and whenever it is folded: rollups and deltas are the plain sum."""

import asyncio
import random
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, timedelta

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.counts.deltas import MEASURES, Standing, deltas_between
from backend.counts.filters import CountsFilter
from backend.counts.fold import fold_counts
from backend.counts.read import by, summary
from backend.counts.store import insert_deltas
from backend.database import Connection, Database
from tests.counts.cases import (
    AGENCIES,
    CATEGORIES,
    UNITS,
    a_case,
    count,
    moved,
    overdue,
    picks,
    rated,
    reopened,
    resolved,
)

# Around the edges of months and years, where whole periods and single days meet.
DAYS = st.sampled_from(
    [
        *(date(2024, 2, 29), date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 31)),
        *(date(2026, 2, 1), date(2026, 2, 28), date(2026, 3, 15), date(2026, 12, 31)),
    ]
)
MINUTES = st.integers(0, 12) | st.integers(0, 60 * 24 * 40)
STEPS = st.lists(
    st.one_of(
        st.tuples(
            st.just("new"),
            DAYS,
            st.sampled_from(UNITS),
            st.sampled_from(CATEGORIES),
            st.sampled_from(AGENCIES),
        ),
        st.tuples(st.just("resolve"), st.integers(0, 99), MINUTES, st.booleans()),
        st.tuples(st.just("reopen"), st.integers(0, 99)),
        st.tuples(st.just("rate"), st.integers(0, 99), st.booleans()),
        st.tuples(st.just("overdue"), st.integers(0, 99)),
        st.tuples(st.just("agency"), st.integers(0, 99), st.sampled_from(AGENCIES)),
        st.tuples(st.just("unit"), st.integers(0, 99), st.sampled_from(UNITS)),
        st.tuples(st.just("fold"), st.integers(1, 4)),
        st.tuples(st.just("two folders"), st.integers(1, 4)),
    ),
    max_size=25,
)
FILTERS = st.builds(
    CountsFilter,
    first=st.none() | DAYS,
    last=st.none() | DAYS,
    units=st.none() | st.lists(st.sampled_from(UNITS), max_size=2, unique=True).map(tuple),
    categories=st.none()
    | st.lists(st.sampled_from(CATEGORIES), max_size=2, unique=True).map(tuple),
    agencies=st.none() | st.lists(st.sampled_from(AGENCIES), max_size=2, unique=True).map(tuple),
)
COUNTED = tuple(name for name in MEASURES if name not in ("satisfied", "minutes"))


async def clear(owner: asyncpg.Connection) -> None:
    await owner.execute("TRUNCATE count_delta, rollup, rollup_cell, rollup_hours")


async def check_figures(
    connection: Connection, cases: Mapping[int, Standing], wanted: CountsFilter
) -> None:
    picked = [case for case in cases.values() if picks(wanted)(case)]
    expected = count(picked)
    found = await summary(connection, wanted)
    sums = asdict(expected.sums)
    assert {name: getattr(found, name) for name in COUNTED} == {n: sums[n] for n in COUNTED}
    assert found.on_time_share == (
        round(sums["on_time"] / sums["resolved"], 4) if sums["resolved"] else None
    )
    if expected.median_hours is None:
        assert found.median_hours is None
    else:
        bound = max(0.025 * expected.median_hours, 3 / 60) + 0.005
        assert found.median_hours == pytest.approx(expected.median_hours, abs=bound)
    for dimension, column in (
        ("unit", "unit_key"),
        ("category", "category_code"),
        ("agency", "agency_code"),
        ("day", "day"),
    ):
        broken_down = await by(connection, dimension, wanted)  # type: ignore[arg-type]  # literals
        keys = {str(getattr(case.cell, column)) for case in picked}
        assert {line.key for line in broken_down.lines} == keys
        for line in broken_down.lines:
            of_key = asdict(
                count([c for c in picked if str(getattr(c.cell, column)) == line.key]).sums
            )
            assert {n: getattr(line, n) for n in COUNTED} == {n: of_key[n] for n in COUNTED}


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS, wanted=FILTERS)
async def test_rollups_and_deltas_equal_a_plain_sum_after_every_step(
    owner: asyncpg.Connection, database: Database, steps: list[tuple], wanted: CountsFilter
) -> None:
    await clear(owner)
    cases: dict[int, Standing] = {}
    for step in steps:
        match step:
            case ("fold", limit):
                await fold_counts(database.app, limit)
                continue
            case ("two folders", limit):
                await asyncio.gather(
                    fold_counts(database.app, limit), fold_counts(database.app, limit)
                )
                continue
        name, before, after = next_standing(cases, step)
        if after is None:
            continue
        await insert_deltas(database.app, "report", deltas_between(before, after))
        cases[name] = after
        assert (await summary(database.app, CountsFilter())).open == count(cases.values()).sums.open
    await check_figures(database.app, cases, wanted)
    while await fold_counts(database.app):
        pass
    await check_figures(database.app, cases, wanted)
    await check_figures(database.app, cases, CountsFilter())


def next_standing(
    cases: Mapping[int, Standing], step: tuple
) -> tuple[int, Standing | None, Standing | None]:
    """Which case a step is about, and how it stands before and after; after is None for no case."""
    match step:
        case ("new", day, unit, category, agency):
            return len(cases), None, a_case(day, unit, category=category, agency=agency)
    if not cases:
        return 0, None, None
    name = step[1] % len(cases)
    case = cases[name]
    match step:
        case ("resolve", _, minutes, on_time):
            return name, case, resolved(case, minutes, on_time=on_time)
        case ("reopen", _):
            return name, case, reopened(case)
        case ("rate", _, satisfied):
            return name, case, rated(case, satisfied=satisfied)
        case ("overdue", _):
            return name, case, overdue(case)
        case ("agency", _, agency):
            return name, case, moved(case, agency_code=agency)
        case ("unit", _, unit):
            return name, case, moved(case, unit_key=unit)
    raise ValueError(step)


async def test_folders_and_writers_at_once_lose_and_double_nothing(database: Database) -> None:
    chance = random.Random(7)
    cases: dict[int, Standing] = {}
    writing = True

    async def write() -> None:
        for number in range(400):
            case = a_case(
                date(2026, 1, 1) + timedelta(days=chance.randrange(60)),
                chance.choice(UNITS),
                category=chance.choice(CATEGORIES),
                agency=chance.choice(AGENCIES),
            )
            answered = resolved(case, chance.randrange(10_000))
            await insert_deltas(database.app, "report", deltas_between(None, case))
            await insert_deltas(database.app, "report", deltas_between(case, answered))
            cases[number] = answered

    async def fold() -> None:
        while writing or await fold_counts(database.app, 37):
            await fold_counts(database.app, 23)

    async def read() -> None:
        last = 0
        while writing:
            found = await summary(database.app, CountsFilter())
            assert found.received >= last, "a case was missed while it was folded"
            assert found.received == found.open + found.resolved
            last = found.received

    async def write_then_stop() -> None:
        nonlocal writing
        await write()
        writing = False

    await asyncio.gather(write_then_stop(), fold(), fold(), read())
    assert await database.app.fetchval("SELECT count(*) FROM count_delta") == 0
    await check_figures(database.app, cases, CountsFilter())
    await check_figures(
        database.app, cases, CountsFilter(units=UNITS[:1], categories=CATEGORIES[1:])
    )
