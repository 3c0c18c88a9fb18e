"""Bad networks, restarts, second tabs and new versions: every report arrives, and each once."""

import asyncio
import dataclasses
import random
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, Playwright, expect

from backend.web.assets import Assets
from backend.web.state import parts_of
from tests.citizen_app.phone import Phone
from tests.citizen_app.test_smoke import count
from tests.factories import a_photo
from tests.province import Town
from tests.twins.fault_proxy import (
    Answering,
    FaultProxy,
    Mode,
    Passing,
    Refusing,
    ResetAfter,
    Silent,
    Slow,
)

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(300)]

# 48 kbps
_SLOW: Final = Slow(6000)


@pytest.fixture
async def proxy(module_town: Town) -> AsyncIterator[FaultProxy]:
    async with FaultProxy("127.0.0.1", module_town.settings.port) as opened:
        yield opened


async def flap(proxy: FaultProxy, *, seconds: float, seed: int) -> None:
    """A network that comes, goes, hangs, and loses answers that the server has given already."""
    rng = random.Random(seed)
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        modes: tuple[Mode, ...] = (
            *(Passing(), Refusing(), Silent()),
            *(ResetAfter(40, "down"), ResetAfter(400, "up"), ResetAfter(600, "down")),
        )
        proxy.mode = rng.choice(modes)
        await asyncio.sleep(rng.uniform(0.2, 0.7))
        await proxy.cut()
    proxy.mode = Passing()
    await proxy.cut()


def bring_new_version(town: Town) -> None:
    """Have the server offer a new version of the app, as after an update."""
    parts = parts_of(town.app.state)
    found = [(name, parts.assets.find(name)) for name in parts.assets.names()]
    assets = {name: one[0] for name, one in found if one is not None}
    mark = assets["icons/icon-192.png"]
    assets[mark.name] = dataclasses.replace(mark, hashed_name="icons/icon-192.0123456789ab.png")
    parts.assets = Assets(assets)


async def version(phone: Phone) -> str:
    names: list[str] = await phone.page.evaluate("caches.keys()")
    return sorted(names)[-1]


async def test_twenty_reports_over_three_restarts_a_bad_network_two_tabs_and_a_new_version(
    module_town: Town, proxy: FaultProxy, playwright: Playwright, tmp_path: Path
) -> None:
    url = f"http://{proxy.address}"
    words = [f"Phản ánh ngoại tuyến số {number}." for number in range(20)]
    photo = a_photo(size=(640, 480))

    async def opened() -> Phone:
        return await Phone.installed(playwright, tmp_path / "profile", url, position=False)

    async def write(phone: Phone, texts: list[str], *, photo_each: int = 3) -> None:
        for number, text in enumerate(texts):
            await phone.write(text)
            if number % photo_each == 0:
                await phone.add_photo("anh.jpg", photo + text.encode())
            await phone.send()
            await phone.page.wait_for_selector("[data-state=queued], [data-state=sent]")

    phone = await opened()
    await phone.kept_offline()
    first_version = await version(phone)
    proxy.mode = Refusing()
    await proxy.cut()
    await write(phone, words[:6])
    assert len(await phone.reports("queued")) == 6
    await phone.close()

    # started again without any network: the app comes from the phone
    phone = await opened()
    second = await Phone.on(phone.context)
    await asyncio.gather(write(phone, words[6:9]), write(second, words[9:12]))
    assert len(await phone.reports("queued")) == 12
    await phone.close()

    # a network that flaps, and a new version of the app that comes with it
    bring_new_version(module_town)
    proxy.mode = Passing()
    phone = await opened()
    second = await Phone.on(phone.context)
    flapping = asyncio.create_task(flap(proxy, seconds=12, seed=7))
    await asyncio.gather(write(phone, words[12:15]), write(second, words[15:18]))
    await flapping
    await phone.page.evaluate(
        "navigator.serviceWorker.getRegistration().then((found) => found.update()).catch(() => {})"
    )
    proxy.mode = Refusing()
    await proxy.cut()
    await write(phone, words[18:])
    await phone.close()

    proxy.mode = Passing()
    phone = await opened()
    flapping = asyncio.create_task(flap(proxy, seconds=10, seed=11))
    await flapping
    async with asyncio.timeout(90):
        while True:
            kept = await phone.reports()
            photos = [photo for report in kept for photo in report["photos"]]
            if len([report for report in kept if report["state"] == "sent"]) == 20 and all(
                photo["state"] == "sent" for photo in photos
            ):
                break
            await asyncio.sleep(0.5)
    assert (
        await version(phone) != first_version or len(await phone.page.evaluate("caches.keys()")) > 1
    )
    codes = {report["code"]: report["body"]["text"] for report in kept}
    stored = await module_town.owner.fetch(
        "SELECT code, text FROM report WHERE text = ANY($1)", words
    )
    assert sorted(row["text"] for row in stored) == sorted(words)
    assert {row["code"]: row["text"] for row in stored} == codes
    arrived = await module_town.owner.fetchval(
        "SELECT count(*) FROM report_photo WHERE state <> 'expected'"
    )
    assert arrived == len(photos) > 0
    await phone.close()


async def test_a_lost_answer_and_a_double_tap_make_one_report(
    module_town: Town, proxy: FaultProxy, browser: Browser
) -> None:
    phone = await Phone.open(browser, f"http://{proxy.address}", position=False)
    await phone.write("Bấm hai lần, mất câu trả lời.")
    await phone.preview()
    proxy.mode = ResetAfter(20, "down")
    await proxy.cut()
    await phone.page.evaluate(
        "() => { const send = document.querySelector('#review .send-bar .button');"
        " send.click(); send.click(); }"
    )
    async with asyncio.timeout(10):
        # the database has no event to wait for
        while await count(module_town, "Bấm hai lần, mất câu trả lời.") == 0:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    assert await phone.reports("sent") == []
    proxy.mode = Passing()
    await expect(phone.page.locator("[data-state=sent]")).to_contain_text("QNG-", timeout=15_000)
    assert await count(module_town, "Bấm hai lần, mất câu trả lời.") == 1
    assert len(await phone.reports()) == 1
    await phone.close()


PORTAL: Final = "<!doctype html><title>WiFi khách</title><p>Hãy đăng nhập mạng.</p>".encode()


def portal(status: str) -> Answering:
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(PORTAL)}\r\n"
    return Answering(f"{head}Connection: close\r\n\r\n".encode() + PORTAL)


async def test_a_sign_in_page_of_the_network_is_not_taken_for_the_systems_answer(
    module_town: Town, proxy: FaultProxy, browser: Browser
) -> None:
    phone = await Phone.open(browser, f"http://{proxy.address}", position=False)
    await phone.kept_offline()
    for number, status in enumerate(("200 OK", "403 Forbidden", "404 Not Found")):
        text = f"Qua mạng khách sạn {number}."
        await phone.write(text)
        await phone.add_photo("anh.jpg", a_photo(size=(320, 240)) + text.encode())
        await phone.preview()
        proxy.mode = portal(status)
        await proxy.cut()
        await phone.page.click("#review .send-bar .button >> nth=0")
        await phone.page.wait_for_selector("[data-state=queued]")
        await asyncio.sleep(1.5)
        assert len(await phone.reports("queued")) == 1, status
        proxy.mode = Passing()
        await proxy.cut()
        await expect(phone.page.locator("[data-state=sent]")).to_have_count(
            number + 1, timeout=15_000
        )
        assert await count(module_town, text) == 1
    # the photo's turn: words through, then the portal again
    await phone.write("Ảnh qua mạng khách sạn.")
    await phone.add_photo("anh.jpg", a_photo(size=(1600, 1200)))
    await phone.preview()
    proxy.mode = _SLOW
    await proxy.cut()
    await phone.page.click("#review .send-bar .button >> nth=0")
    await expect(phone.page.locator("[data-state=sent]")).to_have_count(4, timeout=15_000)
    proxy.mode = portal("200 OK")
    await proxy.cut()
    await asyncio.sleep(4)
    (last,) = [one for one in await phone.reports() if one["fields"]["text"].startswith("Ảnh qua")]
    assert last["photos"][0]["state"] == "kept"
    proxy.mode = Passing()
    await proxy.cut()
    await expect(phone.page.locator("progress")).to_have_count(0, timeout=30_000)
    arrived = await module_town.owner.fetchval(
        """SELECT p.state <> 'expected' FROM report_photo p JOIN report r ON r.id = p.report_id
           WHERE r.text = 'Ảnh qua mạng khách sạn.'"""
    )
    assert arrived
    await phone.close()


async def test_words_are_registered_first_and_photos_follow_with_visible_progress(
    module_town: Town, proxy: FaultProxy, browser: Browser
) -> None:
    phone = await Phone.open(browser, f"http://{proxy.address}", position=False)
    await phone.kept_offline()
    await phone.write("Chữ trước, ảnh sau.")
    await phone.add_photo("anh.jpg", a_photo(size=(1600, 1200)))
    await phone.preview()
    proxy.mode = _SLOW
    await proxy.cut()
    begun = time.monotonic()
    await phone.page.click("#review .send-bar .button >> nth=0")
    card = phone.page.locator("[data-state=sent]")
    await expect(card).to_contain_text("QNG-", timeout=5000)
    assert time.monotonic() - begun < 3
    # it moves, or goes without a number once the system has taken the photo over
    bar = phone.page.locator("progress")
    await expect(bar).to_have_count(1)
    moved = phone.page.locator("progress:not([value='0'])")
    await expect(moved).to_have_count(1, timeout=20_000)
    assert await phone.page.locator(".uploads").inner_text() == "Ảnh 1: đang gửi"
    await expect(bar).to_have_count(0, timeout=60_000)
    assert time.monotonic() - begun > 8, "the network was not slow"
    await expect(card).to_contain_text("Đã gửi đủ 1 ảnh")
    await phone.close()


async def test_a_half_written_report_survives_a_restart_with_its_photo_and_answers(
    module_town: Town, playwright: Playwright, tmp_path: Path
) -> None:
    folder = tmp_path / "profile"
    phone = await Phone.installed(playwright, folder, module_town.url, position=False)
    await phone.kept_offline()
    await phone.write("Viết dở, chưa gửi.")
    await phone.add_photo("anh.jpg", a_photo(size=(300, 200)))
    await phone.page.select_option("#f-answer-kich-thuoc", "lon")
    await expect(phone.page.locator(".saved")).to_contain_text("đã lưu trên máy", timeout=3000)
    await phone.close()
    phone = await Phone.installed(playwright, folder, module_town.url, position=False)
    await expect(phone.page.locator("#f-text")).to_have_value("Viết dở, chưa gửi.")
    await expect(phone.page.locator("#f-unit")).to_have_value("21028")
    await expect(phone.page.locator("#f-category")).to_have_value("giao-thong-o-ga")
    await expect(phone.page.locator("#f-answer-kich-thuoc")).to_have_value("lon")
    await expect(phone.page.locator(".thumbs figure")).to_have_count(1)
    # another report meanwhile: several drafts, each kept
    await phone.page.click("text=Viết phản ánh khác")
    await expect(phone.page.locator("#f-text")).to_have_value("")
    await phone.write("Bản nháp thứ hai.")
    await expect(phone.page.locator("[data-state=draft]")).to_have_count(1)
    await phone.page.click("[data-state=draft] >> text=Viết tiếp")
    await expect(phone.page.locator("#f-text")).to_have_value("Viết dở, chưa gửi.")
    assert len(await phone.reports("draft")) == 2
    await phone.close()


async def test_what_the_server_refuses_is_kept_shown_and_can_be_mended(
    module_town: Town, browser: Browser
) -> None:
    far_away = {"longitude": 2.35, "latitude": 48.85, "accuracy": 10}
    phone = await Phone.open(browser, module_town.url)
    await phone.context.set_geolocation(far_away)
    await phone.kept_offline()
    await phone.context.set_offline(True)
    await phone.page.fill("#f-text", "Ở xa, ngoài tỉnh.")
    await phone.page.select_option("#f-category", "giao-thong-o-ga")
    await phone.page.click("text=Lấy vị trí")
    await expect(phone.page.locator(".place-said")).to_contain_text("± 10 m")
    await phone.send()
    await phone.context.set_offline(False)
    card = phone.page.locator("[data-state=refused]")
    await expect(card).to_contain_text("Chưa gửi được", timeout=6000)
    await card.get_by_text("Sửa và gửi lại").click()
    await expect(phone.page.locator("#f-text")).to_have_value("Ở xa, ngoài tỉnh.")
    await phone.page.select_option("#f-unit", "21028")
    await phone.send()
    await expect(phone.page.locator("[data-state=sent]")).to_contain_text("QNG-", timeout=6000)
    assert await count(module_town, "Ở xa, ngoài tỉnh.") == 1
    assert len(await phone.reports()) == 1
    await phone.close()


async def test_the_last_state_is_readable_offline_on_the_page_of_the_report(
    module_town: Town, browser: Browser
) -> None:
    phone = await Phone.open(browser, module_town.url, position=False)
    await phone.kept_offline()
    await phone.write("Xem lại khi không có mạng.")
    await phone.send()
    await expect(phone.page.locator("[data-state=sent]")).to_contain_text("QNG-", timeout=6000)
    (report,) = await phone.reports("sent")
    await phone.context.set_offline(True)
    await phone.page.goto(f"/theo-doi/{report['code']}")
    await phone.ready()
    await expect(phone.page.locator("h1")).to_contain_text("Chưa mở được trang này")
    await expect(phone.page.locator("#mine article >> nth=0")).to_contain_text(report["code"])
    # nothing that a server said of somebody is in the shell's own cache
    cached: list[str] = await phone.page.evaluate(
        "caches.keys().then((names) => Promise.all(names.map(async (name) =>"
        " (await (await caches.open(name)).keys()).map((one) => new URL(one.url).pathname))))"
        ".then((lists) => lists.flat())"
    )
    assert not [path for path in cached if path.startswith(("/api", "/theo-doi", "/toi"))]
    assert "/" in cached
    await phone.close()
