"""The main job on the pages alone, without any script: a citizen and an officer, form by form."""

from collections.abc import AsyncIterator

import pytest

from backend.clock import now
from backend.reports.actions import fire_due
from backend.web.state import parts_of
from tests.journeys.paper_browser import Paper
from tests.journeys.walk import REASON, hold_true
from tests.province import PASSWORD, UNIT, Town, other_photos


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


@pytest.fixture
async def citizen(town: Town) -> AsyncIterator[Paper]:
    paper = Paper.at(town)
    yield paper
    await paper.client.aclose()


@pytest.fixture
async def officer(town: Town) -> AsyncIterator[Paper]:
    paper = Paper.at(town)
    yield paper
    await paper.client.aclose()


async def report(citizen: Paper, text: str, *, address: str) -> str:
    """Send a report from the front page; its code."""
    await citizen.open("/")
    words = await citizen.send(
        {"action": "/"},
        category="giao-thong-o-ga",
        text=text,
        unit=UNIT,
        address=address,
        files=[("photos", ("anh.jpg", photo, "image/jpeg")) for photo in other_photos(2)],
    )
    assert "Mã bí mật" in words
    assert citizen.page is not None
    return citizen.page.url.path.rpartition("/")[2]


async def at_the_case(officer: Paper, code: str) -> str:
    """Sign in on the way to the queue, find the case and open it; its words."""
    await officer.open("/can-bo")
    assert officer.page is not None
    assert officer.page.url.path == "/dang-nhap"
    wrong = await officer.send(
        {"action": "/dang-nhap"}, username="officer", password="sai-mat-khau", status=401
    )
    assert "Đăng nhập" in wrong
    await officer.send({"action": "/dang-nhap"}, username="officer", password=PASSWORD)
    assert officer.page.url.path == "/can-bo"
    words = await officer.send({"action": "/can-bo"}, q=code)
    assert code in words
    cases = [link for link in officer.links if link.startswith("/can-bo/phan-anh/")]
    assert len(set(cases)) == 1
    return await officer.open(cases[0])


async def test_a_report_goes_all_the_way_on_pages_alone(
    town: Town, citizen: Paper, officer: Paper
) -> None:
    code = await report(citizen, "Ổ gà trước trường học.", address="Trước số 12 Quang Trung.")
    assert await town.owner.fetchval("SELECT count(*) FROM report_photo WHERE state='stored'") == 2
    words = await at_the_case(officer, code)
    assert "Ổ gà trước trường học." in words
    await officer.send({"move": "accept"})
    await officer.send({"move": "start"})
    await officer.send({"move": "ask"}, public_note="Ổ gà ở làn nào?")
    assert "start" not in officer.moves

    words = await citizen.open(f"/theo-doi/{code}")
    assert "Ổ gà ở làn nào?" in words
    await citizen.send({"do": "answer"}, text="Làn bên phải, sát vỉa hè.")
    assert "Làn bên phải" in await officer.open(where(officer))
    short = await officer.send({"move": "resolve"}, public_note="Đã vá xong.", status=422)
    assert "Cần ảnh sau xử lý" in short
    photo = ("photos", ("sau.jpg", other_photos(1)[0], "image/jpeg"))
    await officer.send({"move": "resolve"}, public_note="Đã vá xong.", files=[photo])
    rulebooks = parts_of(town.app.state).rulebooks
    assert rulebooks is not None
    await fire_due(town.database, rulebooks, now())

    words = await citizen.open(f"/theo-doi/{code}")
    assert "Đã vá xong." in words
    words = await citizen.send({"do": "rate"}, score="4", text="Cảm ơn.")
    assert "Đã đóng" in words
    row = await town.owner.fetchrow("SELECT status, rating FROM report WHERE code = $1", code)
    assert row is not None
    assert tuple(row) == ("closed", 4)
    stranger = Paper.at(town)
    words = await stranger.open(f"/theo-doi/{code}")
    assert "Ổ gà trước trường học." in words
    assert "sát vỉa hè" not in words
    await stranger.client.aclose()
    await hold_true(town)


def where(paper: Paper) -> str:
    assert paper.page is not None
    return paper.page.url.path


async def test_what_was_typed_stays_when_something_is_wrong(town: Town, citizen: Paper) -> None:
    await citizen.open("/")
    words = await citizen.send(
        {"action": "/"},
        category="giao-thong-o-ga",
        text="Ổ gà rất sâu ở đây.",
        unit=UNIT,
        phone="12",
        consent="1",
        status=422,
    )
    assert "Số điện thoại không đúng" in words
    form = citizen.form(action="/")
    assert form.values["text"] == "Ổ gà rất sâu ở đây."
    assert form.values["category"] == "giao-thong-o-ga"
    assert (form.values["unit"], form.values["phone"]) == (UNIT, "12")
    await citizen.send({"action": "/"}, phone="0905123456", consent="1")
    assert "moi=1" in str(citizen.page and citizen.page.url)


async def test_pressing_twice_or_going_back_makes_no_second_report(
    town: Town, citizen: Paper
) -> None:
    await citizen.open("/")
    before = await town.owner.fetchval("SELECT count(*) FROM report")
    page = citizen.page
    for _ in range(3):
        citizen.page = page
        await citizen.send(
            {"action": "/"}, category="giao-thong-o-ga", text="Nhấn hai lần.", unit=UNIT
        )
    assert await town.owner.fetchval("SELECT count(*) FROM report") == before + 1


async def test_the_secret_opens_the_report_on_another_telephone_and_nothing_else_does(
    town: Town, citizen: Paper
) -> None:
    sent = await town.a_report()
    words = await citizen.open(f"/theo-doi/{sent.code}")
    assert sent.body["text"] not in words
    await citizen.send({"secret": ""}, secret="ABCD" * 6, status=404)
    await citizen.open(f"/theo-doi/{sent.code}")
    typed = f" {sent.secret[:13].lower()}-{sent.secret[13:]} "
    words = await citizen.send({"secret": ""}, secret=typed)
    assert sent.body["text"] in words
    await citizen.send({"do": "withdraw"})
    assert "Rút phản ánh" not in str(citizen.page and citizen.page.text)


async def test_two_officers_at_one_case_are_told_of_each_other(town: Town, officer: Paper) -> None:
    sent = await town.a_report()
    await at_the_case(officer, sent.code)
    await town.moved(sent, "accept", by="colleague")
    words = await officer.send({"move": "accept"}, status=412)
    assert "đã" in words
    assert await town.owner.fetchval("SELECT version FROM report WHERE id = $1", sent.id) == 2


async def test_an_officer_is_offered_only_what_the_officer_may_do(
    town: Town, officer: Paper
) -> None:
    sent = await town.a_report()
    await at_the_case(officer, sent.code)
    assert set(officer.moves) == {"accept", "transfer", "escalate"}
    await town.moved(sent, "decline", by="key", reason=REASON)
    await officer.open(where(officer))
    assert officer.moves == []
