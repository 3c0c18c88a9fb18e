"""The words of citizens' pages: who took a step, what is hidden, how one signs in."""

import re

from tests.province import AGENCY, POLICE, RESTRICTED, Town, other_photos
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
    for view in (
        await town.see(f"/api/v1/reports/{report.code}/mine", secret=report.secret),
        await town.see(f"/api/v1/reports/{report.code}"),
    ):
        (step,) = [step for step in view["timeline"] if step["kind"] == "reopen"]
        assert (step["by"], step["by_agency"]["code"]) == ("agency", AGENCY)


async def test_the_public_is_told_what_kind_of_author_took_each_step_and_never_who(
    town: Town,
) -> None:
    report = await an_answered_report(town)
    await town.moved(report, "reopen", by="leader", reason="Lãnh đạo yêu cầu làm lại mép vá.")
    await town.moved(report, "ask", public_note="Ổ gà nằm ở làn nào?")
    await town.moved(report, "answer", by="moderator", public_note="Làn bên phải, bà Lan gọi báo.")
    await town.moved(report, "transfer", agency=POLICE, reason="Đoạn đường thuộc nơi khác.")
    view = await town.see(f"/api/v1/reports/{report.code}")
    by = {
        step["kind"]: (step["by"], step["by_agency"] and step["by_agency"]["code"])
        for step in view["timeline"]
    }
    assert by == {
        "submitted": ("citizen", None),
        "accept": ("agency", AGENCY),
        "start": ("agency", AGENCY),
        "resolve": ("agency", AGENCY),
        "await_confirmation": ("system", None),
        "reopen": ("administration", None),
        "ask": ("agency", AGENCY),
        "answer": ("citizen", None),  # whoever wrote it down: it is what a citizen said
        "transfer": ("agency", AGENCY),  # who handed it over, not who has it now
    }
    page = await page_of(town, report)
    assert "Ban điều hành" in page
    assert "Hệ thống" in page
    assert "bà Lan" not in page
    names = await town.owner.fetch("SELECT name FROM account WHERE role <> 'citizen'")
    assert not [name for (name,) in names if name in str(view) or name in page]
    assert "actor" not in str(view)


async def test_a_step_of_the_reporter_says_no_more_in_public_than_citizen(town: Town) -> None:
    signed_in, nameless = await town.a_report(by="citizen"), await town.a_report()
    for report in (signed_in, nameless):
        # what a browser keeps opens no report of an account
        await post(town, report, do="withdraw", secret=report.secret)
    ends = [
        (await town.see(f"/api/v1/reports/{report.code}"))["timeline"][-1]
        for report in (signed_in, nameless)
    ]
    for step in ends:
        assert step.pop("at")
    assert ends[0] == ends[1]
    assert ends[0]["by"] == "citizen"


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


async def test_nobody_is_told_that_what_is_held_close_becomes_public(town: Town) -> None:
    plain, held = await town.a_report(), await town.a_report()
    restricted = await town.a_report(category=RESTRICTED)
    await town.owner.execute("UPDATE report SET is_held = true WHERE id = $1", held.id)
    page = await page_of(town, plain, own=True)
    assert "mọi người thấy sau khi cơ quan nhận xử lý" in page
    assert "Ai có liên kết này đều xem được" in page
    for report in (held, restricted):
        page = await page_of(town, report, own=True)
        assert "mọi người thấy" not in page
        assert "không tự công khai" in page
    assert "Ai có liên kết này" not in page, "to others a restricted report is not there"
    assert "Người khác mở liên kết này không thấy gì." in page
    await town.moved(plain, "accept")
    await town.moved(plain, "hide", by="key", reason="Ảnh có biển số xe của người khác.")
    assert "Ai có liên kết này" not in await page_of(town, plain, own=True)
