"""What comes late: a photo still being prepared, a position, an answer, a phone without room."""

import asyncio
from typing import Final

import pytest
from playwright.async_api import Browser, Route, expect

from tests.citizen_app.phone import LAT, LON, Phone
from tests.factories import a_photo
from tests.province import Town

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(120)]

_SLOW_PHOTOS: Final = """
() => {
  const real = createImageBitmap;
  self.createImageBitmap = async (...given) => {
    await new Promise((done) => setTimeout(done, 1500));
    return real(...given);
  };
}
"""
# a phone that is full: the transaction is refused as a whole
_NO_ROOM: Final = """
() => {
  const real = IDBObjectStore.prototype.put;
  self.room = () => { IDBObjectStore.prototype.put = real; };
  IDBObjectStore.prototype.put = function (...given) {
    if (this.name === 'photos') this.transaction.abort();
    else return real.apply(this, given);
  };
}
"""
_NO_COUNT: Final = """
() => {
  const real = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function (...given) {
    if (given[1] === 'used-categories') this.transaction.abort();
    else return real.apply(this, given);
  };
}
"""
PHOTO: Final = "#f-photos"


async def test_a_photo_that_is_still_being_prepared_goes_with_its_own_report(
    module_town: Town, browser: Browser
) -> None:
    phone = await Phone.open(browser, module_town.url, position=False)
    await phone.page.evaluate(_SLOW_PHOTOS)
    await phone.write("Rác đổ ven đường liên xã.")
    content = a_photo(size=(320, 240))
    file = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": content}
    await phone.page.set_input_files(PHOTO, files=[file])
    await phone.send()
    await expect(phone.page.locator("[data-state=sent]")).to_contain_text(
        "Đã gửi đủ 1 ảnh", timeout=10_000
    )
    await asyncio.sleep(2)
    assert await phone.page.locator(".thumbs figure").count() == 0, "the next report has none"
    assert phone.complaints == []
    await phone.close()


async def test_a_phone_without_room_for_a_photo_says_so_and_keeps_the_words(
    module_town: Town, browser: Browser
) -> None:
    phone = await Phone.open(browser, module_town.url, position=False)
    await phone.write("Đèn đường hỏng ba hôm nay.")
    await phone.page.evaluate(_NO_ROOM)
    file = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": a_photo(size=(320, 240))}
    await phone.page.set_input_files(PHOTO, files=[file])
    await expect(phone.page.locator(".part-photos [role=status]")).to_contain_text("không còn chỗ")
    await phone.page.evaluate("room()")
    await phone.add_photo("b.jpg", a_photo(size=(300, 200)))
    await phone.send()
    await expect(phone.page.locator("[data-state=sent]")).to_contain_text(
        "Đã gửi đủ 1 ảnh", timeout=10_000
    )
    assert phone.complaints == []
    await phone.close()


async def test_what_was_shown_before_sending_is_what_is_sent(
    module_town: Town, browser: Browser
) -> None:
    phone = await Phone.open(browser, module_town.url, position=False)
    await phone.page.evaluate(
        "() => { navigator.geolocation.getCurrentPosition = (found) => { self.found = found; }; }"
    )
    await phone.page.click("#place-tools button >> nth=0")
    await phone.write("Chỉ ghi theo xã, không ghi điểm.")
    await phone.preview()
    await expect(phone.page.locator("#review .preview")).to_contain_text("giữa xã, phường")
    at = {"longitude": LON, "latitude": LAT, "accuracy": 5}
    await phone.page.evaluate("coords => found({coords})", at)
    await phone.page.click("#review .send-bar .button >> nth=0")
    await phone.page.wait_for_selector("[data-state=sent]")
    (sent,) = await phone.reports("sent")
    assert sent["body"]["location"]["accuracy_metres"] > 100, "nobody saw an exact point"
    await phone.close()


async def test_what_is_queued_is_never_said_to_be_lost(module_town: Town, browser: Browser) -> None:
    phone = await Phone.open(browser, module_town.url, position=False)
    await phone.page.evaluate(_NO_COUNT)
    await phone.write("Cống thoát nước bị nghẹt.")
    await phone.send()
    await expect(phone.page.locator("[data-state=sent]")).to_have_count(1, timeout=10_000)
    assert await phone.page.input_value("#f-text") == ""
    await phone.close()


async def test_a_late_answer_to_the_last_report_says_nothing_of_the_next(
    module_town: Town, browser: Browser
) -> None:
    phone = await Phone.open(browser, module_town.url, position=False)
    asked, held = asyncio.Event(), asyncio.Event()

    async def late(route: Route) -> None:
        if not asked.is_set():
            asked.set()
            await held.wait()
        await route.continue_()

    await phone.context.route("**/api/v1/reports/screen", late)
    await phone.write("Cháy nhà lớn, có người mắc kẹt bên trong.")
    await asyncio.wait_for(asked.wait(), 10)
    await phone.page.fill("#f-text", "")
    held.set()
    await asyncio.sleep(1.5)
    assert await phone.page.locator("#report .screening .finding").count() == 0
    await phone.close()
