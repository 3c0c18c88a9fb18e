"""The form without scripts: a category's questions, and consent before a contact is kept."""

import json

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
