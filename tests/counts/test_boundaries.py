"""Figures on other boundaries: whole units add up, split ones stand apart, the rest is refused."""

from datetime import date

import asyncpg
import pytest

from backend.counts.deltas import deltas_between
from backend.counts.errors import BoundariesImpossible, FilterRefused
from backend.counts.filters import CountsFilter
from backend.counts.fold import fold_counts
from backend.counts.read import (
    by,
    by_unit_on_boundaries,
    find_filter,
    move_to_boundaries,
    summary,
)
from backend.counts.store import insert_deltas
from backend.database import Database
from tests.counts.cases import a_case, resolved

OLD, NEW = date(2024, 1, 1), date(2025, 7, 1)
TODAY = date(2026, 3, 1)


@pytest.fixture
async def units(owner: asyncpg.Connection) -> None:
    """Old A and B become new A (a code used again), old C is split over A and D; E is renamed."""
    await owner.execute(
        """
        INSERT INTO unit_generation (level, valid_from, valid_to, state, is_approximate, source)
        VALUES ('commune', '2024-01-01', '2025-07-01', 'active', true, 'test'),
            ('commune', '2025-07-01', NULL, 'active', true, 'test'),
            ('district', '2024-01-01', '2025-07-01', 'active', true, 'test');
        INSERT INTO unit (code, valid_from, level, name, kind, parent_code, is_approximate, geom,
            label_point, area_km2)
        SELECT code, day::date, level, name, 'Xã', parent, true,
            ST_GeomFromText('MULTIPOLYGON(((108 15,108.1 15,108.1 15.1,108 15)))', 4326),
            ST_GeomFromText('POINT(108.05 15.02)', 4326), 1
        FROM (VALUES ('A', '2024-01-01', 'commune', 'Xã A cũ', '522'),
            ('B', '2024-01-01', 'commune', 'Xã B cũ', '522'),
            ('C', '2024-01-01', 'commune', 'Xã C cũ', '523'),
            ('E', '2024-01-01', 'commune', 'Xã E cũ', '523'),
            ('522', '2024-01-01', 'district', 'Huyện 522', NULL),
            ('A', '2025-07-01', 'commune', 'Xã A mới', NULL),
            ('D', '2025-07-01', 'commune', 'Xã D mới', NULL),
            ('F', '2025-07-01', 'commune', 'Xã F mới', NULL)) AS v (code, day, level, name, parent);
        INSERT INTO unit_successor VALUES
            ('A', '2024-01-01', 'A', '2025-07-01', 'full'),
            ('B', '2024-01-01', 'A', '2025-07-01', 'full'),
            ('C', '2024-01-01', 'A', '2025-07-01', 'partial'),
            ('C', '2024-01-01', 'D', '2025-07-01', 'partial'),
            ('E', '2024-01-01', 'F', '2025-07-01', 'full');
        """
    )


async def receive(database: Database, unit: str, cases: int) -> None:
    for number in range(cases):
        case = resolved(a_case(date(2026, 1, 5), unit), 60 * (number + 1))
        await insert_deltas(database.app, "report", deltas_between(None, case))


async def test_old_units_are_shown_on_new_boundaries(database: Database, units: None) -> None:
    for unit, cases in (("A@2024-01-01", 3), ("B@2024-01-01", 2), ("C@2024-01-01", 7)):
        await receive(database, unit, cases)
    await receive(database, "A@2025-07-01", 1)
    await receive(database, "F@2025-07-01", 4)
    await fold_counts(database.app, 5)
    found = await by_unit_on_boundaries(database.app, CountsFilter(), NEW)
    assert [(line.key, line.received, line.is_approximate) for line in found.lines] == [
        ("A@2025-07-01", 6, True),
        ("F@2025-07-01", 4, False),
    ]
    assert [(part.line.key, part.line.received, part.among) for part in found.apart] == [
        ("C@2024-01-01", 7, ("A@2025-07-01", "D@2025-07-01"))
    ]


async def test_the_summary_of_a_new_unit_counts_what_became_of_it(
    database: Database, units: None
) -> None:
    await receive(database, "A@2024-01-01", 3)
    await receive(database, "B@2024-01-01", 2)
    await receive(database, "C@2024-01-01", 7)
    wanted = await find_filter(database.app, today=TODAY, unit="A", boundaries=NEW)
    assert (await summary(database.app, wanted)).received == 0
    moved, apart = await move_to_boundaries(database.app, wanted, NEW)
    figures = await summary(database.app, moved)
    assert figures.received == 5
    assert figures.median_hours == pytest.approx(2, rel=0.025)
    assert [part.line.key for part in apart] == ["C@2024-01-01"]


async def test_a_code_used_again_is_never_mixed(database: Database, units: None) -> None:
    await receive(database, "A@2024-01-01", 3)
    await receive(database, "A@2025-07-01", 1)
    now = await find_filter(database.app, today=TODAY, unit="A")
    then = await find_filter(database.app, today=TODAY, unit="A@2024-01-01")
    assert (await summary(database.app, now)).received == 1
    assert (await summary(database.app, then)).received == 3
    lines = (await by(database.app, "unit", CountsFilter())).lines
    assert [(line.name, line.received) for line in lines] == [("Xã A cũ", 3), ("Xã A mới", 1)]


async def test_a_renamed_unit_can_be_shown_on_old_boundaries(
    database: Database, units: None
) -> None:
    await receive(database, "F@2025-07-01", 4)
    found = await by_unit_on_boundaries(database.app, CountsFilter(), OLD)
    assert [(line.key, line.received) for line in found.lines] == [("E@2024-01-01", 4)]


async def test_a_merged_unit_cannot_be_shown_on_old_boundaries(
    database: Database, units: None
) -> None:
    await receive(database, "A@2025-07-01", 1)
    with pytest.raises(BoundariesImpossible, match=r"A@2025-07-01"):
        await by_unit_on_boundaries(database.app, CountsFilter(), OLD)


async def test_a_district_stands_for_its_communes(database: Database, units: None) -> None:
    found = await find_filter(database.app, today=TODAY, unit="522@2024-01-01")
    assert found.units == ("522@2024-01-01", "A@2024-01-01", "B@2024-01-01")


@pytest.mark.parametrize(
    "words",
    [
        {"unit": "B"},
        {"unit": "A@2024-02-01"},
        {"unit": "A@never"},
        {"category": "nothing"},
        {"agency": "nobody"},
        {"first": date(2026, 2, 2), "last": date(2026, 2, 1)},
    ],
)
async def test_a_word_that_stands_for_nothing_is_refused(
    database: Database, units: None, words: dict
) -> None:
    with pytest.raises(FilterRefused):
        await find_filter(database.app, today=TODAY, **words)


async def test_boundaries_that_nobody_loaded_are_refused(database: Database, units: None) -> None:
    with pytest.raises(FilterRefused):
        await by_unit_on_boundaries(database.app, CountsFilter(), date(1999, 1, 1))
