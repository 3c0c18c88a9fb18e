"""The board in a browser: figures change by themselves, and say so when they are old."""

import re
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from backend.database import Database
from backend.settings import Settings
from tests.counts.cases import a_case
from tests.ioc.conftest import TODAY, receive
from tests.ioc.serving import PASSWORD, Server, free_port, serve

CHROMIUM = Path("/usr/lib/chromium/chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}")


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox"]
        )
        page = await browser.new_page(viewport={"width": 1366, "height": 768})
        yield page
        await browser.close()


async def sign_in(page: Page, server: Server) -> None:
    await page.goto(f"{server.url}/dang-nhap?tiep=/ioc")
    await page.fill("input[name=username]", "lanhdao")
    await page.fill("input[name=password]", PASSWORD)
    await page.click("main button[type=submit]")
    await page.wait_for_selector("body.is-live")


@pytest.mark.nightly
async def test_figures_change_go_stale_with_the_server_and_recover_alone(
    settings: Settings, board: Database, people: None, page: Page
) -> None:
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    port = free_port()
    received = page.locator("[data-figure=received]")
    with serve(settings, port) as server:
        await sign_in(page, server)
        await expect(received).to_have_text("12")
        for count in (13, 14):
            await receive(board, a_case(TODAY))
            await expect(received).to_have_text(str(count), timeout=1000)
        await expect(page.locator(".rank-count").first).to_have_text("10", timeout=6000)
        server.process.send_signal(signal.SIGKILL)
        died_at = time.monotonic()
        await expect(page.locator("#stale")).to_be_visible(timeout=6000)
        assert time.monotonic() - died_at < 6
        await expect(page.locator("#stale")).to_have_text(re.compile("Mất kết nối"))
    with serve(settings, port):
        await receive(board, a_case(TODAY))
        await expect(received).to_have_text("15", timeout=10_000)
        await expect(page.locator("#stale")).to_be_hidden()
    assert faults == []


@pytest.mark.nightly
async def test_nothing_overflows_on_any_screen_and_drilling_down_filters(
    settings: Settings, people: None, page: Page
) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    with serve(settings) as server:
        await sign_in(page, server)
        for width, height in ((360, 740), (1366, 768), (1920, 1080)):
            await page.set_viewport_size({"width": width, "height": height})
            await page.goto(f"{server.url}/ioc")
            await page.wait_for_selector("body.is-live")
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
        await page.click(".rank-name >> text=Giao thông")
        await expect(page.locator("[data-figure=received]")).to_have_text("8")
        await page.click(".rank-name >> text=Ổ gà")
        await expect(page.locator("[data-figure=received]")).to_have_text("7")
        await page.click("a[title='Bỏ điều kiện này']")
        await expect(page.locator("[data-figure=received]")).to_have_text("12")
    assert said == [], "the page breaks its own content security policy, or complains"
