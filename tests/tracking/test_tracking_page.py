"""The page of a report: what it says of the promise, what is done on it, who sees how much."""

import re
from datetime import timedelta
from html import unescape

import pytest

from backend.clock import now
from backend.reports.actions import fire_due
from backend.web.state import parts_of
from tests.factories import a_photo
from tests.journeys.paper_browser import Paper
from tests.province import RESTRICTED, SENSITIVE, Sent, Town, other_photos, sha256_of

QUESTION = "Ổ gà nằm ở làn đường nào?"
WEATHER = "Mưa lớn kéo dài, chưa trải được nhựa."


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


async def page_of(town: Town, report: Sent, *, own: bool = False, query: str = "") -> str:
    town.client.cookies.clear()
    cookie = {"Cookie": f"phan-anh-{report.code}={report.secret}"} if own else {}
    answer = await town.ask("GET", f"/theo-doi/{report.code}{query}", headers=cookie)
    assert answer.status_code == 200
    return answer.text


async def post(town: Town, report: Sent, *, own: bool = True, **fields: str) -> tuple[int, str]:
    """A form of the page, sent; the status, and where it leads or what it says."""
    town.client.cookies.clear()
    cookie = {"Cookie": f"phan-anh-{report.code}={report.secret}"} if own else {}
    answer = await town.ask("POST", f"/theo-doi/{report.code}", headers=cookie, data=fields)
    return answer.status_code, answer.headers.get("location") or answer.text


async def an_asked_report(town: Town) -> Sent:
    report = await town.a_report()
    for move in ("accept", "start"):
        await town.moved(report, move)
    await town.moved(report, "extend", by="key", reason=WEATHER, duration="2wd")
    await town.moved(report, "ask", public_note=QUESTION)
    return report


async def an_answered_report(town: Town) -> Sent:
    report, photo = await town.a_report(), a_photo(colour=(9, 90, 9))
    for move in ("accept", "start"):
        await town.moved(report, move)
    await town.send_evidence(report, photo)
    await town.develop(report, photo)
    await town.moved(report, "resolve", public_note="Đã vá xong.", photos=[sha256_of(photo)])
    rulebooks = parts_of(town.app.state).rulebooks
    assert rulebooks is not None
    await fire_due(town.database, rulebooks, now())
    return report


async def test_a_pause_and_an_extension_are_shown_with_their_reasons(town: Town) -> None:
    report = await an_asked_report(town)
    page = await page_of(town, report)
    assert "Đang tạm dừng" in page
    assert "Vì sao tạm dừng" in page
    assert page.count(QUESTION) == 2, "at the clock and in the timeline"
    assert "Gia hạn 2 ngày làm việc" in page
    assert WEATHER in page
    assert "Thứ Hai–Thứ Sáu" in page
    view = await town.see(f"/api/v1/reports/{report.code}")
    assert view["promise"]["state"] == "paused"
    assert view["promise"]["remaining_minutes"] > 0
    assert view["next_step"]["who"] == "citizen"
    moved = [step["kind"] for step in view["timeline"] if step["resolve_by"]]
    assert moved == ["extend"]


async def test_the_time_left_is_the_same_in_page_and_interface(town: Town) -> None:
    report = await town.a_report()
    await town.moved(report, "accept")
    promise = (await town.see(f"/api/v1/reports/{report.code}"))["promise"]
    assert promise["state"] == "running"
    assert promise["remaining_text"] in await page_of(town, report)
    late = await town.a_report()
    await town.moved(late, "accept")
    await town.owner.execute(
        "UPDATE report SET resolve_by = $2 WHERE id = $1", late.id, now() - timedelta(days=14)
    )
    assert "Quá hạn" in await page_of(town, late)


async def test_what_was_asked_can_be_answered_by_somebody_without_a_name(town: Town) -> None:
    report = await an_asked_report(town)
    page = await page_of(town, report, own=True)
    assert "Cơ quan cần bạn bổ sung thông tin" in page
    assert page.count(QUESTION) == 2, "where it is answered, and in the timeline"
    assert await post(town, report, do="answer", text="Làn bên phải.") == (
        303,
        f"/theo-doi/{report.code}?xong=answer",
    )
    page = await page_of(town, report, own=True)
    assert page.index(QUESTION) < page.index("Làn bên phải.")
    assert page.count(QUESTION) == 2
    assert "Tạm dừng từ" not in page, "of a pause that lasted no minute nothing has moved"
    assert "Làn bên phải." not in await page_of(town, report)
    assert (await town.see(f"/api/v1/reports/{report.code}"))["promise"]["pauses"][0]["to"]


async def test_one_tap_rates_and_one_tap_has_it_done_again(town: Town) -> None:
    report = await an_answered_report(town)
    page = await page_of(town, report, own=True)
    assert "Ảnh trước và sau xử lý" not in page, "there is no photo of before"
    places = [page.index(part) for part in ('data-live="photos"', 'data-live="rate"')]
    assert places == sorted(places), "the result is seen before it is judged"
    assert "Sau xử lý" in page
    assert await post(town, report, do="rate", score="1") == (
        303,
        f"/theo-doi/{report.code}?xong=rate",
    )
    page = await page_of(town, report, own=True, query="?xong=rate")
    reason = re.search(r'name="reason" value="([^"]+)"', page)
    assert reason
    assert re.search(r'id="xu-ly-lai"[^>]* open', page), "who is unhappy is offered it at once"
    status, where = await post(town, report, do="reopen", reason=reason[1])
    assert (status, where) == (303, f"/theo-doi/{report.code}?xong=reopen")
    view = await town.see(f"/api/v1/reports/{report.code}/mine", secret=report.secret)
    assert view["status"] == "in_progress"
    assert view["timeline"][-1]["notes"]["reason"] == reason[1]


async def test_a_reason_of_ones_own_goes_along_with_the_one_that_was_tapped(town: Town) -> None:
    report = await an_answered_report(town)
    short = await post(town, report, do="reopen", text="Hỏng.")
    assert short[0] == 422
    assert ">Hỏng.</textarea>" in short[1], "what was typed stays"
    await post(town, report, do="reopen", text="Mép vá bong.", reason="Làm chưa đạt, còn gồ ghề.")
    view = await town.see(f"/api/v1/reports/{report.code}/mine", secret=report.secret)
    assert view["timeline"][-1]["notes"]["reason"] == "Làm chưa đạt, còn gồ ghề.\nMép vá bong."


async def test_words_are_corrected_within_the_window_and_not_after(town: Town) -> None:
    report = await town.a_report()
    assert "Sửa nội dung" in await page_of(town, report, own=True)
    status, _ = await post(town, report, do="edit", text="Hai ổ gà sâu.", address="Gần cầu Bản")
    assert status == 303
    page = await page_of(town, report, own=True)
    assert "Hai ổ gà sâu." in page
    assert "Gần cầu Bản" in page
    await town.owner.execute(
        "UPDATE report SET created_at = $2 WHERE id = $1", report.id, now() - timedelta(hours=1)
    )
    assert "Sửa nội dung" not in await page_of(town, report, own=True)
    status, said = await post(town, report, do="edit", text="Muộn rồi.")
    assert status == 409
    assert "Muộn rồi." not in (await page_of(town, report, own=True))
    assert "thời gian" in said.lower() or "không thể" in said


async def test_a_photo_that_did_not_arrive_is_sent_again(town: Town) -> None:
    photos = other_photos(2)
    report = await town.a_report(photos=photos)
    await town.send_photo(report, photos[0])
    assert "1 ảnh chưa nhận được" in await page_of(town, report, own=True)
    paper = Paper.at(town)
    await paper.open(f"/theo-doi/{report.code}")
    await paper.send({"secret": ""}, secret=report.secret)
    words = await paper.send(
        {"do": "photo"}, files=[("photos", ("a.jpg", photos[1], "image/jpeg"))]
    )
    assert "Đã nhận ảnh." in words
    assert "chưa nhận được" not in words
    words = await paper.send(
        {"do": "photo"}, files=[("photos", ("a.txt", b"no picture", "text/plain"))], status=422
    )
    assert "JPEG" in words
    await paper.client.aclose()


async def test_whoever_has_met_it_too_says_so_once_and_only_of_what_is_shown(town: Town) -> None:
    report = await town.a_report()
    assert "Tôi cũng gặp" not in await page_of(town, report)
    assert (await post(town, report, own=False, do="support"))[0] == 404
    await town.moved(report, "accept")
    assert "Tôi cũng gặp" in await page_of(town, report)
    for _ in range(2):
        where = await post(town, report, own=False, do="support")
        assert where == (303, f"/theo-doi/{report.code}?xong=support")
    page = await page_of(town, report, query="?xong=support")
    assert "1 người cũng gặp" in page
    assert "Đã ghi nhận bạn cũng gặp" in page


async def test_a_page_that_asks_again_gets_nothing_until_something_has_changed(town: Town) -> None:
    report = await town.a_report()
    path = f"/theo-doi/{report.code}"
    first = await town.ask("GET", path)
    tag = first.headers["etag"]
    assert f'data-etag="{tag}"' in unescape(first.text)
    again = await town.ask("GET", path, headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    own = {"Cookie": f"phan-anh-{report.code}={report.secret}", "If-None-Match": tag}
    assert (await town.ask("GET", path, headers=own)).status_code == 200, "the reporter sees more"
    await town.moved(report, "accept")
    changed = await town.ask("GET", path, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    english = {"If-None-Match": changed.headers["etag"], "Cookie": "lang=en"}
    assert (await town.ask("GET", path, headers=english)).status_code == 200


async def test_a_link_tells_elsewhere_what_is_published_and_nothing_before(town: Town) -> None:
    report = await town.a_report(photos=other_photos(1))
    await town.send_photo(report, report.photos[0])
    await town.develop(report, report.photos[0])
    words = str(report.body["text"])
    for own in (False, True):
        page = await page_of(town, report, own=own)
        head = page[: page.index("</head>")]
        assert '<meta name="robots" content="noindex' in head
        assert words not in head
        assert "og:image" not in head
        assert report.secret not in page
    await town.moved(report, "accept")
    page = await page_of(town, report)
    head = page[: page.index("</head>")]
    assert "noindex" not in head
    assert f'<link rel="canonical" href="{town.url}/theo-doi/{report.code}">' in head
    assert words in head
    image = re.search(r'property="og:image" content="([^"]+)"', head)
    assert image
    assert (await town.client.get(image[1])).status_code == 200


@pytest.mark.parametrize("category", [SENSITIVE, RESTRICTED])
async def test_a_sensitive_report_has_no_exact_place_on_its_page(town: Town, category: str) -> None:
    report = await town.a_report(category=category, address="Số 7 hẻm Canary")
    answer = await town.ask("GET", f"/theo-doi/{report.code}")
    assert "hẻm Canary" not in answer.text
    assert answer.status_code == (404 if category == RESTRICTED else 200)
    assert "hẻm Canary" in await page_of(town, report, own=True)


async def test_a_rating_can_be_changed_for_a_while_after_the_report_has_closed(town: Town) -> None:
    report = await an_answered_report(town)
    assert (await post(town, report, do="rate", score="4", text="Làm nhanh."))[0] == 303
    page = unescape(await page_of(town, report, own=True))
    assert "Đổi đánh giá" in page
    assert 'value="4" aria-pressed="true"' in page
    assert (await post(town, report, do="rate", score="2"))[0] == 303
    row = await town.owner.fetchrow(
        "SELECT rating, rating_comment, status FROM report WHERE id = $1", report.id
    )
    assert row is not None
    assert tuple(row) == (2, "Làm nhanh.", "closed"), "words stay when only the score changes"
    await town.owner.execute(
        "UPDATE report SET updated_at = updated_at - interval '73 hours' WHERE id = $1", report.id
    )
    assert "Đổi đánh giá" not in await page_of(town, report, own=True)
    status, said = await post(town, report, do="rate", score="1")
    assert status == 422
    assert "đã hết thời gian đổi đánh giá" in unescape(said)


async def test_who_sent_a_duplicate_is_led_to_the_report_that_is_worked_on(town: Town) -> None:
    first = await town.a_report(text="Ổ gà sâu trước trường tiểu học.")
    twice = await town.a_report(text="Ổ gà trước trường học, rất sâu.")
    await town.moved(twice, "merge", by="key", into=first.id)
    path = f"/api/v1/reports/{twice.code}/mine"
    assert (await town.see(path, secret=twice.secret))["mine"]["merged_into"] is None, "unseen"
    await town.moved(first, "accept", by="key")
    assert (await town.see(path, secret=twice.secret))["mine"]["merged_into"] == first.code
    page = await page_of(town, twice, own=True)
    assert f'href="/theo-doi/{first.code}"' in page
    assert "Trả lời trước" not in page, "nothing is promised of it any more"
