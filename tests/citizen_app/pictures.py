"""Makes docs/images/offline.png: a report written without a network, up to the officer's queue.

Against a running demo installation, with Debian's Chromium:

    ./run --detach
    .venv/bin/python -m tests.citizen_app.pictures http://127.0.0.1:8000 var/demo-logins.json
"""

import argparse
import asyncio
import base64
import io
import json
import tempfile
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from PIL import Image
from playwright.async_api import Page, Playwright, async_playwright, expect

from backend.demo.pictures.streets import pothole
from tests.citizen_app.phone import Phone, launch
from tests.shared_data import CHECKOUT
from tests.twins.fault_proxy import FaultProxy, Passing, Refusing

_WORDS: Final = "Ổ gà sâu giữa đường Nguyễn Trãi, trước cổng chợ, tối qua có người ngã xe."
_ADDRESS: Final = "Trước cổng chợ, đường Nguyễn Trãi"
_TO_END: Final = "(mine) => mine.scrollIntoView({block: 'end'})"
MOST_BYTES: Final = 300_000
_FONT: Final = CHECKOUT / "web/node_modules/@fontsource-variable/noto-sans/files"
_SHEET: Final = """
@font-face { font-family: Noto; src: url(data:font/woff2;base64,%s); font-weight: 100 900; }
body { margin: 0; padding: 28px; display: flex; flex-wrap: wrap; gap: 24px; width: 1346px;
  background: #e4eaee; color: #16232b; font: 600 19px/1.35 Noto, sans-serif; }
figure { margin: 0; } figcaption { margin: 0 4px 12px; }
small { display: block; font-weight: 500; color: #14633a; } .no, .still { color: #a3141f; }
img { display: block; height: 592px; border: 7px solid #22303a; border-radius: 26px; }
figure:last-child img { width: 1342px; height: auto; border-width: 2px; border-radius: 14px; }
"""


async def take(
    playwright: Playwright, url: str, logins: list[dict[str, Any]]
) -> list[tuple[str, str, bytes]]:
    """The pictures in their order: what happens, how the network is, and a PNG."""
    frames = []
    screen: dict[str, Any] = {
        "position": False,
        "has_touch": True,
        "device_scale_factor": 1.5,
        "viewport": {"width": 360, "height": 700},
    }

    async def frame(words: str, line: str, page: Page) -> None:
        await page.wait_for_timeout(400)
        frames.append((words, line, await page.screenshot()))

    host, port = urlsplit(url).hostname, urlsplit(url).port
    async with FaultProxy(host or "", port or 80) as network:
        there = f"http://{network.address}"
        with tempfile.TemporaryDirectory() as folder:
            phone = await Phone.installed(playwright, Path(folder), there, **screen)
            await phone.kept_offline()
            network.mode = Refusing()
            await network.cut()
            await phone.context.set_offline(True)
            await phone.add_photo("o-ga.jpg", a_pothole())
            await phone.page.fill("#f-address", _ADDRESS)
            await phone.write(_WORDS)
            await phone.preview()
            await phone.page.evaluate("scrollTo(0, 235)")
            await frame("1. Written, looked at, sent", "no network", phone.page)
            await phone.page.click("#review .send-bar .button >> nth=0")
            waiting = phone.page.locator("[data-state=queued]")
            await expect(waiting).to_contain_text("Đã lưu trên máy")
            await phone.page.wait_for_selector("#report:not([hidden])")
            await phone.page.locator("#mine").evaluate(_TO_END)
            await frame("2. Kept: “Đã lưu trên máy”", "no network", phone.page)
            await phone.close()

            phone = await Phone.installed(playwright, Path(folder), there, offline=True, **screen)
            await expect(phone.page.locator("[data-state=queued]")).to_contain_text(
                "Đã lưu trên máy"
            )
            await phone.page.locator("#mine").evaluate(_TO_END)
            await frame("3. The browser is restarted", "still no network", phone.page)
            network.mode = Passing()
            await phone.context.set_offline(False)
            sent = phone.page.locator("[data-state=sent]")
            await expect(sent).to_contain_text("QNG-", timeout=15_000)
            await expect(sent).to_contain_text("Đã gửi đủ 1 ảnh", timeout=30_000)
            (report,) = await phone.reports("sent")
            await phone.page.locator("#mine").evaluate("(mine) => mine.scrollIntoView()")
            await frame("4. It goes by itself", "network", phone.page)
            await phone.close()

    browser = await launch(playwright)
    page = await browser.new_page(
        base_url=url, locale="vi-VN", viewport={"width": 1342, "height": 510}
    )
    answer = await page.request.get(f"/api/v1/reports/{report['code']}")
    agency = (await answer.json())["agency"]["code"]
    officer = next(
        login for login in logins if (login["role"], login["agency"]) == ("officer", agency)
    )
    await sign_in(page, officer, to="/can-bo")
    await page.goto(f"/can-bo?q={report['code']}")
    await expect(page.locator("tbody")).to_contain_text(report["code"])
    await frame(f"5. In the officer's queue: {report['code']}", "network", page)
    await browser.close()
    return frames


async def sign_in(page: Page, login: dict[str, Any], *, to: str) -> None:
    """Sign this person in and go on there."""
    await page.goto(f"/dang-nhap?tiep={to}")
    await page.fill("[name=username]", login["username"])
    await page.fill("[name=password]", login["password"])
    await page.click("main [type=submit]")


async def compose(
    playwright: Playwright, frames: list[tuple[str, str, bytes]], *, sheet: str = ""
) -> bytes:
    """All of them beside each other, as a PNG of 256 colours; `sheet` is more of a style sheet."""
    font = base64.b64encode((_FONT / "noto-sans-vietnamese-wght-normal.woff2").read_bytes())
    latin = base64.b64encode((_FONT / "noto-sans-latin-wght-normal.woff2").read_bytes())
    style = _SHEET % latin.decode() + (
        f"@font-face {{ font-family: Noto; font-weight: 100 900; unicode-range: U+0102-1EF9;"
        f" src: url(data:font/woff2;base64,{font.decode()}); }}"
    )
    figures = "".join(
        f"<figure><figcaption>{words}<small class='{line.partition(' ')[0]}'>{line}"
        f"</small></figcaption><img src='data:image/png;base64,{base64.b64encode(png).decode()}'>"
        "</figure>"
        for words, line, png in frames
    )
    browser = await launch(playwright)
    page = await browser.new_page(viewport={"width": 1402, "height": 1200})
    await page.set_content(f"<style>{style}{sheet}</style>{figures}")
    await page.evaluate("document.fonts.ready.then(() => true)")
    image = Image.open(io.BytesIO(await page.locator("body").screenshot()))
    await browser.close()
    packed = io.BytesIO()
    few = image.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    few.save(packed, "PNG", optimize=True)
    return packed.getvalue()


def a_pothole() -> bytes:
    """An illustration of the demo, as a photo."""
    file = io.BytesIO()
    pothole("o-ga", False).convert("RGB").save(file, "JPEG", quality=85)
    return file.getvalue()


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("logins", type=Path)
    parser.add_argument("--into", type=Path, default=CHECKOUT / "docs/images/offline.png")
    given = parser.parse_args()
    logins = json.loads(given.logins.read_text())
    async with async_playwright() as playwright:
        packed = await compose(playwright, await take(playwright, given.url, logins))
    if len(packed) > MOST_BYTES:
        raise SystemExit(f"{len(packed)} bytes: more than {MOST_BYTES}")
    given.into.write_bytes(packed)


if __name__ == "__main__":
    asyncio.run(main())
