"""The citizen's pages without any script: signing in, the account, and where one lands."""

import dataclasses
import re

import httpx

from backend.identifiers import hash_token
from backend.settings import SmtpSettings
from mobile_api.sign_in_pages import is_in_outbox
from tests.accounts.conftest import code_in, deliver, newest_letter
from tests.journeys.paper_browser import Paper
from tests.province import PASSWORD, Town

PHONE = "0912 345 678"


async def signed_in(town: Town, address: str = PHONE, *, begin: str = "/toi") -> Paper:
    """Somebody who opens a page of theirs, and signs in on the way."""
    paper = Paper.at(town)
    await paper.open(begin)
    words = await paper.send({"tiep": begin}, address=address)
    assert "Nhập mã đăng nhập" in words
    await deliver(town)
    await paper.send({"tiep": begin}, code=code_in(newest_letter(town)))
    return paper


async def test_whoever_wants_their_account_signs_in_and_arrives_there(town: Town) -> None:
    paper = await signed_in(town)
    assert paper.page is not None
    assert paper.page.url.path == "/toi"
    cookies = {cookie.name: cookie for cookie in paper.client.cookies.jar}
    session = cookies["caunoi-session"]
    assert session.has_nonstandard_attr("HttpOnly")
    assert "caunoi-ma" not in cookies
    kept = await town.owner.fetchrow(
        "SELECT kind FROM session WHERE token_hash = $1", hash_token(session.value or "")
    )
    assert kept["kind"] == "page"
    assert "no-store" in paper.page.headers["cache-control"]
    await paper.client.aclose()


async def test_a_wrong_code_is_said_and_the_right_one_still_works(town: Town) -> None:
    paper = Paper.at(town)
    await paper.open("/dang-nhap/nguoi-dan")
    words = await paper.send({}, address="Lan@Example.VN")
    assert "l•••@example.vn" in words
    assert "CAUNOI_VAR/outbox" in words, "no server takes letters here"
    served = dataclasses.replace(
        town.settings, smtp=SmtpSettings("127.0.0.1", 25, "none", "caunoi@quangngai.example")
    )
    assert (is_in_outbox(served, "email"), is_in_outbox(served, "phone")) == (False, True)
    await deliver(town)
    code = code_in(newest_letter(town))
    wrong = "000000" if code != "000000" else "000001"
    words = await paper.send({}, code=wrong, status=401)
    assert "Mã không đúng" in words
    await paper.send({}, code=f" {code[:3]} {code[3:]} ")
    assert paper.page is not None
    assert paper.page.url.path == "/toi"
    await paper.client.aclose()


async def test_what_is_no_address_is_said_on_the_form(town: Town) -> None:
    paper = Paper.at(town)
    await paper.open("/dang-nhap/nguoi-dan")
    words = await paper.send({}, address="1900 1234", status=422)
    assert "Cần số điện thoại di động Việt Nam" in words
    assert "1900 1234" in paper.page.text if paper.page else False
    await paper.client.aclose()


async def test_a_citizen_never_lands_where_only_officials_may(town: Town) -> None:
    for wanted in ("/can-bo", "/ioc", "//evil.example/", "https://evil.example", "/khong-co"):
        paper = Paper.at(town)
        await paper.open(f"/dang-nhap?tiep={wanted}")
        await paper.send(
            {"tiep": wanted if wanted[1] != "/" and wanted[0] == "/" else ""},
            username="citizen",
            password=PASSWORD,
        )
        assert paper.page is not None
        assert (paper.page.status_code, paper.page.url.path) == (200, "/toi"), wanted
        await paper.client.aclose()
    paper = Paper.at(town)
    await paper.open("/dang-nhap?tiep=/can-bo")
    await paper.send({"tiep": "/can-bo"}, username="officer", password=PASSWORD)
    assert paper.page is not None
    assert paper.page.url.path == "/can-bo"
    await paper.client.aclose()


async def test_another_site_can_neither_sign_somebody_in_nor_act_for_them(town: Town) -> None:
    paper = await signed_in(town)
    evil = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    for path, form in (
        ("/toi", {"do": "delete", "sure": "1"}),
        ("/dang-nhap/nguoi-dan", {"address": PHONE}),
        ("/dang-nhap/nguoi-dan/ma", {"code": "123456"}),
    ):
        answer = await paper.client.post(path, data=form, headers=evil)
        assert answer.status_code == 403, path
    assert await town.owner.fetchval("SELECT count(*) FROM account_identity") == 1
    await paper.client.aclose()


async def test_signing_in_ends_the_session_that_was_there_before(town: Town) -> None:
    paper = Paper.at(town)
    await paper.open("/dang-nhap")
    await paper.send({"tiep": ""}, username="officer", password=PASSWORD)
    old = paper.client.cookies["caunoi-session"]
    await paper.open("/dang-nhap/nguoi-dan")
    await paper.send({"tiep": ""}, address=PHONE)
    await deliver(town)
    await paper.send({"tiep": ""}, code=code_in(newest_letter(town)))
    assert paper.client.cookies["caunoi-session"] != old
    gone = await town.owner.fetchval(
        "SELECT count(*) FROM session WHERE token_hash = $1", hash_token(old)
    )
    assert gone == 0
    await paper.client.aclose()


async def test_the_account_page_does_everything_without_a_script(town: Town) -> None:
    report = await town.a_report()
    paper = await signed_in(town)
    await paper.send({"do": "name"}, name="Nguyễn Thị Lan", language="en")
    assert 'value="Nguyễn Thị Lan"' in (paper.page.text if paper.page else "")
    words = await paper.send({"do": "claim"}, code=report.code.lower(), secret="sai", status=404)
    words = await paper.send({"do": "claim"}, code=report.code.lower(), secret=report.secret)
    assert report.code in words
    await paper.client.post(
        "/toi",
        data={"do": "consents", "version-notify": "1", "version-survey": "1", "consent": "notify"},
    )
    rows = await town.owner.fetch("SELECT purpose, is_given FROM consent")
    assert [tuple(row) for row in rows] == [("notify", True)]
    page = (await paper.client.get("/toi")).text
    assert re.search(r'value="notify" checked', page)
    assert not re.search(r'value="survey" checked', page)
    await paper.client.post("/toi", data={"do": "consents", "version-notify": "1"})
    assert (
        await town.owner.fetchval("SELECT is_given FROM consent ORDER BY id DESC LIMIT 1") is False
    )
    await paper.open("/toi")
    await paper.send({"do": "add-address"}, address="lan@example.vn")
    await deliver(town)
    words = await paper.send({"do": "prove-address"}, code=code_in(newest_letter(town)))
    assert "lan@example.vn" in words
    exported = await paper.client.get("/api/v1/me/export")
    assert exported.json()["account"]["name"] == "Nguyễn Thị Lan"
    words = await paper.send({"do": "delete"}, status=422)
    assert "đánh dấu xác nhận" in words
    answer = await paper.client.post("/toi", data={"do": "delete", "sure": "1"})
    assert answer.url.path == "/dang-nhap/nguoi-dan"
    assert await town.owner.fetchval("SELECT count(*) FROM account_identity") == 0
    again = await paper.client.get("/toi")
    assert again.url.path == "/dang-nhap/nguoi-dan"
    await paper.client.aclose()


async def test_a_report_of_the_form_belongs_to_whoever_is_signed_in(town: Town) -> None:
    paper = await signed_in(town)
    account_id = await town.owner.fetchval("SELECT account_id FROM account_identity")
    answer = await paper.client.post(
        "/",
        data={
            "category": "giao-thong-o-ga",
            "text": "Ổ gà trước cổng trường.",
            "unit": "21028",
            "key": "0198c0de-0000-4000-8000-000000000001",
        },
    )
    assert answer.url.path.startswith("/theo-doi/"), answer.text[:2000]
    owner = await town.owner.fetchval("SELECT account_id FROM report")
    assert owner == account_id
    await paper.client.aclose()


async def test_a_report_this_browser_sent_before_is_added_with_one_button(town: Town) -> None:
    report = await town.a_report()
    paper = await signed_in(town)
    paper.client.cookies.set(
        f"phan-anh-{report.code}", report.secret, domain="127.0.0.1", path="/theo-doi"
    )
    page = (await paper.client.get(f"/theo-doi/{report.code}")).text
    assert f'/theo-doi/{report.code}/vao-tai-khoan"' in page
    added = await paper.client.post(f"/theo-doi/{report.code}/vao-tai-khoan")
    assert added.status_code == 200
    assert await town.owner.fetchval("SELECT account_id FROM report") is not None
    page = (await paper.client.get(f"/theo-doi/{report.code}")).text
    assert "vao-tai-khoan" not in page
    await paper.client.aclose()


async def test_signing_out_everywhere_ends_every_session(town: Town) -> None:
    one, two = await signed_in(town), await signed_in(town)
    assert "Đã đăng xuất ở mọi nơi." in await one.send({"do": "sign-out"})
    for paper in (one, two):
        answer = await paper.client.get("/api/v1/me")
        assert answer.status_code == 401
        await paper.client.aclose()


async def test_the_pages_speak_english_too(town: Town) -> None:
    async with httpx.AsyncClient(base_url=town.url, headers={"Accept": "text/html"}) as client:
        page = (await client.get("/dang-nhap/nguoi-dan?lang=en")).text
    assert "Send the code" in page
    assert 'lang="en"' in page
