"""The pages in a real browser, on a telephone and on an office screen: nothing overflows, nothing
hostile runs, nothing is too small to touch. Screenshots lie in CAUNOI_SCREENSHOTS, if that is set.
"""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.doors.hostile import OF_OUR_OWN
from tests.province import Town, a_submission, other_photos, token_of

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(300)]

CHROMIUM: Final = Path("/usr/lib/chromium/chromium")
SIZES: Final = {"phone": (360, 740), "office": (1366, 768)}
# Whatever the page holds is as wide as the screen, or scrolls inside itself.
_OVERFLOW: Final = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Links within a sentence are as high as their line (WCAG 2.5.8 leaves them out).
_SMALL: Final = """
[...document.querySelectorAll('button, input:not([type=hidden]), select, summary, nav a, a.button')]
  .filter(e => e.getClientRects().length && !e.closest('details:not([open]) > :not(summary)'))
  .filter(e => !(e.classList.contains('sr') && e.tabIndex < 0))
  .map(e => [e.outerHTML.slice(0, 90), (e.closest('label, .tick') || e).getBoundingClientRect()])
  .filter(([, r]) => r.height < 40 && r.width < 400).map(([html, r]) => `${r.height} ${html}`)
"""
_UNNAMED: Final = """
[...document.querySelectorAll('input:not([type=hidden]), select, textarea, button, a[href], img')]
  .filter(e => !(e.getAttribute('aria-hidden') && e.tabIndex < 0))
  .filter(e => !(e.labels && e.labels.length) && !e.textContent.trim()
    && !e.getAttribute('aria-label') && e.getAttribute('alt') === null && !e.querySelector('[alt]'))
  .map(e => e.outerHTML.slice(0, 120))
"""


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM} (apt install chromium)")
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield opened
        await opened.close()


@pytest.fixture(scope="module")
async def seen(module_town: Town) -> dict[str, str]:
    """A town with something to look at; the paths of what is looked at, by name."""
    town, photos = module_town, other_photos(2)
    report = await town.a_report(photos=photos, address="Trước số 12 đường Quang Trung")
    for photo in photos:
        await town.send_photo(report, photo)
        await town.develop(report, photo)
    await town.moved(report, "accept")
    await town.moved(report, "start")
    await town.moved(report, "ask", public_note="Ổ gà nằm ở làn đường nào?")
    for number, category in enumerate(("ve-sinh-moi-truong-do-trom", "giao-thong-o-ga")):
        other = await town.a_report(
            category=category, text=f"Việc khác số {number}, mô tả dài hơn một chút. " * 4
        )
        await town.moved(other, "accept")
    waiting = await town.a_report(text="Vừa mới gửi, chưa ai nhận.")
    return {
        "gui": "/",
        "theo-doi": f"/theo-doi/{report.code}",
        "theo-doi-form": "/theo-doi",
        "theo-doi-cua-toi": f"/theo-doi/{report.code}?secret={report.secret}",
        "ban-do": "/ban-do",
        "dang-nhap": "/dang-nhap",
        "can-bo": "/can-bo",
        "can-bo-phan-anh": f"/can-bo/phan-anh/{waiting.id}",
        "can-bo-dang-lam": f"/can-bo/phan-anh/{report.id}",
        "khong-co": "/khong-co-trang-nay",
    }


async def a_page(browser: Browser, town: Town, size: str, path: str) -> tuple[Page, list[str]]:
    """The page at this size, and what the browser complained of."""
    width, height = SIZES[size]
    context = await browser.new_context(
        viewport={"width": width, "height": height}, locale="vi-VN", base_url=town.url
    )
    cookies = []
    if path.startswith("/can-bo"):
        cookies.append(("caunoi-session", token_of("key", "page"), "/"))
    path, _, secret = path.partition("?secret=")
    if secret:
        cookies.append((f"phan-anh-{path.rpartition('/')[2]}", secret, "/theo-doi"))
    await context.add_cookies(
        [
            {"name": name, "value": value, "domain": "127.0.0.1", "path": where}
            for name, value, where in cookies
        ]
    )
    page = await context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(f"{said.type}: {said.text}"))
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on("dialog", lambda dialog: complaints.append(f"a script ran: {dialog.message}"))
    await page.goto(path, wait_until="networkidle")
    return page, complaints


PAGES: Final = (
    *("gui", "theo-doi", "theo-doi-form", "theo-doi-cua-toi", "ban-do", "dang-nhap", "khong-co"),
    *("can-bo", "can-bo-phan-anh", "can-bo-dang-lam"),
)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PAGES)
async def test_a_page_fits_its_screen_and_its_readers(
    browser: Browser, module_town: Town, seen: dict[str, str], name: str, size: str
) -> None:
    page, complaints = await a_page(browser, module_town, size, seen[name])
    if folder := os.environ.get("CAUNOI_SCREENSHOTS"):
        await page.screenshot(path=f"{folder}/{name}-{size}.png", full_page=True)
    assert await page.evaluate(_OVERFLOW) <= 0, "wider than the screen"
    assert await page.evaluate(_SMALL) == [], "too small to touch"
    assert await page.evaluate(_UNNAMED) == [], "without a name for a screen reader"
    assert await page.evaluate("document.querySelectorAll('h1').length") == 1
    assert await page.evaluate("document.documentElement.lang") == "vi"
    expected = "404" if name == "khong-co" else "nothing"
    assert [said for said in complaints if expected not in said] == []
    await page.context.close()


async def test_nothing_hostile_runs_in_a_browser(browser: Browser, module_town: Town) -> None:
    town = module_town
    for text in OF_OUR_OWN[2:7]:
        report = await town.a_report(
            **{**a_submission(text=text, address=text), "contact": {"name": text}}
        )
        await town.moved(report, "accept")
        for path in (f"/theo-doi/{report.code}", f"/can-bo/phan-anh/{report.id}", "/can-bo"):
            page, complaints = await a_page(browser, town, "office", path)
            assert complaints == [], (path, text)
            await page.context.close()
