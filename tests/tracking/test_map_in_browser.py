"""The public map in a real browser: counts, filters, list and address in step."""

import re
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Browser, Page, expect

from tests.citizen_app.phone import Phone
from tests.province import PLACE, Sent, Town
from tests.tracking.looking import (
    SIZES,
    faults_of,
    overflow_at_double_size,
    picture,
    too_small,
)

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(300)]

# Close together near the market, and one across the river.
STEP: Final = 0.0006
FAR: Final = (108.86, 15.03)
STREET: Final = f"lat={PLACE[1]}&lon={PLACE[0]}&z=17"
_COUNTS: Final = """
[...document.querySelectorAll('#map .pin-box')].map(box => {
  const many = box.querySelector('.pin-many');
  return many ? Number(many.textContent) : 1;
}).reduce((sum, one) => sum + one, 0)
"""


@pytest.fixture(scope="module")
async def shown(module_town: Town) -> list[Sent]:
    """Nine potholes in a row, one of them begun; one heap of rubbish far away."""
    town = module_town
    reports = [
        await town.a_report(
            text=f"Ổ gà số {number} trước chợ",
            location={"lon": PLACE[0] + STEP * number, "lat": PLACE[1]},
        )
        for number in range(9)
    ]
    reports.append(
        await town.a_report(
            category="ve-sinh-moi-truong-do-trom",
            text="Đổ trộm xà bần",
            location={"lon": FAR[0], "lat": FAR[1]},
        )
    )
    for report in reports:
        await town.owner.execute(
            "UPDATE report SET visibility = 'public', status = 'assigned' WHERE id = $1", report.id
        )
    await town.moved(reports[0], "start")
    return reports


@pytest.fixture
async def phone(browser: Browser, module_town: Town, shown: list[Sent]) -> AsyncIterator[Phone]:
    opened = await Phone.open(browser, module_town.url, path="/ban-do")
    yield opened
    assert opened.complaints == []
    await opened.close()


async def drawn(page: Page) -> int:
    """How many reports the map says it shows, once it has drawn them."""
    await page.wait_for_selector("#map[data-drawn]")
    return int(await page.get_attribute("#map", "data-shown") or -1)


async def look(page: Page, path: str) -> None:
    await page.goto(path)
    await page.wait_for_selector("html[data-ready]", state="attached")
    await page.wait_for_selector("#map[data-drawn]")


def query_of(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


async def test_clusters_add_up_at_every_zoom(phone: Phone, shown: list[Sent]) -> None:
    page = phone.page
    for zoom in (8, 10, 12, 14, 16):
        await look(page, f"/ban-do?lat={PLACE[1]}&lon={PLACE[0] + 4 * STEP}&z={zoom}")
        expected = 10 if zoom <= 10 else 9
        if zoom <= 14:
            assert await drawn(page) == expected, zoom
            assert await page.evaluate(_COUNTS) >= expected, "what lies beside the frame counts too"
    await look(page, f"/ban-do?{STREET}")
    await expect(page.locator(".pin-spot").first).to_be_visible()
    names = await page.locator(".pin-box").evaluate_all("all => all.map(e => e.title)")
    assert any("Đang xử lý" in name for name in names)


async def test_a_cluster_opens_until_its_reports_stand_alone(phone: Phone) -> None:
    page = phone.page
    await look(page, f"/ban-do?lat={PLACE[1]}&lon={PLACE[0] + 4 * STEP}&z=12")
    for _ in range(6):
        cluster = page.locator(".pin-box:has(.pin-many)")
        if not await cluster.count():
            break
        await cluster.first.evaluate("box => box.click()")
        await page.wait_for_timeout(900)
        await page.wait_for_selector("#map[data-drawn]")
    assert await page.locator(".pin-box:has(.pin-many)").count() == 0
    assert await page.locator(".pin-spot").count() >= 1


async def test_filters_lead_map_list_and_address_and_back_brings_them_back(phone: Phone) -> None:
    page = phone.page
    assert await drawn(page) == 10
    await page.click("#filter-box summary")
    await page.select_option("#f-category", "ve-sinh-moi-truong")
    await page.click("#filters button[type=submit]")
    await expect(page.locator("#list .spot")).to_have_count(1)
    assert await drawn(page) == 1
    assert query_of(page)["category"] == ["ve-sinh-moi-truong"]
    await expect(page.locator(".filter-chip")).to_have_count(1)
    await page.select_option("#f-category", "")
    await page.fill("#f-q", "số 7")
    await page.click("#filters button[type=submit]")
    await expect(page.locator("#list .spot")).to_have_count(1)
    await expect(page.locator("#list .spot")).to_contain_text("Ổ gà số 7")
    assert await drawn(page) == 1, "words are looked for on the map too"
    await page.go_back()
    await expect(page.locator("#list .spot")).to_contain_text("Đổ trộm")
    assert await page.input_value("#f-category") == "ve-sinh-moi-truong"
    await page.click(".filter-chip")
    await expect(page.locator("#list .spot")).to_have_count(10)
    assert "category" not in query_of(page)
    await page.fill("#f-from", "2020-01-01")
    await page.fill("#f-to", "2020-01-31")
    await page.click("#filters button[type=submit]")
    await expect(page.locator("#list .empty")).to_be_visible()
    assert await drawn(page) == 0


async def test_the_list_follows_the_frame_of_the_map(phone: Phone) -> None:
    page = phone.page
    await look(page, f"/ban-do?lat={FAR[1]}&lon={FAR[0]}&z=15")
    await expect(page.locator("#list .spot")).to_have_count(1)
    await expect(page.locator("#list .spot")).to_contain_text("Đổ trộm")
    await page.locator("#list .spot").focus()
    await expect(page.locator("#map path.leaflet-interactive, #map svg path")).not_to_have_count(0)


async def test_a_pin_leads_to_its_report_and_back_to_the_same_place(
    phone: Phone, shown: list[Sent]
) -> None:
    page = phone.page
    await look(page, f"/ban-do?{STREET}")
    pin = page.locator('.pin-box[title*="Đang xử lý"]')
    await pin.focus()
    await page.keyboard.press("Enter")
    card = page.locator("#spot-card")
    await expect(card).to_contain_text("Ổ gà số 0 trước chợ")
    await page.keyboard.press("Escape")
    await expect(card).to_be_hidden()
    await expect(pin).to_be_focused()
    await page.keyboard.press("Enter")
    await card.get_by_role("link", name="Xem tiến độ").click()
    await page.wait_for_url(f"**/theo-doi/{shown[0].code}")
    await page.go_back()
    await page.wait_for_selector("#map[data-drawn]")
    assert query_of(page)["z"] == ["17"]
    await expect(page.locator('.pin-box[title*="Đang xử lý"]')).to_have_count(1)


async def test_around_me_goes_to_where_one_is(browser: Browser, module_town: Town) -> None:
    phone = await Phone.open(browser, module_town.url, path="/ban-do")
    await phone.page.click("#around-me")
    await phone.page.wait_for_url(re.compile(r"z=16"))
    lat, lon = query_of(phone.page)["lat"][0], query_of(phone.page)["lon"][0]
    assert abs(float(lat) - PLACE[1]) < 0.01
    assert abs(float(lon) - PLACE[0]) < 0.01
    await phone.close()


async def test_without_scripts_the_list_is_the_way(
    browser: Browser, module_town: Town, shown: list[Sent]
) -> None:
    context = await browser.new_context(java_script_enabled=False, base_url=module_town.url)
    page = await context.new_page()
    await page.goto("/ban-do")
    assert await page.locator("#map").is_hidden()
    assert await page.locator("#list .spot").count() == 10
    await page.click("#filter-box summary")
    await page.select_option("#f-category", "ve-sinh-moi-truong")
    await page.click("#filters button[type=submit]")
    assert await page.locator("#list .spot").count() == 1
    await page.click(".filter-chip")
    await page.locator("#list .spot").first.click()
    assert "/theo-doi/" in page.url
    await context.close()


@pytest.mark.parametrize("size", SIZES)
async def test_everybody_can_use_the_map(
    browser: Browser, module_town: Town, shown: list[Sent], size: str
) -> None:
    width, height = SIZES[size]
    for name, query in (("ban-do", ""), ("ban-do-pho", f"?{STREET}&category=giao-thong")):
        phone = await Phone.open(
            browser,
            module_town.url,
            path=f"/ban-do{query}",
            viewport={"width": width, "height": height},
        )
        await drawn(phone.page)
        await phone.page.wait_for_timeout(500)
        await picture(phone.page, f"{name}-{size}")
        assert await faults_of(phone.page) == []
        assert await too_small(phone.page) == []
        assert await overflow_at_double_size(phone.page) <= 0
        assert phone.complaints == []
        await phone.close()
