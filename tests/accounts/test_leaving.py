"""Who leaves the account on a phone leaves nothing of it there, and loses nothing that waits."""

from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Page, async_playwright

from tests.accounts.conftest import code_in, deliver, newest_letter
from tests.province import Town, a_submission

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(90)]

CHROMIUM: Final = Path("/usr/lib/chromium/chromium")
_STORE: Final = """
async (work) => {
  const database = await new Promise((done, failed) => {
    const request = indexedDB.open('caunoi', 1);
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
  });
  const stores = database.transaction(['reports', 'kept'], 'readwrite');
  const [reports, kept] = ['reports', 'kept'].map((name) => stores.objectStore(name));
  for (const report of work.reports ?? []) reports.put(report, report.id);
  if (work.followed) kept.put(work.followed, 'followed');
  const found = [reports.getAll(), kept.get('followed')];
  await new Promise((done) => (stores.oncomplete = done));
  database.close();
  const [all, followed] = found.map(({result}) => result);
  return {reports: all.map(({id}) => id).sort(), followed: Object.keys(followed ?? {}).sort()};
}
"""


async def sign_in(page: Page, town: Town) -> None:
    await page.goto("/dang-nhap/nguoi-dan?tiep=/toi")
    await page.fill("[name=address]", "0912 345 678")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("[name=code]")
    await deliver(town)
    await page.fill("[name=code]", code_in(newest_letter(town)))
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/toi")


async def keep_reports(page: Page, own: str, anonymous: str) -> None:
    """What a phone has after some days: one report of each kind, and the pages of two."""
    photo = {"sha256": "a" * 64, "state": "kept"}

    def one(name: str, state: str, **more: Any) -> dict[str, Any]:
        return {"id": name, "state": state, "created_at": 1, "changed_at": 1, "photos": [], **more}

    kept = {
        "reports": [
            one("own", "sent", code=own, secret="x", body={"text": "Riêng của tôi"}),
            one("own-photo", "sent", code=own, secret="x", photos=[photo]),
            one("anonymous", "sent", code=anonymous, secret="y"),
            one("draft", "draft", fields={"text": "Đang viết"}),
            one("waiting", "queued", body={}, tries=1, next_at=9e15),
        ],
        "followed": {
            code: {"code": code, "seen": "2026-11-22T00:00:00Z", "html": "x"}
            for code in (own, anonymous, "QNG-0000-0000")
        },
    }
    before = await page.evaluate(_STORE, kept)
    assert len(before["reports"]) == 5
    assert len(before["followed"]) == 3


@pytest.mark.parametrize("how", ["sign-out", "sign-out-everywhere", "delete", "name"])
async def test_what_was_seen_under_the_account_goes_and_what_waits_stays(
    town: Town, how: str
) -> None:
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM}")
    anonymous = (await town.a_report()).code
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        context = await browser.new_context(locale="vi-VN", base_url=town.url)
        page = await context.new_page()
        page.set_default_timeout(20_000)
        await page.goto("/offline")
        await page.evaluate(
            "navigator.serviceWorker.register('/sw.js', {scope: '/'})"
            ".then(() => navigator.serviceWorker.ready).then(() => true)"
        )
        await sign_in(page, town)
        own = await page.evaluate(
            """async (body) => (await (await fetch('/api/v1/reports', {
              method: 'POST', body: JSON.stringify(body),
              headers: {'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID()},
            })).json()).code""",
            a_submission(),
        )
        await page.goto("/offline")
        assert await page.evaluate("Boolean(navigator.serviceWorker.controller)")
        await keep_reports(page, own, anonymous)
        fields = {
            "sign-out-everywhere": {"do": "sign-out"},
            "delete": {"do": "delete", "sure": "1"},
        }
        await page.evaluate(
            """({action, fields}) => {
              const form = document.createElement('form');
              Object.assign(form, {method: 'post', action});
              for (const [name, value] of Object.entries(fields)) {
                const input = document.createElement('input');
                Object.assign(input, {name, value});
                form.append(input);
              }
              document.body.append(form);
              form.submit();
            }""",
            {
                "action": "/dang-xuat" if how == "sign-out" else "/toi",
                "fields": fields.get(how, {"do": "name", "name": "Lan"}),
            },
        )
        left = "/toi" if how == "name" else "/dang-nhap/nguoi-dan"
        await page.wait_for_url(f"**{left}?xong={how}")
        await page.goto("/offline")
        after = await page.evaluate(_STORE, {})
        await browser.close()
    if how == "name":
        assert len(after["reports"]) == 5, "another form of the account leaves nothing"
        assert len(after["followed"]) == 3
    else:
        # the one whose photo is on its way goes with that, and is shown to nobody meanwhile
        stayed = [one for one in after["reports"] if one != "own-photo"]
        assert stayed == ["anonymous", "draft", "waiting"]
        assert after["followed"] == [anonymous]
        left = (
            "SELECT count(*) FROM session s JOIN account a ON a.id = s.account_id"
            " WHERE s.kind = 'page' AND a.username LIKE 'dan.%'"
        )
        assert await town.owner.fetchval(left) == 0
