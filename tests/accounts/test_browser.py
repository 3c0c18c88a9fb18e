"""Signing in and the account in a real browser on a telephone: nothing for axe to find, nothing cut
off, nothing too small to touch, all of it by keyboard.
"""

import dataclasses
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Page, async_playwright

from backend.settings import OidcSettings
from tests.accounts.conftest import code_in, deliver, newest_letter
from tests.province import Town, a_submission
from tests.shared_data import CHECKOUT
from tests.twins.provider import CLIENT_ID, CLIENT_SECRET, real_provider

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(300)]

CHROMIUM: Final = Path("/usr/lib/chromium/chromium")
AXE: Final = CHECKOUT / "web/node_modules/axe-core/axe.min.js"
_OVERFLOW: Final = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
_SMALL: Final = """
[...document.querySelectorAll('button, input:not([type=hidden]), select, summary, a.button')]
  .filter(e => e.getClientRects().length && !e.closest('details:not([open]) > :not(summary)'))
  .map(e => [e.outerHTML.slice(0, 90), (e.closest('label, .tick') || e).getBoundingClientRect()])
  .filter(([, r]) => r.height < 48).map(([html, r]) => `${r.height} ${html}`)
"""


async def faults_of(page: Page) -> list[Any]:
    """What axe, a ruler and twice the letters find on this page."""
    await page.evaluate(AXE.read_text())
    found = await page.evaluate("axe.run(document)")
    faults: list[Any] = [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]]
    faults += await page.evaluate(_SMALL)
    faults += [f"{page.url} overflows"] if await page.evaluate(_OVERFLOW) > 0 else []
    await page.evaluate("document.documentElement.style.fontSize = '200%'")
    if await page.evaluate(_OVERFLOW) > 0:
        faults.append(f"{page.url} overflows with large letters")
    await page.evaluate("document.documentElement.style.fontSize = ''")
    return faults


async def test_a_citizen_signs_in_and_manages_the_account_by_keyboard(town: Town) -> None:
    if not CHROMIUM.exists() or not AXE.exists():
        pytest.skip(f"no browser at {CHROMIUM}, or no {AXE}")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        context = await browser.new_context(
            viewport={"width": 360, "height": 740}, locale="vi-VN", base_url=town.url
        )
        page = await context.new_page()
        complaints: list[str] = []
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))

        await page.goto("/toi")
        faults = await faults_of(page)
        await page.focus("[name=address]")
        await page.keyboard.type("0912 345 678")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("[name=code]:focus")
        faults += await faults_of(page)
        await deliver(town)
        await page.keyboard.type(code_in(newest_letter(town)))
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/toi")
        for _ in range(2):
            sent = await context.request.post(
                "/api/v1/reports",
                headers={
                    "Idempotency-Key": f"0198c0de-0000-4000-8000-00000000000{_}",
                    "Sec-Fetch-Site": "same-origin",
                },
                data=a_submission(),
            )
            assert sent.status == 201
        await page.goto("/toi")
        assert await page.locator("#phan-anh article").count() == 2
        for summary in await page.locator("summary").all():
            await summary.press("Enter")
        faults += await faults_of(page)
        # axe does look: it finds what is put there to be found
        await page.evaluate("document.querySelector('main').append(new Image())")
        assert (await page.evaluate("axe.run(document)"))["violations"]
        await page.press("#c-notify", "Space")
        await page.press("#dong-y button", "Enter")
        await page.wait_for_selector("#c-notify:checked")
        await page.locator("#xoa > summary").press("Enter")
        await page.press("#f-sure", "Space")
        await page.press("#xoa button", "Enter")
        await page.wait_for_url("**/dang-nhap/nguoi-dan?xong=delete")
        await page.wait_for_selector("text=Đã xóa tài khoản của bạn.")
        await browser.close()
    assert faults == []
    assert [said for said in complaints if "401" not in said] == []
    assert await town.owner.fetchval("SELECT count(*) FROM account_identity") == 0
    assert await town.owner.fetchval("SELECT count(*) FROM report WHERE account_id IS NULL") == 2


async def test_a_browser_signs_in_at_a_real_provider_and_comes_back(town: Town) -> None:
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}")
    with real_provider(f"{town.url}/dang-nhap/dinh-danh/ve") as issuer:
        parts = town.app.state["parts"]
        provider = OidcSettings(issuer, CLIENT_ID, CLIENT_SECRET)
        parts.settings = dataclasses.replace(town.settings, oidc=provider)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-dev-shm-usage"]
            )
            page = await browser.new_page(base_url=town.url, locale="vi-VN")
            await page.goto("/toi")
            await page.get_by_text("Đăng nhập bằng VNeID").click()
            await page.fill("[name=login]", "079203001234")
            await page.fill("[name=password]", "x")
            await page.keyboard.press("Enter")
            await page.get_by_role("button", name="Continue").click()
            await page.wait_for_url(f"{town.url}/toi")
            assert await page.input_value("#f-name") == "Người dân 079203001234"
            await browser.close()
