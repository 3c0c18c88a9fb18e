"""The queue: what screening found, what is urgent first, and a report by part of its code."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import quote
from uuid import UUID

import pytest

from backend.demo.configuration import read_categories
from backend.identifiers import report_code_span
from backend.reports.promises import duration_from_text
from backend.reports.terms import terms_from_document
from tests.province import AGENCY, POTHOLE, Town

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


async def test_an_emergency_stands_before_urgent_fields_whose_time_is_shorter(town: Town) -> None:
    # of this agency, urgent by its field and due sooner
    urgent = await town.a_report()
    fire = await town.a_report(text=FIRE)
    await town.owner.execute(
        "UPDATE report SET is_urgent = true, resolve_by = resolve_by - interval '3 days'"
        " WHERE id = $1",
        urgent.id,
    )
    items = (await town.see(f"{FIELDS}?limit=200", by="officer"))["items"]
    place = {item["code"]: number for number, item in enumerate(items)}
    assert place[fire.code] < place[urgent.code]
    flags = {item["code"]: (item["is_emergency"], item["is_urgent"]) for item in items}
    assert (flags[fire.code], flags[urgent.code]) == ((True, True), (False, True))
    page = (await town.ask("GET", "/can-bo", by="officer", headers={"Accept": "text/html"})).text
    assert "Khẩn cấp: xem ngay" in page[: page.index(fire.code)].rpartition("<tr>")[2]
    for by in ("moderator", "admin"):
        first = (await town.see(f"{FIELDS}?limit=1", by=by))["items"][0]
        assert first["is_emergency"], by


async def test_an_emergency_is_to_be_accepted_sooner_and_answered_as_ever(town: Town) -> None:
    ordinary, fire = await town.a_report(), await town.a_report(text=FIRE)
    kept = {
        row["id"]: row
        for row in await town.owner.fetch(
            "SELECT id, accept_by, resolve_by::date AS answer,"
            " promise_version FROM report WHERE id = ANY($1)",
            [ordinary.id, fire.id],
        )
    }
    usual, sooner = kept[UUID(ordinary.id)], kept[UUID(fire.id)]
    assert usual["accept_by"] - sooner["accept_by"] > timedelta(hours=1)
    assert sooner["answer"] == usual["answer"]
    assert sooner["promise_version"] == usual["promise_version"] == 2


async def test_an_edit_never_moves_a_promise_that_was_given(town: Town) -> None:
    report = await town.a_report()
    before = report.answer["promises"]
    path = f"/api/v1/reports/{report.code}"
    sent = await town.ask("PATCH", path, secret=report.secret, json={"text": FIRE})
    assert sent.status_code == 200
    case = await town.see(f"{FIELDS}/{report.id}", by="officer")
    assert case["is_emergency"]
    assert {name: case["promise"][name] for name in before} == before


@pytest.mark.parametrize(
    ("accept", "hours"),
    [
        ({"normal": "8wh"}, 8),
        ({"normal": "8wh", "urgent": "4wh"}, 8),
        ({"normal": "8wh", "urgent": "4wh", "emergency": "1wh"}, 1),
    ],
)
def test_only_promises_that_name_emergencies_are_shorter_for_them(
    accept: dict[str, str], hours: int
) -> None:
    book = terms_from_document({"version": 1, "accept": accept, "resolve": {"default": "5wd"}})
    category = next(c for c in read_categories() if c.code == POTHOLE)
    plain, emergency = book.terms_for(category), book.terms_for(category, is_emergency=True)
    assert emergency.accept == duration_from_text(f"{hours}wh")
    assert replace(emergency, accept=plain.accept) == plain
    assert book.terms_for(category) == plain
