"""The form on a telephone: place, photos, category, preview; by keyboard, by ear, enlarged."""

import base64
import io
from collections.abc import Awaitable, Callable
from typing import Final

import pillow_heif
import pytest
from PIL import Image
from playwright.async_api import Browser, expect

from tests.citizen_app.phone import LAT, LON, Phone
from tests.citizen_app.pictures import a_pothole
from tests.citizen_app.test_smoke import count
from tests.province import POTHOLE, RESTRICTED, SENSITIVE, Town
from tests.shared_data import CHECKOUT

pytestmark = [pytest.mark.nightly, pytest.mark.timeout(120)]

AXE: Final = CHECKOUT / "web/node_modules/axe-core/axe.min.js"
_ROTATED: Final = 6
_PHOTO: Final = """
new Promise((done) => {
  const request = indexedDB.open('caunoi');
  request.onsuccess = () => {
    const all = request.result.transaction('photos').objectStore('photos').getAll();
    all.onsuccess = () => {
      request.result.close();
      const bytes = new Uint8Array(all.result[0]);
      let text = '';
      for (let n = 0; n < bytes.length; n += 4096) {
        text += String.fromCharCode(...bytes.subarray(n, n + 4096));
      }
      done(btoa(text));
    };
  };
})
"""
_SMALL: Final = """
[...document.querySelectorAll(
  'button, input:not([type=hidden]), select, textarea, summary, main a.button, nav a')]
  .filter((e) => e.getClientRects().length
    && !e.closest('.sr, details:not([open]) > :not(summary), .leaflet-control-attribution'))
  .map((e) => [e.outerHTML.slice(0, 90), (e.closest('.tick') || e).getBoundingClientRect()])
  .filter(([, box]) => box.height < 47.5 || box.width < 47.5)
  .map(([html, box]) => `${box.width}x${box.height} ${html}`)
"""
_NEIGHBOUR: Final = """
([lon, lat]) => [...document.querySelectorAll('#f-unit option[data-at]')]
  .filter((option) => option.dataset.at && option.value !== '21028')
  .map((option) => [option.value, ...option.dataset.at.split(',').map(Number)])
  .map(([code, x, y]) => [code, Math.hypot(x - lon, y - lat)])
  .sort((a, b) => a[1] - b[1])[0][0]
"""
_OVERFLOW: Final = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def kept_photo(phone: Phone) -> bytes:
    """The bytes of the one photo that the phone keeps."""
    return base64.b64decode(await phone.page.evaluate(_PHOTO))


async def violations(phone: Phone) -> list[str]:
    """What axe finds on the page as it stands."""
    if not AXE.exists():
        pytest.skip("axe-core is not installed: ./run setup dev")
    await phone.page.evaluate(AXE.read_text())
    found: list[str] = await phone.page.evaluate(
        "axe.run(document).then((said) => said.violations.map((one) =>"
        " `${one.id}: ${one.nodes.map((node) => node.html).join(' | ').slice(0, 300)}`))"
    )
    return found


def twelve_megapixels() -> bytes:
    """A photo as a phone takes it: on its side, with its place and time inside."""
    picture = Image.effect_noise((4000, 3000), 60).convert("RGB")
    picture.paste((200, 30, 30), (0, 0, 4000, 500))
    exif = Image.Exif()
    exif[0x0112] = _ROTATED
    exif[0x010F] = "Maker"
    exif.get_ifd(0x8825).update({1: "N", 2: (15.0, 7.0, 13.8), 3: "E", 4: (108.0, 47.0, 32.28)})
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=92, exif=exif)
    return file.getvalue()


async def test_a_photo_of_twelve_megapixels_is_upright_small_and_bare_and_gives_its_place(
    module_town: Town, browser: Browser
) -> None:
    phone = await Phone.open(browser, module_town.url, position=False)
    await phone.add_photo("IMG_1.jpg", twelve_megapixels())
    await expect(phone.page.locator(".place-said")).to_contain_text("vị trí trong ảnh")
    assert abs(float(await phone.page.input_value("[name=lat]")) - 15.1205) < 1e-4
    assert abs(float(await phone.page.input_value("[name=lon]")) - 108.7923) < 1e-4
    content = await kept_photo(phone)
    assert len(content) <= 200_000
    assert b"Exif" not in content
    with Image.open(io.BytesIO(content)) as made:
        assert made.height > made.width, "it lies on its side"
        assert max(made.size) <= 1600
        assert not made.getexif()
        # the red edge of the upper side is on the right once the picture stands upright
        red, green, _ = made.convert("RGB").getpixel((made.width - 20, made.height // 2))
        assert red > green + 60
    await phone.close()


async def test_a_heic_photo_goes_as_it_is(module_town: Town, browser: Browser) -> None:
    file = io.BytesIO()
    pillow_heif.from_pillow(Image.effect_noise((320, 240), 40).convert("RGB")).save(file)
    phone = await Phone.open(browser, module_town.url, position=False)
    # a file manager may not know the type
    await phone.add_photo("IMG_2.HEIC", file.getvalue(), "application/octet-stream")
    assert await kept_photo(phone) == file.getvalue()
    await phone.write("Ảnh HEIC.")
    await phone.send()
    await expect(phone.page.locator("[data-state=sent]")).to_contain_text(
        "Đã gửi đủ 1 ảnh", timeout=8000
    )
    await phone.close()


async def test_what_is_no_photo_is_named_and_not_kept(module_town: Town, browser: Browser) -> None:
    phone = await Phone.open(browser, module_town.url, position=False)
    await phone.page.set_input_files(
        "#f-photos",
        files=[
            {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"<html>"},
            {"name": "o-ga.jpg", "mimeType": "image/jpeg", "buffer": a_pothole()},
        ],
    )
    await expect(phone.page.locator(".thumbs figure")).to_have_count(1)
    await expect(phone.page.locator(".part-photos .fault")).to_contain_text("a.jpg không phải ảnh")
    await phone.close()


async def test_the_position_is_shown_with_its_error_and_its_commune(
    module_town: Town, browser: Browser
) -> None:
    phone = await Phone.open(browser, module_town.url)
    said = phone.page.locator(".place-said")
    # allowed before: nobody need tap
    await expect(said).to_contain_text("± 12 m")
    await expect(said).to_contain_text("Phường Nghĩa Lộ")
    # that alone is no draft
    await phone.page.wait_for_timeout(1200)
    assert await phone.reports() == []
    await phone.close()


async def test_without_leave_to_be_located_the_map_or_the_commune_do(
    module_town: Town, browser: Browser
) -> None:
    phone = await Phone.open(browser, module_town.url, position=False)
    await phone.page.click("text=Lấy vị trí")
    await expect(phone.page.locator(".place-said")).to_contain_text("chưa cho phép")
    await phone.page.click("text=Ghim bản đồ")
    frame = phone.page.locator(".pin-frame")
    await expect(frame).to_be_visible()
    await frame.scroll_into_view_if_needed()
    box = await frame.bounding_box()
    assert box is not None
    await phone.page.mouse.click(box["x"] + 150, box["y"] + 120)
    await expect(phone.page.locator(".place-said")).to_contain_text("đã ghim trên bản đồ")
    assert await phone.page.input_value("[name=lat]") != ""
    await phone.page.select_option("#f-unit", "21028")
    await expect(phone.page.locator(".place-said")).to_contain_text("Phường Nghĩa Lộ")
    assert await phone.page.input_value("[name=lat]") == ""
    assert phone.complaints == []
    await phone.close()


async def test_naming_the_commune_keeps_the_point_that_lies_in_it(
    module_town: Town, browser: Browser
) -> None:
    phone = await Phone.open(browser, module_town.url)
    await phone.kept_offline()
    await phone.context.set_offline(True)
    await phone.page.click("text=Lấy vị trí")
    said = phone.page.locator(".place-said")
    await expect(said).to_contain_text("± 12 m")
    await phone.page.select_option("#f-unit", "21028")
    await expect(said).to_contain_text("± 12 m")
    await expect(said).to_contain_text("Phường Nghĩa Lộ")
    point = float(await phone.page.input_value("[name=lat]"))
    assert point == pytest.approx(LAT)
    # who means another commune than where they stand says so
    far = "#f-unit option:not([value='21028']):not([value='']) >> nth=-1"
    await phone.page.select_option("#f-unit", await phone.page.get_attribute(far, "value"))
    assert await phone.page.input_value("[name=lat]") == ""
    await phone.page.click("text=Lấy vị trí")
    await expect(said).to_contain_text("± 12 m")
    await phone.page.select_option("#f-unit", "21028")
    await phone.page.click("text=Bỏ điểm này, chỉ ghi Phường Nghĩa Lộ")
    assert await phone.page.input_value("[name=lat]") == ""
    assert phone.complaints == []
    await phone.close()


async def test_the_list_of_communes_says_where_a_known_point_lies(
    module_town: Town, browser: Browser
) -> None:
    phone = await Phone.open(browser, module_town.url)
    await expect(phone.page.locator("#f-unit")).to_have_value("21028")
    other = await phone.page.evaluate(_NEIGHBOUR, [LON, LAT])
    await phone.page.select_option("#f-unit", other)
    await expect(phone.page.locator("#f-unit")).to_have_value("21028")
    await expect(phone.page.locator(".place-said")).to_contain_text("Phường Nghĩa Lộ")
    await phone.page.click("text=Bỏ điểm này")
    await expect(phone.page.locator("#f-unit")).to_have_value(other)
    assert await phone.page.input_value("[name=lat]") == ""
    await phone.close()


async def test_a_category_is_found_without_accents_and_suggested_by_words(
    module_town: Town, browser: Browser
) -> None:
    phone = await Phone.open(browser, module_town.url, position=False)
    await phone.page.fill("#category-search", "o ga")
    first = phone.page.locator(".choice >> nth=0")
    await expect(first).to_have_text("Ổ gà, mặt đường hư hỏng")
    await phone.page.press("#category-search", "Enter")
    await expect(phone.page.locator("#f-category")).to_have_value(POTHOLE)
    await expect(phone.page.locator("#questions label >> nth=0")).to_contain_text("Ổ gà lớn")
    await phone.page.fill("#f-text", "Den chieu sang truoc nha khong sang ca tuan nay")
    await expect(phone.page.locator("#category-found")).to_contain_text("Đèn", timeout=5000)
    await phone.close()


async def test_answers_contact_and_consent_arrive_as_they_were_given(
    module_town: Town, browser: Browser
) -> None:
    phone = await Phone.open(browser, module_town.url, position=False)
    await phone.write("Có hỏi thêm và liên hệ.")
    await phone.page.select_option("#f-answer-da-co-tai-nan", "no")
    await phone.page.click(".part-contact summary")
    await phone.page.fill("#f-name", "Trần Văn Bình")
    await phone.page.fill("#f-phone", "0905123456")
    await phone.page.click("#report [type=submit]")
    # not without consent, and none is ticked beforehand
    await expect(phone.page.locator("#form-faults")).to_contain_text("đồng ý")
    await phone.page.check("#f-consent-handle_report")
    await phone.preview()
    assert "Trần Văn Bình" not in await phone.page.locator(".preview").inner_text()
    await phone.page.click("#review .send-bar .button >> nth=0")
    await expect(phone.page.locator("[data-state=sent]")).to_contain_text("QNG-", timeout=6000)
    row = await module_town.owner.fetchrow(
        "SELECT r.answers, c.name, c.consent FROM report r"
        " JOIN report_contact c ON c.report_id = r.id WHERE r.text = $1",
        "Có hỏi thêm và liên hệ.",
    )
    assert row is not None
    assert row["answers"] == '{"da-co-tai-nan": false}'
    assert row["name"] == "Trần Văn Bình"
    assert '"handle_report": true' in row["consent"]
    assert "notify" not in row["consent"]
    await phone.close()


async def test_open_reports_nearby_are_offered_and_supported_instead(
    module_town: Town, browser: Browser
) -> None:
    other = await module_town.a_report(text="Ổ gà này đã có người báo.")
    await module_town.moved(other, "accept")
    phone = await Phone.open(browser, module_town.url)
    await expect(phone.page.locator(".place-said")).to_contain_text("± 12 m")
    await phone.page.fill("#f-text", "Lại ổ gà ở đây.")
    await phone.page.select_option("#f-category", POTHOLE)
    await phone.preview()
    near = phone.page.locator(".near")
    await expect(near).to_contain_text("Ổ gà này đã có người báo.")
    await near.get_by_text("Tôi cũng gặp").last.click()
    card = phone.page.locator("[data-state=followed]")
    await expect(card).to_contain_text(other.code)
    supporters = await module_town.owner.fetchval(
        "SELECT supporters FROM report WHERE code = $1", other.code
    )
    assert supporters == 1
    assert await count(module_town, "Lại ổ gà ở đây.") == 0
    assert await phone.reports("draft") == []
    await phone.close()


@pytest.mark.parametrize(
    ("category", "seen", "unseen"),
    [
        (POTHOLE, "15.1205", "Chỉ hiển thị xã"),
        (SENSITIVE, "Chỉ hiển thị xã, phường", "15.1205"),
        (RESTRICTED, "Không công khai", "Mọi người sẽ thấy"),
    ],
)
async def test_the_preview_shows_what_the_public_will_see_and_no_more(
    module_town: Town, browser: Browser, category: str, seen: str, unseen: str
) -> None:
    phone = await Phone.open(browser, module_town.url)
    await expect(phone.page.locator(".place-said")).to_contain_text("± 12 m")
    await phone.page.fill("#f-text", "Xem trước.")
    await phone.page.fill("#f-address", "Số 12 Quang Trung")
    # what a category hides is known once its description has come
    await expect(phone.page.locator(".choice")).not_to_have_count(0)
    await phone.page.wait_for_timeout(500)
    await phone.page.select_option("#f-category", category)
    await phone.preview()
    words = await phone.page.locator("#review").inner_text()
    assert seen in words
    assert unseen not in words
    assert ("Số 12 Quang Trung" in words) == (category == POTHOLE)
    await phone.close()


_IN_SIGHT: Final = """
(selector) => {
  const box = document.querySelector(selector).getBoundingClientRect();
  return box.top >= 0 && box.top < innerHeight - 40;
}
"""


async def test_what_is_missing_is_said_where_it_is_missing(
    module_town: Town, browser: Browser
) -> None:
    phone = await Phone.open(browser, module_town.url, position=False)
    await phone.page.click("#report [type=submit]")
    words = phone.page.locator(".part-place .said-fault")
    await expect(words).to_contain_text("Chưa có vị trí")
    assert await phone.page.evaluate(_IN_SIGHT, ".part-place .said-fault")
    assert await phone.page.evaluate(_IN_SIGHT, ":focus")
    missing = phone.page.locator("#form-faults li")
    await expect(missing).to_have_count(3)
    await phone.page.fill("#f-text", "Có số điện thoại, chưa đồng ý.")
    await expect(missing).to_have_count(2)
    await phone.write("Có số điện thoại, chưa đồng ý.")
    await expect(words).to_be_hidden()
    await expect(phone.page.locator("#form-faults *")).to_have_count(0)
    await phone.page.click(".part-contact summary")
    await phone.page.fill("#f-phone", "0905123456")
    await phone.page.click("#report [type=submit]")
    await expect(phone.page.locator("#f-consent-handle_report")).to_be_focused()
    assert await phone.page.evaluate(_IN_SIGHT, ".part-contact .said-fault")
    assert await phone.page.evaluate(_IN_SIGHT, ":focus")
    await phone.close()


async def test_a_position_that_was_found_shows_its_commune_in_the_list(
    module_town: Town, browser: Browser
) -> None:
    phone = await Phone.open(browser, module_town.url)
    await expect(phone.page.locator(".place-said")).to_contain_text("Phường Nghĩa Lộ")
    await expect(phone.page.locator("#f-unit")).to_have_value("21028")
    assert await phone.page.input_value("[name=lat]") != "", "the position is what counts"
    await phone.close()


async def test_what_is_held_back_is_promised_nothing_and_keeps_its_telephones(
    module_town: Town, browser: Browser
) -> None:
    phone = await Phone.open(browser, module_town.url, position=False)
    await phone.write("Tôi tố cáo ông chủ tịch phường nhận hối lộ.")
    await phone.preview()
    review = phone.page.locator("#review")
    await expect(review.locator(".finding").first).to_be_visible()
    await expect(review).to_contain_text("không tự công khai")
    words = await review.inner_text()
    assert "Mọi người sẽ thấy" not in words
    assert "Cam kết trả lời" not in words
    await review.get_by_text("Sửa lại").click()
    await phone.page.fill("#f-text", "Nhà bên cạnh đang cháy to, khói đen mù mịt.")
    await phone.preview()
    await expect(review.locator(".finding a[href='tel:114']").first).to_be_visible()
    await review.locator(".send-bar .button").first.click()
    card = phone.page.locator("[data-state=sent]")
    await expect(card).to_contain_text("QNG-", timeout=8000)
    await expect(card.locator("a[href='tel:114']").first).to_be_visible()
    await phone.close()


async def test_everything_can_be_done_by_keyboard(module_town: Town, browser: Browser) -> None:
    phone = await Phone.open(browser, module_town.url, position=False)
    page = phone.page

    async def tab_to(selector: str) -> None:
        for _ in range(60):
            await page.keyboard.press("Tab")
            if await page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
                outline = await page.evaluate(
                    "getComputedStyle(document.activeElement).outlineStyle"
                )
                assert outline != "none", f"no focus to be seen at {selector}"
                return
        raise AssertionError(f"{selector} cannot be reached")

    await tab_to("#f-unit")
    await page.keyboard.type("Phường Nghĩa Lộ")
    await tab_to("#f-text")
    await page.keyboard.type("Chỉ dùng bàn phím.")
    await tab_to("#category-search")
    await page.keyboard.type("rac ton dong")
    await page.keyboard.press("Enter")
    await tab_to("#report [type=submit]")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("#review .preview")
    assert await page.evaluate("document.activeElement.tagName") == "H2"
    await tab_to("#review .send-bar .button")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-state=sent]")).to_contain_text("QNG-", timeout=6000)
    await phone.close()


async def at_each_step(phone: Phone) -> list[tuple[str, Callable[[], Awaitable[None]]]]:
    """Walk from the empty form to a sent report; stops to look at each step."""

    async def fail() -> None:
        await phone.page.click("#report [type=submit]")
        await expect(phone.page.locator("#form-faults .notice")).to_be_visible()

    async def fill() -> None:
        await phone.write("Từng bước một.")
        await phone.add_photo("a.jpg", twelve_megapixels())
        await phone.page.click(".part-contact summary")
        await phone.page.click("text=Ghim bản đồ")
        await expect(phone.page.locator(".pin-frame")).to_be_visible()

    async def send() -> None:
        await phone.page.click("#review .send-bar .button >> nth=0")
        await expect(phone.page.locator("[data-state=sent]")).to_contain_text("QNG-", timeout=6000)

    async def nothing() -> None:
        pass

    return [
        ("empty", nothing),
        ("faults", fail),
        ("filled", fill),
        ("preview", phone.preview),
        ("sent", send),
    ]


@pytest.mark.parametrize("size", [(360, 740), (1366, 768)])
async def test_axe_finds_nothing_and_targets_are_large_at_each_step(
    module_town: Town, browser: Browser, size: tuple[int, int]
) -> None:
    phone = await Phone.open(browser, module_town.url, position=False)
    await phone.page.set_viewport_size({"width": size[0], "height": size[1]})
    for name, step in await at_each_step(phone):
        await step()
        assert await violations(phone) == [], name
        assert await phone.page.evaluate(_SMALL) == [], name
        assert await phone.page.evaluate(_OVERFLOW) <= 0, name
    assert phone.complaints == []
    await phone.close()


async def test_axe_would_find_something(module_town: Town, browser: Browser) -> None:
    phone = await Phone.open(browser, module_town.url, position=False)
    await phone.page.evaluate(
        "() => document.querySelector('main').append(document.createElement('img'),"
        " document.createElement('input'))"
    )
    found = " ".join(await violations(phone))
    assert "image-alt" in found
    assert "label" in found
    await phone.close()


async def test_text_of_twice_the_size_still_fits(module_town: Town, browser: Browser) -> None:
    phone = await Phone.open(browser, module_town.url, position=False)
    await phone.page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
    for name, step in await at_each_step(phone):
        await step()
        assert await phone.page.evaluate(_OVERFLOW) <= 0, name
    await phone.close()


async def test_the_app_speaks_english_too(module_town: Town, browser: Browser) -> None:
    phone = await Phone.open(browser, module_town.url, path="/?lang=en", position=False)
    words = await phone.page.locator("main").inner_text()
    assert "Preview and send" in words
    assert "Use my position" in words
    for vietnamese in ("Chụp", "Lấy vị trí", "Gợi ý", "Thường được", "bắt buộc"):
        assert vietnamese not in words
    await phone.close()
