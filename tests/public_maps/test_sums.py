"""The map's sums by themselves: periods, folding, filling, tidying, and what recounting finds."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Final
from uuid import uuid4

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.clock import day_of
from backend.database import owner_connection
from backend.grid import store as grid
from backend.grid.cuts import CUTS, find_cut
from backend.grid.keeping import fold_map, tidy_map
from backend.grid.recount import rebuild, recount
from backend.roof.libpq import run_client
from geo.tiles import Tile, find_tile
from mobile_api.tiles.store import TileFilter, _Period, read_reports_tile
from tests.conftest import url_of
from tests.factories import insert_a_report
from tests.public_maps.mvt import read_tile, tile_at

PLACE: Final = (108.7923, 15.1205)
# both ends of a month, in Vietnam, and a day in the middle of it; the year turns as well
RECEIVED: Final = tuple(
    datetime.fromisoformat(moment).replace(tzinfo=UTC)
    for moment in (
        "2025-12-31T16:59:59",
        "2025-12-31T17:00:00",
        "2026-01-15T03:00:00",
        "2026-01-31T16:59:59",
        "2026-01-31T17:00:00",
        "2026-03-10T03:00:00",
    )
)
days = st.dates(date(2024, 1, 1), date(2026, 12, 31))


@pytest.fixture(scope="module")
def module_url(server_url: str, template_database: str) -> Iterator[str]:
    """One database for the module: each test empties it."""
    name = f"test_{uuid4().hex}"
    run_client("createdb", ["--template", template_database, name], url=server_url)
    yield url_of(server_url, name)
    run_client("dropdb", ["--force", name], url=server_url)


@pytest.fixture
async def owner(module_url: str) -> AsyncIterator[asyncpg.Connection]:
    async with owner_connection(module_url) as connection:
        await connection.execute("TRUNCATE report CASCADE")
        await connection.execute("TRUNCATE map_point, map_delta, map_cell, map_gone")
        yield connection


async def counted(owner: asyncpg.Connection, zoom: int, wanted: TileFilter) -> int:
    body = await read_reports_tile(owner, Tile(zoom, *tile_at(*PLACE, zoom)), wanted)
    layer = read_tile(body).get("reports")
    return sum(one.properties.get("count", 1) for one in layer.features) if layer else 0


async def begin_filling(owner: asyncpg.Connection) -> None:
    """As after an update from a version that had no map."""
    await owner.execute("TRUNCATE map_point, map_delta, map_cell, map_gone")
    await owner.execute(
        "UPDATE map_filling SET is_done = false, after_id = '00000000-0000-0000-0000-000000000000'"
    )


@given(days, days)
def test_months_and_the_days_around_them_are_the_period_itself(first: date, last: date) -> None:
    period = _Period.of(TileFilter(first=first, last=last))
    assert period is not None
    found = list(period.edges)
    if period.first_month is not None and period.last_month is not None:
        day = period.first_month
        assert day.day == 1
        while day <= period.last_month:
            found.append(day)
            day += timedelta(days=1)
        assert day.day == 1
    wanted = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    assert sorted(found) == wanted, "each day once, and no other"


def test_the_ends_of_time_are_no_period_to_stumble_over() -> None:
    for first, last in product((None, date.min, date.max), repeat=2):
        _Period.of(TileFilter(first=first, last=last))


async def test_every_period_counts_its_own_days_folded_or_not(owner: asyncpg.Connection) -> None:
    for moment in RECEIVED:
        await insert_a_report(owner, created_at=moment, category_code="rac-ton-dong")
    asked = [None, *(date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 31), date(2026, 3, 10))]
    # summed months with days around them, points of each day, points of a long time
    for is_folded, zoom in product((False, True), (6, 17)):
        if is_folded:
            await fold_map(owner)
        for first, last, category in product(asked, asked, (None, ("rac-ton-dong",), ("khac",))):
            count = sum(
                (first is None or first <= day_of(moment))
                and (last is None or day_of(moment) <= last)
                and category != ("khac",)
                for moment in RECEIVED
            )
            wanted = TileFilter(category, first=first, last=last)
            assert await counted(owner, zoom, wanted) == count, (is_folded, zoom, wanted)


async def test_points_are_counted_by_stage_and_category_deep_in_the_map(
    owner: asyncpg.Connection,
) -> None:
    for status in ("assigned", "assigned", "in_progress"):
        await insert_a_report(owner, status=status, created_at=RECEIVED[2])
    await insert_a_report(owner, category_code="o-ga", created_at=RECEIVED[2])
    day = RECEIVED[2].date()
    for first, last in ((None, None), (day, day), (date(2025, 1, 5), date(2026, 12, 5))):
        for zoom in (6, 16, 18):
            for statuses, categories, count in (
                (("assigned",), None, 3),
                (("in_progress",), None, 1),
                (None, ("o-ga",), 1),
                (("assigned",), ("rac-ton-dong",), 2),
                (("assigned", "in_progress"), ("rac-ton-dong", "o-ga"), 4),
            ):
                wanted = TileFilter(categories, statuses, first, last)
                assert await counted(owner, zoom, wanted) == count, (zoom, wanted)


async def test_no_tile_tells_of_the_next_one(owner: asyncpg.Connection) -> None:
    """Whichever way it is made: of sums, what waits for them, days one by one, all points."""
    await insert_a_report(owner, created_at=RECEIVED[2])
    day = RECEIVED[2].date()
    for is_folded, zoom in product((False, True), (9, 13, 18)):
        if is_folded:
            await fold_map(owner)
        x, y = tile_at(*PLACE, zoom)
        for wanted in (
            TileFilter(),
            TileFilter(first=day, last=day),
            TileFilter(("rac-ton-dong",), ("assigned",), day, day),
            TileFilter(first=date(2026, 1, 1), last=date(2026, 1, 31)),
            TileFilter(first=date(2025, 1, 5)),
        ):
            for beside in (Tile(zoom, x + 1, y), Tile(zoom, x, y + 1), Tile(zoom, x - 1, y)):
                assert read_tile(await read_reports_tile(owner, beside, wanted)) == {}, wanted
            assert await counted(owner, zoom, wanted) == 1


async def test_one_that_leaves_while_another_comes_is_told_apart_in_the_same_cell(
    owner: asyncpg.Connection,
) -> None:
    """As many as before, but other ones: the number that a cell of one is found by changes too."""
    leaving = await insert_a_report(owner, code="QNG-LEAV-0001")
    await fold_map(owner)
    await owner.execute("UPDATE report SET visibility = 'hidden' WHERE id = $1", leaving)
    await insert_a_report(owner, code="QNG-CAME-0002")
    await fold_map(owner)
    assert (await recount(owner)).differences == ()
    body = await read_reports_tile(owner, Tile(6, *tile_at(*PLACE, 6)), TileFilter())
    (one,) = read_tile(body)["reports"].features
    assert one.properties["code"] == "QNG-CAME-0002"


async def test_folders_take_turns_and_the_second_does_not_wait(
    owner: asyncpg.Connection, module_url: str
) -> None:
    for _ in range(3):
        await insert_a_report(owner)
    async with owner_connection(module_url) as second:
        async with owner.transaction():
            assert await fold_map(owner, limit=2) == 2
            assert await fold_map(second) == 0
        assert await fold_map(second) == 1
    assert (await recount(owner)).differences == ()


async def test_reports_of_before_are_put_on_the_map_once_as_they_are(
    owner: asyncpg.Connection,
) -> None:
    for moment in RECEIVED:
        last = await insert_a_report(owner, created_at=moment)
    await owner.execute("SET session_replication_role = replica")
    await owner.execute("UPDATE report SET is_sensitive = true WHERE id = $1", last)
    await owner.execute("RESET session_replication_role")
    await insert_a_report(owner, visibility="hidden")
    await insert_a_report(owner, is_restricted=True)
    await begin_filling(owner)
    # this one is on the map already: it was made after the update
    await insert_a_report(owner, created_at=RECEIVED[0])
    steps = 0
    while True:
        async with owner.transaction():
            after = await grid.find_filling(owner)
            if after is None:
                break
            await grid.say_filled(owner, await grid.fill_batch(owner, after, 4))
        steps += 1
        assert steps < 9, "a batch begins behind the last one"
    assert (await recount(owner)).differences == ()
    assert await owner.fetchval("SELECT count(*) FROM map_point") == len(RECEIVED) + 1
    assert await owner.fetchval("SELECT count(*) FROM map_point WHERE is_coarse") == 1
    assert await counted(owner, 6, TileFilter(first=date(2026, 1, 1), last=date(2026, 1, 31))) == 3
    await fold_map(owner)
    assert (await recount(owner)).differences == ()


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        ("DELETE FROM map_point", "missing"),
        ("UPDATE report SET tracking_hash = '', visibility = 'hidden'", "not for strangers"),
        *(
            (f"UPDATE map_point SET {column}", "differs")  # noqa: S608  own names
            for column in (
                *("status = 'closed'", "category_code = 'khac'", "unit_code = '00000'"),
                *("is_coarse = true", "is_overdue = true", "is_urgent = true", "key = key + 1"),
                *("x = x + 1", "y = y + 1", "created_at = created_at + interval '1 minute'"),
            )
        ),
    ],
)
async def test_a_point_that_is_not_what_its_report_says_is_found(
    owner: asyncpg.Connection, broken: str, what: str
) -> None:
    await insert_a_report(owner)
    await fold_map(owner)
    await owner.execute("SET session_replication_role = replica")
    await owner.execute(broken)
    found = [one.what for one in (await recount(owner)).differences if "point" in one.cell]
    assert found == [what]


@pytest.mark.parametrize("column", ["reports", "number_sum", "x_sum", "y_sum"])
async def test_each_wrong_sum_is_found_and_a_rebuild_mends_it(
    owner: asyncpg.Connection, column: str
) -> None:
    for moment in RECEIVED:
        await insert_a_report(owner, created_at=moment)
    await fold_map(owner)
    await insert_a_report(owner)
    assert (await recount(owner)).differences == (), "what waits to be folded is no difference"
    await owner.execute(f"UPDATE map_cell SET {column} = {column} + 1 WHERE level = 11")  # noqa: S608  own names
    found = (await recount(owner, limit=3)).differences
    assert len(found) == 3
    assert {one.cell.split()[:2] == ["cell", "11"] for one in found} == {True}
    await rebuild(owner)
    assert (await recount(owner)).differences == ()
    assert await owner.fetchval("SELECT count(*) FROM map_delta") == 0


async def test_tidying_forgets_empty_sums_and_old_departures_and_nothing_else(
    owner: asyncpg.Connection,
) -> None:
    stays, goes = await insert_a_report(owner), await insert_a_report(owner, category_code="o-ga")
    await fold_map(owner)
    await owner.execute("UPDATE report SET visibility = 'hidden' WHERE id = $1", goes)
    await fold_map(owner)
    await owner.execute(
        """
        INSERT INTO map_gone (report_id, code, gone_at)
        VALUES ($1, 'long-ago', now() - interval '11 days'),
            ($1, 'a-week-ago', now() - interval '8 days')
        """,
        stays,
    )
    assert await owner.fetchval("SELECT count(*) FROM map_cell WHERE reports = 0") > 0
    await tidy_map(owner)
    assert await owner.fetchval("SELECT count(*) FROM map_cell WHERE reports = 0") == 0
    assert (await recount(owner)).differences == ()
    gone = await owner.fetch("SELECT code FROM map_gone ORDER BY gone_at")
    assert gone[0]["code"] == "a-week-ago"
    assert len(gone) == 2


def test_clusters_are_an_eighth_of_a_tile_and_a_sixteenth_in_the_city() -> None:
    """So a tile holds 64 or 256 at most, and the level that is summed is fine enough for them."""
    for zoom in range(23):
        cut = find_cut(zoom)
        if cut is not None:
            assert cut.level >= zoom + (4 if zoom >= 13 else 3), zoom
            assert cut in CUTS
    assert find_cut(16) is None


async def test_a_tile_of_the_country_has_clusters_an_eighth_wide(
    owner: asyncpg.Connection,
) -> None:
    """Two reports in neighbouring sixteenths of one eighth are one cluster, from zoom 13 on two."""
    for zoom, clusters in ((12, 1), (13, 2)):
        x, y = tile_at(*PLACE, zoom)
        await owner.execute("TRUNCATE report, map_point, map_delta, map_cell CASCADE")
        for n in (0.25, 0.75):
            lon = (x + n / 8) / (1 << zoom) * 360 - 180
            made = await insert_a_report(owner)
            await owner.execute(
                """
                UPDATE report SET public_geom = ST_SetSRID(ST_MakePoint($2, $3), 4326)
                WHERE id = $1
                """,
                made,
                lon,
                PLACE[1],
            )
        body = await read_reports_tile(owner, Tile(zoom, x, y), TileFilter())
        assert len(read_tile(body)["reports"].features) == clusters, zoom


def test_the_last_tile_of_each_zoom_is_there_and_the_one_beyond_is_not() -> None:
    for zoom in range(23):
        last = (1 << zoom) - 1
        assert find_tile(zoom, last, last) == Tile(zoom, last, last)
        assert find_tile(zoom, last + 1, 0) is None
        assert find_tile(zoom, 0, last + 1) is None
        assert find_tile(zoom, -1, 0) is None
    assert find_tile(23, 0, 0) is None
    assert find_tile(-1, 0, 0) is None
