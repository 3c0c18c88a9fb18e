"""Every other page of the citizens: usable by everybody, at every size, in both languages."""

from typing import Final

import pytest
from playwright.async_api import Browser

from backend.web.state import parts_of
from mobile_api.open_data.releasing import release_open_data
from tests.province import Town, token_of
from tests.tracking.looking import faults_of, overflow_at_double_size, picture, too_small

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(300)]

PAGES: Final = {
    "theo-doi": "/theo-doi",
    "tro-giup": "/tro-giup",
    "toi": "/toi",
    "thong-bao": "/toi/thong-bao",
    "dang-nhap": "/dang-nhap/nguoi-dan",
    "du-lieu-mo": "/du-lieu-mo",
    "ogc": "/ogc?f=html",
    "ogc-bo": "/ogc/collections?f=html",
    "ogc-phan-anh": "/ogc/collections/reports/items?f=html",
    "offline": "/offline",
    "khong-co": "/khong-co",
    "nguoc-ngay": "/ban-do?from=2026-11-22&to=2026-11-21",
    "loi": "/problems",
}
SIZES: Final = {"phone": (360, 740), "laptop": (1366, 768), "wide": (1920, 1080)}
_OVERFLOW: Final = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
async def filled(module_town: Town) -> Town:
    """Some reports, published, and the files of open data."""
    for text in ("Ổ gà trước chợ", "Một phản ánh dài. " * 20):
        await module_town.moved(await module_town.a_report(text=text), "accept")
    parts = parts_of(module_town.app.state)
    assert parts.objects is not None
    assert parts.rulebooks is not None
    folder = module_town.settings.var_dir / "open-data"
    await release_open_data(module_town.database, parts.objects, parts.rulebooks, folder=folder)
    return module_town


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("size", SIZES)
async def test_everybody_can_use_the_other_pages(
    browser: Browser, filled: Town, size: str, language: str
) -> None:
    width, height = SIZES[size]
    context = await browser.new_context(
        base_url=filled.url,
        viewport={"width": width, "height": height},
        service_workers="block",
    )
    said: list[str] = []
    page = await context.new_page()
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on(
        "console",
        lambda message: said.append(message.text) if "Security Policy" in message.text else None,
    )
    await context.add_cookies([{"name": "lang", "value": language, "url": filled.url}])
    for name, path in PAGES.items():
        await context.clear_cookies(name="caunoi-session")
        if path.startswith("/toi"):
            token = token_of("citizen", "page")
            cookie = {"name": "caunoi-session", "value": token, "url": filled.url}
            await context.add_cookies([cookie])  # type: ignore[list-item]
        await page.goto(path)
        assert path.startswith(("/khong-co", "/ban-do")) or page.url.endswith(path), page.url
        if "ban-do" in path:
            await page.wait_for_selector("#map[data-drawn]")
        await picture(page, f"{name}-{size}-{language}")
        assert await page.evaluate(_OVERFLOW) <= 0, name
        assert await faults_of(page) == [], name
        assert await too_small(page) == [], name
        assert await overflow_at_double_size(page) <= 0, name
    assert said == []
    await context.close()
