"""From /theo-doi to a report: with its code, with its secret too, with one tap on its own phone."""

import pytest
from playwright.async_api import Browser, expect

from tests.citizen_app.phone import Phone
from tests.journeys.paper_browser import Paper
from tests.province import RESTRICTED, Town, token_of


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


async def test_the_secret_opens_what_the_code_alone_does_not(town: Town) -> None:
    report = await town.a_report(category=RESTRICTED)
    paper = Paper.at(town)
    await paper.open("/theo-doi")
    words = await paper.send({"action": "/theo-doi"}, ma=report.code, status=404)
    assert "Không tìm thấy phản ánh này." in words
    assert "Mã bí mật" in words, "what is missing can be given at once"
    await paper.send({"action": "/theo-doi"}, secret="A" * 26, status=404)
    words = await paper.send({"action": "/theo-doi"}, ma=report.code, secret=report.secret)
    assert str(report.body["text"]) in words
    assert paper.page is not None
    assert paper.page.url.path == f"/theo-doi/{report.code}"
    seen = [*paper.page.history, paper.page]
    assert not [page for page in seen if report.secret in str(page.url)]
    await paper.client.aclose()


async def test_a_code_alone_still_shows_what_all_may_see_and_offers_the_rest(town: Town) -> None:
    report = await town.a_report()
    paper = Paper.at(town)
    await paper.open("/theo-doi")
    words = await paper.send({"action": "/theo-doi"}, ma=report.code.lower().replace("-", " "))
    assert report.code in words
    assert "Tôi là người gửi: nhập mã bí mật" in words
    words = await paper.send({"secret": ""}, secret=report.secret)
    assert str(report.body["text"]) in words
    assert "Tôi là người gửi" not in words
    await paper.open("/theo-doi")
    words = await paper.send({"action": "/theo-doi"}, ma="ABC", status=422)
    assert "Mã phản ánh chưa đúng" in words
    await paper.client.aclose()


@pytest.mark.nightly
async def test_the_phone_that_sent_it_opens_it_with_one_tap(browser: Browser, town: Town) -> None:
    phone = await Phone.open(browser, town.url)
    await phone.write("Ổ gà sâu trước nhà văn hóa.")
    await phone.send()
    await expect(phone.page.locator("#mine")).to_contain_text("Đã gửi. Mã")
    await phone.page.goto("/theo-doi")
    await phone.page.click("#own button:has-text('Xem tiến độ')")
    await expect(phone.page.locator(".part-head")).to_contain_text("Ổ gà sâu trước nhà văn hóa.")
    await expect(phone.page.locator("#report")).to_have_attribute("data-mine", "")
    assert not phone.complaints
    await phone.context.close()


@pytest.mark.nightly
async def test_what_this_phone_sent_is_added_to_the_account_with_one_tap(
    browser: Browser, town: Town
) -> None:
    phone = await Phone.open(browser, town.url)
    await phone.write("Nắp cống vỡ trước cổng trường.")
    await phone.send()
    await expect(phone.page.locator("#mine")).to_contain_text("Đã gửi. Mã")
    (report,) = await phone.reports("sent")
    cookie = {"name": "caunoi-session", "value": token_of("citizen", "page"), "url": town.url}
    await phone.context.add_cookies([cookie])  # type: ignore[list-item]  # a dict of strings
    await phone.page.goto("/toi")
    await phone.page.click("#claims button:has-text('Thêm vào tài khoản')")
    await phone.page.wait_for_url("**/toi?xong=claim")
    await expect(phone.page.locator("#phan-anh")).to_contain_text(report["code"])
    await expect(phone.page.locator("#claims")).to_be_hidden()
    assert not phone.complaints
    await phone.context.close()
