"""Search engines are led to what is published, and only there."""

import re
from datetime import UTC, date, datetime
from xml.etree import ElementTree

import pytest

from mobile_api.crawlers import pages, store
from tests.province import RESTRICTED, Town

_NAMES = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


async def addresses(town: Town, path: str) -> list[str]:
    """The addresses of a sitemap, without ours in front."""
    answer = await town.ask("GET", path)
    assert answer.status_code == 200, (path, answer.text)
    assert answer.headers["content-type"] == "application/xml; charset=utf-8"
    tree = ElementTree.fromstring(answer.text)  # noqa: S314  our own answer
    found = [str(place.text) for place in tree.findall(".//s:loc", _NAMES)]
    assert all(place.startswith(town.url) for place in found)
    return [place.removeprefix(town.url) for place in found]


async def test_robots_are_kept_off_the_desks_and_shown_the_sitemap(town: Town) -> None:
    answer = await town.ask("GET", "/robots.txt")
    assert answer.headers["content-type"].startswith("text/plain")
    lines = answer.text.splitlines()
    assert "Disallow: /can-bo" in lines
    assert "Disallow: /ioc" in lines
    assert "Disallow: /" not in lines
    for closed in ("/api/", "/kiem-duyet", "/dang-nhap", "/ngon-ngu"):
        assert f"Disallow: {closed}" in lines
    assert "Allow: /api/v1/reports/*/photos/" in lines, "previews of shared links show a photo"
    assert lines[0] == "User-agent: *"
    assert answer.headers["cache-control"].startswith("public")
    assert f"Sitemap: {town.url}/sitemap.xml" in lines


async def test_a_sitemap_lists_published_reports_of_its_month_and_no_others(town: Town) -> None:
    shown, waiting = await town.a_report(), await town.a_report()
    hidden, old = await town.a_report(), await town.a_report()
    restricted = await town.a_report(category=RESTRICTED)
    for report in (shown, hidden, old):
        await town.moved(report, "accept")
    await town.moved(hidden, "hide", by="moderator", reason="Lộ thông tin riêng của người khác.")
    await town.owner.execute(
        "UPDATE report SET created_at = '2024-02-29 17:30+00' WHERE id = $1", old.id
    )
    index = await addresses(town, "/sitemap.xml")
    assert index[0] == "/sitemap/trang.xml"
    assert index[-1] == "/sitemap/2024-03.xml", "half past midnight of 1 March in Vietnam"
    assert re.fullmatch(r"/sitemap/20\d\d-\d\d\.xml", index[1])
    assert await addresses(town, index[-1]) == [f"/theo-doi/{old.code}"]
    now = await addresses(town, index[1])
    assert f"/theo-doi/{shown.code}" in now
    for other in (waiting, hidden, restricted, old):
        assert f"/theo-doi/{other.code}" not in now
    assert "/ban-do" in await addresses(town, index[0])


async def test_months_begin_and_end_in_vietnam_and_say_when_a_report_changed(town: Town) -> None:
    at = {
        "2019-12.xml": ("2019-11-30T17:00:00", "2019-12-31T16:59:59.999999"),
        "2020-01.xml": ("2019-12-31T17:00:00", "2020-01-31T16:59:59.999999"),
    }
    made: dict[str, list[str]] = {}
    for name, moments in at.items():
        codes = made.setdefault(name, [])
        for moment in moments:
            report = await town.a_report()
            await town.moved(report, "accept")
            await town.owner.execute(
                "UPDATE report SET created_at = $2, updated_at = '2020-02-03T04:05:06Z'"
                " WHERE id = $1",
                report.id,
                datetime.fromisoformat(moment).replace(tzinfo=UTC),
            )
            codes.insert(0, report.code)
    for name, codes in made.items():
        found = await addresses(town, f"/sitemap/{name}")
        assert found == [f"/theo-doi/{code}" for code in codes], "the newest first"
        answer = await town.ask("GET", f"/sitemap/{name}")
        assert answer.text.count("<lastmod>2020-02-03T04:05:06Z</lastmod>") == 2
        await town.owner.execute(
            "UPDATE report SET visibility = 'hidden' WHERE code = ANY($1)", codes
        )
    assert await addresses(town, "/sitemap/2020-01.xml") == []


@pytest.mark.parametrize(
    "name", ["2026-13.xml", "2026-1.xml", "2026-11", "1999-12.xml", "2026-11.xmlx"]
)
async def test_there_is_no_sitemap_of_any_other_name(town: Town, name: str) -> None:
    assert (await town.ask("GET", f"/sitemap/{name}")).status_code == 404


async def test_a_sitemap_never_holds_more_than_its_limit(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        await town.moved(await town.a_report(), "accept")
    monkeypatch.setattr(store, "CODES_MOST", 2)
    rows = await store.list_codes(
        town.database.public,
        since=datetime(2026, 1, 1, tzinfo=UTC),
        until=datetime(2099, 1, 1, tzinfo=UTC),
    )
    assert len(rows) == 2


def test_months_are_listed_backwards_over_a_new_year_and_not_endlessly() -> None:
    months = pages._months(date(2025, 11, 30), date(2026, 2, 1))
    assert [f"{month:%Y-%m}" for month in months] == ["2026-02", "2026-01", "2025-12", "2025-11"]
    assert len(pages._months(date(1990, 1, 1), date(2026, 1, 1))) == 120
