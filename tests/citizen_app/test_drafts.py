"""What becomes of a draft in any order of events: late timers, other tabs, no room left."""

from typing import Any, Final

import pytest
from playwright.async_api import BrowserContext, Error

from tests.citizen_app.test_queue import (  # noqa: F401  fixtures are found by name
    Network,
    Tab,
    a_tab,
    bundle,
    context,
    network,
)

WRITTEN: Final = {"text": "Ổ gà trước chợ"}
_WRITE: Final = """
async (fields) => {
  app.drafting.readFieldsWith(() => fields);
  await app.drafting.begin();
  await app.drafting.save();
  return app.drafting.draft.id;
}
"""
_QUEUE: Final = "app.drafting.queueDraft({text: 'Ổ gà trước chợ'}, 'vi')"
_NO_ROOM: Final = """
() => {
  self.put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function () {
    this.transaction.abort();
  };
}
"""
# a closed tab's lock is free a moment later
_TAKE_ONCE_FREE: Final = """
async (found) => {
  while (!(await app.drafting.take(found))) await new Promise((done) => setTimeout(done, 20));
}
"""


async def begun(context: BrowserContext) -> tuple[Tab, str]:  # noqa: F811
    tab = await a_tab(context)
    return tab, await tab.page.evaluate(_WRITE, WRITTEN)


async def drafts(tab: Tab) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = await tab.page.evaluate("app.listReports()")
    return found


@pytest.mark.parametrize("when", ["before", "after"])
async def test_no_late_timer_takes_back_what_was_queued(
    context: BrowserContext,  # noqa: F811
    when: str,
) -> None:
    tab, name = await begun(context)
    # the phone is put away right at the tap: pagehide saves
    late = f"const sent = {_QUEUE}; app.drafting.save(); return sent"
    after = f"const sent = await {_QUEUE}; await app.drafting.save(); return sent"
    body = late if when == "before" else after
    assert await tab.page.evaluate(f"async () => {{ {body} }}") is True
    assert (await tab.report(name))["state"] == "queued"


async def test_a_draft_that_found_no_room_can_be_sent_once_there_is_some(
    context: BrowserContext,  # noqa: F811
) -> None:
    tab = await a_tab(context)
    await tab.page.evaluate(_NO_ROOM)
    with pytest.raises(Error, match="nothing was kept"):
        await tab.page.evaluate(_WRITE, WRITTEN)
    # who sends is told so, and never that it was sent already
    with pytest.raises(Error, match="nothing was kept"):
        await tab.page.evaluate(_QUEUE)
    await tab.page.evaluate("() => void (IDBObjectStore.prototype.put = put)")
    assert await tab.page.evaluate(_QUEUE) is True
    assert [one["state"] for one in await drafts(tab)] == ["queued"]


async def test_a_draft_that_another_tab_deleted_is_sent_all_the_same(
    context: BrowserContext,  # noqa: F811
) -> None:
    tab, name = await begun(context)
    other = await a_tab(context)
    await other.page.evaluate("id => app.dropReport(id)", name)
    assert await tab.page.evaluate(_QUEUE) is True
    assert (await tab.report(name))["state"] == "queued"


async def test_what_was_sent_elsewhere_is_no_draft_again(
    context: BrowserContext,  # noqa: F811
) -> None:
    # browsers without locks let two tabs have one draft
    tab, name = await begun(context)
    other = await a_tab(context)
    await other.put(name, state="sent", code="QNG-7K3M-2F9A", secret="S")
    await tab.page.evaluate("app.drafting.save()")
    assert (await tab.report(name))["code"] == "QNG-7K3M-2F9A"
    assert await tab.page.evaluate(_QUEUE) is False
    assert (await tab.report(name))["state"] == "sent"


async def test_a_draft_is_opened_as_it_lies_there_now(
    context: BrowserContext,  # noqa: F811
) -> None:
    first, name = await begun(context)
    second = await a_tab(context)
    stale = await second.report(name)
    await first.page.evaluate(
        "app.drafting.readFieldsWith(() => ({text: 'Thêm'})); app.drafting.save()"
    )
    take = "found => app.drafting.take(found)"
    assert await second.page.evaluate(take, stale) is False, "another tab writes"
    await first.page.close()
    await second.page.evaluate(_TAKE_ONCE_FREE, stale)
    assert await second.page.evaluate("app.drafting.draft.fields.text") == "Thêm"
    third = await a_tab(context)
    await third.put("gone", state="sent")
    assert await third.page.evaluate(take, {"id": "gone", "state": "draft"}) is False


async def test_pages_looked_at_at_once_are_both_kept_and_none_comes_back_after_leaving(
    context: BrowserContext,  # noqa: F811
) -> None:
    tab = await a_tab(context)
    await tab.page.evaluate(
        """() => { self.shown = (code) => {
          const page = document.createElement('div');
          Object.assign(page.dataset, {code, seen: '2026-11-22T00:00:00Z', status: 'x'});
          return page;
        }; }"""
    )
    await tab.page.evaluate("Promise.all(['A', 'B'].map((c) => app.looking.keepState(shown(c))))")
    followed = "app.recall('followed').then((kept) => Object.keys(kept))"
    assert await tab.page.evaluate(followed) == ["A", "B"]
    await tab.page.evaluate(
        "Promise.all([app.looking.keepState(shown('C')), app.signing.forgetAccount(new Set())])"
    )
    assert await tab.page.evaluate(followed) == []


async def test_an_open_page_goes_on_keeping_after_a_newer_version_changed_the_storage(
    context: BrowserContext,  # noqa: F811
) -> None:
    tab, name = await begun(context)
    newer = await a_tab(context)
    await newer.page.evaluate(
        """new Promise((done, failed) => {
          const request = indexedDB.open('caunoi', 2);
          request.onupgradeneeded = () => request.result.createObjectStore('more');
          request.onerror = () => failed(request.error);
          request.onsuccess = () => { request.result.close(); done(); };
        })"""
    )
    assert await tab.page.evaluate(_QUEUE) is True
    assert (await tab.report(name))["state"] == "queued"
