"""The heart of the app in one short walk: written without a network, sent by itself afterwards."""

import asyncio
import time

from playwright.async_api import Browser, expect

from tests.citizen_app.phone import Phone
from tests.province import Town


async def count(town: Town, text: str) -> int:
    """How many reports with these words there are."""
    number: int = await town.owner.fetchval("SELECT count(*) FROM report WHERE text = $1", text)
    return number


async def test_what_is_sent_offline_is_kept_at_once_and_goes_when_the_network_returns(
    module_town: Town, browser: Browser
) -> None:
    phone = await Phone.open(browser, module_town.url, position=False)
    await phone.kept_offline()
    await phone.context.set_offline(True)
    await phone.write("Viết khi không có mạng.")
    await phone.preview()
    begun = time.monotonic()
    await phone.page.click("#review .send-bar .button >> nth=0")
    await expect(phone.page.locator("[data-state=queued]")).to_contain_text("Đã lưu trên máy")
    assert time.monotonic() - begun < 1
    assert await count(module_town, "Viết khi không có mạng.") == 0
    await phone.context.set_offline(False)
    begun = time.monotonic()
    await expect(phone.page.locator("[data-state=sent]")).to_contain_text("QNG-", timeout=5000)
    assert time.monotonic() - begun < 5
    await asyncio.sleep(0.5)
    assert await count(module_town, "Viết khi không có mạng.") == 1
    assert phone.complaints == []
    await phone.close()
