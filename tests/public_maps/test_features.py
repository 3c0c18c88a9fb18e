"""OGC API – Features, asked by hand and read by GDAL's own driver (OAPIF)."""

import asyncio
import json
import shutil
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from pyproj import Transformer

from mobile_api.ogc.crs import CRS84, list_references
from tests.province import PLACE, SENSITIVE, Sent, Town

EPSG: Final = "http://www.opengis.net/def/crs/EPSG/0/"
REPORTS: Final = "/ogc/collections/reports"
UNITS: Final = "/ogc/collections/units"
MANY: Final = 23

needs_gdal = pytest.mark.skipif(
    shutil.which("ogr2ogr") is None, reason="gdal-bin is not installed (./run setup dev does it)"
)


@pytest.fixture(scope="module")
async def published(module_town: Town) -> list[Sent]:
    """Reports in a row to the north-east, one of them sensitive, and one nobody has published."""
    sent = []
    for n in range(MANY):
        place = {"lon": PLACE[0] + n * 2e-5, "lat": PLACE[1] + n * 2e-5}
        category = SENSITIVE if n == 5 else "giao-thong-o-ga"
        report = await module_town.a_report(location=place, category=category)
        by = "officer.police" if n == 5 else "officer"
        await module_town.moved(report, "accept", by=by)
        sent.append(report)
    await module_town.a_report(text="Chưa ai duyệt.")
    return sent


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


async def ogr(*arguments: str | Path) -> str:
    """The output of one of GDAL's programs."""
    process = await asyncio.create_subprocess_exec(
        *map(str, arguments), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, errors = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, errors.decode()
    assert b"ERROR" not in errors, errors.decode()
    return said.decode()


async def read_all(town: Town, address: str) -> list[dict[str, Any]]:
    """Every feature, page by page, as `next` leads."""
    found: list[dict[str, Any]] = []
    following: str | None = address
    while following:
        page = await town.see(following)
        found += page["features"]
        assert page["numberReturned"] == len(page["features"])
        following = next((one["href"] for one in page["links"] if one["rel"] == "next"), None)
    return found


@needs_gdal
async def test_gdal_reads_every_report_once_through_its_pages(
    town: Town, published: list[Sent], tmp_path: Path
) -> None:
    out = tmp_path / "reports.geojson"
    source = f"OAPIF:{town.url}/ogc"
    await ogr(
        *("ogr2ogr", "-oo", "PAGE_SIZE=5", "-f", "GeoJSON", "-lco", "RFC7946=NO", out),
        *(source, "reports"),
    )
    features = json.loads(out.read_text())["features"]
    assert sorted(one["properties"]["code"] for one in features) == sorted(
        report.code for report in published
    )
    place = {one["properties"]["code"]: one["geometry"]["coordinates"] for one in features}
    assert place[published[0].code] == pytest.approx(PLACE, abs=1e-7)


@pytest.mark.parametrize("epsg", [4326, 3857, 5898, 9216])
async def test_gdal_reads_each_reference_system_where_it_belongs(
    town: Town, published: list[Sent], epsg: int
) -> None:
    """By the GDAL inside pyogrio: Debian 12's own asks for CRS84 only (it learned CRS in 3.7)."""
    # in a process of its own: GDAL holds Python's lock while it waits for us to answer
    code = f"""
import json, pyogrio, shapely
meta, _, shapes, columns = pyogrio.raw.read(
    "OAPIF:{town.url}/ogc", layer="reports", CRS="EPSG:{epsg}")
points = shapely.from_wkb(shapes)
codes = columns[list(meta["fields"]).index("code")]
print(json.dumps([meta["crs"], {{c: [p.x, p.y] for c, p in zip(codes, points)}}, len(points)]))
"""
    crs, places, count = json.loads(await ogr(sys.executable, "-c", code))
    # EPSG:4326 and CRS84 are the same to GDAL, which asks for the latter
    assert crs == f"EPSG:{epsg}" or (epsg == 4326 and "CRS84" in crs)
    assert count == len(published)
    assert places.keys() == {report.code for report in published}
    # in memory GDAL puts longitude and easting first, whatever the register says
    expected = Transformer.from_crs(4326, epsg, always_xy=True).transform(*PLACE)
    assert places[published[0].code] == pytest.approx(expected, abs=1e-7 if epsg == 4326 else 0.01)


@needs_gdal
async def test_gdal_reads_the_units_of_a_day(town: Town, tmp_path: Path) -> None:
    out = tmp_path / "units.geojson"
    await ogr("ogr2ogr", "-f", "GeoJSON", out, f"OAPIF:{town.url}/ogc", "units")
    today = json.loads(out.read_text())["features"]
    assert len(today) == len(await read_all(town, f"{UNITS}/items"))
    assert {"province", "commune"} <= {one["properties"]["level"] for one in today}
    info = await ogr("ogrinfo", "-al", "-so", f"OAPIF:{town.url}/ogc", "units")
    assert "Multi Polygon" in info or "Polygon" in info


async def test_paging_by_hand_gives_each_feature_once(town: Town, published: list[Sent]) -> None:
    found = await read_all(town, f"{REPORTS}/items?limit=4")
    assert [one["id"] for one in found] == [report.code for report in reversed(published)]


async def test_axes_come_in_the_order_of_the_reference_system(
    town: Town, published: list[Sent]
) -> None:
    path = f"{REPORTS}/items/{published[0].code}"
    answer = await town.ask("GET", path)
    assert answer.headers["content-crs"] == f"<{CRS84}>"
    assert answer.json()["geometry"]["coordinates"] == pytest.approx(PLACE)
    answer = await town.ask("GET", f"{path}?crs={EPSG}4326")
    assert answer.headers["content-crs"] == f"<{EPSG}4326>"
    assert answer.json()["geometry"]["coordinates"] == pytest.approx((PLACE[1], PLACE[0]))


async def test_a_box_is_read_in_its_own_reference_system(town: Town, published: list[Sent]) -> None:
    lon, lat = PLACE
    inside = published[0].code
    boxes = {
        f"bbox={lon - 1e-5},{lat - 1e-5},{lon + 1e-5},{lat + 1e-5}",
        f"bbox={lat - 1e-5},{lon - 1e-5},{lat + 1e-5},{lon + 1e-5}&bbox-crs={EPSG}4326",
    }
    for epsg in (3857, 5898):
        x, y = Transformer.from_crs(4326, epsg, always_xy=True).transform(lon, lat)
        boxes.add(f"bbox={x - 1},{y - 1},{x + 1},{y + 1}&bbox-crs={EPSG}{epsg}")
    for box in boxes:
        assert [one["id"] for one in await read_all(town, f"{REPORTS}/items?{box}")] == [inside]


async def test_units_follow_the_day_that_is_asked_for(town: Town) -> None:
    now = {one["id"] for one in await read_all(town, f"{UNITS}/items?limit=50")}
    before = {one["id"] for one in await read_all(town, f"{UNITS}/items?datetime=2025-05-01")}
    both = await read_all(town, f"{UNITS}/items?datetime=../..")
    assert len({one["id"] for one in both}) == len(both) >= len(now | before)
    assert now
    assert before
    assert not now & before
    one = await town.see(f"{UNITS}/items/21028@2025-07-01")
    assert one["properties"]["name"]


async def test_reports_follow_period_and_properties(town: Town, published: list[Sent]) -> None:
    middle = published[10].answer["created_at"]
    later = await read_all(town, f"{REPORTS}/items?datetime={middle}/..")
    assert len(later) == MANY - 10
    exactly = await read_all(town, f"{REPORTS}/items?datetime={middle}")
    assert [one["id"] for one in exactly] == [published[10].code]
    sensitive = await read_all(town, f"{REPORTS}/items?category={SENSITIVE}&status=assigned")
    assert [one["id"] for one in sensitive] == [published[5].code]
    assert sensitive[0]["properties"]["is_coarse"]
    assert await read_all(town, f"{REPORTS}/items?unit=00000") == []


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=x",
        "bbox=1,2,3",
        "bbox=4,3,2,1",
        "bbox=nan,0,1,1",
        "crs=http://example.org/none",
        "bbox-crs=EPSG:32648",
        "datetime=yesterday",
        "datetime=2026-02-30",
        "datetime=2026-02-02/2026-02-01",
        "after=x",
        "colour=red",
        "f=xml",
    ],
)
async def test_what_cannot_be_read_is_refused(town: Town, query: str) -> None:
    for collection in (REPORTS, UNITS):
        answer = await town.ask("GET", f"{collection}/items?{query}")
        assert answer.status_code == 400, (query, answer.text)
        assert answer.headers["content-type"].startswith("application/problem+json")


async def test_the_documents_link_to_each_other(town: Town) -> None:
    landing = await town.see("/ogc")
    for one in landing["links"]:
        if "du-lieu-mo" not in one["href"]:
            answer = await town.ask("GET", one["href"], headers={"Accept": "*/*"})
            assert answer.status_code == 200, one
            assert answer.headers["content-type"].split(";")[0] == one["type"].split(";")[0]
    collections = (await town.see("/ogc/collections"))["collections"]
    assert {one["id"] for one in collections} == {"reports", "units"}
    for one in collections:
        assert one["crs"][0] == CRS84
        assert {f"{EPSG}4326", f"{EPSG}3857", f"{EPSG}5898"} <= set(one["crs"])


async def test_nothing_is_sent_again_that_the_caller_has(town: Town, published: list[Sent]) -> None:
    first = await town.ask("GET", f"{REPORTS}/items")
    assert first.headers["content-encoding"] == "gzip"
    tag = first.headers["etag"]
    again = await town.ask("GET", f"{REPORTS}/items", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")


def test_the_national_systems_are_those_of_the_place() -> None:
    quang_ngai = (107.3, 14.0, 109.3, 15.5)
    assert {one.epsg for one in list_references(quang_ngai)} >= {None, 4326, 3857, 5898, 9216}
    paris = (2.2, 48.8, 2.5, 48.9)
    assert [one.epsg for one in list_references(paris)] == [None, 4326, 3857]
