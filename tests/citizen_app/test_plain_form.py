"""The form without scripts: a category's questions, and consent before a contact is kept."""

import json

from tests.factories import a_photo
from tests.journeys.paper_browser import Paper
from tests.province import POTHOLE, UNIT, Town


async def test_questions_of_the_category_come_on_the_plain_form_and_are_kept_typed(
    module_town: Town,
) -> None:
    paper = Paper.at(module_town)
    await paper.open("/")
    words = await paper.send(
        {"action": "/"}, do="questions", category=POTHOLE, text="Ổ gà ở ngã ba.", unit=UNIT
    )
    assert "Ổ gà lớn chừng nào?" in words
    form = paper.form(action="/")
    assert form.values["text"] == "Ổ gà ở ngã ba."
    assert form.values["category"] == POTHOLE
    await paper.send({"action": "/"}, **{"answer-kich-thuoc": "lon", "answer-da-co-tai-nan": "yes"})
    code = str(paper.page and paper.page.url.path).rpartition("/")[2]
    kept = await module_town.owner.fetchval("SELECT answers FROM report WHERE code = $1", code)
    assert json.loads(kept) == {"kich-thuoc": "lon", "da-co-tai-nan": True}
    await paper.client.aclose()


async def test_a_contact_is_kept_only_with_consent_and_its_version(module_town: Town) -> None:
    paper = Paper.at(module_town)
    await paper.open("/")
    words = await paper.send(
        {"action": "/"},
        category=POTHOLE,
        text="Ổ gà, mong được gọi lại.",
        unit=UNIT,
        name="Nguyễn Thị Lan",
        status=422,
    )
    assert "đồng ý dùng thông tin liên hệ" in words
    await paper.send({"action": "/"}, consent="1")
    code = str(paper.page and paper.page.url.path).rpartition("/")[2]
    kept = await module_town.owner.fetchval(
        "SELECT consent FROM report_contact c JOIN report r ON r.id = c.report_id"
        " WHERE r.code = $1",
        code,
    )
    assert json.loads(kept) == {"handle_report": True, "handle_report_version": 1}
    await paper.client.aclose()


async def test_a_form_gone_back_to_and_changed_is_another_report_at_the_next_press(
    module_town: Town,
) -> None:
    paper = Paper.at(module_town)
    await paper.open("/")
    key = paper.form(action="/").values["key"]
    await paper.send({"action": "/"}, category=POTHOLE, text="Gửi rồi quay lại.", unit=UNIT)
    await paper.open("/")
    words = await paper.send(
        {"action": "/"},
        category=POTHOLE,
        text="Quay lại, viết khác.",
        unit=UNIT,
        key=key,
        status=422,
    )
    assert "đã được tiếp nhận, với nội dung khác" in words
    await paper.send({"action": "/"})
    texts = await module_town.owner.fetch(
        "SELECT text FROM report WHERE text ILIKE '%quay lại%' ORDER BY created_at"
    )
    assert [row["text"] for row in texts] == ["Gửi rồi quay lại.", "Quay lại, viết khác."]
    await paper.client.aclose()


async def test_an_answer_of_nonsense_is_no_failure(module_town: Town) -> None:
    paper = Paper.at(module_town)
    for typed in ("1e999", "nan", "-0", "9" * 400, "hai ba"):
        await paper.open("/")
        await paper.send(
            {"action": "/"},
            do="questions",
            category="ve-sinh-moi-truong-rac-ton-dong",
            text="Rác nhiều ngày.",
            unit=UNIT,
        )
        await paper.send({"action": "/"}, **{"answer-so-ngay": typed})
        assert paper.page is not None
        assert "moi=1" in str(paper.page.url)
    await paper.client.aclose()


COMPLAINT = "Tôi khiếu nại quyết định xử phạt số 12 của phường, đề nghị xem lại."
FIRE = "Cháy nhà ở hẻm 45, lửa bốc cao!"


async def test_what_may_be_no_report_is_led_elsewhere_and_asked_for_once_more(
    module_town: Town,
) -> None:
    town = module_town
    before = await town.owner.fetchval("SELECT count(*) FROM report")
    paper = Paper.at(town)
    await paper.open("/")
    key = paper.form(action="/").values["key"]
    photo = a_photo()
    words = await paper.send(
        {"action": "/"},
        category=POTHOLE,
        text=COMPLAINT,
        address="Gần chợ",
        unit=UNIT,
        files=[("photos", ("quyet-dinh.jpg", photo, "image/jpeg"))],
    )
    assert "Chưa gửi: hãy đọc trước" in words
    assert "Ban Tiếp công dân" in words
    assert paper.page is not None
    page = paper.page.text
    page = page[page.index('<form class="card stack report"') : page.rindex("</form>")]
    assert page.count('type="submit"') == 1, "one way to send it"
    places = [page.index(what) for what in ("quyet-dinh.jpg", 'type="file"', 'type="submit"')]
    assert places == sorted(places), "the photo is named, and chosen again, before it is sent"
    assert await town.owner.fetchval("SELECT count(*) FROM report") == before
    form = paper.form(action="/")
    kept = {name: form.values[name] for name in ("text", "address", "category", "unit", "key")}
    assert kept == {
        "text": COMPLAINT,
        "address": "Gần chợ",
        "category": POTHOLE,
        "unit": UNIT,
        "key": key,
    }
    assert "confirmed" in form.required
    # a yes to one thing is none to another
    words = await paper.send({"action": "/"}, confirmed="complaint", text=FIRE)
    assert "Chưa gửi: hãy đọc trước" in words
    assert paper.page is not None
    assert 'href="tel:114"' in paper.page.text
    assert "gọi điện vẫn nhanh hơn" in words
    assert "bộ phận tiếp nhận xem trước" not in words
    assert await town.owner.fetchval("SELECT count(*) FROM report") == before
    await paper.send(
        {"action": "/"},
        confirmed="emergency_fire",
        files=[("photos", ("chay.jpg", photo, "image/jpeg"))],
    )
    assert "moi=1" in str(paper.page and paper.page.url)
    assert await town.owner.fetchval("SELECT count(*) FROM report") == before + 1
    await paper.client.aclose()


async def test_advice_alone_stops_nobody_and_what_is_missing_is_said_first(
    module_town: Town,
) -> None:
    paper = Paper.at(module_town)
    await paper.open("/")
    words = await paper.send(
        {"action": "/"}, text=FIRE, category=POTHOLE, unit=UNIT, name="Lan", status=422
    )
    assert "Chưa gửi: hãy đọc trước" not in words
    await paper.open("/")
    await paper.send(
        {"action": "/"}, text="Dây điện chập cháy tóe lửa.", category=POTHOLE, unit=UNIT
    )
    assert "moi=1" in str(paper.page and paper.page.url)
    await paper.client.aclose()
