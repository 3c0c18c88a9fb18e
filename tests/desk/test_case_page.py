"""The page of a case tells each person what they can do, and who can do the rest."""

import re
from typing import Any

import pytest

from tests.journeys.walk import REASON
from tests.province import AGENCY, PLACE, RESTRICTED, SENSITIVE, Town, other_photos, sha256_of

FIRE = "Cháy nhà có người mắc kẹt ở hẻm 45!"
COMPLAINT = "Tôi khiếu nại quyết định xử phạt số 12 của phường, đề nghị xem lại."
REFER = "chọn “Hướng dẫn gửi cơ quan có thẩm quyền”"
PUBLISH_BOX = re.compile(r'<input id="f-accept-publish"[^>]*>')


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


async def page_of(town: Town, report: Any, by: str) -> str:
    path = f"/can-bo/phan-anh/{report.id}"
    answer = await town.ask("GET", path, by=by, headers={"Accept": "text/html"})
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.text)


async def a_complaint_at_the_agency(town: Town) -> Any:
    report = await town.a_report(text=COMPLAINT)
    await town.moved(report, "transfer", by="moderator", agency=AGENCY, reason=REASON)
    return report


async def test_only_who_may_refer_elsewhere_is_told_to(town: Town) -> None:
    report = await a_complaint_at_the_agency(town)
    for by in ("key", "moderator"):
        page = await page_of(town, report, by)
        assert REFER in page, by
        assert "Ban Tiếp công dân" in page
    page = await page_of(town, report, "officer")
    assert REFER not in page
    assert "là lãnh đạo đơn vị chủ trì hoặc bộ phận tiếp nhận." in page
    for by in ("officer", "key", "moderator"):
        assert "Nếu vẫn gửi tại đây" not in await page_of(town, report, by), "meant for the citizen"


async def test_nobody_is_told_of_a_step_that_is_over(town: Town) -> None:
    report = await a_complaint_at_the_agency(town)
    await town.moved(report, "accept")
    await town.moved(report, "start")
    await town.moved(report, "resolve", public_note="Đã trả lời bằng văn bản.", reason=REASON)
    for by in ("officer", "key", "moderator"):
        page = await page_of(town, report, by)
        assert "Sàng lọc: Khiếu nại" in page
        assert REFER not in page, by


async def test_an_emergency_names_who_must_know_and_not_what_the_citizen_should_do(
    town: Town,
) -> None:
    report = await town.a_report(text=FIRE)
    page = await page_of(town, report, "officer")
    assert "Việc khẩn" in page
    assert 'href="tel:114"' in page
    assert "hãy gọi ngay 114" not in page


async def test_a_held_report_says_who_may_publish_instead_of_a_box_without_effect(
    town: Town,
) -> None:
    held = await page_of(town, await town.a_report(text=FIRE), "officer")
    assert not PUBLISH_BOX.search(held)
    assert "Nhận xử lý không công khai phản ánh này" in held
    assert "bộ phận tiếp nhận hoặc quản trị viên." in held
    box = PUBLISH_BOX.search(await page_of(town, await town.a_report(), "officer"))
    assert box
    assert " checked" in box[0]


async def test_a_later_photo_is_released_from_the_page_and_is_an_event(town: Town) -> None:
    report = await town.a_report()
    await town.moved(report, "accept")
    (late,) = other_photos(1)
    path = f"/api/v1/reports/{report.code}"
    announced = {"sha256": sha256_of(late), "bytes": len(late), "content_type": "image/jpeg"}
    sent = await town.ask(
        "POST", f"{path}/photos", secret=report.secret, json={"photos": [announced]}
    )
    assert sent.status_code == 200, sent.text
    await town.send_photo(report, late)
    await town.develop(report, late)
    officer = await page_of(town, report, "officer")
    assert "Công khai được ảnh là bộ phận tiếp nhận hoặc quản trị viên." in officer
    assert 'value="publish"' not in officer
    page = await page_of(town, report, "moderator")
    assert "Hãy xem ảnh rồi chọn “Công khai ảnh đến sau”" in page
    tag = re.search(
        r'name="move" value="publish"> <input type="hidden" name="version" value="([^"]+)"', page
    )
    assert tag
    refused = await town.move(report, "publish", by="officer")
    assert refused.status_code == 403
    desk = f"/api/v1/desk/reports/{report.id}"
    old = await town.move(report, "publish", by="moderator", version=1)
    assert old.status_code == 412
    done = await town.ask(
        "POST",
        f"{desk}/moves",
        by="moderator",
        headers={"If-Match": f'"{tag[1]}"'},
        json={"move": "publish"},
    )
    assert done.status_code == 200
    public = (await town.see(path))["photos"]
    assert sha256_of(late) in str(public)
    history = (await town.see(f"{desk}/history", by="officer"))["items"]
    assert history[-1]["kind"] == "publish"
    assert 'value="publish"' not in await page_of(town, report, "moderator")


async def test_personal_details_are_not_published_unless_somebody_says_so(town: Town) -> None:
    text = "Ổ gà trước quán ông Nguyễn Văn A, số 0905 123 456."
    report = await town.a_report(text=text)
    assert report.answer["status"] == "received", "ordinary work all the same"
    page = await page_of(town, report, "officer")
    box = PUBLISH_BOX.search(page)
    assert box
    assert " checked" not in box[0]
    assert "Chưa chọn sẵn vì sàng lọc thấy thông tin cá nhân" in page
    queue = await town.ask("GET", "/can-bo", by="officer", headers={"Accept": "text/html"})
    row = queue.text[queue.text.index(report.code) - 600 : queue.text.index(report.code)]
    assert "Thông tin cá nhân trong nội dung" in row
    await town.moved(report, "accept")
    assert (await town.see(f"/api/v1/reports/{report.code}"))["text"] is None
    other = await town.a_report(text=text)
    await town.moved(other, "accept", publish=True)
    assert (await town.see(f"/api/v1/reports/{other.code}"))["text"] == text


async def test_the_citizen_is_told_of_personal_details_before_sending(town: Town) -> None:
    answer = await town.ask(
        "POST", "/api/v1/reports/screen", json={"text": "Gọi chị Lan 0905.123.456 là biết."}
    )
    findings = answer.json()["findings"]
    assert [(found["kind"], found["level"]) for found in findings] == [
        ("person_named", "advise"),
        ("personal_details", "advise"),
    ]
    assert "0905" not in answer.text
    assert "Lan" not in str(findings)


async def test_the_place_is_opened_on_a_map_and_a_sensitive_one_stays_out_of_addresses(
    town: Town,
) -> None:
    lon, lat = PLACE
    page = await page_of(town, await town.a_report(), "officer")
    assert f"/ban-do?lat={lat:.5f}&amp;lon={lon:.5f}&amp;z=17" in page
    assert f"geo:{lat:.5f},{lon:.5f}" in page
    report = await town.a_report(category=SENSITIVE)
    for sent, by in (
        (report, "moderator"),
        (await town.a_report(category=RESTRICTED), "key.police"),
    ):
        page = await page_of(town, sent, by)
        assert "/ban-do?lat" not in page
        assert f"geo:{lat:.5f},{lon:.5f}" in page
