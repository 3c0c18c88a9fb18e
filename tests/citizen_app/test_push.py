"""A citizen turns notices on with one tap, and the telephone shows what happened, once."""

import dataclasses
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Browser, Page, expect

from backend import clock
from backend.messages.announce import announce, terms_now
from backend.messages.senders import open_push
from backend.settings import Settings
from tests.province import Sent, Town, open_town
from tests.twins.push_service import PushTwin, push_twin

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(180)]

# What the browser's own push service would do: hand out an address that is ours to watch.
_SUBSCRIBE: Final = """
const given = JSON.parse('SUBSCRIPTION');
const bound = 'KEY'.replace(/-/g, '+').replace(/_/g, '/');
const subscription = {
  endpoint: given.endpoint,
  options: {applicationServerKey: Uint8Array.from(atob(bound), (one) => one.charCodeAt(0)).buffer},
  toJSON: () => given,
  unsubscribe: async () => true,
};
let current = null;
PushManager.prototype.getSubscription = async () => current;
PushManager.prototype.subscribe = async (options) => {
  self.askedWith = options;
  return (current = subscription);
};
"""


@pytest.fixture
def twin() -> Iterator[PushTwin]:
    with push_twin() as running:
        yield running


@pytest.fixture
async def town(province_settings: Settings) -> AsyncIterator[Town]:
    settings = dataclasses.replace(
        province_settings, web_push_loopback=True, quiet_hours="off", area_batch_at="18:00"
    )
    async with open_town(settings) as opened:
        yield opened


class Telephone:
    """A browser with leave to show notices, at a push service of the test's own."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url

    async def shown(self) -> list[dict[str, Any]]:
        """The notices on the screen."""
        found: list[dict[str, Any]] = await self.page.evaluate(
            """async () => (await (await navigator.serviceWorker.ready).getNotifications()).map(
                ({title, body, tag, data}) => ({title, body, tag, link: data.link}))"""
        )
        return found

    async def receive(self, payload: str) -> None:
        """What arrives from the push service, decrypted."""
        await self.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        session = await self.page.context.new_cdp_session(self.page)
        versions: list[dict[str, Any]] = []

        def hear(version: dict[str, Any]) -> None:
            versions.append(version)

        session.on("ServiceWorker.workerRegistrationUpdated", hear)
        await session.send("ServiceWorker.enable")
        while not any(one["registrations"] for one in versions):
            await self.page.wait_for_timeout(50)
        registration = next(one["registrations"][0] for one in versions if one["registrations"])
        await session.send(
            "ServiceWorker.deliverPushMessage",
            {
                "origin": self.url,
                "registrationId": registration["registrationId"],
                "data": payload,
            },
        )
        await self.page.wait_for_timeout(500)
        await session.detach()


@pytest.fixture
async def published(town: Town) -> Sent:
    report = await town.a_report(text="CANARYTEXT ổ gà sâu.")
    await town.moved(report, "accept")
    return report


@pytest.fixture
async def telephone(
    browser: Browser, town: Town, twin: PushTwin, published: Sent
) -> AsyncIterator[Telephone]:
    key = (await town.see("/api/v1/push/key"))["key"]
    subscription = twin.subscribe(key).value
    context = await browser.new_context(base_url=town.url, viewport={"width": 360, "height": 740})
    await context.grant_permissions(["notifications"], origin=town.url)
    page = await context.new_page()
    await page.add_init_script(_SUBSCRIBE.replace("SUBSCRIPTION", subscription).replace("KEY", key))
    await page.goto(f"/theo-doi/{published.code}")
    await page.wait_for_selector("html[data-ready]", state="attached")
    yield Telephone(page, town.url)
    await context.close()


async def test_one_tap_brings_notices_of_the_report_to_the_telephone(
    town: Town, twin: PushTwin, telephone: Telephone, published: Sent, tmp_path: Path
) -> None:
    page = telephone.page
    await page.click("#push button")
    await expect(page.locator("#push button")).to_have_attribute("aria-pressed", "true")
    await page.locator("#push").screenshot(path=tmp_path / "push.png")
    box = await page.locator("#push button").bounding_box()
    assert box is not None
    assert box["height"] >= 48
    asked = await page.evaluate(
        "askedWith.userVisibleOnly && askedWith.applicationServerKey.length"
    )
    assert asked == 65
    followed = await town.owner.fetch("SELECT is_reporter FROM follow")
    assert [row["is_reporter"] for row in followed] == [False]

    started = await town.moved(published, "start")
    assert started
    event_id = await town.owner.fetchval("SELECT max(id) FROM event WHERE kind = 'start'")
    push = open_push(town.settings)
    for _ in range(2):
        await announce(
            town.database,
            push,
            await terms_now(town.database.app, town.settings, clock.now()),
            payload=str(event_id).encode(),
            now=clock.now(),
        )
    await push.close()
    assert twin.refused == []
    (message,) = twin.accepted
    said = json.dumps(message.payload, ensure_ascii=False)
    assert "CANARYTEXT" not in said
    for _ in range(2):
        await telephone.receive(said)
    assert await telephone.shown() == [
        {
            "title": "Cầu Nối",
            "body": "Phản ánh bạn theo dõi đang được xử lý.",
            "tag": f"ev-{event_id}",
            "link": f"/theo-doi/{published.code}",
        }
    ]

    await page.click("#push button")
    await expect(page.locator("#push button")).to_have_attribute("aria-pressed", "false")
    assert await town.owner.fetchval("SELECT count(*) FROM follow") == 0


async def test_push_that_cannot_be_read_still_shows_that_there_is_something(
    telephone: Telephone,
) -> None:
    await telephone.receive("no JSON")
    (shown,) = await telephone.shown()
    assert shown["body"] == "Bạn có thông báo mới."


async def test_area_is_followed_from_the_map(town: Town, telephone: Telephone) -> None:
    page = telephone.page
    await page.goto("/ban-do?unit=21028")
    await page.click("#areas summary")
    await page.click("#areas .button >> nth=0")
    await expect(page.locator("#areas li")).to_have_count(1)
    rows = await town.owner.fetch("SELECT unit_code FROM area_alert")
    assert [row["unit_code"] for row in rows] == ["21028"]
    await page.click("#areas li button")
    await expect(page.locator("#areas li")).to_have_count(0)
    assert await town.owner.fetchval("SELECT count(*) FROM area_alert") == 0


# What a finger does: the browser lets only that open windows, so they are noted instead.
_TAP: Final = """
async (link) => {
  const done = {opened: [], focused: []};
  const waited = [];
  ExtendableEvent.prototype.waitUntil = (work) => waited.push(work);
  Clients.prototype.openWindow = async (url) => done.opened.push(url);
  WindowClient.prototype.focus = async function () { done.focused.push(this.url); };
  const close = Notification.prototype.close;
  let closed = 0;
  Notification.prototype.close = function () { closed += 1; return close.call(this); };
  const [notification] = await self.registration.getNotifications();
  self.dispatchEvent(new NotificationEvent('notificationclick', {notification}));
  await Promise.all(waited);
  return {...done, closed};
}
"""


async def test_a_tap_on_a_notice_goes_to_the_report_where_it_is_open_or_opens_it(
    telephone: Telephone, published: Sent
) -> None:
    page, path = telephone.page, f"/theo-doi/{published.code}"
    await telephone.receive(json.dumps({"title": "Cầu Nối", "body": "Xong.", "link": path}))
    (worker,) = page.context.service_workers
    tapped = await worker.evaluate(_TAP)
    assert tapped == {"opened": [], "focused": [telephone.url + path], "closed": 1}
    await page.goto("/ban-do")
    await telephone.receive(json.dumps({"title": "Cầu Nối", "body": "Xong.", "link": path}))
    tapped = await worker.evaluate(_TAP)
    assert (tapped["opened"], tapped["focused"]) == ([telephone.url + path], [])
    # what was pushed decides nothing but a path of our own
    for link in ("https://evil.example/", "//evil.example/x", "/\\evil.example", None):
        await telephone.receive(json.dumps({"title": "Cầu Nối", "link": link, "tag": "x"}))
        assert (await worker.evaluate(_TAP))["opened"] == [f"{telephone.url}/"], link
