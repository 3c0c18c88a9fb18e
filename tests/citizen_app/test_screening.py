"""What is no ordinary report: the right office and number are shown before sending."""

import pytest
from playwright.async_api import Browser, expect

from tests.citizen_app.phone import Phone
from tests.citizen_app.test_smoke import count
from tests.province import Town

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(120)]

FIRE = "Cháy nhà, có người mắc kẹt bên trong, lửa rất lớn."
COMPLAINT = "Tôi khiếu nại quyết định thu hồi đất số 12/QĐ-UBND của Ủy ban nhân dân xã."


async def test_an_emergency_shows_whom_to_call_while_it_is_written(
    module_town: Town, browser: Browser
) -> None:
    phone = await Phone.open(browser, module_town.url, position=False)
    await phone.page.fill("#f-text", FIRE)
    call = phone.page.locator(".screening a[href='tel:114']")
    await expect(call).to_be_visible(timeout=5000)
    await phone.close()


async def test_a_complaint_shows_the_office_before_sending_and_can_be_taken_back(
    module_town: Town, browser: Browser
) -> None:
    phone = await Phone.open(browser, module_town.url, position=False)
    await phone.write(COMPLAINT)
    await phone.preview()
    await expect(phone.page.locator("#review .finding")).to_contain_text("Ban Tiếp công dân")
    await expect(phone.page.locator("#review .send-bar .button >> nth=0")).to_contain_text(
        "vẫn gửi"
    )
    await phone.page.click("#review >> text=Sửa lại")
    await expect(phone.page.locator("#f-text")).to_have_value(COMPLAINT)
    assert await count(module_town, COMPLAINT) == 0
    await phone.close()


async def test_an_ordinary_report_is_not_held_up(module_town: Town, browser: Browser) -> None:
    phone = await Phone.open(browser, module_town.url, position=False)
    await phone.write("Đèn đường trước nhà số 5 tắt ba đêm nay.")
    await phone.preview()
    await phone.page.wait_for_timeout(1000)
    assert await phone.page.locator("#review .finding").count() == 0
    assert phone.complaints == []
    await phone.close()


async def test_a_fire_is_called_in_though_the_form_is_not_complete(
    module_town: Town, browser: Browser
) -> None:
    phone = await Phone.open(browser, module_town.url, position=False)
    await phone.page.fill("#f-text", FIRE)
    await expect(phone.page.locator(".screening a[href='tel:114']")).to_be_visible(timeout=5000)
    await expect(phone.page.locator("#category-found button")).to_have_count(0)
    await phone.page.click("#report [type=submit]")
    refusal = phone.page.locator(".has-fault .said-fault a[href='tel:114']")
    await expect(refusal).to_be_visible(timeout=5000)
    await phone.page.fill("#f-text", "Ổ gà lớn trước chợ, nhiều người té.")
    await expect(phone.page.locator("#category-found button").first).to_be_visible(timeout=5000)
    assert phone.complaints == []
    await phone.close()


async def test_who_sends_a_denunciation_knowingly_says_no_untruth(
    module_town: Town, browser: Browser
) -> None:
    phone = await Phone.open(browser, module_town.url, position=False)
    await phone.write("Tôi tố cáo ông Nguyễn Văn A, chủ tịch xã, nhận hối lộ.")
    await phone.preview()
    review = phone.page.locator("#review")
    await expect(review.locator(".finding")).to_contain_text("Tố giác tội phạm: Công an nơi gần")
    await expect(review.locator(".send-bar .button >> nth=0")).to_have_text("Tôi đã đọc, vẫn gửi")
    await expect(review).to_contain_text("Không công khai")
    await expect(review).not_to_contain_text("có thể được công khai")
    await phone.close()
