"""Generations: loaded, put in force, replaced and removed; each change all or nothing."""

import asyncio
from datetime import date
from typing import Any

import asyncpg
import pytest

from geo.errors import GenerationMissing, ImportRefused
from geo.generations.periods import settle_periods
from geo.imports import activate_generations, load_units, remove_generation
from geo.store import (
    find_unit_at,
    list_all_units,
    list_generations,
    list_unit_shapes,
    list_units,
)
from geo.units import Generation, GenerationState
from tests.geo.factories import BEFORE, NEW, NOW, OLD, a_draft, a_target, load, square

INSIDE = (108.5, 15.5)


def a_generation(
    valid_from: str, valid_to: str | None = None, state: GenerationState = "active"
) -> Generation:
    end = date.fromisoformat(valid_to) if valid_to else None
    return Generation("commune", date.fromisoformat(valid_from), end, state, False, "a test", 1)


@pytest.mark.parametrize(
    ("stored", "started", "after"),
    [
        # the first one
        ([], "2025-07-01", {"2025-07-01": None}),
        # a later one ends the one before
        (
            [a_generation("2025-03-01")],
            "2025-07-01",
            {"2025-03-01": "2025-07-01", "2025-07-01": None},
        ),
        # an earlier one ends where the next begins
        ([a_generation("2025-07-01")], "2025-03-01", {"2025-03-01": "2025-07-01"}),
        # a closed period is divided, not reopened
        (
            [a_generation("2020-01-01", "2025-07-01")],
            "2025-03-01",
            {"2020-01-01": "2025-03-01", "2025-03-01": "2025-07-01"},
        ),
        # what ended before stays as it was
        ([a_generation("2020-01-01", "2024-01-01")], "2025-07-01", {"2025-07-01": None}),
        # between two
        (
            [a_generation("2020-01-01", "2025-07-01"), a_generation("2025-07-01")],
            "2023-01-01",
            {"2020-01-01": "2023-01-01", "2023-01-01": "2025-07-01"},
        ),
        # one that is only loaded does not count
        ([a_generation("2025-03-01", state="loaded")], "2025-07-01", {"2025-07-01": None}),
    ],
)
def test_a_generation_ends_where_the_next_begins(
    stored: list[Generation], started: str, after: dict[str, str | None]
) -> None:
    changed = settle_periods(stored, a_generation(started, state="loaded"))
    assert {
        str(found.valid_from): str(found.valid_to) if found.valid_to else None for found in changed
    } == after
    assert changed[-1].state == "active"


def test_a_given_end_is_kept_unless_the_next_one_begins_sooner() -> None:
    started = a_generation("2025-03-01", "2025-07-01", state="loaded")
    assert settle_periods([], started)[0].valid_to == date(2025, 7, 1)
    sooner = settle_periods([a_generation("2025-05-01")], started)
    assert sooner[0].valid_to == date(2025, 5, 1)


async def epoch(conn: Any) -> int:
    number: int = await conn.fetchval("SELECT epoch FROM config_epoch")
    return number


async def test_districts_end_without_a_successor_generation(conn: Any) -> None:
    await load(
        conn, a_draft("522", "Thành phố Quảng Ngãi"), level="district", valid_from=OLD, valid_to=NEW
    )
    assert await find_unit_at(conn, *INSIDE, on=date(2025, 6, 30))
    assert await find_unit_at(conn, *INSIDE, on=NEW) is None


async def test_a_dry_run_reports_the_same_and_writes_nothing(conn: Any) -> None:
    before = await epoch(conn)
    dry = await load_units(conn, [a_draft()], a_target(), commit=False)
    assert await list_generations(conn) == []
    real = await load_units(conn, [a_draft()], a_target(), commit=True)
    assert real == dry
    assert [g.state for g in await list_generations(conn)] == ["loaded"]
    assert await epoch(conn) == before, "what is not in force concerns no one"


async def test_an_inactive_generation_is_replaced_whole(conn: Any) -> None:
    await load(conn, a_draft("1"), a_draft("2", "Xã Hai", geom=square(110, 15)), activate=False)
    report = await load(conn, a_draft("3", "Xã Ba"), activate=False)
    assert report.outcome == "replace_loaded"
    units = await list_all_units(conn)
    assert [unit.code for unit in units] == ["3"]
    assert await conn.fetchval("SELECT count(*) FROM unit_cell WHERE code <> '3'") == 0


async def test_an_active_approximate_generation_yields_at_once_and_stays_active(conn: Any) -> None:
    await load(conn, a_draft(geom=square(100, 10), is_approximate=True), is_approximate=True)
    before = await epoch(conn)
    report = await load_units(conn, [a_draft(geom=square(108, 15))], a_target(), commit=True)
    assert report.outcome == "replace_active"
    assert await epoch(conn) == before + 1
    [generation] = await list_generations(conn)
    assert (generation.state, generation.is_approximate) == ("active", False)
    found = await find_unit_at(conn, *INSIDE, on=NOW)
    assert found
    assert not found.is_approximate
    assert await find_unit_at(conn, 100.5, 10.5, on=NOW) is None


async def test_an_active_exact_generation_yields_only_when_told(conn: Any) -> None:
    await load(conn, a_draft())
    moved = [a_draft(geom=square(100, 10))]
    report = await load_units(conn, moved, a_target(), commit=True)
    assert report.outcome == "refused"
    assert "--replace" in report.findings[0].message
    assert await find_unit_at(conn, *INSIDE, on=NOW)
    report = await load_units(conn, moved, a_target(replace=True), commit=True)
    assert report.outcome == "replace_active"
    assert await find_unit_at(conn, *INSIDE, on=NOW) is None


async def test_importing_the_same_again_changes_nothing_and_is_no_mistake(conn: Any) -> None:
    await load(conn, a_draft())
    before = await epoch(conn)
    report = await load_units(conn, [a_draft()], a_target(), commit=True)
    assert (report.outcome, report.findings) == ("unchanged", ())
    assert await epoch(conn) == before
    for other in (a_draft(name="Phường Khác"), a_draft(geom=square(108, 15 + 1e-9))):
        report = await load_units(conn, [other], a_target(), commit=True)
        assert report.outcome == "refused"


async def test_an_active_generation_never_loses_a_unit(conn: Any) -> None:
    await load(
        conn, a_draft("1"), a_draft("2", "Xã Hai", geom=square(110, 15)), is_approximate=True
    )
    report = await load_units(conn, [a_draft("1")], a_target(), commit=True)
    assert report.outcome == "refused"
    assert [f.codes for f in report.findings] == [("2",)]
    assert len(await list_unit_shapes(conn, on=NOW)) == 2


async def test_a_code_of_another_level_and_the_same_day_is_refused(conn: Any) -> None:
    await load(conn, a_draft("522"), level="district", valid_from=OLD)
    report = await load_units(conn, [a_draft("522")], a_target(valid_from=OLD), commit=True)
    assert report.outcome == "refused"
    assert report.findings[0].codes == ("522",)


async def test_a_failure_midway_leaves_everything_as_it_was(conn: Any) -> None:
    """The last of three units breaks a CHECK of the table: the first two must go with it."""
    await load(conn, a_draft("1", geom=square(108, 15)), is_approximate=True)
    before = await epoch(conn)
    bad = a_draft("3", "x" * 201, geom=square(112, 15))
    drafts = [a_draft("1", geom=square(100, 10)), a_draft("2", geom=square(110, 15)), bad]
    with pytest.raises(ImportRefused, match="unit_name_length"):
        await load_units(conn, drafts, a_target(), commit=True)
    assert await find_unit_at(conn, *INSIDE, on=NOW)
    assert len(await list_unit_shapes(conn, on=NOW)) == 1
    assert await epoch(conn) == before


async def test_periods_that_would_overlap_are_refused_by_the_database(conn: Any) -> None:
    await load(conn, a_draft(), valid_from=OLD, valid_to=date(2025, 6, 1), is_approximate=True)
    await load(conn, a_draft(), valid_from=NEW)
    longer = a_target(valid_from=OLD, valid_to=date(2026, 1, 1))
    with pytest.raises(ImportRefused, match="unit_generation_one_commune"):
        await load_units(conn, [a_draft()], longer, commit=True)


async def test_activation_ends_the_generation_before_and_can_be_repeated(conn: Any) -> None:
    await load(conn, a_draft("1", "Xã Cũ"), valid_from=OLD)
    await load(conn, a_draft("1", "Xã Mới"), activate=False)
    before = await epoch(conn)
    [now] = await activate_generations(conn, valid_from=NEW)
    assert (now.level, now.state, now.unit_count) == ("commune", "active", 1)
    assert await epoch(conn) == before + 1
    for day, name in [(BEFORE, "Xã Cũ"), (NOW, "Xã Mới")]:
        found = await find_unit_at(conn, *INSIDE, on=day)
        assert found
        assert found.name == name
    assert await activate_generations(conn, valid_from=NEW) == [now]
    assert await epoch(conn) == before + 1
    with pytest.raises(GenerationMissing):
        await activate_generations(conn, valid_from=date(2030, 1, 1))


async def test_activation_takes_all_levels_of_a_day_or_the_one_asked_for(conn: Any) -> None:
    await load(conn, a_draft("51"), level="province", activate=False)
    await load(conn, a_draft("21028"), level="commune", activate=False)
    await activate_generations(conn, valid_from=NEW, level="province")
    assert [g.state for g in await list_generations(conn)] == ["loaded", "active"]
    await activate_generations(conn, valid_from=NEW)
    assert [g.state for g in await list_generations(conn)] == ["active", "active"]


async def test_a_removed_generation_leaves_nothing_behind(conn: Any) -> None:
    await load(conn, a_draft())
    await remove_generation(conn, level="commune", valid_from=NEW)
    for table in ("unit_generation", "unit", "unit_cell"):
        assert await conn.fetchval(f"SELECT count(*) FROM {table}") == 0  # noqa: S608
    with pytest.raises(GenerationMissing):
        await remove_generation(conn, level="commune", valid_from=NEW)


async def test_units_are_listed_by_code_in_pages(conn: Any) -> None:
    codes = [f"{number:05}" for number in range(1, 8)]
    await load(conn, *[a_draft(c, f"Xã {c}", geom=square(int(c), 1)) for c in codes])
    first = await list_units(conn, on=NOW, level="commune", limit=3)
    rest = await list_units(conn, on=NOW, level="commune", after=first[-1].unit.code)
    assert [row.unit.code for row in first + rest] == codes
    assert first[0].area_km2 == pytest.approx(12_300, rel=0.02)
    assert await list_units(conn, on=BEFORE, level="commune") == []


@pytest.mark.parametrize("role", ["caunoi_app", "caunoi_desk", "caunoi_public"])
async def test_the_roles_may_read_units_and_change_none(conn: Any, role: str) -> None:
    await load(conn, a_draft())
    await conn.execute(f"SET ROLE {role}")
    assert await find_unit_at(conn, *INSIDE, on=NOW)
    for change in ("DELETE FROM unit", "UPDATE unit_generation SET state = 'loaded'"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with conn.transaction():
                await conn.execute(change)


async def test_two_imports_of_one_generation_wait_for_each_other(database_url: str) -> None:
    """Whoever comes second finds the first one's units, and replaces them whole."""
    one, two = await asyncpg.connect(database_url), await asyncpg.connect(database_url)
    try:
        reports = await asyncio.gather(
            load_units(one, [a_draft("1"), a_draft("2")], a_target(), commit=True),
            load_units(two, [a_draft("2"), a_draft("3")], a_target(), commit=True),
        )
        units = await list_all_units(one)
        cells = await one.fetchval("SELECT count(DISTINCT code) FROM unit_cell")
    finally:
        await one.close()
        await two.close()
    assert {report.outcome for report in reports} == {"add", "replace_loaded"}
    assert [unit.code for unit in units] in (["1", "2"], ["2", "3"])
    assert cells == 2
