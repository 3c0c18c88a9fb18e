"""The same when the server cannot say whose reports are whose, or no worker was there to ask."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.accounts.test_leaving import _STORE, CHROMIUM, keep_reports, sign_in
from tests.accounts.test_pages import signed_in
from tests.citizen_app.phone import Phone, launch
from tests.province import Town, a_submission

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(90)]

_LEAVE = """
const form = Object.assign(document.createElement('form'), {method: 'post', action: '/dang-xuat'});
document.body.append(form);
form.submit();
"""
# as the app sends it, and keeps it: what the server says of it among the rest
_SEND = """
async (body) => {
  const headers = {'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID()};
  const sent = {method: 'POST', body: JSON.stringify(body), headers};
  const {code, owned} = await (await fetch('/api/v1/reports', sent)).json();
  return {code, owned};
}
"""
_MARK = """
async ({own, anonymous}) => {
  const database = await new Promise((done) => {
    const request = indexedDB.open('caunoi', 1);
    request.onsuccess = () => done(request.result);
  });
  const work = database.transaction(['reports'], 'readwrite');
  const reports = work.objectStore('reports');
  for (const [id, fields] of [['own', own], ['own-photo', own], ['anonymous', anonymous]]) {
    const request = reports.get(id);
    request.onsuccess = () => reports.put({...request.result, ...fields}, id);
  }
  await new Promise((done) => (work.oncomplete = done));
  database.close();
}
"""


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}")
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        yield browser
        await browser.close()


async def leave(page: Page) -> None:
    async with page.expect_navigation():
        await page.evaluate(_LEAVE)
    assert "dang-nhap" in page.url


@pytest.mark.parametrize("why", ["session-over", "no-worker"])
async def test_what_belongs_to_the_account_goes_though_nobody_could_say_so(
    town: Town, chromium: Browser, why: str
) -> None:
    anonymous = (await town.a_report()).code
    workers = "block" if why == "no-worker" else "allow"
    context = await chromium.new_context(locale="vi-VN", base_url=town.url, service_workers=workers)
    page = await context.new_page()
    page.set_default_timeout(20_000)
    await sign_in(page, town)
    if why == "session-over":
        await page.goto("/")
        await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        await page.goto("/offline")
        assert await page.evaluate("Boolean(navigator.serviceWorker.controller)")
    await page.goto("/offline")
    own = await page.evaluate(_SEND, a_submission())
    await keep_reports(page, own["code"], anonymous)
    await page.evaluate(_MARK, {"own": {"owned": own["owned"]}, "anonymous": {"owned": False}})
    if why == "session-over":
        await town.owner.execute("DELETE FROM session WHERE kind = 'page'")
    await leave(page)
    await page.goto("/offline")
    await page.wait_for_selector("#mine article")
    shown = await page.inner_text("#mine")
    after = await page.evaluate(_STORE, {})
    await context.close()
    # the one whose photo is on its way may wait for that, unseen
    stayed = [one for one in after["reports"] if one != "own-photo"]
    assert stayed == ["anonymous", "draft", "waiting"]
    assert after["followed"] == [anonymous]
    assert own["code"] not in shown
    assert anonymous in shown


async def test_a_tab_left_open_shows_nothing_of_the_account_once_it_is_looked_at(
    town: Town, chromium: Browser
) -> None:
    context = await chromium.new_context(locale="vi-VN", base_url=town.url, service_workers="block")
    page = await context.new_page()
    await sign_in(page, town)
    sent = await page.evaluate(_SEND, a_submission())
    tab = await context.new_page()
    await tab.goto(f"/theo-doi/{sent['code']}")
    await tab.wait_for_selector("html[data-ready]", state="attached")
    front = await context.new_page()
    await front.goto("/")
    await front.wait_for_selector("html[data-ready]", state="attached")
    await keep_reports(page, sent["code"], "QNG-1111-1111")
    await front.reload()
    await expect(front.locator("#mine")).to_contain_text("Riêng của tôi")
    words = a_submission()["text"]
    await expect(tab.locator("#report")).to_contain_text(words)
    await leave(page)
    # what the browser does when somebody comes back to the tab
    for one in (front, tab):
        await one.evaluate("dispatchEvent(new Event('focus'))")
    await expect(tab.locator("body")).not_to_contain_text(words)
    await expect(front.locator("#mine")).not_to_contain_text("Riêng của tôi")
    await context.close()


async def test_what_waited_is_never_sent_in_the_next_persons_name(
    town: Town, chromium: Browser
) -> None:
    written, next_one = await signed_in(town, "a@example.vn"), await signed_in(town, "b@example.vn")
    phone = await Phone.open(chromium, town.url)
    await phone.kept_offline()
    host = urlsplit(town.url).hostname or ""

    async def use(cookies: dict[str, str]) -> None:
        await phone.context.clear_cookies()
        await phone.context.add_cookies(
            [
                {"name": name, "value": value, "domain": host, "path": "/"}
                for name, value in cookies.items()
            ]
        )

    await use(dict(written.client.cookies))
    await phone.page.reload()
    await phone.ready()
    await phone.context.set_offline(True)
    await phone.write("Ổ gà sâu trước cổng trường, tối rất nguy hiểm.")
    await phone.send()
    assert await phone.reports("queued")
    await use(dict(next_one.client.cookies))
    await phone.context.set_offline(False)
    await phone.page.wait_for_selector("#mine article[data-state=sent]", timeout=20_000)
    [sent] = await phone.reports("sent")
    row = await town.owner.fetchrow("SELECT account_id FROM report WHERE code = $1", sent["code"])
    assert row["account_id"] is None
    assert sent["owned"] is False
    await phone.close()
    for paper in (written, next_one):
        await paper.client.aclose()
