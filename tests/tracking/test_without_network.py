"""Without a network: thumbnails of what was looked at, and a clear page for accounts."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Playwright, expect

from tests.citizen_app.phone import Phone
from tests.province import Town, other_photos
from tests.tracking.looking import faults_of, picture
from tests.tracking.test_tracking_in_browser import keep

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(180)]

_DRAWN = "all => all.map(one => one.complete && one.naturalWidth > 0)"


async def test_thumbnails_are_seen_without_a_network_and_wiped_when_somebody_signs_out(
    playwright: Playwright, module_town: Town, tmp_path: Path
) -> None:
    photos = other_photos(2)
    report = await module_town.a_report(photos=photos)
    for photo in photos:
        await module_town.send_photo(report, photo)
        await module_town.develop(report, photo)
    path = f"/theo-doi/{report.code}"
    phone = await Phone.installed(playwright, tmp_path, module_town.url, path="/offline")
    await keep(phone.context, module_town, report)
    await phone.page.goto(path)
    await phone.ready()
    await phone.kept_offline()
    await phone.page.wait_for_timeout(1500)
    await phone.close()

    phone = await Phone.installed(playwright, tmp_path, module_town.url, path="/offline")
    await phone.context.set_offline(True)
    page = phone.page
    await page.goto(path)
    await expect(page.locator("#report .own-photos img")).to_have_count(2)
    await page.wait_for_timeout(500)
    assert await page.locator("#report .own-photos img").evaluate_all(_DRAWN) == [True, True]
    await picture(page, "theo-doi-khong-mang-anh")
    assert await faults_of(page) == []
    # the page loads itself anew when the network returns
    async with page.expect_navigation():
        await phone.context.set_offline(False)
    await page.goto("/offline")
    count = "async () => (await caches.keys()).filter((name) => name === 'own-photos').length"
    assert await page.evaluate(count) == 1
    await page.evaluate(
        """() => {
          const form = document.createElement('form');
          Object.assign(form, {method: 'post', action: '/dang-xuat'});
          document.body.append(form);
          form.submit();
        }"""
    )
    await page.wait_for_timeout(1000)
    assert await page.evaluate(count) == 0
    await phone.close()


@pytest.mark.parametrize("path", ["/toi", "/toi/thong-bao", "/dang-nhap/nguoi-dan"])
async def test_account_pages_say_clearly_that_they_need_a_network(
    browser: Browser, module_town: Town, path: str
) -> None:
    phone = await Phone.open(browser, module_town.url, path="/")
    await phone.kept_offline()
    await phone.context.set_offline(True)
    await phone.page.goto(path)
    await expect(phone.page.locator("h1")).to_have_text("Chưa mở được trang này")
    await expect(phone.page.locator("#account-words")).to_be_visible()
    await expect(phone.page.locator("#page-words")).to_be_hidden()
    await expect(phone.page.locator("#again")).to_have_attribute("href", f"{module_town.url}{path}")
    assert await faults_of(phone.page) == []
    await phone.close()
