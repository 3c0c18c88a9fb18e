"""A point finds its unit: in PostGIS and in the process, with the same answer everywhere."""

import math
import random
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
import shapely
from shapely import MultiPolygon, Polygon

from geo.errors import PositionRefused
from geo.locate import UnitIndex, load_unit_index
from geo.store import find_unit_at, list_unit_shapes, list_units_at
from tests.geo.factories import (
    BEFORE,
    NEW,
    NGHIA_LO,
    NOW,
    OLD,
    a_draft,
    a_shape,
    load,
    square,
)

Position = tuple[float, float]


async def test_the_same_point_is_a_ward_today_and_in_the_city_before_july_2025(real: Any) -> None:
    now = await find_unit_at(real, *NGHIA_LO, on=NOW)
    then = await find_unit_at(real, *NGHIA_LO, on=BEFORE)
    assert now
    assert (now.code, now.name, now.kind) == ("21028", "Phường Nghĩa Lộ", "Phường")
    assert (now.level, now.parent, now.valid_from) == ("commune", "51", NEW)
    assert then
    assert (then.code, then.name, then.level) == (
        "522",
        "Thành phố Quảng Ngãi",
        "district",
    )


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (OLD - timedelta(days=1), None),
        (OLD, "522"),
        (date(2025, 6, 30), "522"),
        (NEW, "21028"),
    ],
)
async def test_generations_change_at_the_turn_of_a_day(
    real: Any, day: date, code: str | None
) -> None:
    found = await find_unit_at(real, *NGHIA_LO, on=day)
    assert (found and found.code) == code
    index = await load_unit_index(real, on=day)
    located = index.locate(*NGHIA_LO)
    assert located == found


async def test_reused_codes_are_told_apart_by_their_first_day(conn: Any) -> None:
    await load(conn, a_draft("21025", "Phường Nguyễn Nghiêm", geom=square(108, 15)), valid_from=OLD)
    await load(conn, a_draft("21025", "Phường Cẩm Thành", geom=square(109, 15)), valid_from=NEW)
    before = await find_unit_at(conn, 108.5, 15.5, on=BEFORE)
    assert before
    assert (before.name, before.valid_from) == ("Phường Nguyễn Nghiêm", OLD)
    assert await find_unit_at(conn, 108.5, 15.5, on=NEW) is None
    after = await find_unit_at(conn, 109.5, 15.5, on=NEW)
    assert after
    assert (after.name, after.valid_from) == ("Phường Cẩm Thành", NEW)


async def test_points_in_every_island_and_outside_between_them(real: Any) -> None:
    shapes = {shape.unit.code: shape for shape in await list_unit_shapes(real, on=NOW)}
    parts = list(shapes["21548"].geom.geoms)
    assert len(parts) > 1, "Lý Sơn consists of islands"
    index = await load_unit_index(real, on=NOW)
    for part in parts:
        inside = part.representative_point()
        assert (await find_unit_at(real, inside.x, inside.y, on=NOW)).code == "21548"
        assert index.locate(inside.x, inside.y).code == "21548"
    sea = (109.0, 15.3)
    assert await find_unit_at(real, *sea, on=NOW) is None
    assert index.locate(*sea) is None


@pytest.mark.parametrize("on", [NOW, BEFORE])
async def test_process_and_postgis_agree_on_thousands_of_awkward_points(
    real: Any, on: date
) -> None:
    """Random points, stored corners, middles of edges, and neighbours of these by one last bit."""
    index = await load_unit_index(real, on=on)
    points = awkward_points([shape.geom for shape in await list_unit_shapes(real, on=on)])
    differing = [
        (lon, lat, here, there)
        for lon, lat in points
        if (here := index.locate(lon, lat)) != (there := await find_unit_at(real, lon, lat, on=on))
    ]
    assert len(points) > 3_000
    assert differing == []


def awkward_points(geoms: list[MultiPolygon]) -> list[Position]:
    chance = random.Random(20250701)
    west, south, east, north = shapely.total_bounds(geoms)
    points = [(chance.uniform(west, east), chance.uniform(south, north)) for _ in range(2_000)]
    points += [(float(west), float(south)), (float(east), float(north))]
    for _ in range(400):
        part = chance.choice(chance.choice(geoms).geoms)
        corners = list(part.exterior.coords)
        at = chance.randrange(len(corners) - 1)
        (lon_a, lat_a), (lon_b, lat_b) = corners[at], corners[at + 1]
        share = chance.random()
        middle = ((lon_a + lon_b) / 2, (lat_a + lat_b) / 2)
        points += [
            (lon_a, lat_a),
            middle,
            (lon_a + share * (lon_b - lon_a), lat_a + share * (lat_b - lat_a)),
            (math.nextafter(middle[0], 180), middle[1]),
        ]
    return points


@pytest.mark.parametrize("on", [NOW, BEFORE])
async def test_corners_cut_by_the_cells_of_the_database_agree_too(real: Any, on: date) -> None:
    """ST_Subdivide makes corners of its own, on borders and inside: rounding must not show."""
    rows = await real.fetch(
        "SELECT DISTINCT ST_X(p.geom) AS lon, ST_Y(p.geom) AS lat"
        " FROM unit_cell c, ST_DumpPoints(c.geom) p"
        " WHERE c.valid_from = $1 AND NOT EXISTS (SELECT FROM unit u, ST_DumpPoints(u.geom) q"
        "   WHERE u.code = c.code AND u.valid_from = c.valid_from AND q.geom = p.geom)"
        " ORDER BY 1, 2 LIMIT 600",
        NEW if on >= NEW else OLD,
    )
    index = await load_unit_index(real, on=on)
    assert len(rows) > 100
    for row in rows:
        found = await find_unit_at(real, row["lon"], row["lat"], on=on)
        assert index.locate(row["lon"], row["lat"]) == found, row


async def test_a_border_belongs_to_the_lowest_code_and_so_does_an_overlap(conn: Any) -> None:
    await load(
        conn,
        a_draft("20002", "Xã Hai", geom=square(108, 15)),
        a_draft("20001", "Xã Một", geom=square(109, 15)),
        a_draft("20003", "Xã Ba", geom=square(108.5, 15)),
    )
    index = await load_unit_index(conn, on=NOW)
    cases = [
        ((109.0, 15.5), "20001"),
        ((109.0, 15.0), "20001"),
        ((108.75, 15.5), "20002"),
        ((109.25, 15.5), "20001"),
        ((108.0, 15.0), "20002"),
        ((110.0, 16.0), "20001"),
    ]
    for position, code in cases:
        assert (await find_unit_at(conn, *position, on=NOW)).code == code, position
        assert index.locate(*position).code == code, position


async def test_a_hole_is_nobodys_but_an_enclave_in_it_is_found(conn: Any) -> None:
    ring = Polygon(
        shapely.box(108, 15, 109, 16).exterior,
        [square(108.4, 15.4, size=0.2).geoms[0].exterior.coords],
    )
    await load(
        conn,
        a_draft("1", geom=MultiPolygon([ring])),
        a_draft("2", "Xã Trong", geom=square(108.45, 15.45, size=0.1)),
    )
    index = await load_unit_index(conn, on=NOW)
    for position, code in [((108.5, 15.5), "2"), ((108.42, 15.42), None), ((108.1, 15.1), "1")]:
        found = await find_unit_at(conn, *position, on=NOW)
        assert (found and found.code) == code
        assert index.locate(*position) == found


async def test_the_lowest_level_answers_and_any_level_can_be_asked(conn: Any) -> None:
    await load(
        conn,
        a_draft("51", "Tỉnh Quảng Ngãi", geom=square(107, 14, size=3)),
        level="province",
        valid_from=OLD,
    )
    await load(
        conn,
        a_draft("522", "Thành phố Quảng Ngãi", geom=square(108, 15), parent="51"),
        level="district",
        valid_from=OLD,
    )
    await load(
        conn,
        a_draft("21028", geom=square(108, 15, size=0.5), parent="522"),
        level="commune",
        valid_from=OLD,
    )
    index = await load_unit_index(conn, on=BEFORE)
    for position, codes in [
        ((108.2, 15.2), ["21028", "522", "51"]),
        ((108.8, 15.8), ["522", "51"]),
        ((107.1, 14.1), ["51"]),
    ]:
        found = await list_units_at(conn, *position, on=BEFORE)
        assert [unit.code for unit in found] == codes
        assert index.locate(*position) == found[0]
        for unit in found:
            assert index.locate(*position, unit.level) == unit
            assert await find_unit_at(conn, *position, on=BEFORE, level=unit.level) == unit
    assert index.locate(107.1, 14.1, "commune") is None


@pytest.mark.parametrize(
    "position",
    [(math.nan, 15.0), (108.0, math.inf), (181.0, 15.0), (108.0, -90.5), (15.0, 108.0)],
)
async def test_positions_that_are_no_place_are_refused(real: Any, position: Position) -> None:
    with pytest.raises(PositionRefused):
        await find_unit_at(real, *position, on=NOW)
    with pytest.raises(PositionRefused):
        UnitIndex([], on=NOW, until=None).locate(*position)


async def test_loaded_generations_answer_only_once_activated(conn: Any) -> None:
    await load(conn, a_draft(), activate=False)
    assert await find_unit_at(conn, 108.5, 15.5, on=NOW) is None
    assert (await load_unit_index(conn, on=NOW)).unit_count == 0


async def test_an_index_knows_the_day_on_which_it_no_longer_holds(real: Any) -> None:
    index = await load_unit_index(real, on=BEFORE)
    assert index.until == NEW
    assert index.holds_on(date(2025, 6, 30))
    assert not index.holds_on(NEW)
    assert not index.holds_on(BEFORE - timedelta(days=1))
    assert (await load_unit_index(real, on=NOW)).until is None


def test_the_grid_finds_what_a_plain_search_finds() -> None:
    """Thin, slanted and tiny shapes, so that squares hold several units, parts, or nothing."""
    chance = random.Random(1)
    shapes = []
    for number in range(60):
        lon, lat = chance.uniform(108, 109), chance.uniform(15, 16)
        corners = np.array([(chance.gauss(lon, 0.1), chance.gauss(lat, 0.1)) for _ in range(5)])
        shapes.append(
            a_shape(
                f"{number:03}", MultiPolygon([shapely.convex_hull(shapely.MultiPoint(corners))])
            )
        )
    index = UnitIndex(shapes, on=NOW, until=None)
    for _ in range(5_000):
        lon, lat = chance.uniform(107.8, 109.2), chance.uniform(14.8, 16.2)
        inside = [s.unit for s in shapes if shapely.intersects_xy(s.geom, lon, lat)]
        assert index.locate(lon, lat) == (inside[0] if inside else None)
