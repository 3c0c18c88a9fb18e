"""No spelling of a path, method or header leads past a door that is closed (S14, S20)."""

import asyncio
from typing import Final

import pytest

from tests.journeys.walk import version_of
from tests.province import PASSWORD, Town, token_of

CLOSED: Final = ("/api/v1/desk/reports", "/can-bo", "/api/v1/ioc/reports/summary", "/ioc")
OPEN: Final = ("healthz", "api/v1/reports", "static/caunoi.css", "metrics")


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


def spellings(path: str) -> list[str]:
    """Other ways to write a path that a careless server takes for it, or for an open one."""
    found = [f"{path}/", f"/{path}", f"{path}//", f"{path}/.", path.upper(), f"{path};x=1"]
    found += [f"{path}%00", f"{path}%20", f"{path}.json", f"{path}?", f"{path}%2F", f"{path}%3F"]
    found += [path.replace("/", "%2F"), path.replace("/", "/./"), path.replace("/", "\\")]
    for door in OPEN:
        found += [f"/{door}/..{path}", f"/{door}/..;{path}", f"/{door}%2F..{path}"]
        found += [f"{path}/%2F{door}", f"{path}?/{door}", f"{path}#/{door}", f"{path}/..;/{door}"]
        found += [f"/{door}/%2e%2e{path}", f"/{door}/%252e%252e{path}"]
    return found


@pytest.mark.parametrize("path", CLOSED)
async def test_no_spelling_of_a_closed_path_opens_it(town: Town, path: str) -> None:
    await town.a_report()
    for spelling in spellings(path):
        for by in (None, "citizen"):
            status, body = await raw_get(town, spelling, by)
            assert status < 500, spelling
            for secret in ('"officer_id"', '"received":', "Phản ánh cần xử lý", "Điều hành"):
                assert status != 200 or secret not in body, spelling


async def raw_get(town: Town, target: str, by: str | None) -> tuple[int, str]:
    """A GET of exactly this target, which no client has tidied up; status and answer."""
    lines = [f"GET {target} HTTP/1.1", "Host: x", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in town.headers(by).items()]
    reader, writer = await asyncio.open_connection("127.0.0.1", town.settings.port)
    writer.write("\r\n".join([*lines, "", ""]).encode())
    said = (await asyncio.wait_for(reader.read(), 10)).decode(errors="replace")
    writer.close()
    return int(said.split(" ", 2)[1]), said


async def test_no_header_changes_the_method_the_path_or_the_sender(town: Town) -> None:
    report = await town.a_report()
    path = f"/api/v1/reports/{report.code}"
    for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        answer = await town.ask("POST", f"{path}/support?_method=DELETE", headers={header: "PATCH"})
        assert answer.status_code == 404, "not published: support is refused as ever"
    for header, value in (
        ("X-Original-URL", "/healthz"),
        ("X-Rewrite-URL", "/healthz"),
        ("X-Forwarded-Prefix", "/static"),
        ("X-Forwarded-User", "admin"),
        ("X-Real-IP", "127.0.0.1"),
        ("Forwarded", "for=127.0.0.1;host=admin"),
        ("Host", "admin.example"),
    ):
        answer = await town.ask("GET", "/api/v1/desk/reports", headers={header: value})
        assert answer.status_code == 401, header
    for method in ("DELETE", "PUT", "TRACE", "PROPFIND"):
        answer = await town.ask(method, path, secret=report.secret)
        assert answer.status_code in (404, 405, 501), method
    assert await version_of(town, report) == 1
    seen = await town.ask("HEAD", path)
    assert (seen.status_code, seen.content) == (200, b"")


async def test_a_cookie_opens_pages_and_no_other_site_can_use_it(town: Town) -> None:
    report = await town.a_report()
    cookie = f"caunoi-session={token_of('officer', 'page')}"
    page = f"/can-bo/phan-anh/{report.id}"
    assert (await town.ask("GET", page, headers={"Cookie": cookie})).status_code == 200
    form = {"move": "accept", "version": "1"}
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://example.org"},
        {"Origin": "null"},
    ):
        answer = await town.ask("POST", page, headers={"Cookie": cookie, **headers}, data=form)
        assert answer.status_code == 403, headers
    assert await version_of(town, report) == 1
    headers = {"Cookie": cookie, "Sec-Fetch-Site": "same-origin"}
    assert (await town.ask("POST", page, headers=headers, data=form)).status_code == 303
    # what was issued for a program is no cookie, and a cookie is no bearer token
    wrong = f"caunoi-session={token_of('officer')}"
    assert (await town.ask("GET", page, headers={"Cookie": wrong})).status_code == 401
    bearer = {"Authorization": f"Bearer {token_of('officer', 'page')}"}
    assert (await town.ask("GET", page, headers=bearer)).status_code == 401


async def test_signing_in_gives_a_new_cookie_that_scripts_cannot_read_and_signing_out_ends_it(
    town: Town,
) -> None:
    planted = {"Cookie": "caunoi-session=planted-by-somebody-else"}
    answer = await town.ask(
        "POST", "/dang-nhap", headers=planted, data={"username": "key", "password": PASSWORD}
    )
    cookie = answer.headers["set-cookie"]
    assert (answer.status_code, answer.headers["location"]) == (303, "/can-bo")
    assert "planted" not in cookie
    assert "HttpOnly" in cookie
    assert "samesite=lax" in cookie.lower()
    own = {"Cookie": cookie.split(";")[0]}
    town.client.cookies.clear()
    assert (await town.ask("GET", "/can-bo", headers=own)).status_code == 200
    assert (await town.ask("POST", "/dang-xuat", headers=own)).status_code == 303
    town.client.cookies.clear()
    assert (await town.ask("GET", "/can-bo", headers=own)).status_code == 401
    for tiep in ("//example.org", "https://example.org", "/\\example.org", "\t//example.org"):
        answer = await town.ask(
            "POST", "/dang-nhap", data={"username": "key", "password": PASSWORD, "tiep": tiep}
        )
        assert answer.headers["location"] == "/can-bo", tiep
        town.client.cookies.clear()


async def test_no_other_origin_is_let_read_answers(town: Town) -> None:
    for path in ("/api/v1/reports", "/api/v1/desk/reports", "/"):
        for method in ("GET", "OPTIONS"):
            headers = {"Origin": "http://example.org", "Access-Control-Request-Method": "POST"}
            answer = await town.ask(method, path, headers=headers)
            assert not [name for name in answer.headers if name.startswith("access-control")]
    page = await town.ask("GET", "/")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert page.headers["x-content-type-options"] == "nosniff"
