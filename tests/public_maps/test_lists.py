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
            OR geom && ST_MakeEnvelope($1[1], $1[2], $1[3], $1[4], 4326))
        AND ($2::text IS NULL
            OR category_code IN (SELECT code FROM category WHERE $2 IN (code, field_code)))
        AND ($3::text IS NULL OR status = $3) AND ($4::text IS NULL OR unit_code = $4)
        AND ($5::timestamptz IS NULL OR created_at < $5)
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
    untils = (None, now() + timedelta(days=1))
    for box, category, status, unit, until in itertools.product(
        boxes, categories, statuses, (None, UNIT), untils
    ):
        wanted = ListFilter(bbox=box, category=category, status=status, unit=unit, until=until)
        every = await module_town.owner.fetch(_EVERY, box, category, status, unit, until)
        assert await walk(module_town, wanted) == [row["code"] for row in every], wanted


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
