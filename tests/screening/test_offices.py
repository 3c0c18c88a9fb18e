"""Where a citizen is led: what the office is for, where it is; advice on what is not published."""

import re

import pytest

from backend.demo.configuration import read_document
from backend.reports.errors import BadRules
from backend.reports.screening_rules import screening_from_document
from tests.province import Town

DENUNCIATION = "Tôi tố cáo ông Nguyễn Văn A, chủ tịch xã, nhận hối lộ."
HTML = {"Accept": "text/html"}


async def findings(town: Town, text: str, category: str | None = None) -> list[dict[str, object]]:
    said = await town.ask(
        "POST",
        "/api/v1/reports/screen",
        json={"text": text, "unit": "21028", **({"category": category} if category else {})},
    )
    found: list[dict[str, object]] = said.json()["findings"]
    return found


async def test_each_office_says_what_it_is_for_and_where_it_is(town: Town) -> None:
    (found,) = await findings(town, DENUNCIATION)
    offices = found["offices"]
    assert isinstance(offices, list)
    inspectorate, reception, police = offices
    assert inspectorate["role"] is None
    assert "mẫu" in str(inspectorate["address"])
    assert "mẫu" in str(reception["address"])
    assert police["role"] == "Tố giác tội phạm: Công an nơi gần nhất"
    assert police["name"].startswith("Công an ")
    assert (police["phone"], police["agency"]) == ("113", "congan-21028")


async def test_advice_on_what_all_will_read_is_kept_from_what_nobody_will(town: Town) -> None:
    assert [f["kind"] for f in await findings(town, DENUNCIATION)] == ["denunciation"]
    named = "Quán ông Nguyễn Văn A mở loa cả đêm."
    assert [f["kind"] for f in await findings(town, named)] == ["person_named"]
    restricted = "hanh-chinh-cong-thai-do-can-bo"
    rude = "Cán bộ Lê Thị Hoa nói năng cộc lốc."
    assert "person_named" not in {f["kind"] for f in await findings(town, rude, restricted)}
    # an emergency that is only advised on may be published, and so may the name in it
    advised = "Quán ông Nguyễn Văn A hay đua xe trước cổng."
    assert {f["kind"] for f in await findings(town, advised)} == {
        "emergency_crime",
        "person_named",
    }


async def test_the_form_says_where_to_go_with_what_is_no_report(town: Town) -> None:
    page = (await town.ask("GET", "/", headers=HTML)).text
    section = page[page.index('id="noi-khac"') :]
    assert 'href="#noi-khac"' in page
    assert "Ban Tiếp công dân tỉnh" in section
    assert "Tố giác tội phạm, tin báo về tội phạm" in section
    assert "điện thoại mẫu" in section


@pytest.mark.parametrize(
    ("text", "is_called"),
    [("Cháy nhà ở hẻm 45, lửa bốc cao!", True), ("Ổ gà trước chợ", False)],
)
async def test_the_numbers_stand_there_though_the_form_is_not_complete(
    town: Town, text: str, is_called: bool
) -> None:
    page = await town.ask("POST", "/", headers=HTML, data={"text": text})
    assert page.status_code == 422
    assert "Chưa gửi: hãy đọc trước" not in page.text
    before = page.text[: page.text.index('<form class="card stack report"')]
    assert bool(re.search(r'class="button" href="tel:114"', before)) is is_called


async def test_one_who_knows_what_it_is_need_not_call_it_a_report(town: Town) -> None:
    page = await town.ask(
        "POST",
        "/",
        headers=HTML,
        data={"text": DENUNCIATION, "category": "giao-thong-o-ga", "unit": "21028"},
    )
    assert "Tôi đã đọc, vẫn gửi" in page.text
    assert "có thể được công khai" not in page.text


def test_an_office_with_an_address_that_is_no_text_is_refused() -> None:
    document = read_document("screening")
    kind = dict(document["kinds"][0])
    kind["offices"] = [{"vi": "a", "en": "b", "address": 7}]
    with pytest.raises(BadRules) as refused:
        screening_from_document({**document, "kinds": [kind, *document["kinds"][1:]]})
    assert refused.value.where == "kinds[0].offices[0].address"
