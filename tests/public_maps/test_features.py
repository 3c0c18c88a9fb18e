"""OGC API – Features, asked by hand and read by GDAL's own driver (OAPIF)."""

import asyncio
import json
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest
from pyproj import Transformer

from backend.errors import Malformed
from mobile_api.ogc.crs import CRS84, list_references
from mobile_api.ogc.features import _UNITS_MOST
from mobile_api.ogc.queries import LIMIT_MOST, _read_limit, read_datetime
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


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "since", "until"),
    [
        ("2026-11-02", utc("2026-11-01T17:00"), utc("2026-11-02T17:00")),
        ("2026-11-02/2026-11-03", utc("2026-11-01T17:00"), utc("2026-11-03T17:00")),
        ("../2026-11-02", None, utc("2026-11-02T17:00")),
        ("2026-11-02/..", utc("2026-11-01T17:00"), None),
        ("/2026-11-02", None, utc("2026-11-02T17:00")),
        (
            "2026-11-02T08:00:00+07:00",
            utc("2026-11-02T01:00"),
            utc("2026-11-02T01:00") + timedelta(microseconds=1),
        ),
        (
            "2026-11-02T01:00:00Z/2026-11-02T01:00:00Z",
            utc("2026-11-02T01:00"),
            utc("2026-11-02T01:00") + timedelta(microseconds=1),
        ),
        (
            "2026-11-02/2026-11-03T05:00:00Z",
            utc("2026-11-01T17:00"),
            utc("2026-11-03T05:00") + timedelta(microseconds=1),
        ),
    ],
)
def test_both_ends_of_an_interval_belong_to_it(
    text: str, since: datetime | None, until: datetime | None
) -> None:
    """OGC 17-069r4 §7.15.4 and RFC 3339; a day is one of Vietnam."""
    assert read_datetime(text) == (since, until)


@pytest.mark.parametrize("text", ["2026-11-02T01:00:00", "2026-11-02T01:00:00/..", "x/..", "../x"])
def test_a_moment_without_a_zone_is_none(text: str) -> None:
    with pytest.raises(Malformed):
        read_datetime(text)


def test_more_than_the_most_gives_the_most() -> None:
    """Part 1, requirement 21."""
    assert [_read_limit(text) for text in ("1", str(LIMIT_MOST), str(LIMIT_MOST + 1))] == [
        *(1, LIMIT_MOST, LIMIT_MOST)
    ]


async def test_units_are_chosen_by_level_parent_code_and_box(town: Town) -> None:
    every = await read_all(town, f"{UNITS}/items?limit=70")
    assert {one["properties"]["valid_to"] for one in every} == {None}, "those of today"
    ours = next(one for one in every if one["properties"]["code"] == "21028")
    parent = ours["properties"]["parent"]
    for name, value in (("level", "province"), ("parent", parent), ("code", "21028")):
        found = await read_all(town, f"{UNITS}/items?{name}={value}")
        wanted = [one["id"] for one in every if one["properties"][name] == value]
        assert [one["id"] for one in found] == wanted, name
    lon, lat = PLACE
    around = f"bbox={lon - 1e-6},{lat - 1e-6},{lon + 1e-6},{lat + 1e-6}"
    six = f"bbox={lon - 1e-6},{lat - 1e-6},-9999,{lon + 1e-6},{lat + 1e-6},9999"
    for box in (around, six):
        found = await read_all(town, f"{UNITS}/items?level=commune&{box}")
        assert [one["properties"]["code"] for one in found] == ["21028"], box
    nowhere = await read_all(town, f"{UNITS}/items?bbox=0,0,1,1")
    assert nowhere == []


async def test_the_last_day_of_a_unit_is_the_day_before_the_next_ones_first(town: Town) -> None:
    days: dict[str, set[str]] = {}
    for asked in ("2025-06-30", "2025-07-01", "2025-06-30/2025-07-01"):
        found = await read_all(town, f"{UNITS}/items?level=commune&limit=200&datetime={asked}")
        days[asked] = {one["id"] for one in found}
    old, new, both = days.values()
    assert not old & new
    assert both == old | new
    page = await town.see(f"{UNITS}/items?datetime=../..&limit=1000")
    assert page["numberReturned"] <= _UNITS_MOST, "whole shapes are large"
    codes = [one["id"] for one in await read_all(town, f"{UNITS}/items?datetime=../..&limit=7")]
    assert len(codes) == len(set(codes)) >= len(both)


async def test_a_generation_that_is_not_in_force_is_shown_to_nobody(town: Town) -> None:
    where = "level = 'province' AND valid_from = '2025-07-01'"
    province = (await town.see(f"{UNITS}/items?level=province"))["features"][0]["id"]
    await town.owner.execute(f"UPDATE unit_generation SET state = 'loaded' WHERE {where}")  # noqa: S608
    try:
        page = await town.see(f"{UNITS}/items?level=province")
        assert province not in {one["id"] for one in page["features"]}
        assert (await town.ask("GET", f"{UNITS}/items/{province}")).status_code == 404
    finally:
        await town.owner.execute(f"UPDATE unit_generation SET state = 'active' WHERE {where}")  # noqa: S608
    assert (await town.ask("GET", f"{UNITS}/items/{province}")).status_code == 200


async def test_the_next_page_asks_the_same_in_the_same_system(
    town: Town, published: list[Sent]
) -> None:
    lon, lat = PLACE
    box = f"{lon - 1e-5},{lat - 1e-5},{lon + 7e-5},{lat + 7e-5}"
    asked = f"{REPORTS}/items?limit=2&status=assigned&bbox={box}&crs={EPSG}3857&f=json"
    page = await town.see(asked)
    (following,) = (one["href"] for one in page["links"] if one["rel"] == "next")
    words = parse_qs(urlsplit(following).query)
    assert words.keys() == {"limit", "status", "bbox", "crs", "after"}
    found = await read_all(town, asked)
    assert [one["id"] for one in found] == [report.code for report in reversed(published[:4])]
    x, y = Transformer.from_crs(4326, 3857, always_xy=True).transform(*PLACE)
    assert found[-1]["geometry"]["coordinates"] == pytest.approx((x, y), abs=0.001)


async def test_a_box_reaches_as_far_as_its_own_sides_and_no_farther(
    town: Town, published: list[Sent]
) -> None:
    """The sides of a box in VN-2000 are no meridians: what it covers is not what it is."""
    x, y = Transformer.from_crs(4326, 5898, always_xy=True).transform(*PLACE)
    for south, north in ((y - 30_000, y + 1), (y - 1, y + 30_000)):
        for west, is_in in ((x - 1, True), (x + 1, False)):
            box = f"{west},{south},{west + 30_000},{north}"
            found = await read_all(town, f"{REPORTS}/items?bbox={box}&bbox-crs={EPSG}5898")
            assert (published[0].code in {one["id"] for one in found}) == is_in, (south, west)


async def test_a_report_is_found_however_its_code_is_typed_and_only_if_published(
    town: Town, published: list[Sent]
) -> None:
    code = published[3].code
    for typed in (code, code.lower(), code.replace("-", "")):
        assert (await town.see(f"{REPORTS}/items/{typed}"))["id"] == code
    waiting = await town.a_report(text="Chưa ai duyệt.")
    for other in (waiting.code, "QNG-0000-0000", "x"):
        assert (await town.ask("GET", f"{REPORTS}/items/{other}")).status_code == 404
    await town.owner.execute("UPDATE report SET visibility = 'hidden' WHERE code = $1", code)
    assert (await town.ask("GET", f"{REPORTS}/items/{code}")).status_code == 404
    await town.owner.execute("UPDATE report SET visibility = 'public' WHERE code = $1", code)


async def test_a_copy_kept_for_a_program_is_not_given_to_a_browser(town: Town) -> None:
    """One address answers in two forms: caches are told what it depends on (RFC 9110 §12.5.5)."""
    program = await town.ask("GET", "/ogc/collections", headers={"Accept": "application/json"})
    page = await town.ask("GET", "/ogc/collections", headers={"Accept": "text/html"})
    assert program.headers["content-type"].startswith("application/json")
    assert page.headers["content-type"].startswith("text/html")
    for answer in (program, page):
        varies = {word.strip().lower() for word in answer.headers.get("vary", "").split(",")}
        assert "accept" in varies or "no-store" in answer.headers["cache-control"]
    english = await town.ask("GET", "/ogc?f=json", headers={"Accept-Language": "en"})
    assert english.json()["description"] != (await town.see("/ogc?f=json"))["description"]
    assert "accept-language" in english.headers["vary"].lower()
