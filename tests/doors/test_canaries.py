"""Tokens planted in what nobody may read, looked for in everything that strangers can ask for."""

import json
import re
from typing import Any, Final

import pytest
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from backend.clock import now
from backend.web.policies import list_policies
from mobile_api import store as public_store
from mobile_api.store import ListFilter
from tests.factories import a_photo
from tests.journeys.walk import REASON
from tests.province import PLACE, RESTRICTED, SENSITIVE, Sent, Town, sha256_of

# Tokens that stand nowhere else; whatever public answer holds one has leaked.
TEXT: Final = "canarytextzq"
ADDRESS: Final = "canaryaddresszq"
NAME: Final = "Canarynamezq"
PHONE: Final = "0912345678"
PHONE_STORED: Final = "+84912345678"
ANSWER: Final = "canaryanswerzq"
NOTE: Final = "canarynotezq"
COMMENT: Final = "canarycommentzq"
_BUILT: Final = re.compile(rb"-[A-Z0-9]{8}\.")
CANARIES: Final = (TEXT, ADDRESS, NAME, PHONE, PHONE_STORED, ANSWER, NOTE, COMMENT)
# A place in Nghĩa Lộ that no other report of these tests has; digits enough to know it by.
SPOT: Final = (108.78641973, 15.11864209)


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


# What strangers may ask, with every way of naming a report; {…} are filled in for each.
PUBLIC: Final = (
    "/open311/v2/requests.json?page_size=500",
    "/open311/v2/requests.xml?extensions=true",
    "/open311/v2/requests?bbox={bbox}",
    "/open311/v2/requests.json?service_request_id={code}&extensions=true",
    "/open311/v2/requests.json?lat={lat}&long={lon}&radius=5000",
    f"/open311/v2/requests.json?updated_after={now():%Y-%m-%d}",
    "/open311/v2/requests/{code}",
    "/open311/v2/requests/{code}.xml?extensions=true",
    "/open311/v2/tokens/{code}",
    "/api/v1/reports?limit=200",
    "/api/v1/reports?q={text}",
    "/api/v1/reports?bbox={bbox}",
    "/api/v1/reports?unit=21028&limit=200",
    "/api/v1/reports/near?lon={lon}&lat={lat}&radius_metres=5000&limit=50",
    "/api/v1/reports/{code}",
    "/api/v1/reports/{code}/mine",
    "/api/v1/reports/{code}/mine/photos/{sha256}/full.webp",
    "/theo-doi/{code}/anh/{sha256}/full.webp",
    "/api/v1/reports/{id}/photos/{sha256}/full.webp",
    "/api/v1/reports/{id}/photos/{sha256}/small.webp",
    "/theo-doi/{code}",
    "/theo-doi?ma={code}",
    "/ban-do",
    "/ban-do?unit=21028",
    "/ban-do?bbox={bbox}&phan=danh-sach",
    "/robots.txt",
    "/sitemap.xml",
    f"/sitemap/{now():%Y-%m}.xml",
    "/",
    "/openapi.json",
    "/metrics",
    "/problems",
    "/sw.js",
    "/offline",
    "/api/v1/categories",
    "/api/v1/categories/search?q=o+ga",
    "/api/v1/units/at?lon={lon}&lat={lat}",
    "/api/v1/alerts",
    "/api/v1/push/key",
    "/api/v1/tiles/reports/{zoom}/{column}/{row}",
    "/tin/{feed}",
    "/tin/don-vi/{unit_feed}",
    "/tin/linh-vuc/{category_feed}",
    "/tro-giup",
    "/du-lieu-mo",
    "/du-lieu-mo/{file}",
    "/ogc",
    "/ogc/api",
    "/ogc/conformance",
    "/ogc/collections",
    "/ogc/collections/{collection}",
    "/ogc/collections/{collection}/items",
    "/ogc/collections/{collection}/items/{code}",
    "/api/v1/tiles/units/{zoom}/{column}/{row}",
)


# Asked for elsewhere, or the same for everybody: no report is named in them.
NAMELESS: Final = frozenset(
    {
        *("/open311/discovery", "/open311/discovery.json", "/open311/discovery.xml"),
        *("/open311/v2/discovery", "/open311/v2/discovery.json", "/open311/v2/discovery.xml"),
        *("/open311/v2/services", "/open311/v2/services.json", "/open311/v2/services.xml"),
        "/open311/v2/services/{}",
        *("/api/v1/categories", "/healthz", "/readyz", "/static/{}", "/dang-nhap", "/ngon-ngu"),
        *("/api/v1/consents", "/dang-nhap/nguoi-dan", "/dang-nhap/nguoi-dan/ma"),
        *("/dang-nhap/dinh-danh", "/dang-nhap/dinh-danh/ve"),
        *("/openapi", "/openapi/{}", "/openapi/openapi.json", "/problems/{}", "/ioc/wall"),
        "/ngung-thu/{}",
    }
)


def test_every_question_of_strangers_is_asked_here(town: Town) -> None:
    asked = {re.sub(r"\{\w+\}", "{}", path.split("?")[0]) for path in PUBLIC}
    asked = {re.sub(r"/(full|small)\.webp$|/[\d-]+\.xml$", "/{}", path) for path in asked}
    offered = {
        re.sub(r"\{[^}]+\}", "{}", path)
        for path, methods, _, policy in list_policies(town.app)
        if "GET" in methods and policy is not None and policy.lets_strangers_in
    }
    assert offered - asked - NAMELESS == set()


async def a_canary(town: Town, state: str) -> Sent:
    """A report full of canaries, brought into a state in which strangers may not read it."""
    photo = a_photo(exif=_exif_with_gps())
    report = await town.a_report(
        text=f"{TEXT} {state}",
        address=ADDRESS,
        location={"lon": SPOT[0], "lat": SPOT[1]},
        contact={"name": NAME, "phone": PHONE},
        answers={"ghi-chu": ANSWER},
        photos=(photo,),
        category=RESTRICTED if state == "restricted" else "giao-thong-o-ga",
    )
    await town.send_photo(report, photo)
    await town.develop(report, photo)
    if state in ("hidden", "withdrawn", "declined", "merged"):
        await town.moved(report, "accept", internal_note=NOTE)
    if state == "hidden":
        await town.moved(report, "hide", by="moderator", reason=f"{NOTE} {REASON}")
    elif state == "withdrawn":
        path = f"/api/v1/reports/{report.code}/withdraw"
        answer = await town.ask("POST", path, secret=report.secret, json={"reason": COMMENT})
        assert answer.status_code == 200
    elif state == "declined":
        await town.moved(report, "decline", by="key", reason=REASON, internal_note=NOTE)
    elif state == "merged":
        other = await town.a_report()
        await town.moved(report, "merge", by="key", into=other.id, internal_note=NOTE)
    return report


@pytest.mark.parametrize(
    "state", ["pending", "hidden", "restricted", "withdrawn", "declined", "merged"]
)
async def test_no_canary_of_an_unpublished_report_comes_out(
    town: Town, state: str, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = await listings(town)
    report = await a_canary(town, state)
    if state != "merged":
        assert await listings(town) == empty, "lists and counts tell of a report nobody may see"
    leaks = []
    for path in PUBLIC:
        for accept in ("application/json", "text/html"):
            answer = await town.ask("GET", filled(path, report), headers={"Accept": accept})
            assert answer.status_code < 500, path
            said = f"{answer.text} {answer.headers} {answer.content!r}"
            # what was asked for is named again only in the form that asks for a code
            leaks += [f"{path}: {found}" for found in found_in(said, report)]
    logged = capsys.readouterr().out
    leaks += [f"log: {found}" for found in found_in(logged, report)]
    assert not leaks, "\n".join(leaks)


async def test_a_published_report_shows_words_and_place_and_nothing_private(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    report = await a_canary(town, "public")
    await town.moved(report, "accept", internal_note=NOTE)
    await town.moved(report, "start", internal_note=NOTE)
    await town.moved(report, "ask", public_note="Ở đâu?", internal_note=NOTE)
    await town.ask(
        "POST",
        f"/api/v1/reports/{report.code}/messages",
        secret=report.secret,
        json={"text": COMMENT},
    )
    seen = await town.see(f"/api/v1/reports/{report.code}")
    assert TEXT in seen["text"]
    leaks = []
    for path in PUBLIC:
        answer = await town.ask("GET", filled(path, report))
        if path.endswith("/mine"):
            assert answer.status_code == 404
        leaks += [
            f"{path}: {found}"
            for found in (NAME, PHONE, PHONE_STORED, ANSWER, NOTE, COMMENT, report.secret)
            if found in answer.text
        ]
        assert b"Exif" not in answer.content
        # the names of built files end in a sum of their content, which may spell anything
        assert b"GPS" not in _BUILT.sub(b"", answer.content)
    logged = capsys.readouterr().out
    leaks += [f"log: {found}" for found in found_in(logged, report)]
    assert not leaks, "\n".join(leaks)
    await town.moved(report, "hide", by="moderator", reason=REASON)


async def test_no_number_of_questions_brings_one_nearer_to_a_sensitive_place(town: Town) -> None:
    at = {"lon": SPOT[0], "lat": SPOT[1]}
    report = await town.a_report(category=SENSITIVE, location=at, address=ADDRESS)
    await town.moved(report, "accept", by="officer.police")
    seen = await town.see(f"/api/v1/reports/{report.code}")
    assert (seen["is_published"], seen["is_coarse"], seen["address"]) == (True, True, None)
    shown = (seen["location"]["lon"], seen["location"]["lat"])
    assert metres_between(shown, SPOT) > 300, "the label point happens to be the place itself"
    # bisection: the boxes that hold the report close in on the point shown, not on the place
    west, south, east, north = 107.0, 14.0, 110.0, 16.0
    for _ in range(28):
        middle = (west + east) / 2
        west, east = (
            (west, middle)
            if await is_in(town, report, (west, south, middle, north))
            else (
                middle,
                east,
            )
        )
        middle = (south + north) / 2
        south, north = (
            (south, middle)
            if await is_in(town, report, (west, south, east, middle))
            else (middle, north)
        )
    assert metres_between(((west + east) / 2, (south + north) / 2), shown) < 5
    for lon, lat in (SPOT, shown):
        near = await town.see(
            f"/api/v1/reports/near?lon={lon}&lat={lat}&radius_metres=5000&limit=50"
        )
        assert report.code not in {item["code"] for item in near["items"]}
    again = await town.a_report(category=SENSITIVE, location={"lon": PLACE[0], "lat": PLACE[1]})
    await town.moved(again, "accept", by="officer.police")
    other = (await town.see(f"/api/v1/reports/{again.code}"))["location"]
    assert (other["lon"], other["lat"]) == shown, "two places of a unit are told apart"


async def test_the_photo_that_is_shown_has_lost_what_the_camera_wrote(town: Town) -> None:
    photo = a_photo(size=(400, 300), exif=_exif_with_gps())
    assert b"CanaryCamera" in photo
    report = await town.a_report(photos=(photo,))
    await town.send_photo(report, photo)
    await town.develop(report, photo)
    await town.moved(report, "accept")
    for size in ("full", "small"):
        path = f"/api/v1/reports/{report.id}/photos/{sha256_of(photo)}/{size}.webp"
        shown = await town.ask("GET", path)
        assert shown.status_code == 200
        for mark in (b"CanaryCamera", b"EXIF", b"Exif", b"XMP "):
            assert mark not in shown.content


async def is_in(town: Town, report: Sent, box: tuple[float, float, float, float]) -> bool:
    rows = await public_store.list_public(town.database.public, ListFilter(bbox=box, limit=200))
    return report.code in {row["code"] for row in rows}


async def listings(town: Town) -> Any:
    """What lists tell strangers, and how many rows they have."""
    answers = [
        await town.see("/api/v1/reports?limit=200"),
        await town.see(f"/api/v1/reports/near?lon={SPOT[0]}&lat={SPOT[1]}&radius_metres=5000"),
    ]
    page = (await town.ask("GET", "/ban-do")).text
    return json.dumps(answers, sort_keys=True), page


def filled(path: str, report: Sent) -> str:
    box = f"{SPOT[0] - 1e-4},{SPOT[1] - 1e-4},{SPOT[0] + 1e-4},{SPOT[1] + 1e-4}"
    return path.format(
        code=report.code,
        id=report.id,
        sha256=sha256_of(report.photos[0]) if report.photos else "0" * 64,
        text=TEXT,
        bbox=box,
        lon=SPOT[0] + 0.003,
        lat=SPOT[1] + 0.003,
        zoom=14,
        file="reports.csv",
        feed="phan-anh.atom",
        unit_feed="21028.rss",
        category_feed="giao-thong.atom",
        collection="reports",
        column=13142,
        row="7495.pbf",
    )


def found_in(said: str, report: Sent) -> list[str]:
    """The canaries in an answer or a log: words, numbers, the place to 11 m, secret and camera."""
    place = re.compile(rf"{SPOT[0]:.4f}|{SPOT[1]:.4f}"[:40])
    marks = [*CANARIES, report.secret, "CanaryCamera"]
    return [mark for mark in marks if mark in said] + place.findall(said)


def metres_between(one: tuple[float, float], other: tuple[float, float]) -> float:
    return float(
        (((one[0] - other[0]) * 107_500) ** 2 + ((one[1] - other[1]) * 110_600) ** 2) ** 0.5
    )


def _exif_with_gps() -> bytes:
    exif = Image.Exif()
    exif[Base.Make] = "CanaryCamera"
    exif[Base.DateTime] = now().strftime("%Y:%m:%d %H:%M:%S")
    place = exif.get_ifd(IFD.GPSInfo)
    place[GPS.GPSLatitudeRef], place[GPS.GPSLatitude] = "N", (15.0, 7.0, 7.11)
    place[GPS.GPSLongitudeRef], place[GPS.GPSLongitude] = "E", (108.0, 47.0, 11.11)
    return exif.tobytes()
