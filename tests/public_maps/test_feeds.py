"""Feeds of published reports: valid XML, stable ids, nothing sent twice."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final
from uuid import UUID
from xml.etree import ElementTree

import pytest

from mobile_api.feeds import documents
from tests.factories import insert_a_report
from tests.province import POTHOLE, UNIT, Sent, Town

ATOM: Final = "{http://www.w3.org/2005/Atom}"
POINT: Final = "{http://www.georss.org/georss}point"


@pytest.fixture(scope="module")
async def published(module_town: Town) -> list[Sent]:
    """Three reports, one with words that XML must not take for its own."""
    sent = []
    for text in ("Ổ gà thứ nhất.", "Ổ gà <b>lớn</b> & sâu ]]>", "Ổ gà thứ ba."):
        report = await module_town.a_report(text=text)
        await module_town.moved(report, "accept")
        sent.append(report)
    await module_town.a_report(text="Chưa ai duyệt.")
    return sent


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


async def read(town: Town, path: str) -> ElementTree.Element:
    answer = await town.ask("GET", path)
    assert answer.status_code == 200, answer.text
    return ElementTree.fromstring(answer.content)  # noqa: S314  what we have written ourselves


@pytest.mark.parametrize("path", ["phan-anh", f"don-vi/{UNIT}", "linh-vuc/giao-thong"])
async def test_atom_has_each_published_report_once(
    town: Town, published: list[Sent], path: str
) -> None:
    feed = await read(town, f"/tin/{path}.atom")
    entries = feed.findall(f"{ATOM}entry")
    ids = [UUID(entry.findtext(f"{ATOM}id")) for entry in entries]
    assert ids == [UUID(report.id) for report in reversed(published)]
    assert [entry.findtext(f"{ATOM}content") for entry in entries] == [
        report.body["text"] for report in reversed(published)
    ]
    moments = [datetime.fromisoformat(entry.findtext(f"{ATOM}updated") or "") for entry in entries]
    assert datetime.fromisoformat(feed.findtext(f"{ATOM}updated") or "") == max(moments)
    for name in ("id", "title"):
        assert feed.findtext(f"{ATOM}{name}")
    links = {one.get("rel"): one.get("href") for one in feed.findall(f"{ATOM}link")}
    assert links["self"] == f"{town.url}/tin/{path}.atom"
    assert entries[0].findtext(POINT) == "15.120500 108.792300"


async def test_rss_has_them_too(town: Town, published: list[Sent]) -> None:
    (channel,) = await read(town, f"/tin/linh-vuc/{POTHOLE}.rss")
    items = channel.findall("item")
    assert [UUID(one.findtext("guid")) for one in items] == [
        UUID(report.id) for report in reversed(published)
    ]
    assert items[1].findtext("description") == published[1].body["text"]
    assert parsedate_to_datetime(items[0].findtext("pubDate") or "").tzinfo
    for name in ("title", "link", "description"):
        assert channel.findtext(name)


async def test_a_feed_is_sent_again_only_when_it_has_changed(
    town: Town, published: list[Sent]
) -> None:
    path = f"/tin/don-vi/{UNIT}.atom"
    first = await town.ask("GET", path)
    tag = {"If-None-Match": first.headers["etag"]}
    again = await town.ask("GET", path, headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    await town.moved(published[0], "start")
    changed = await town.ask("GET", path, headers=tag)
    assert changed.status_code == 200
    old, new = (ElementTree.fromstring(one.content) for one in (first, changed))  # noqa: S314
    assert [entry.findtext(f"{ATOM}id") for entry in old.findall(f"{ATOM}entry")] == [
        entry.findtext(f"{ATOM}id") for entry in new.findall(f"{ATOM}entry")
    ]
    assert (old.findtext(f"{ATOM}updated") or "") <= (new.findtext(f"{ATOM}updated") or "")


async def test_a_feed_of_nothing_known_is_not_found(town: Town) -> None:
    for path in (
        *(
            "/tin/phan-anh",
            "/tin/phan-anhs.atom",
            "/tin/phan-anh.xml",
            "/tin/khac.atom",
            "/tin/don-vi/00000.atom",
        ),
        *("/tin/don-vi/21028", "/tin/linh-vuc/khong-co.rss", "/tin/linh-vuc/giao-thong.html"),
    ):
        assert (await town.ask("GET", path)).status_code == 404, path
    empty = await read(town, "/tin/linh-vuc/cay-xanh.atom")
    assert empty.findall(f"{ATOM}entry") == []


AN_ENTRY: Final = documents.Entry(
    id=UUID("0193d1c0-0000-7000-8000-000000000001"),
    link="https://caunoi.example/theo-doi/QNG-7K3M-2F9A",
    title="Ổ gà & <hố>\x0b",
    text="Sâu\x00 ba tấc\ud800 ]]>\n<script>",
    category=(POTHOLE, "Ổ gà <&>\x08"),
    lon=108.7923,
    lat=15.1205,
    created_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    updated_at=datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC),
)
A_FEED: Final = documents.Feed(
    address="https://caunoi.example/tin/phan-anh.atom?a=1&lang=en",
    page="https://caunoi.example/ban-do",
    title="Phản ánh",
    subtitle="Nguồn tin",
    language="vi",
    updated_at=AN_ENTRY.updated_at,
    entries=(AN_ENTRY,),
)


def test_an_entry_of_atom_says_each_thing_in_its_place() -> None:
    feed = ElementTree.fromstring(documents.atom(A_FEED))  # noqa: S314  our own words
    (entry,) = feed.findall(f"{ATOM}entry")
    said = {one.tag.removeprefix(ATOM): one.text for one in entry}
    assert said["published"] == "2026-01-02T03:04:05Z"
    assert said["updated"] == "2026-02-03T04:05:06Z" == feed.findtext(f"{ATOM}updated")
    assert said["title"] == "Ổ gà & <hố>"
    assert said["content"] == "Sâu ba tấc ]]>\n<script>"
    assert entry.findtext(POINT) == "15.120500 108.792300", "latitude first (GeoRSS Simple)"
    link, category = entry.find(f"{ATOM}link"), entry.find(f"{ATOM}category")
    assert link is not None
    assert category is not None
    assert link.get("href") == AN_ENTRY.link
    assert category.get("term") == POTHOLE


def test_an_item_of_rss_says_each_thing_in_its_place() -> None:
    (channel,) = ElementTree.fromstring(documents.rss(A_FEED))  # noqa: S314  our own words
    assert channel.findtext("lastBuildDate") == "Tue, 03 Feb 2026 04:05:06 GMT"
    assert channel.findtext("link") == A_FEED.page
    (item,) = channel.findall("item")
    assert item.findtext("pubDate") == "Fri, 02 Jan 2026 03:04:05 GMT"
    assert item.findtext("guid") == AN_ENTRY.id.urn, "for good, whatever becomes of the address"
    assert item.findtext("link") == AN_ENTRY.link
    assert item.findtext("category") == "Ổ gà <&>"
    assert item.findtext("description") == "Sâu ba tấc ]]>\n<script>"
    assert item.findtext(POINT) == "15.120500 108.792300"


async def test_each_feed_leads_to_its_page_and_each_entry_to_its_report(
    town: Town, published: list[Sent]
) -> None:
    for path, asked in (
        ("phan-anh", ""),
        (f"don-vi/{UNIT}", f"?unit={UNIT}"),
        ("linh-vuc/giao-thong", "?category=giao-thong"),
    ):
        feed = await read(town, f"/tin/{path}.atom")
        (page,) = (x.get("href") for x in feed.findall(f"{ATOM}link") if x.get("rel") != "self")
        assert page == f"{town.url}/ban-do{asked}"
        link = feed.find(f"{ATOM}entry/{ATOM}link")
        assert link is not None
        assert link.get("href") == f"{town.url}/theo-doi/{published[-1].code}"
    title = feed.findtext(f"{ATOM}entry/{ATOM}title") or ""
    assert title.endswith(")")
    assert "assigned" not in title, "the stage in people's words"
    elsewhere = await town.owner.fetchval(
        "SELECT code FROM unit WHERE level = 'commune' AND valid_from = '2025-07-01'"
        " AND code <> $1 ORDER BY code LIMIT 1",
        UNIT,
    )
    assert (await read(town, f"/tin/don-vi/{elsewhere}.atom")).findall(f"{ATOM}entry") == []


async def test_the_address_alone_decides_the_language_as_caches_know_no_cookies(
    town: Town, published: list[Sent]
) -> None:
    plain = await town.ask("GET", "/tin/phan-anh.atom")
    chosen = await town.ask("GET", "/tin/phan-anh.atom", headers={"Cookie": "lang=en"})
    assert chosen.headers["cache-control"].startswith("public")
    assert chosen.content == plain.content
    english = ElementTree.fromstring(  # noqa: S314  what we have written ourselves
        (await town.ask("GET", "/tin/phan-anh.atom?lang=en")).content
    )
    links = {one.get("rel"): one.get("href") for one in english.findall(f"{ATOM}link")}
    assert english.findtext(f"{ATOM}title") == "Published reports · Quảng Ngãi"
    assert links["self"] == f"{town.url}/tin/phan-anh.atom?lang=en"


async def test_a_tag_among_others_or_any_tag_is_known(town: Town, published: list[Sent]) -> None:
    first = await town.ask("GET", "/tin/phan-anh.rss")
    tag = first.headers["etag"]
    assert parsedate_to_datetime(first.headers["last-modified"]).tzinfo
    for known in (tag, tag.removeprefix("W/"), f'"other", {tag} , "last"', "*"):
        again = await town.ask("GET", "/tin/phan-anh.rss", headers={"If-None-Match": known})
        assert again.status_code == 304, known
    for other in ('W/"other"', tag[:-2] + '"'):
        fresh = await town.ask("GET", "/tin/phan-anh.rss", headers={"If-None-Match": other})
        assert fresh.status_code == 200, other


async def test_a_feed_is_as_new_as_the_newest_change_in_it(
    town: Town, published: list[Sent]
) -> None:
    await town.owner.execute(
        "UPDATE report SET updated_at = '2030-01-01T00:00:00Z' WHERE code = $1", published[0].code
    )
    answer = await town.ask("GET", f"/tin/don-vi/{UNIT}.atom")
    assert answer.headers["last-modified"] == "Tue, 01 Jan 2030 00:00:00 GMT"
    feed = ElementTree.fromstring(answer.content)  # noqa: S314  what we have written ourselves
    assert feed.findtext(f"{ATOM}updated") == "2030-01-01T00:00:00Z"
    await town.owner.execute(
        "UPDATE report SET updated_at = created_at WHERE code = $1", published[0].code
    )


async def test_a_feed_holds_the_newest_fifty(town: Town, published: list[Sent]) -> None:
    for n in range(52):
        await insert_a_report(town.owner, code=f"QNG-MANY-{n:04}", category_code=POTHOLE)
    feed = await read(town, "/tin/phan-anh.atom")
    links = [one.get("href") or "" for one in feed.findall(f"{ATOM}entry/{ATOM}link")]
    assert [link[-13:] for link in links] == [f"QNG-MANY-{n:04}" for n in range(51, 1, -1)]
    await town.owner.execute("UPDATE report SET visibility = 'hidden' WHERE code ~ 'MANY'")


async def test_pages_tell_readers_where_the_feed_is(town: Town) -> None:
    page = (await town.ask("GET", "/ban-do")).text
    assert '<link rel="alternate" type="application/atom+xml" href="/tin/phan-anh.atom"' in page
