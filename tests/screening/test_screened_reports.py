"""What becomes of a report that screening has found something in."""

from typing import Any

import pytest

from tests.journeys.walk import REASON
from tests.province import AGENCY, Town

COMPLAINT = "Tôi khiếu nại quyết định xử phạt số 12 của phường, đề nghị xem lại."
DENUNCIATION = "Tôi tố cáo chủ tịch xã nhận hối lộ, xin giữ kín tên tôi."
FIRE = "Cháy nhà ở hẻm 45, lửa bốc cao!"
SECRET = "Xin gửi kèm ảnh chụp văn bản tối mật."


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


async def case_of(town: Town, report: Any, by: str = "moderator.cleared") -> dict[str, Any]:
    seen: dict[str, Any] = await town.see(f"/api/v1/desk/reports/{report.id}", by=by)
    return seen


async def test_screening_before_sending_names_office_and_number_and_keeps_nothing(
    town: Town,
) -> None:
    before = await town.owner.fetchval("SELECT count(*) FROM report_screening")
    answer = await town.ask(
        "POST",
        "/api/v1/reports/screen",
        json={"text": FIRE, "unit": "21028"},
        headers={"Accept-Language": "en"},
    )
    assert answer.status_code == 200
    found = answer.json()["findings"][0]
    assert (found["kind"], found["level"]) == ("emergency_fire", "must_confirm")
    assert [office["phone"] for office in found["offices"]] == ["114", "113"]
    assert found["offices"][1]["agency"] == "congan-21028"
    assert "call 114" in found["advice"]
    assert found["because"] == ["cháy nhà"]
    assert await town.owner.fetchval("SELECT count(*) FROM report_screening") == before
    ordinary = await town.ask(
        "POST", "/api/v1/reports/screen", json={"text": "Ổ gà to trước nhà tôi"}
    )
    assert ordinary.json()["findings"] == []
    assert ordinary.json()["suggestions"][0]["category"] == "giao-thong-o-ga"


@pytest.mark.parametrize(
    "body", [{}, {"text": 3}, {"text": "a" * 4001}, {"text": "a", "more": 1}, {"text": "a\x00"}]
)
async def test_what_cannot_be_screened_is_a_clear_400(town: Town, body: dict[str, Any]) -> None:
    answer = await town.ask("POST", "/api/v1/reports/screen", json=body)
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed")
    assert answer.json()["errors"]


async def test_a_complaint_is_taken_but_waits_for_intake_and_is_not_published(town: Town) -> None:
    report = await town.a_report(text=COMPLAINT)
    assert (report.answer["status"], report.answer["agency"]) == ("classifying", None)
    case = await case_of(town, report)
    assert case["screening"][0]["kind"] == "complaint"
    assert (case["is_held"], case["is_restricted"]) == (True, False)
    assert "sàng lọc" in case["routing_words"].lower()
    mine = await town.see(f"/api/v1/reports/{report.code}/mine", secret=report.secret)
    assert "Ban Tiếp công dân" in str(mine["mine"]["screening"])
    seen = await town.see(f"/api/v1/reports/{report.code}")
    assert (seen["text"], "screening" in str(seen)) == (None, False)
    # intake judges it to be an ordinary report: the agency works on it, the public still waits
    await town.moved(report, "transfer", by="moderator", agency=AGENCY, reason=REASON)
    await town.moved(report, "accept", by="officer")
    assert (await town.see(f"/api/v1/reports/{report.code}"))["text"] is None
    await town.moved(report, "publish", by="moderator")
    assert (await town.see(f"/api/v1/reports/{report.code}"))["text"] == COMPLAINT


async def test_a_denunciation_protects_who_sent_it(town: Town) -> None:
    report = await town.a_report(
        text=DENUNCIATION, contact={"name": "Nguyễn Thị Kín", "phone": "0905123456"}
    )
    assert (await town.ask("GET", f"/api/v1/reports/{report.code}")).status_code == 404
    path = f"/api/v1/desk/reports/{report.id}"
    for by in ("officer", "key", "key.police", "moderator", "leader", "admin"):
        assert (await town.ask("GET", path, by=by)).status_code == 404, by
    case = await case_of(town, report)
    assert case["screening"][0]["kind"] == "denunciation"
    assert case["contact"]["name"] == "Nguyễn Thị Kín"
    hidden = await town.ask("GET", "/api/v1/desk/reports?status=all&limit=200", by="moderator")
    assert report.code not in hidden.text
    mine = await town.see(f"/api/v1/reports/{report.code}/mine", secret=report.secret)
    assert mine["mine"]["text"] == DENUNCIATION
    redirected = await town.move(report, "redirect", by="moderator.cleared", reason=REASON)
    assert redirected.status_code == 200
    assert (await town.ask("GET", f"/api/v1/reports/{report.code}")).status_code == 404


async def test_intake_may_judge_a_denunciation_to_be_none(town: Town) -> None:
    report = await town.a_report(text=DENUNCIATION)
    await town.moved(report, "transfer", by="moderator.cleared", agency=AGENCY, reason=REASON)
    case = await case_of(town, report, by="officer")
    assert (case["is_restricted"], case["is_held"]) == (False, True)


async def test_an_emergency_goes_to_its_agency_at_once_and_is_not_published(town: Town) -> None:
    report = await town.a_report(text=FIRE)
    assert report.answer["agency"]["code"] == AGENCY
    await town.moved(report, "accept")
    assert (await town.see(f"/api/v1/reports/{report.code}"))["text"] is None
    # the reporter's page says whom to call, whatever the form was sent with; a stranger's does not
    cookie = {"Cookie": f"phan-anh-{report.code}={report.secret}", "Accept": "text/html"}
    page = await town.ask("GET", f"/theo-doi/{report.code}", headers=cookie)
    assert "Cháy, nổ, sập" in page.text
    assert 'href="tel:114"' in page.text
    other = await town.ask("GET", f"/theo-doi/{report.code}", headers={"Accept": "text/html"})
    assert (other.status_code, "Cháy, nổ, sập" in other.text) == (200, False)


async def test_advice_changes_nothing_but_is_kept(town: Town) -> None:
    report = await town.a_report(text="Tôi khiếu nại chuyện rác không ai dọn.")
    assert report.answer["status"] == "received"
    case = await case_of(town, report, by="officer")
    assert [found["level"] for found in case["screening"]] == ["advise"]
    await town.moved(report, "accept")
    assert (await town.see(f"/api/v1/reports/{report.code}"))["is_published"]


async def test_what_the_law_forbids_is_refused_with_the_office_to_go_to(town: Town) -> None:
    key = "7d7f4a3e-6d2f-4a55-9a43-3f2f4a1f0a11"
    answer = await town.ask(
        "POST",
        "/api/v1/reports",
        headers={"Idempotency-Key": key},
        json={
            "category": "giao-thong-o-ga",
            "text": SECRET,
            "location": {"lon": 108.7923, "lat": 15.1205},
        },
    )
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/not-taken-here")
    assert "Công an tỉnh" in answer.json()["errors"][0]["message"]
    assert SECRET not in answer.text
    again = await town.a_report(key=key)
    assert again.answer["code"], "a refusal uses up no key"


async def test_an_edit_is_screened_again(town: Town) -> None:
    report = await town.a_report()

    async def edited(text: str) -> int:
        answer = await town.ask(
            "PATCH", f"/api/v1/reports/{report.code}", secret=report.secret, json={"text": text}
        )
        return answer.status_code

    assert await edited(DENUNCIATION) == 200
    assert (await town.ask("GET", f"/api/v1/reports/{report.code}")).status_code == 404
    assert (await case_of(town, report, by="moderator.cleared"))["is_held"]
    assert await edited(SECRET) == 422
    assert await edited("Ổ gà trước chợ.") == 200
    case = await case_of(town, report, by="officer")
    assert (case["is_held"], case["is_restricted"], case["screening"]) == (False, False, [])
