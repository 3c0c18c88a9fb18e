"""How the map comes: after the list, with names to go by, and open about what it leaves out."""

import json
from typing import Any, Final

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.citizen_app.phone import Phone
from tests.province import PLACE, Sent, Town

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(180)]

_KB: Final = 1000
_LOADED: Final = "the page itself"


@pytest.fixture(scope="module")
async def shown(module_town: Town) -> Sent:
    report = await module_town.a_report(text="Ổ gà trước chợ")
    await module_town.moved(report, "accept")
    return report


class Wire:
    """What came over the network for a page, in the order in which it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._urls: dict[str, str] = {}
        self.bytes: dict[str, int] = {}

    @classmethod
    async def at(cls, page: Page) -> "Wire":
        wire = cls()
        session = await page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", wire._send)
        session.on("Network.loadingFinished", wire._finish)
        session.on("Page.loadEventFired", lambda _: wire.asked.append(_LOADED))
        await session.send("Page.enable")
        await session.send("Network.enable")
        return wire

    def _send(self, event: dict[str, Any]) -> None:
        self._urls[event["requestId"]] = event["request"]["url"]
        self.asked.append(event["request"]["url"])

    def _finish(self, event: dict[str, Any]) -> None:
        self.bytes[self._urls[event["requestId"]]] = int(event["encodedDataLength"])


@pytest.mark.parametrize("path", ["/ban-do", "/"])
async def test_list_and_filters_are_there_for_30_kb_of_scripts_before_the_map_library(
    browser: Browser, module_town: Town, shown: Sent, path: str
) -> None:
    context = await browser.new_context(
        base_url=module_town.url,
        viewport={"width": 360, "height": 740},
        service_workers="block",
    )
    page = await context.new_page()
    wire = await Wire.at(page)
    await page.goto(path, wait_until="load")
    if path == "/ban-do":
        # usable: the list is there, the filters can be laid open
        await expect(page.locator("#list .spot").first).to_be_visible()
        await page.click("#filter-box summary")
        await expect(page.locator("#f-category")).to_be_visible()
        await page.wait_for_selector("#map[data-drawn]")
    library = [number for number, url in enumerate(wire.asked) if "leaflet" in url]
    assert bool(library) == (path == "/ban-do"), wire.asked
    before = wire.asked[: library[0]] if library else wire.asked
    assert _LOADED in before or not library, "the library came before the page had loaded"
    assert not [url for url in before if "/api/v1/tiles/" in url], "the map came first"
    sizes = {url: wire.bytes[url] for url in before if url in wire.bytes}
    scripts = sum(size for url, size in sizes.items() if url.endswith(".js"))
    # the map's own code is asked for together with its library
    assert 1 * _KB < scripts <= 30 * _KB, sizes
    assert sum(size for url, size in sizes.items() if url.endswith(".woff2")) > 10 * _KB
    assert sum(sizes.values()) <= 120 * _KB, sizes
    await context.close()


async def test_what_is_typed_while_the_map_is_on_its_way_stays(
    browser: Browser, module_town: Town, shown: Sent
) -> None:
    context = await browser.new_context(base_url=module_town.url, service_workers="block")
    page = await context.new_page()

    async def later(route: Route) -> None:
        await page.wait_for_timeout(1500)
        await route.continue_()

    await page.route("**/leaflet*.js", later)
    await page.goto("/ban-do")
    await page.fill("#f-q", "chợ")
    await page.wait_for_selector("#map[data-drawn]")
    assert await page.input_value("#f-q") == "chợ"
    await context.close()


@pytest.mark.parametrize("zoom", [10, 13, 16, 18])
async def test_a_name_says_where_one_is_at_every_zoom(
    browser: Browser, module_town: Town, shown: Sent, zoom: int
) -> None:
    path = f"/ban-do?lat={PLACE[1]}&lon={PLACE[0]}&z={zoom}"
    phone = await Phone.open(browser, module_town.url, path=path)
    await phone.page.wait_for_selector("#map[data-drawn]")
    await expect(phone.page.locator(".unit-name span").first).to_be_visible()
    frame = await phone.page.locator("#map").bounding_box()
    assert frame is not None
    boxes = [
        box
        for name in await phone.page.locator(".unit-name span").all()
        if (box := await name.bounding_box())
    ]
    for box in boxes:
        assert frame["x"] <= box["x"], "cut off by the frame"
        assert box["x"] + box["width"] <= frame["x"] + frame["width"], "cut off by the frame"
    for one in boxes:
        for other in boxes:
            if one is not other:
                assert (
                    abs(one["y"] - other["y"]) > 10
                    or one["x"] + one["width"] <= other["x"]
                    or other["x"] + other["width"] <= one["x"]
                ), "two names lie on each other"
    assert phone.complaints == []
    await phone.close()


async def test_the_page_of_a_report_shows_its_place_with_a_name(
    browser: Browser, module_town: Town, shown: Sent
) -> None:
    phone = await Phone.open(browser, module_town.url, path=f"/theo-doi/{shown.code}")
    assert await phone.page.locator(".leaflet-container").count() == 0
    await phone.page.click("#place summary")
    await phone.page.wait_for_selector(".place-map[data-ready]")
    await expect(phone.page.locator(".place-map .unit-name span").first).to_be_visible()
    await expect(phone.page.locator(".place-map .pin")).to_be_visible()
    assert phone.complaints == []
    await phone.close()


async def test_the_map_says_that_it_shows_the_newest_only(
    browser: Browser, module_town: Town, shown: Sent
) -> None:
    """As with more than a thousand reports of a commune: the list has always one more page."""
    context = await browser.new_context(
        base_url=module_town.url, locale="vi-VN", service_workers="block"
    )
    page = await context.new_page()
    listed = await module_town.see("/api/v1/reports?limit=1")
    body = json.dumps({"items": listed["items"] * 200, "next": "more"})

    async def endless(route: Route) -> None:
        await route.fulfill(body=body, content_type="application/json")

    await page.route("**/api/v1/reports?*", endless)
    await page.goto("/ban-do?q=ch%E1%BB%A3")
    await expect(page.locator("#map-state")).to_contain_text("chỉ hiển thị 1.000 phản ánh mới nhất")
    await context.close()


async def test_days_the_wrong_way_round_are_refused_before_they_are_sent(
    browser: Browser, module_town: Town, shown: Sent
) -> None:
    phone = await Phone.open(browser, module_town.url, path="/ban-do")
    page = phone.page
    await page.wait_for_selector("#map[data-drawn]")
    await page.click("#filter-box summary")
    await page.fill("#f-from", "2026-11-22")
    await page.fill("#f-to", "2026-11-01")
    said = "document.querySelector('#f-to').validationMessage"
    assert await page.evaluate(said) == "Ngày cuối phải bằng hoặc sau ngày đầu."
    await page.click("#filters button[type=submit]")
    assert "from" not in page.url
    await page.fill("#f-to", "2026-11-22")
    assert await page.evaluate(said) == ""
    await phone.close()
