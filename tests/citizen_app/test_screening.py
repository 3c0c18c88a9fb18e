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
