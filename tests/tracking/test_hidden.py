"""A report that is hidden: its reporter is told why, a stranger not even that there was one."""

import pytest

from backend.reports.errors import BadRules
from backend.reports.hiding import HIDING, hiding_from_document
from tests.province import Sent, Town
from tests.tracking.test_tracking_page import page_of

INTERNAL = "Ảnh chụp rõ mặt một cháu bé, mẹ cháu gọi điện phản ánh."
WORDS = "Bạn có thể gửi lại phản ánh với ảnh khác, không có mặt người."


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


async def a_hidden_report(town: Town, *, by: str = "key", **what: str) -> Sent:
    report = await town.a_report()
    await town.moved(report, "accept")
    await town.moved(report, "hide", by=by, reason=INTERNAL, **what)
    return report


async def test_the_reporter_reads_the_reason_and_the_words_meant_for_them(town: Town) -> None:
    report = await a_hidden_report(town, reason_code="unsuitable_photo", public_note=WORDS)
    page = await page_of(town, report, own=True)
    assert "Cơ quan đã ngừng công khai phản ánh này." in page
    assert HIDING["unsuitable_photo"].text_vi in page
    assert WORDS in page
    assert INTERNAL not in page
    mine = (await town.see(f"/api/v1/reports/{report.code}/mine", secret=report.secret))["mine"]
    hidden = mine["hidden"]
    assert (hidden["reason_code"], hidden["words"], hidden["by"]) == (
        "unsuitable_photo",
        WORDS,
        "agency",
    )
    assert INTERNAL not in str(mine)
    await town.moved(report, "publish", by="moderator")
    mine = (await town.see(f"/api/v1/reports/{report.code}/mine", secret=report.secret))["mine"]
    assert (mine["is_hidden"], mine["hidden"]) == (False, None)
    # published again: what was said to the reporter is still for nobody else
    seen = await town.ask("GET", f"/api/v1/reports/{report.code}")
    assert (seen.status_code, WORDS in seen.text) == (200, False)
    assert WORDS not in await page_of(town, report)
    told = await town.owner.fetchval("SELECT count(*) FROM public_note WHERE text = $1", WORDS)
    assert told == 0, "nor within reach of a stranger's query"


async def test_a_stranger_is_answered_as_for_a_report_that_never_was(town: Town) -> None:
    report = await a_hidden_report(town, reason_code="not_verified", public_note=WORDS)
    answers = []
    for code in (report.code, "QNG-2222-2222"):
        answer = await town.ask("GET", f"/api/v1/reports/{code}")
        assert answer.status_code == 404
        answers.append({**answer.json(), "trace_id": ""})
        town.client.cookies.clear()
        page = await town.ask("GET", f"/theo-doi/{code}", headers={"Accept": "text/html"})
        assert page.status_code == 404
        assert HIDING["not_verified"].text_vi not in page.text
        assert WORDS not in page.text
    assert answers[0] == answers[1]


async def test_the_administration_is_named_where_it_was_not_the_agency(town: Town) -> None:
    report = await a_hidden_report(town, by="moderator", reason_code="unsuitable_words")
    page = await page_of(town, report, own=True)
    why = page[page.index('class="hidden-why"') :]
    assert "Ban điều hành" in why[: why.index("Chỉ bạn và cơ quan")]


async def test_a_reason_is_one_of_the_list_and_another_one_is_explained(town: Town) -> None:
    report = await town.a_report()
    await town.moved(report, "accept")
    for what, field in (
        ({"reason_code": "because"}, "reason_code"),
        ({"reason_code": "other"}, "public_note"),
        ({"reason_code": "other", "public_note": "  ngắn   "}, "public_note"),
    ):
        answer = await town.move(report, "hide", by="key", reason=INTERNAL, **what)
        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert (await town.see(f"/api/v1/reports/{report.code}"))["is_published"]
    await town.moved(report, "hide", by="key", reason=INTERNAL)
    page = await page_of(town, report, own=True)
    assert "Cơ quan không ghi lý do cụ thể" in page, "as those before this version have none"


async def test_the_desk_asks_for_the_reason_and_for_the_words(town: Town) -> None:
    report = await town.a_report()
    await town.moved(report, "accept")
    headers = {"Accept": "text/html"}
    path = f"/can-bo/phan-anh/{report.id}"
    page = (await town.ask("GET", path, by="key", headers=headers)).text
    form = page[page.index('name="move" value="hide"') :]
    form = form[: form.index("</form>")]
    assert all(reason.title_vi in form for reason in HIDING.values())
    assert "Giải thích thêm cho người phản ánh" in form


def test_a_list_of_reasons_is_checked() -> None:
    good = {"code": "a", "vi": "A", "en": "A", "text_vi": "Lý do A.", "text_en": "Reason A."}
    assert hiding_from_document([good])["a"].text_vi == "Lý do A."
    for bad, where in (
        ([], "hiding"),
        ([good, good], "hiding[1].code"),
        ([{**good, "text_vi": ""}], "hiding[0].text_vi"),
        ([{**good, "needs_words": 1}], "hiding[0].needs_words"),
    ):
        with pytest.raises(BadRules) as refused:
            hiding_from_document(bad)
        assert refused.value.where == where
