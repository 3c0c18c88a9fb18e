"""Makes docs/images/overview.png: form, preview, map and tracking on a phone, the queue, the board.

Against a running demo installation, with Debian's Chromium:

    ./run --detach
    .venv/bin/python -m tests.citizen_app.overview http://127.0.0.1:8000 var/demo-logins.json
"""

import argparse
import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Page, Playwright, async_playwright, expect

from tests.citizen_app.phone import Phone, launch
from tests.citizen_app.pictures import MOST_BYTES, a_pothole, compose, sign_in
from tests.shared_data import CHECKOUT

_WORDS: Final = "Ổ gà sâu giữa đường, trước cổng chợ, tối qua có người ngã xe."
_TILES_SECONDS: Final = 3.0
_SHEET: Final = """
figure:last-child img, figure:nth-last-child(2) img {
  width: 657px; height: auto; border-width: 2px; border-radius: 14px; }
"""
_PHONE: Final[dict[str, Any]] = {
    "position": False,
    "has_touch": True,
    "device_scale_factor": 1.5,
    "viewport": {"width": 360, "height": 700},
}


async def take(
    playwright: Playwright, url: str, logins: list[dict[str, Any]]
) -> list[tuple[str, str, bytes]]:
    """The pictures in their order: what is seen, by whom, and a PNG."""
    frames: list[tuple[str, str, bytes]] = []

    async def frame(words: str, line: str, page: Page) -> None:
        await page.wait_for_timeout(500)
        frames.append((words, line, await page.screenshot()))

    with tempfile.TemporaryDirectory() as folder:
        phone = await Phone.installed(playwright, Path(folder), url, **_PHONE)
        await phone.add_photo("o-ga.jpg", a_pothole())
        await phone.page.fill("#f-address", "Trước cổng chợ, đường Nguyễn Trãi")
        await phone.write(_WORDS)
        await phone.page.evaluate("scrollTo(0, 0)")
        await frame("Report", "a citizen, on any phone", phone.page)
        await phone.preview()
        await phone.page.evaluate("scrollTo(0, 235)")
        await frame("What the public will see", "before it is sent", phone.page)
        await phone.page.goto("/ban-do")
        await phone.page.wait_for_timeout(_TILES_SECONDS * 1000)
        await frame("The public map", "anybody", phone.page)
        answer = await phone.page.request.get("/api/v1/reports?status=closed&limit=1")
        code = (await answer.json())["items"][0]["code"]
        await phone.page.goto(f"/theo-doi/{code}")
        await expect(phone.page.locator("h1")).to_be_visible()
        await frame("Followed to the end", "anybody, the reporter rates it", phone.page)
        await phone.close()

    browser = await launch(playwright)
    wide = {"width": 1100, "height": 700}
    for role, to, words, line in (
        ("officer", "/can-bo", "The queue by time left", "an officer"),
        ("leader", "/ioc", "The figures, live", "a leader"),
    ):
        page = await browser.new_page(base_url=url, locale="vi-VN", viewport=wide)  # type: ignore[arg-type]  # playwright's TypedDict
        await sign_in(page, next(one for one in logins if one["role"] == role), to=to)
        await expect(page.locator("h1")).to_be_visible()
        await page.wait_for_timeout(_TILES_SECONDS * 1000)
        await frame(words, line, page)
        await page.close()
    await browser.close()
    return frames


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("logins", type=Path)
    parser.add_argument("--into", type=Path, default=CHECKOUT / "docs/images/overview.png")
    given = parser.parse_args()
    logins = json.loads(given.logins.read_text())
    async with async_playwright() as playwright:
        frames = await take(playwright, given.url, logins)
        packed = await compose(playwright, frames, sheet=_SHEET)
    if len(packed) > MOST_BYTES:
        raise SystemExit(f"{len(packed)} bytes: more than {MOST_BYTES}")
    given.into.write_bytes(packed)


if __name__ == "__main__":
    asyncio.run(main())
