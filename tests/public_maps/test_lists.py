"""Lists found through indexes over place and time, against a plain look at every report."""

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import pytest

from backend.clock import now
from mobile_api.lists.filter import ListFilter
from mobile_api.lists.store import list_near, list_newest
from tests.province import PLACE, POTHOLE, UNIT, Town

_EVERY: Final = """
    SELECT code FROM public_report WHERE ($1::float8[] IS NULL
            OR ST_Intersects(geom, ST_MakeEnvelope($1[1], $1[2], $1[3], $1[4], 4326)))
        AND ($2::text IS NULL
            OR category_code IN (SELECT code FROM category WHERE $2 IN (code, field_code)))
        AND ($3::text IS NULL OR status = $3) AND ($4::text IS NULL OR unit_code = $4)
        AND ($5::timestamptz IS NULL OR created_at < $5)
        AND ($6::timestamptz IS NULL OR created_at >= $6)
    ORDER BY created_at DESC, id DESC
"""


@pytest.fixture(scope="module")
async def placed(module_town: Town) -> list[str]:
    """Twelve published reports, 2 m apart, of two categories, a third of them begun."""
    codes = []
    for n in range(12):
        place = {"lon": PLACE[0] + n * 2e-5, "lat": PLACE[1]}
        report = await module_town.a_report(location=place)
        await module_town.moved(report, "accept")
        if n % 3 == 0:
            await module_town.moved(report, "start")
        codes.append(report.code)
    await module_town.owner.execute(
        """
        UPDATE report SET category_code = (SELECT code FROM category
            WHERE field_code = 'giao-thong' AND code <> $2 ORDER BY code LIMIT 1)
        WHERE code = ANY($1)
        """,
        codes[1::2],
        POTHOLE,
    )
    # moments that coincide, as those of imported history often do
    await module_town.owner.execute(
        "UPDATE report SET created_at = (SELECT max(created_at) FROM report) WHERE code = ANY($1)",
        codes[3:8],
    )
    await module_town.owner.execute(
        """
        UPDATE map_point p SET created_at = r.created_at,
            created_us = (extract(epoch FROM r.created_at) * 1000000)::bigint
        FROM report r WHERE r.id = p.report_id
        """
    )
    return codes


async def walk(town: Town, wanted: ListFilter) -> list[str]:
    """Every code, three a page."""
    found: list[str] = []
    after: Any = None
    while True:
        rows = await list_newest(town.database.public, replace(wanted, limit=3, after=after))
        page = rows[:3]
        found += [row["code"] for row in page]
        if len(rows) <= 3:
            return found
        after = (page[-1]["created_at"], page[-1]["id"])


async def test_every_filter_finds_each_report_once_in_order(
    module_town: Town, placed: list[str]
) -> None:
    lon, lat = PLACE
    boxes = (None, (lon - 1e-5, lat - 1e-5, lon + 1.1e-4, lat + 1e-5), (107.0, 14.0, 110.0, 16.0))
    categories = (None, POTHOLE, "giao-thong", "khong-co")
    statuses = (None, "assigned", "in_progress", "closed", "declined")
    spans = (None, None), (None, now() + timedelta(days=1))
    for box, category, status, unit, (since, until) in itertools.product(
        boxes, categories, statuses, (None, UNIT), spans
    ):
        await same_as_plain(module_town, box, category, status, unit, since, until)
    # a unit without any, and moments at which reports were received: from inclusive, to exclusive
    second, middle = await module_town.owner.fetchrow(
        """
        SELECT min(created_at) FILTER (WHERE code = $1), min(created_at) FILTER (WHERE code = $2)
        FROM report
        """,
        placed[1],
        placed[2],
    )
    ends = (second, None), (None, middle), (second, middle), (middle, middle)
    for box, (since, until) in itertools.product(boxes, ends):
        await same_as_plain(module_town, box, None, None, None, since, until)
        await same_as_plain(module_town, box, POTHOLE, None, UNIT, since, until)
    # nearer to the side of a box than the index can tell
    lon, lat = PLACE
    for south, north in ((lat - 1e-3, lat - 3e-7), (lat + 3e-7, lat + 1e-3)):
        await same_as_plain(
            module_town, (lon - 1, south, lon + 1, north), None, None, None, None, None
        )
    for box in boxes:
        await same_as_plain(module_town, box, None, None, "00000", None, None)


async def same_as_plain(town: Town, *asked: Any) -> None:
    names = ("bbox", "category", "status", "unit", "since", "until")
    wanted = ListFilter(**dict(zip(names, asked, strict=True)))
    *others, since, until = asked
    every = await town.owner.fetch(_EVERY, *others, until, since)
    assert await walk(town, wanted) == [row["code"] for row in every], wanted


async def test_the_nearest_come_first_by_true_distance(
    module_town: Town, placed: list[str]
) -> None:
    for category, limit in itertools.product((None, POTHOLE), (1, 4, 20)):
        rows = await list_near(
            module_town.database.public,
            lon=PLACE[0],
            lat=PLACE[1],
            radius_metres=12,
            category=category,
            limit=limit,
        )
        distances = [row["distance_metres"] for row in rows]
        assert distances == sorted(distances)
        fitting = placed[:6] if category is None else placed[:6:2]
        assert [row["code"] for row in rows] == fitting[:limit]
        assert all(distance <= 12 for distance in distances)


async def test_near_means_open_exactly_placed_and_truly_within(
    module_town: Town, placed: list[str]
) -> None:
    """Five metres short of a report the map, which stretches, would already count it as near."""
    place = "ST_SetSRID(ST_MakePoint($1, $2), 4326)::geography"
    far = await module_town.owner.fetchval(
        f"SELECT ST_Distance(geom::geography, {place}) FROM public_report WHERE code = $3",  # noqa: S608
        *PLACE,
        placed[11],
    )
    for category, codes in ((None, placed), ("giao-thong", placed), (POTHOLE, placed[::2])):
        for radius, all_of_them in ((far + 0.001, True), (far - 0.001, False)):
            for limit in (20, 50):
                rows = await list_near(
                    module_town.database.public,
                    lon=PLACE[0],
                    lat=PLACE[1],
                    radius_metres=radius,
                    category=category,
                    limit=limit,
                )
                wanted = codes if all_of_them else [code for code in codes if code != placed[11]]
                assert [row["code"] for row in rows] == wanted, (category, radius)
    north = await module_town.a_report()
    await module_town.moved(north, "accept")
    await module_town.owner.execute(
        "UPDATE report SET public_geom = ST_SetSRID(ST_MakePoint($2, $3), 4326) WHERE code = $1",
        north.code,
        PLACE[0],
        PLACE[1] + 0.03,
    )
    true_metres = await module_town.owner.fetchval(
        f"SELECT ST_Distance(geom::geography, {place}) FROM public_report WHERE code = $3",  # noqa: S608
        *PLACE,
        north.code,
    )
    away = [
        len(
            await list_near(
                module_town.database.public,
                lon=PLACE[0],
                lat=PLACE[1],
                radius_metres=metres,
                category=None,
                limit=50,
            )
        )
        for metres in (1, 200, true_metres - 0.1, true_metres + 0.1)
    ]
    assert away == [1, 12, 12, 13]
    # a coarse place says nothing of where it is, however near it is shown
    await module_town.owner.execute(
        "UPDATE map_point SET is_coarse = true WHERE code = $1", placed[0]
    )
    found = await module_town.see(f"/api/v1/reports/near?lon={PLACE[0]}&lat={PLACE[1]}")
    assert [one["code"] for one in found["items"]] == placed[1:]
    await module_town.owner.execute(
        "UPDATE map_point SET is_coarse = false WHERE code = $1", placed[0]
    )
    await module_town.owner.execute(
        "UPDATE report SET visibility = 'hidden' WHERE code = $1", north.code
    )
    for left in (
        *("is_sensitive = true", "status = 'resolved'", "status = 'closed'"),
        *("visibility = 'hidden'", "status = 'withdrawn'"),
    ):
        before = await module_town.owner.fetchrow(
            "SELECT is_sensitive, status, visibility FROM report WHERE code = $1", placed[0]
        )
        await module_town.owner.execute(
            f"UPDATE report SET {left} WHERE code = $1",  # noqa: S608  own words
            placed[0],
        )
        found = await module_town.see(f"/api/v1/reports/near?lon={PLACE[0]}&lat={PLACE[1]}")
        assert [one["code"] for one in found["items"]] == placed[1:], left
        await module_town.owner.execute(
            "UPDATE report SET is_sensitive = $2, status = $3, visibility = $4 WHERE code = $1",
            placed[0],
            *before,
        )


async def test_the_interface_asks_for_what_its_words_say(
    module_town: Town, placed: list[str]
) -> None:
    near = f"/api/v1/reports/near?lon={PLACE[0]}&lat={PLACE[1]}"
    found = await module_town.see(f"{near}&category={POTHOLE}&limit=2&radius_metres=50")
    assert [one["code"] for one in found["items"]] == placed[:4:2]
    assert [one["distance_metres"] for one in found["items"]] == [0, 4]
    for wrong in (
        *(f"{near}&radius_metres=5001", f"{near}&radius_metres=0", f"{near}&limit=51"),
        *("/api/v1/reports/near?lon=181&lat=15", "/api/v1/reports/near?lon=108&lat=91"),
        *("/api/v1/reports?limit=201", "/api/v1/reports?limit=0", "/api/v1/reports?after=x"),
        *("/api/v1/reports?bbox=108,15,107,16", "/api/v1/reports?bbox=107,16,108,15"),
        *("/api/v1/reports?bbox=-181,15,107,16", "/api/v1/reports?bbox=107,15,108,91"),
        *("/api/v1/reports?bbox=1,2,3", "/api/v1/reports?bbox=nan,0,1,1"),
    ):
        assert (await module_town.ask("GET", wrong)).status_code == 400, wrong
    page = await module_town.see("/api/v1/reports?limit=200")
    assert page["next"] is None
    exactly = await module_town.see(f"/api/v1/reports?limit={len(page['items'])}")
    assert exactly["next"] is None, "the last page says so, even when it is full"


async def test_a_day_is_one_of_vietnam_and_counts_to_its_end(module_town: Town) -> None:
    report = await module_town.a_report()
    await module_town.moved(report, "accept")
    # half past midnight of the first of March in Vietnam
    await module_town.owner.execute(
        """
        WITH old AS (
            UPDATE report SET created_at = '2024-02-29 17:30+00' WHERE code = $1
            RETURNING id, created_at)
        UPDATE map_point p SET created_at = old.created_at,
            created_us = (extract(epoch FROM old.created_at) * 1000000)::bigint
        FROM old WHERE old.id = p.report_id
        """,
        report.code,
    )
    for asked, count in (
        ("from=2024-03-01&to=2024-12-31", 1),
        ("from=2024-03-02&to=2024-12-31", 0),
        ("to=2024-02-29", 0),
        ("to=2024-03-01", 1),
        ("from=2024-03-01&to=2024-03-01", 1),
        ("from=0001-01-01&to=2024-12-31", 1),
        ("from=9999-12-31&to=9999-12-31", 0),
    ):
        found = await module_town.see(f"/api/v1/reports?{asked}")
        assert len(found["items"]) == count, asked
    await module_town.owner.execute(
        "UPDATE report SET visibility = 'hidden' WHERE code = $1", report.code
    )
