"""What somebody sees who has just sent a report, on a phone with older drafts."""

import pytest
from playwright.async_api import Browser, expect

from tests.citizen_app.phone import Phone
from tests.province import Town

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(120)]

_DRAFTS = """
new Promise((done, failed) => {
  const request = indexedDB.open('caunoi');
  request.onsuccess = () => {
    const transaction = request.result.transaction('reports', 'readwrite');
    for (const n of [1, 2, 3]) {
      // as if the phone's clock had been ahead when they were begun
      const at = Date.now() + 3600_000;
      const draft = {id: `d${n}`, state: 'draft', created_at: at, changed_at: 0, photos: [], fields: {text: 'Nháp'}};
      transaction.objectStore('reports').put(draft, draft.id);
    }
    transaction.oncomplete = () => { request.result.close(); done(); };
    transaction.onerror = () => failed(transaction.error);
  };
})
"""  # noqa: E501  a line of JavaScript


async def test_what_was_just_sent_comes_before_drafts_and_is_in_view(
    module_town: Town, browser: Browser
) -> None:
    phone = await Phone.open(browser, module_town.url)
    await phone.page.evaluate(_DRAFTS)
    await phone.write("Ổ gà sâu trước chợ, xe máy hay ngã.")
    await phone.send()
    first = phone.page.locator("#mine .mine-item").first
    await expect(first).to_contain_text("Đã gửi. Mã phản ánh của bạn là")
    await expect(first.locator(".notice-good")).to_be_in_viewport()
    # who reads by ear or keyboard stands at what was sent, however often the list is drawn anew
    await expect(phone.page.locator("#mine h2")).to_be_focused()
    states = [item["state"] for item in await phone.reports()]
    assert states.count("draft") >= 3
    await phone.close()


async def test_this_phone_opens_its_own_report_without_typing_a_secret(
    module_town: Town, browser: Browser
) -> None:
    phone = await Phone.open(browser, module_town.url)
    await phone.write("Nắp cống vỡ trước nhà văn hóa, trẻ con hay qua lại.")
    await phone.send()
    await expect(phone.page.locator("#mine .notice-good")).to_be_visible()
    (sent,) = await phone.reports("sent")
    # as from a notice or a link that was kept
    await phone.page.goto(f"/theo-doi/{sent['code']}")
    await phone.page.click("text=Bạn gửi từ máy này")
    await expect(phone.page.locator("#report[data-mine]")).to_be_visible()
    assert sent["secret"] not in phone.page.url
    stranger = await Phone.open(browser, module_town.url, path="/theo-doi")
    await stranger.page.goto(f"/theo-doi/{sent['code']}")
    await stranger.ready()
    await expect(stranger.page.locator("text=Bạn gửi từ máy này")).to_have_count(0)
    assert phone.complaints == []
    await stranger.close()
    await phone.close()
