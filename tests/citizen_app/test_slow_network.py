"""The first visit on a slow line: the form is there to use, and nothing done in it is lost.

64 kbps and 600 ms there and back, made by Chromium itself; nothing cached, no service worker.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import pytest
from playwright.async_api import Browser, Page, expect

from tests.citizen_app.phone import SIZE
from tests.factories import a_photo
from tests.province import POTHOLE, UNIT, Town

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(300)]

USABLE_SECONDS: Final = 5.0
# the best of three: a browser that waits for a processor says nothing about the line
_TRIES: Final = 3
_LINE: Final = {
    "offline": False,
    "latency": 600,
    "downloadThroughput": 8000,
    "uploadThroughput": 8000,
}
_WATCH: Final = """
addEventListener('input', () => (self.first_input_ms ??= performance.now()), {capture: true});
new MutationObserver(() => {
  if (document.documentElement?.dataset.ready) self.taken_over_ms ??= performance.now();
}).observe(document, {attributes: true, subtree: true, attributeFilter: ['data-ready']});
"""
_NOT_YET: Final = "html:not([data-ready])"
# some seconds of typing: from before the app takes over until after it has
_LONG: Final = "Ổ gà sâu giữa đường, xe máy ngã liên tục, đã hai tuần chưa ai đến xem. " * 3


@asynccontextmanager
async def first_visit(browser: Browser, url: str) -> AsyncIterator[Page]:
    """A telephone that has never been here, on its way to the front page."""
    context = await browser.new_context(
        viewport=SIZE, locale="vi-VN", base_url=url, service_workers="block"
    )
    page = await context.new_page()
    await page.add_init_script(_WATCH)
    line = await context.new_cdp_session(page)
    await line.send("Network.enable")
    await line.send("Network.setCacheDisabled", {"cacheDisabled": True})
    await line.send("Network.emulateNetworkConditions", _LINE)
    await page.goto("/", wait_until="commit")
    yield page
    await context.close()


async def test_the_form_takes_words_within_five_seconds_at_64_kbps(
    module_town: Town, browser: Browser
) -> None:
    usable, taken_over = [], []
    for _ in range(_TRIES):
        async with first_visit(browser, module_town.url) as page:
            await page.locator("#f-text").click()
            await page.keyboard.type("Ổ")
            await expect(page.locator("#report [type=submit]")).to_be_enabled()
            usable.append(await page.evaluate("first_input_ms") / 1000)
            await page.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)
            taken_over.append(await page.evaluate("taken_over_ms") / 1000)
        if usable[-1] <= USABLE_SECONDS:
            break
    print(f"usable after {usable} s, taken over by the app after {taken_over} s")  # noqa: T201
    assert min(usable) <= USABLE_SECONDS
    # 1 KB needs 1/8 s on this line: below two seconds it was another line
    assert min(usable) > 2


async def test_what_is_done_while_the_app_loads_is_kept_when_it_takes_over(
    module_town: Town, browser: Browser
) -> None:
    async with first_visit(browser, module_town.url) as page:
        await page.select_option("#f-unit", UNIT)
        await page.select_option("#f-category", POTHOLE)
        photo = {"name": "anh.jpg", "mimeType": "image/jpeg", "buffer": a_photo(size=(640, 480))}
        await page.set_input_files("#f-photos", files=[photo])
        await page.click(".part-contact summary")
        await page.fill("#f-name", "Nguyễn Thị Thử")
        await page.check("#f-consent")
        await page.locator("#f-text").click()
        assert await page.locator(_NOT_YET).count(), "the app was there before anything was done"
        typing = asyncio.create_task(page.keyboard.type(_LONG, delay=60))
        await page.wait_for_selector("html[data-ready]", state="attached", timeout=60_000)
        assert not typing.done(), "nothing was typed while the app took over"
        await typing

        await expect(page.locator("#f-text")).to_have_value(_LONG)
        await expect(page.locator("#f-unit")).to_have_value(UNIT)
        await expect(page.locator("#f-category")).to_have_value(POTHOLE)
        await expect(page.locator("#f-name")).to_have_value("Nguyễn Thị Thử")
        await expect(page.locator("[data-purpose=handle_report]")).to_be_checked()
        await expect(page.locator(".thumbs figure")).to_have_count(1, timeout=30_000)
        # and it goes on as the app: with a preview, and the photo in the draft
        await page.click("#report [type=submit]")
        await expect(page.locator("#review .preview")).to_contain_text(_LONG.strip())
        await page.click("#review .send-bar .button >> nth=0")
        await expect(page.locator("[data-state=sent]")).to_contain_text("QNG-", timeout=30_000)
    stored = await module_town.owner.fetch(
        "SELECT category_code, unit_code FROM report WHERE text = $1", _LONG.strip()
    )
    assert [tuple(row) for row in stored] == [(POTHOLE, UNIT)]


async def test_whoever_does_not_wait_for_the_app_sends_the_plain_form(
    module_town: Town, browser: Browser
) -> None:
    words = "Gửi trước khi ứng dụng tải xong."
    async with first_visit(browser, module_town.url) as page:
        await page.select_option("#f-unit", UNIT)
        await page.fill("#f-text", words)
        await page.select_option("#f-category", POTHOLE)
        assert await page.locator(_NOT_YET).count(), "the app was there before it could be sent"
        await page.click("#report [type=submit]")
        await expect(page.locator("main")).to_contain_text("QNG-", timeout=30_000)
    assert (
        await module_town.owner.fetchval("SELECT count(*) FROM report WHERE text = $1", words) == 1
    )
