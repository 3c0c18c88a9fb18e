"""A field alone is no accusation: what rests on it is said softly, and marked apart at the desk."""

import pytest

from backend.demo.configuration import read_document
from backend.reports.screening import Ground, Level, screen
from backend.reports.screening_rules import screening_from_document
from tests.province import Town

RULES = screening_from_document(read_document("screening"))
STAFF = "hanh-chinh-cong-thai-do-can-bo"
RUDE = "Nhân viên ở quầy số 3 nói trống không, bắt dân đợi từ sáng đến trưa."
BRIBE = "Cán bộ một cửa vòi tiền mới chịu làm hồ sơ."


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


def test_the_field_alone_says_no_more_than_the_field() -> None:
    (found,) = screen(RULES, RUDE, category=STAFF, field="hanh-chinh-cong")
    assert (found.kind.code, found.level) == ("staff_conduct", Level.ADVISE)
    assert found.ground is Ground.CATEGORY
    assert "Tố cáo" not in found.kind.title_vi
    for word in ("khiếu nại", "tố cáo", "không công khai"):
        assert word in found.kind.advice_vi
    assert any("Ban Tiếp công dân" in office.name_vi for office in found.kind.offices)
    assert screen(RULES, RUDE, category="giao-thong-o-ga", field="giao-thong") == ()


def test_the_words_still_weigh_in_that_field() -> None:
    found = screen(RULES, BRIBE, category=STAFF, field="hanh-chinh-cong")
    assert [(one.kind.code, one.level.value, one.ground) for one in found] == [
        ("denunciation", "must_confirm", Ground.WORDS),
        ("staff_conduct", "advise", Ground.CATEGORY),
    ]


@pytest.mark.parametrize(
    ("rules", "ground"),
    [
        (("linh-vuc-thai-do",), Ground.CATEGORY),
        (("linh-vuc-thai-do", "to-cao"), Ground.WORDS),
        (("thong-tin-ca-nhan",), Ground.WORDS),
        (("a-rule-since-removed",), Ground.WORDS),
        ((), Ground.WORDS),
    ],
)
def test_what_was_kept_is_told_apart_by_its_rules(rules: tuple[str, ...], ground: Ground) -> None:
    assert RULES.ground_of(rules) is ground


async def test_the_citizen_is_told_softly_and_the_desk_which_it_was(town: Town) -> None:
    said = await town.ask(
        "POST", "/api/v1/reports/screen", json={"text": RUDE, "category": STAFF, "unit": "21028"}
    )
    (found,) = said.json()["findings"]
    assert (found["kind"], found["level"], found["by"]) == ("staff_conduct", "advise", "category")
    rude = await town.a_report(category=STAFF, text=RUDE)
    bribe = await town.a_report(category=STAFF, text=BRIBE)
    cleared = {"by": "moderator.cleared", "headers": {"Accept": "text/html"}}
    page = (await town.ask("GET", "/can-bo?status=all", **cleared)).text
    rows = {
        report.code: page[: page.index(report.code)].rpartition("<tr>")[2]
        for report in (rude, bribe)
    }
    assert "Theo lĩnh vực: Phản ánh thái độ" in rows[rude.code]
    assert "Tố cáo" not in rows[rude.code]
    assert "Tố cáo hành vi" in rows[bribe.code]
    case = (await town.ask("GET", f"/can-bo/phan-anh/{rude.id}", **cleared)).text
    assert "Chỉ vì người dân chọn lĩnh vực này" in case
    assert "Có thể không phải phản ánh" not in case
