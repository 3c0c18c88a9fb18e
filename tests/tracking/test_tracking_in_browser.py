"""A report's page in a real browser: live, on any network, with one tap, for everybody."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Browser, BrowserContext, Page, Playwright, Route, expect

from backend.clock import now
from backend.reports.actions import fire_due
from backend.web.state import parts_of
from tests.citizen_app.phone import Phone
from tests.factories import a_photo
from tests.province import Sent, Town, other_photos, sha256_of
from tests.tracking.looking import (
    SIZES,
    faults_of,
    overflow_at_double_size,
    picture,
    too_small,
)

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(300)]

QUESTION: Final = "Ổ gà nằm ở làn đường nào?"
# The page looks every half minute; a test cannot wait so long.
_LOOK_NOW: Final = "document.dispatchEvent(new Event('caunoi:look'))"
_HOUR_AHEAD: Final = """
const real = Date.now;
Date.now = () => real() + 3600_000;
"""


@dataclass
class Cases:
    """Reports in the states that the page is looked at in."""

    waiting: Sent
    asked: Sent
    answered: Sent


async def an_answered_report(town: Town) -> Sent:
    before, after = other_photos(1)[0], a_photo(colour=(20, 120, 40))
    report = await town.a_report(photos=(before,))
    await town.send_photo(report, before)
    await town.develop(report, before)
    for move in ("accept", "start"):
        await town.moved(report, move)
    await town.send_evidence(report, after)
    await town.develop(report, after)
    await town.moved(report, "resolve", public_note="Đã vá xong.", photos=[sha256_of(after)])
    rulebooks = parts_of(town.app.state).rulebooks
    assert rulebooks is not None
    await fire_due(town.database, rulebooks, now())
    return report


async def an_asked_report(town: Town) -> Sent:
    report = await town.a_report(address="Trước số 12 đường Quang Trung")
    for move in ("accept", "start"):
        await town.moved(report, move)
    await town.moved(report, "ask", public_note=QUESTION)
    return report


@pytest.fixture(scope="module")
async def cases(module_town: Town) -> Cases:
    town = module_town
    photos = other_photos(2)
    waiting = await town.a_report(photos=photos)
    await town.send_photo(waiting, photos[0])
    return Cases(waiting, await an_asked_report(town), await an_answered_report(town))


async def at(
    browser: Browser, town: Town, report: Sent, *, own: bool = True, size: str = "phone"
) -> Phone:
    """A telephone at the report's page; its reporter's, or a stranger's."""
    width, height = SIZES[size]
    context = await browser.new_context(
        viewport={"width": width, "height": height}, locale="vi-VN", base_url=town.url
    )
    if own:
        await keep(context, town, report)
    return await Phone.on(context, f"/theo-doi/{report.code}")


async def keep(context: BrowserContext, town: Town, report: Sent) -> None:
    """The cookie of the phone that sent the report."""
    where = f"{town.url}/theo-doi"
    name = f"phan-anh-{report.code}"
    await context.add_cookies([{"name": name, "value": report.secret, "url": where}])


@pytest.fixture
async def stranger(browser: Browser, module_town: Town, cases: Cases) -> AsyncIterator[Phone]:
    phone = await at(browser, module_town, cases.asked, own=False)
    yield phone
    assert phone.complaints == []
    await phone.close()


async def test_the_clock_is_the_servers_and_says_why_it_stands(
    browser: Browser, module_town: Town, stranger: Phone
) -> None:
    page = stranger.page
    await expect(page.locator("#clock")).to_contain_text("Đang tạm dừng")
    await expect(page.locator(".pause-why")).to_contain_text(QUESTION)
    await expect(page.locator(".step-pause")).to_contain_text("Yêu cầu bổ sung")
    await expect(page.locator(".step-next")).to_contain_text("Người phản ánh bổ sung thông tin")
    running = await module_town.a_report()
    await module_town.moved(running, "accept")
    phone = await at(browser, module_town, running)
    await phone.page.add_init_script(_HOUR_AHEAD)
    await phone.page.reload()
    await phone.ready()
    view = await module_town.see(f"/api/v1/reports/{running.code}")
    shown = await phone.page.inner_text(".clock-left")
    assert shown.split()[:2] == view["promise"]["remaining_text"].split()[:2]
    await phone.close()


async def test_news_come_by_themselves_and_half_typed_words_stay(
    browser: Browser, module_town: Town
) -> None:
    report = await an_asked_report(module_town)
    phone = await at(browser, module_town, report)
    page = phone.page
    await page.fill("#bo-sung textarea", "Làn bên ph")
    await page.evaluate("window.stays = true")
    await module_town.moved(report, "decline", by="key", reason="Đường này thuộc quốc lộ khác.")
    await page.evaluate(_LOOK_NOW)
    await expect(page.locator(".part-head .chip")).to_contain_text("Không tiếp nhận")
    await expect(page.locator(".part-line")).to_contain_text("Đường này thuộc quốc lộ khác.")
    assert await page.inner_text("#live") == "Tình trạng mới: Không tiếp nhận"
    assert await page.input_value("#bo-sung textarea") == "Làn bên ph"
    assert await page.evaluate("window.stays") is True
    assert "Không tiếp nhận" in await page.title()
    assert phone.complaints == []
    await phone.close()


async def test_a_question_is_answered_in_place(browser: Browser, module_town: Town) -> None:
    report = await an_asked_report(module_town)
    phone = await at(browser, module_town, report)
    await phone.page.fill("#bo-sung textarea", "Làn bên phải, sát lề.")
    await phone.page.click("#bo-sung button[type=submit]")
    await expect(phone.page.locator("#notices")).to_contain_text("Đã gửi trả lời")
    await expect(phone.page.locator(".talk-answer")).to_contain_text("Làn bên phải")
    await expect(phone.page.locator(".part-head .chip")).to_contain_text("Đang xử lý")
    assert "xong=answer" in phone.page.url
    await phone.close()


@pytest.mark.parametrize("who", ["portal", "broken-proxy", "busy-server"])
async def test_words_stay_when_somebody_else_answers_or_the_server_is_busy(
    browser: Browser, module_town: Town, who: str
) -> None:
    report = await an_asked_report(module_town)
    phone = await at(browser, module_town, report)
    status = {"portal": 200, "broken-proxy": 502, "busy-server": 503}[who]
    headers = {"x-trace-id": "00"} if who == "busy-server" else {}

    async def answer(route: Route) -> None:
        page = "<!doctype html><title>x</title>"
        await route.fulfill(status=status, body=page, content_type="text/html", headers=headers)

    await phone.context.route(f"**/theo-doi/{report.code}", answer)
    await phone.page.fill("#bo-sung textarea", "Làn bên phải, sát lề.")
    await phone.page.click("#bo-sung button[type=submit]")
    await expect(phone.page.locator(".unsent")).to_contain_text("Chưa gửi được")
    assert await phone.page.input_value("#bo-sung textarea") == "Làn bên phải, sát lề."
    # a look at news meanwhile takes nothing of it for the server's word
    await phone.page.evaluate(_LOOK_NOW)
    await expect(phone.page.locator("#stale")).to_be_visible()
    await phone.context.unroute(f"**/theo-doi/{report.code}")
    await phone.page.click("#bo-sung button[type=submit]")
    await expect(phone.page.locator("#notices")).to_contain_text("Đã gửi trả lời")
    await phone.close()


async def test_photos_before_and_after_lie_side_by_side_and_open_large(
    browser: Browser, module_town: Town, cases: Cases
) -> None:
    phone = await at(browser, module_town, cases.answered, own=False)
    page = phone.page
    boxes = [await pair.bounding_box() for pair in await page.locator(".pairs-both .pair").all()]
    assert len(boxes) == 2
    assert boxes[0]
    assert boxes[1]
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[0]["x"] + boxes[0]["width"] <= boxes[1]["x"]
    first = page.locator("a[data-photo]").first
    await first.focus()
    await page.keyboard.press("Enter")
    viewer = page.locator("dialog.viewer")
    await expect(viewer).to_contain_text("Hiện trường 1 (1/2)")
    await page.keyboard.press("ArrowRight")
    await expect(viewer).to_contain_text("Sau xử lý 1 (2/2)")
    await expect(page.locator(".viewer img")).to_have_js_property("complete", True)
    assert await faults_of(page) == []
    await page.keyboard.press("Escape")
    await expect(viewer).to_have_count(0)
    await phone.close()


async def test_one_tap_rates_and_one_more_has_it_done_again(
    browser: Browser, module_town: Town
) -> None:
    report = await an_answered_report(module_town)
    phone = await at(browser, module_town, report)
    page = phone.page
    await page.click(".rate-1")
    await expect(page.locator("#notices")).to_contain_text("Đã ghi nhận đánh giá")
    await page.click("#xu-ly-lai .again button >> nth=1")
    await expect(page.locator("#notices")).to_contain_text("Đã gửi yêu cầu xử lý lại")
    await expect(page.locator(".part-head .chip")).to_contain_text("Đang xử lý")
    row = await module_town.owner.fetchrow(
        "SELECT status, reopened FROM report WHERE id = $1", report.id
    )
    assert row is not None
    assert tuple(row) == ("in_progress", 1)
    satisfied = await an_answered_report(module_town)
    other = await at(browser, module_town, satisfied)
    await other.page.click(".rate-4")
    await expect(other.page.locator(".part-head .chip")).to_contain_text("Đã đóng")
    assert phone.complaints + other.complaints == []
    await phone.close()
    await other.close()


async def test_a_photo_that_failed_is_sent_again_small(browser: Browser, module_town: Town) -> None:
    photos = other_photos(1)
    report = await module_town.a_report(photos=photos)
    phone = await at(browser, module_town, report)
    await expect(phone.page.locator("#them-anh")).to_contain_text("1 ảnh chưa nhận được")
    large = {"name": "anh.jpg", "mimeType": "image/jpeg", "buffer": a_photo(size=(3000, 2000))}
    await phone.page.set_input_files("#f-photos", files=[large])
    await phone.page.click("#them-anh button[type=submit]")
    await expect(phone.page.locator("#notices")).to_contain_text("Đã nhận ảnh")
    size = await module_town.owner.fetchval(
        "SELECT max(bytes) FROM report_photo WHERE report_id = $1 AND state <> 'expected'",
        report.id,
    )
    assert size <= 200_000
    await phone.close()


async def test_the_last_state_is_read_without_a_network_after_a_restart(
    playwright: Playwright, module_town: Town, cases: Cases, tmp_path: Path
) -> None:
    path = f"/theo-doi/{cases.asked.code}"
    phone = await Phone.installed(playwright, tmp_path, module_town.url, path="/offline")
    await keep(phone.context, module_town, cases.asked)
    await phone.page.goto(path)
    await phone.ready()
    await phone.kept_offline()
    await phone.page.wait_for_timeout(500)
    await phone.context.set_offline(True)
    await expect(phone.page.locator("#stale")).to_contain_text("Không có mạng")
    await phone.page.fill("#bo-sung textarea", "Làn bên phải.")
    await phone.page.click("#bo-sung button[type=submit]")
    await expect(phone.page.locator(".unsent")).to_contain_text("Chưa gửi được")
    assert await phone.page.input_value("#bo-sung textarea") == "Làn bên phải."
    await phone.close()

    phone = await Phone.installed(playwright, tmp_path, module_town.url, path="/offline")
    await phone.context.set_offline(True)
    await phone.page.goto(path)
    page = phone.page
    await expect(page.locator("#report .notice").first).to_contain_text("bản lưu lúc")
    await expect(page.locator("h1")).to_have_count(1)
    await expect(page.locator("#report")).to_contain_text(str(cases.asked.body["text"]))
    await expect(page.locator("#report")).to_contain_text(QUESTION)
    await expect(page.locator("#report form")).to_have_count(0)
    await picture(page, "theo-doi-khong-mang")
    assert await faults_of(page) == []
    await phone.close()


async def test_whoever_supports_a_report_follows_it_on_this_phone(
    browser: Browser, module_town: Town, cases: Cases
) -> None:
    phone = await at(browser, module_town, cases.asked, own=False)
    await phone.page.click("#toi-cung-gap button")
    await expect(phone.page.locator("#notices")).to_contain_text("Đã ghi nhận bạn cũng gặp")
    await phone.page.wait_for_timeout(300)
    (followed,) = await phone.reports("followed")
    assert followed["code"] == cases.asked.code
    await phone.close()


async def test_without_scripts_everything_is_done_by_forms(
    browser: Browser, module_town: Town
) -> None:
    report = await an_answered_report(module_town)
    context = await browser.new_context(java_script_enabled=False, base_url=module_town.url)
    page: Page = await context.new_page()
    await page.goto(f"/theo-doi/{report.code}")
    await page.click("summary:has-text('Tôi là người gửi')")
    await page.fill("[name=secret]", report.secret)
    await page.click("button:has-text('Mở phản ánh của tôi')")
    await page.click(".rate-2")
    await page.click("#xu-ly-lai .again button >> nth=0")
    assert "Đã gửi yêu cầu xử lý lại" in await page.inner_text("#notices")
    await context.close()


@pytest.mark.parametrize("size", SIZES)
async def test_everybody_can_use_the_page(
    browser: Browser, module_town: Town, cases: Cases, size: str
) -> None:
    looked_at = {"cho": cases.waiting, "hoi": cases.asked, "xong": cases.answered}
    for name, report in looked_at.items():
        for own in (True, False):
            phone = await at(browser, module_town, report, own=own, size=size)
            await picture(phone.page, f"theo-doi-{name}-{'cua-toi-' if own else ''}{size}")
            assert await faults_of(phone.page) == []
            assert await too_small(phone.page) == []
            assert await overflow_at_double_size(phone.page) <= 0
            assert phone.complaints == []
            await phone.close()
