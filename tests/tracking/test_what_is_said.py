"""The words of citizens' pages: who took a step, what is hidden, how one signs in."""

import re
from typing import Any

from mobile_api.views import timeline
from tests.province import Town, other_photos
from tests.tracking.test_tracking_page import an_answered_report, page_of, post


async def test_a_reporter_who_has_it_done_again_is_named_and_not_the_agency(town: Town) -> None:
    report = await an_answered_report(town)
    await post(town, report, do="reopen", text="Mép vá bong, xe vẫn xóc.")
    page = await page_of(town, report, own=True)
    line = page[page.index('class="timeline"') :]
    step = line[line.rindex("Yêu cầu xử lý lại") :]
    assert "Người dân" in step[: step.index("</li>")]
    assert "Ủy ban" not in step[: step.index("</li>")]
    public = await page_of(town, report)
    step = public[public.rindex('<p class="step-title">Yêu cầu xử lý lại') :]
    assert "Ủy ban" not in step[: step.index("</li>")]
    assert "Đã xử lý lại" not in page, "it is under way"


async def test_an_agency_that_has_it_done_again_is_named(town: Town) -> None:
    report = await an_answered_report(town)
    await town.moved(report, "reopen", by="key", reason="Kiểm tra thấy mép vá đã bong.")
    view = await town.see(f"/api/v1/reports/{report.code}/mine", secret=report.secret)
    assert [step["by"] for step in view["timeline"] if step["kind"] == "reopen"] == ["agency"]


async def test_a_step_that_either_may_have_taken_is_given_to_nobody_by_guess() -> None:
    step: dict[str, Any] = {
        "kind": "reopen",
        "at": None,
        "agency_code": None,
        "body": {},
        "notes": {},
    }
    told = {**step, "notes": {"reason": "Mép vá bong."}}
    for event, is_published, by in (
        (step, True, "citizen"),
        (told, True, None),
        (step, False, None),
        ({**told, "actor_kind": "citizen"}, False, "citizen"),
    ):
        (shown,) = timeline([event], None, "vi", is_published=is_published)  # type: ignore[arg-type]  # no agency
        assert shown["by"] == by


async def test_the_reporter_is_told_that_a_report_is_shown_no_more(town: Town) -> None:
    (photo,) = other_photos(1)
    report = await town.a_report(photos=(photo,))
    await town.send_photo(report, photo)
    await town.develop(report, photo)
    assert "chờ xem xét trước khi công khai" in await page_of(town, report, own=True)
    await town.moved(report, "accept")
    assert "đã ngừng công khai" not in await page_of(town, report, own=True)
    await town.moved(report, "hide", by="key", reason="Ảnh có biển số xe của người khác.")
    page = await page_of(town, report, own=True)
    assert "Cơ quan đã ngừng công khai phản ánh này." in page
    assert "đã nhận, không công khai" in page
    assert "chờ xem xét" not in page
    assert "biển số" not in page, "the reason is the office's own"


async def test_photos_of_a_withdrawn_report_wait_for_nothing(town: Town) -> None:
    (photo,) = other_photos(1)
    report = await town.a_report(photos=(photo,))
    await town.send_photo(report, photo)
    await town.develop(report, photo)
    await post(town, report, do="withdraw")
    page = await page_of(town, report, own=True)
    assert "đã nhận, không công khai" in page
    assert "chờ xem xét" not in page


async def test_what_comes_next_does_not_deny_the_status(town: Town) -> None:
    page = await page_of(town, await town.a_report())
    assert "Đã tiếp nhận" in page
    assert not re.search(r"Bước tiếp theo.{0,200}(và|sẽ) tiếp nhận", page, re.DOTALL)
    assert "xem nội dung và nhận xử lý" in page


async def test_signing_in_names_both_kinds_of_address_and_speaks_of_letters_after_letters(
    town: Town,
) -> None:
    answer = await town.ask("POST", "/dang-nhap/nguoi-dan", data={"address": "abc"})
    assert answer.status_code == 422
    assert "số điện thoại di động Việt Nam (ví dụ" in answer.text
    assert "địa chỉ thư điện tử (ví dụ" in answer.text
    for address, has_letters in (("0912345678", False), ("ten@example.vn", True)):
        town.client.cookies.clear()
        await town.ask("POST", "/dang-nhap/nguoi-dan", data={"address": address})
        page = await town.ask("GET", "/dang-nhap/nguoi-dan/ma")
        assert "Mã gồm 6 số" in page.text
        assert ("thư rác" in page.text) == has_letters


async def test_open_data_and_news_are_found_from_every_public_page(town: Town) -> None:
    for path in ("/", "/theo-doi", "/ban-do"):
        foot = (await town.ask("GET", path)).text.rpartition("<footer")[2]
        assert 'href="/du-lieu-mo"' in foot
        assert 'href="/tin/phan-anh.atom"' in foot
