"""The queue: what screening found, what is urgent first, and a report by part of its code."""

from urllib.parse import quote

import pytest

from backend.identifiers import report_code_span
from tests.province import AGENCY, Town

FIRE = "Cháy nhà có người mắc kẹt ở hẻm 45!"
FIELDS = "/api/v1/desk/reports"


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


async def test_an_emergency_is_marked_and_on_top_whatever_its_time_left(town: Town) -> None:
    older = await town.a_report()
    fire = await town.a_report(text=FIRE)
    assert fire.answer["agency"]["code"] == AGENCY
    items = (await town.see(FIELDS, by="officer"))["items"]
    codes = [item["code"] for item in items]
    assert codes.index(fire.code) < codes.index(older.code)
    found = next(item for item in items if item["code"] == fire.code)
    assert found["is_urgent"]
    assert (found["screening"][0]["kind"], found["screening"][0]["is_urgent"]) == (
        "emergency_fire",
        True,
    )
    page = (await town.ask("GET", "/can-bo", by="officer", headers={"Accept": "text/html"})).text
    assert page.index(fire.code) < page.index(older.code)
    row = page[: page.index(fire.code)].rpartition("<tr>")[2]
    assert "Khẩn" in row
    assert "Cháy, nổ, sập" in row


async def test_what_only_resembles_an_emergency_keeps_its_place(town: Town) -> None:
    lamp = await town.a_report(text="Đèn đường bị cháy bóng, dây điện chập cháy tóe lửa.")
    found = (await town.see(f"{FIELDS}?q={lamp.code}", by="officer"))["items"][0]
    assert (found["is_urgent"], [one["level"] for one in found["screening"]]) == (False, ["advise"])


async def test_an_edit_makes_a_report_urgent_and_ordinary_again(town: Town) -> None:
    report = await town.a_report()
    for text, is_urgent in ((FIRE, True), ("Ổ gà trước chợ.", False)):
        path = f"/api/v1/reports/{report.code}"
        sent = await town.ask("PATCH", path, secret=report.secret, json={"text": text})
        assert sent.status_code == 200
        case = await town.see(f"{FIELDS}/{report.id}", by="officer")
        assert case["is_urgent"] is is_urgent


@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_page_by_page_the_queue_is_the_same(town: Town, limit: int) -> None:
    for text in (FIRE, "Ổ gà lớn.", FIRE):
        await town.a_report(text=text)
    whole = [
        item["code"] for item in (await town.see(f"{FIELDS}?limit=200", by="officer"))["items"]
    ]
    paged: list[str] = []
    after = ""
    while True:
        page = await town.see(f"{FIELDS}?limit={limit}{after}", by="officer")
        paged += [item["code"] for item in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert paged == whole


@pytest.mark.parametrize("after", ["khan.", "khan.x", "x.khan", "khan.khan." + "A" * 32])
async def test_a_place_in_the_queue_that_we_did_not_write_is_a_clear_400(
    town: Town, after: str
) -> None:
    answer = await town.ask("GET", f"{FIELDS}?after={after}", by="officer")
    assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed")


async def test_officers_find_a_report_by_the_beginning_of_its_code(town: Town) -> None:
    wanted, other = await town.a_report(text="Ổ gà một."), await town.a_report(text="Ổ gà hai.")
    prefix, first, last = wanted.code.split("-")
    # the other code may begin alike by chance, and is then found too
    for typed in (
        wanted.code,
        f"{first}-{last}",
        f"{first}{last[:2]}".lower(),
        f" {first} {last} ",
        f"{prefix}-{first[:3]}",
        f"{prefix}{first}",
    ):
        seen = await town.see(f"{FIELDS}?q={quote(typed)}", by="officer")
        codes = [item["code"] for item in seen["items"]]
        assert wanted.code in codes, typed
        page = await town.ask(
            "GET", f"/can-bo?q={quote(typed)}", by="officer", headers={"Accept": "text/html"}
        )
        assert wanted.code in page.text, typed
        beginning = typed.strip().upper().replace(" ", "").replace("-", "").removeprefix(prefix)
        assert all(code.replace("-", "").startswith(prefix + beginning) for code in codes), typed
    assert other.code not in str(await town.see(f"{FIELDS}?q={first}{last}", by="officer"))
    hidden = await town.see(f"{FIELDS}?q={first}{last}", by="officer.police")
    assert hidden["items"] == [], "the wall stands"


@pytest.mark.parametrize(
    "typed",
    ["", "7K", "rác", "cho", "gas", "ổ gà", "QNG", "QNG-", "7K3M-2F9A-22", "0O1I", "x" * 60],
)
def test_what_is_no_part_of_a_code_is_looked_for_as_words_only(typed: str) -> None:
    assert report_code_span(typed, "QNG") is None


def test_a_part_of_a_code_spans_all_codes_that_begin_with_it() -> None:
    assert report_code_span("qng 7k", "QNG") == ("QNG-7K22-2222", "QNG-7KZZ-ZZZZ")
    assert report_code_span("7K3M-2", "QNG") == ("QNG-7K3M-2222", "QNG-7K3M-2ZZZ")


async def test_codes_are_found_by_their_index(town: Town) -> None:
    await town.owner.execute("SET enable_seqscan = off")
    plan = await town.owner.fetch(
        "EXPLAIN SELECT id FROM report r WHERE r.id = ANY($1::uuid[])"
        " OR r.code BETWEEN 'QNG-7K22-2222' AND 'QNG-7KZZ-ZZZZ'",
        [],
    )
    assert "report_code_key" in str(plan)
