"""Every failure is a clear problem answer: never a 500, never an echo of what was sent."""

import json
from typing import Annotated, Any

import asyncpg
import msgspec
import pytest
from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody

from backend.database import Database
from backend.errors import CaunoiError, FieldFault, Unprocessable
from backend.reports.errors import IllegalMove, NotConfigured, OutsideProvince
from backend.settings import Settings
from backend.web.faults import from_validation
from backend.web.policies import ANYONE
from backend.web.problems import as_problem, list_kinds, status_of, status_of_kind
from geo.errors import PositionRefused
from tests.shared_data import shared
from tests.web.living import living

CANARY = "canary-5f1e"


class Thing(msgspec.Struct, forbid_unknown_fields=True):
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    number: int = 0
    kind: Annotated[str, msgspec.Meta(pattern="^[a-z]+$")] = "a"


@post("/api/probe/store", opt={"policy": ANYONE})
async def keep(data: JSONBody[Thing], database: NamedDependency[Database]) -> dict[str, Any]:
    row = await database.app.fetchrow(
        "SELECT $1::text AS text, $2::bigint AS number", data.text, data.number
    )
    return dict(row or {})


@get("/api/probe/find/{name:str}", opt={"policy": ANYONE})
async def find(
    name: FromPath[str],
    database: NamedDependency[Database],
    q: FromQuery[str] = "",
    n: FromQuery[int] = 0,
) -> dict[str, Any]:
    row = await database.app.fetchrow(
        "SELECT $1::text AS name, $2::text AS q, $3::int AS n", name, q, n
    )
    return dict(row or {})


@get("/api/probe/broken", opt={"policy": ANYONE})
async def broken() -> None:
    raise ZeroDivisionError(CANARY)


@get("/api/probe/refused", opt={"policy": ANYONE})
async def refused() -> None:
    raise Unprocessable(
        "Ảnh chưa có.",
        "No photo.",
        faults=(FieldFault("photos", "Thiếu ảnh.", "A photo is missing."),),
    )


@get("/api/probe/slow", opt={"policy": ANYONE})
async def slow(database: NamedDependency[Database]) -> None:
    async with database.transaction() as connection:
        await connection.execute("SET LOCAL statement_timeout = '50ms'")
        await connection.execute("SELECT pg_sleep(2)")


PROBES = (keep, find, broken, refused, slow)


async def test_a_problem_names_its_type_status_and_trace(settings: Settings) -> None:
    async with living(settings, *PROBES) as (_, client):
        answer = await client.get("/api/probe/refused")
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem == {
            "type": "/problems/unprocessable",
            "title": "Ảnh chưa có.",
            "status": 422,
            "trace_id": answer.headers["x-trace-id"],
            "errors": [{"field": "photos", "message": "Thiếu ảnh."}],
        }
        page = await client.get(problem["type"], headers={"Accept": "text/html"})
        assert page.status_code == 200
        assert "unprocessable" in page.text


async def test_titles_are_vietnamese_unless_english_is_preferred(settings: Settings) -> None:
    async with living(settings, *PROBES) as (_, client):
        for header, title in _LANGUAGES.items():
            answer = await client.get("/api/probe/refused", headers={"Accept-Language": header})
            assert answer.json()["title"] == title, header


async def test_the_unforeseen_is_a_500_that_says_nothing_of_the_inside(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    async with living(settings, *PROBES) as (_, client):
        capsys.readouterr()
        answer = await client.get("/api/probe/broken", params={"secret": CANARY})
        assert answer.status_code == 500
        assert CANARY not in answer.text
        assert "ZeroDivision" not in answer.text
        logged = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        told = next(line for line in logged if line["event"] == "request failed")
        assert told["trace_id"] == answer.json()["trace_id"]
        assert "ZeroDivisionError" in told["exception"]


async def test_bad_fields_are_named_in_words_without_the_input(settings: Settings) -> None:
    async with living(settings, *PROBES) as (_, client):
        body = {"text": "", "number": CANARY, "kind": f"<script>{CANARY}"}
        answer = await client.post("/api/probe/store", json=body)
        assert answer.status_code == 400
        assert CANARY not in answer.text
        faults = {fault["field"]: fault["message"] for fault in answer.json()["errors"]}
        assert faults["text"] == "Cần ít nhất 1 ký tự hoặc phần tử."
        unknown = await client.post("/api/probe/store", json={"text": "a", CANARY: 1})
        assert unknown.status_code == 400
        assert CANARY not in unknown.text
        missing = await client.post("/api/probe/store", json={}, headers={"Accept-Language": "en"})
        assert "missing" in missing.json()["errors"][0]["message"]


async def test_what_cannot_be_read_is_a_4xx(settings: Settings) -> None:
    async with living(settings, *PROBES) as (_, client):
        for body, content_type in _UNREADABLE:
            for path in ("/api/probe/store", "/api/v1/sessions", "/dang-nhap"):
                headers = {"Content-Type": content_type}
                answer = await client.post(path, content=body, headers=headers)
                assert 400 <= answer.status_code < 500, (path, body[:40], answer.status_code)


async def test_hostile_strings_are_stored_or_refused_but_never_break(settings: Settings) -> None:
    strings: list[str] = json.loads(shared("hostile/blns.json").read_text())
    strings = strings[::3]
    strings += ["\x00", "a\x00b", "\ud800", "\udfff\ud800", "\u202e", "﷽" * 100, "9" * 5000]
    async with living(settings, *PROBES) as (_, client):
        for text in strings:
            body = json.dumps({"text": text}).encode()
            kept = await client.post("/api/probe/store", content=body, headers=_JSON)
            assert kept.status_code in (201, 400), (text[:40], kept.text)
            if kept.status_code == 201:
                assert kept.json()["text"] == text
            raw = text.encode("utf-8", "surrogatepass")
            quoted = "".join(f"%{byte:02X}" for byte in raw[:500])
            found = await client.get(f"/api/probe/find/{quoted or 'x'}?q={quoted}&n={quoted}")
            assert found.status_code in (200, 400, 404), (text[:40], found.text)
            body = json.dumps({"username": text[:100], "password": text or "x"}).encode()
            signed = await client.post("/api/v1/sessions", content=body, headers=_JSON)
            assert signed.status_code in (400, 401, 429), (text[:40], signed.text)


async def test_a_number_the_database_cannot_hold_is_a_400(settings: Settings) -> None:
    async with living(settings, *PROBES) as (_, client):
        for number in ("99999999999", "9" * 40, "-" + "9" * 40):
            answer = await client.get(f"/api/probe/find/x?n={number}")
            assert answer.status_code == 400, number


async def test_a_body_that_is_too_large_is_a_413_also_in_pieces(settings: Settings) -> None:
    async def pieces() -> Any:
        for _ in range(40):
            yield b"x" * 10_000

    async with living(settings, *PROBES) as (_, client):
        whole = await client.post("/api/probe/store", content=b"x" * 300_000, headers=_JSON)
        chunked = await client.post("/api/probe/store", content=pieces(), headers=_JSON)
        assert (whole.status_code, chunked.status_code) == (413, 413)
        assert whole.json()["type"] == "/problems/too-large"


async def test_a_wrong_method_and_media_type_are_said_so(settings: Settings) -> None:
    async with living(settings, *PROBES) as (_, client):
        answer = await client.put("/api/probe/store")
        assert answer.status_code == 405
        assert answer.json()["type"] == "/problems/method-not-allowed"
        brew = await client.request("BREW", "/api/probe/store")
        assert brew.status_code == 405


async def test_a_statement_that_takes_too_long_is_a_503_to_be_repeated(settings: Settings) -> None:
    async with living(settings, *PROBES) as (_, client):
        answer = await client.get("/api/probe/slow")
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 1


async def test_a_person_gets_a_page_and_a_stranger_is_taken_to_the_sign_in(
    settings: Settings,
) -> None:
    html = {"Accept": "text/html,application/xhtml+xml"}
    async with living(settings, *PROBES) as (_, client):
        page = await client.get("/khong-co-trang-nay", headers=html)
        assert page.status_code == 404
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "<h1>Không tìm thấy nội dung này.</h1>" in page.text
        assert page.headers["x-trace-id"] in page.text
        english = await client.get("/khong-co-trang-nay?lang=en", headers=html)
        assert "There is no such thing here." in english.text


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (OutsideProvince(), 422),
        (IllegalMove("closed", "accept", vi="a", en="b"), 409),
        (NotConfigured(), 503),
        (asyncpg.LockNotAvailableError(), 503),
        (asyncpg.QueryCanceledError(), 503),
        (asyncpg.DeadlockDetectedError(), 503),
        (asyncpg.ConnectionDoesNotExistError(), 503),
        (asyncpg.InterfaceError("pool is closed"), 503),
        (ConnectionRefusedError(), 503),
        (TimeoutError(), 503),
        (asyncpg.CharacterNotInRepertoireError(), 400),
        (asyncpg.DataError("invalid input for query argument $1"), 400),
        (asyncpg.DivisionByZeroError(), 500),
        (asyncpg.UndefinedTableError(), 500),
        (asyncpg.UniqueViolationError(), 500),
        (PositionRefused(), 400),
        (RecursionError(), 400),
        (KeyError("x"), 500),
    ],
)
def test_each_error_has_its_status(error: Exception, status: int) -> None:
    assert status_of(as_problem(error)) == status


def test_every_kind_of_problem_has_a_name_and_both_languages() -> None:
    kinds = list_kinds()
    assert len(kinds) > 20
    for kind, error in kinds.items():
        assert kind.replace("-", "").isalnum(), kind
        assert error.vi
        assert error.en
        assert 400 <= status_of_kind(error) <= 503


def test_no_message_of_the_validator_is_passed_on() -> None:
    from litestar.exceptions import ValidationException

    messages = [
        f"Invalid enum value '{CANARY}'",
        f"Object contains unknown field `{CANARY}`",
        f"something new {CANARY}",
    ]
    extra = [{"key": f"data.{CANARY} \n", "message": text} for text in messages]
    faults = from_validation(ValidationException(detail=CANARY, extra=extra))
    assert len(faults) == 3
    assert CANARY not in str(faults)


def test_an_error_of_no_known_family_is_ours_to_explain() -> None:
    class Odd(CaunoiError):
        kind = "odd"

    assert status_of(Odd()) == 500


_JSON = {"Content-Type": "application/json"}
_LANGUAGES = {
    "": "Ảnh chưa có.",
    "en": "No photo.",
    "en-GB,en;q=0.8": "No photo.",
    "vi, en;q=0.9": "Ảnh chưa có.",
    "en;q=0.5, vi;q=0.7": "Ảnh chưa có.",
    "fr, en;q=0.1": "No photo.",
    "en;q=0": "Ảnh chưa có.",
    "*": "Ảnh chưa có.",
    "e" * 5000: "Ảnh chưa có.",
}
_UNREADABLE = (
    (b"{", "application/json"),
    (b"", "application/json"),
    (b"null", "application/json"),
    (b"[]", "application/json"),
    (b"\xff\xfe", "application/json"),
    (b'{"text": "\\ud800"}', "application/json"),
    (b'{"text": "a\\u0000b"}', "application/json"),
    (b'{"text": "\xed\xa0\x80"}', "application/json"),
    (b'{"text": "a", "number": ' + b"9" * 30 + b"}", "application/json"),
    (b'{"text": "a", "number": ' + b"9" * 9000 + b"}", "application/json"),
    (b'{"text": "a", "number": 1e400}', "application/json"),
    (b'{"text": "a", "number": NaN}', "application/json"),
    (b'{"text": "a", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "application/json"),
    (b'{"text": ' + b'{"a":' * 30_000 + b"1" + b"}" * 30_000 + b"}", "application/json"),
    (b"<a/>", "application/xml"),
    (b"text=a", "application/x-www-form-urlencoded"),
    (b"--x\r\n", "multipart/form-data; boundary=x"),
    (b"--x\r\n", "multipart/form-data"),
    (b"\x81\xa4text", "application/msgpack"),
)
