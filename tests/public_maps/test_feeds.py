"""Feeds of published reports: valid XML, stable ids, nothing sent twice."""

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final
from uuid import UUID
from xml.etree import ElementTree

import pytest

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
        *("/tin/phan-anh", "/tin/phan-anh.xml", "/tin/khac.atom", "/tin/don-vi/00000.atom"),
        *("/tin/don-vi/21028", "/tin/linh-vuc/khong-co.rss", "/tin/linh-vuc/giao-thong.html"),
    ):
        assert (await town.ask("GET", path)).status_code == 404, path
    empty = await read(town, "/tin/linh-vuc/cay-xanh.atom")
    assert empty.findall(f"{ATOM}entry") == []


async def test_pages_tell_readers_where_the_feed_is(town: Town) -> None:
    page = (await town.ask("GET", "/ban-do")).text
    assert '<link rel="alternate" type="application/atom+xml" href="/tin/phan-anh.atom"' in page
