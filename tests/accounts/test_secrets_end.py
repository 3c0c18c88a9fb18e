"""A report's secret ends with its person; a phone's session never speaks for somebody else."""

from typing import Any
from uuid import uuid4

import pytest

from tests.accounts.conftest import sign_in
from tests.accounts.test_account import own_report
from tests.accounts.test_pages import signed_in
from tests.journeys.paper_browser import Paper
from tests.province import Sent, Town, a_submission

MARK = "caunoi-lan-dang-nhap"
EDIT = "Sửa báo cáo"
FORM = {"category": "giao-thong-o-ga", "text": "Ổ gà trước cổng trường.", "unit": "21028"}


def kept_in(paper: Paper) -> list[str]:
    return [one.name for one in paper.client.cookies.jar if one.name.startswith("phan-anh-")]


def keep(paper: Paper, report: Sent) -> None:
    paper.client.cookies.set(
        f"phan-anh-{report.code}", report.secret, domain="127.0.0.1", path="/theo-doi"
    )


async def is_mine(paper: Paper, code: str) -> bool:
    """Whether this browser has the reporter's page."""
    page = await paper.client.get(f"/theo-doi/{code}")
    assert page.status_code == 200
    return "data-mine" in page.text


async def test_a_secret_opens_nothing_once_its_person_is_taken_out(town: Town) -> None:
    me, other = await sign_in(town, phone="0912345678"), await sign_in(town, email="b@example.vn")
    report = await own_report(town, me)
    assert (await town.client.delete("/api/v1/me", headers=me)).status_code == 204
    secret = {"X-Tracking-Secret": report.secret}
    path = f"/api/v1/reports/{report.code}"
    claim = {"code": report.code, "tracking_secret": report.secret}
    tried = [
        await town.client.get(f"{path}/mine", headers=secret),
        await town.client.patch(path, headers=secret, json={"text": "Không còn ổ gà nữa."}),
        await town.client.post(f"{path}/withdraw", headers=secret, json={"reason": "Thôi."}),
        await town.client.post("/api/v1/me/reports", headers=other, json=claim),
    ]
    assert [answer.status_code for answer in tried] == [404] * 4
    repeated = await town.client.post(
        "/api/v1/reports", headers={"Idempotency-Key": report.key}, json=report.body
    )
    again = {"X-Tracking-Secret": repeated.json()["tracking_secret"]}
    assert (await town.client.get(f"{path}/mine", headers=again)).status_code == 404
    assert (await town.client.get(path)).status_code == 200, "the report itself stays"


async def test_a_report_of_the_account_leaves_no_secret_in_the_browser(town: Town) -> None:
    paper = await signed_in(town)
    sent = await paper.client.post("/", data={**FORM, "key": str(uuid4())})
    code = sent.url.path.rpartition("/")[2]
    assert kept_in(paper) == []
    assert await is_mine(paper, code)
    secret = await own_secret(town, code)
    await paper.client.post(f"/theo-doi/{code}", data={"secret": secret, "do": ""})
    assert kept_in(paper) == [], "who is the owner by the account needs none"
    await paper.client.post("/dang-xuat")
    assert not await is_mine(paper, code)
    await paper.client.aclose()


async def own_secret(town: Town, code: str) -> str:
    from backend.identifiers import tracking_secret

    report_id = await town.owner.fetchval("SELECT id FROM report WHERE code = $1", code)
    return tracking_secret(town.settings.secret_key, report_id)


@pytest.mark.parametrize("way", ["/dang-xuat", "sign-out", "delete"])
async def test_a_secret_kept_before_the_claim_ends_with_the_session(town: Town, way: str) -> None:
    claimed, anonymous = await town.a_report(), await town.a_report()
    paper = await signed_in(town)
    for report in (claimed, anonymous):
        keep(paper, report)
    await paper.client.post(f"/theo-doi/{claimed.code}/vao-tai-khoan")
    assert kept_in(paper) == [f"phan-anh-{anonymous.code}"]
    # another tab kept it all the same
    keep(paper, claimed)
    if way == "/dang-xuat":
        await paper.client.post(way)
    else:
        await paper.client.post("/toi", data={"do": way, "sure": "1"})
    assert kept_in(paper) == [f"phan-anh-{anonymous.code}"]
    keep(paper, claimed)
    assert not await is_mine(paper, claimed.code), "not even by a cookie that stayed"
    assert await is_mine(paper, anonymous.code), "what was sent by nobody belongs to the phone"
    await paper.client.aclose()


async def test_a_typed_secret_opens_an_accounts_report_for_a_while_only(town: Town) -> None:
    report = await own_report(town, await sign_in(town, phone="0912345678"))
    stranger = Paper.at(town)
    typed = await stranger.client.post(
        f"/theo-doi/{report.code}", data={"secret": report.secret, "do": ""}
    )
    [redirect] = typed.history
    cookie = redirect.headers["set-cookie"]
    assert "Max-Age=1800;" in cookie
    assert "Path=/theo-doi" in cookie
    assert await is_mine(stranger, report.code)
    await stranger.client.aclose()


@pytest.mark.parametrize("whose", ["own", "before", "nobody", "junk", "unsaid"])
async def test_what_waited_is_tied_only_to_the_sign_in_it_was_written_under(
    town: Town, whose: str
) -> None:
    before = await signed_in(town, "b@example.vn")
    paper = await signed_in(town)
    marks = {
        "own": paper.client.cookies[MARK],
        "before": before.client.cookies[MARK],
        "nobody": "",
        "junk": "ổ",
    }
    headers: dict[str, Any] = {"Idempotency-Key": str(uuid4()), "Origin": town.url}
    if whose in marks:
        headers["X-Sign-In"] = marks[whose].encode()
    answer = await paper.client.post("/api/v1/reports", headers=headers, json=a_submission())
    assert answer.status_code == 201, answer.text
    row = await town.owner.fetchrow("SELECT account_id FROM report")
    is_tied = whose in ("own", "unsaid")
    assert (row["account_id"] is not None) is is_tied
    assert answer.json()["owned"] is is_tied
    # the same key and words are the same report, whoever asks
    repeated = await town.client.post(
        "/api/v1/reports",
        headers={"Idempotency-Key": headers["Idempotency-Key"]},
        json=a_submission(),
    )
    assert repeated.json() == answer.json()
    assert await town.owner.fetchval("SELECT count(*) FROM report") == 1
    for one in (before, paper):
        await one.client.aclose()


async def test_the_mark_of_a_sign_in_says_nothing_and_goes_with_it(town: Town) -> None:
    paper = await signed_in(town)
    mark = {one.name: one for one in paper.client.cookies.jar}[MARK]
    assert not mark.has_nonstandard_attr("HttpOnly"), "the app reads it"
    assert mark.value not in (None, "")
    assert mark.value not in paper.client.cookies["caunoi-session"]
    await paper.client.post("/dang-xuat")
    assert MARK not in paper.client.cookies
    await paper.client.aclose()
