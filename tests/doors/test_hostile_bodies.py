"""Bodies that are too large, too deep, broken off, packed, or not what they say they are."""

import asyncio
import gzip
import json
import time
from typing import Any, Final
from uuid import uuid4

import pytest

from tests.doors.hostile import check_clear
from tests.province import Town, a_submission

GOOD: Final = a_submission()
_READ_ONLY: Final[dict[str, Any]] = {
    "id": str(uuid4()),
    "code": "QNG-2222-2222",
    "status": "closed",
    "visibility": "public",
    "is_restricted": False,
    "is_sensitive": False,
    "is_urgent": True,
    "agency": "so-y-te",
    "agency_code": "so-y-te",
    "officer_id": str(uuid4()),
    "account_id": str(uuid4()),
    "created_at": "2020-01-01T00:00:00Z",
    "updated_at": "2020-01-01T00:00:00Z",
    "accept_by": "2030-01-01T00:00:00Z",
    "resolve_by": "2030-01-01T00:00:00Z",
    "resolved_at": "2020-01-01T00:00:00Z",
    "closed_at": "2020-01-01T00:00:00Z",
    "version": 99,
    "supporters": 999,
    "rating": 4,
    "reopened": 7,
    "escalations": 7,
    "source": "staff",
    "tracking_secret": "A" * 26,
    "tracking_hash": "00",
    "unit": "99999",
    "unit_code": "99999",
    "promises": {"resolve_by": "2030-01-01T00:00:00Z"},
    "routing": {"lead": "so-y-te"},
    "role": "admin",
    "merged_into": str(uuid4()),
}


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


async def stored(town: Town) -> tuple[int, ...]:
    """How much is stored of anything a submit could store."""
    row = await town.owner.fetchrow(
        """
        SELECT (SELECT count(*) FROM report), (SELECT count(*) FROM event),
               (SELECT count(*) FROM idempotency_key), (SELECT count(*) FROM report_photo),
               (SELECT count(*) FROM report_contact), (SELECT count(*) FROM pgqueuer)
        """
    )
    assert row is not None
    return tuple(row)


async def submit(town: Town, content: bytes, **headers: str) -> Any:
    sent = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json", **headers}
    return await town.ask("POST", "/api/v1/reports", headers=sent, content=content)


def with_(**changes: Any) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


def at(lon: str, lat: str) -> bytes:
    return with_(location="@").replace(b'"@"', f'{{"lon": {lon}, "lat": {lat}}}'.encode())


BROKEN: Final = {
    "empty": b"",
    "no object": b"[]",
    "half": json.dumps(GOOD).encode()[:-9],
    "two values": json.dumps(GOOD).encode() * 2,
    "deep": b"[" * 100_000,
    "deep in answers": with_(answers="@").replace(b'"@"', b'{"a":' * 5000 + b"1" + b"}" * 5000),
    "not utf-8": with_(text="@").replace(b"@", b"\xff\xfe\xc0\x80"),
    "lone surrogate": with_(text="@").replace(b"@", b"\\ud800 x"),
    "surrogate in a name": with_(answers={"@": "x"}).replace(b"@", b"\\udfff"),
    "nul": with_(text="a\0b"),
    "nul in answers": with_(answers={"a": "x\0y"}),
    "nul in contact": with_(contact={"name": "x\0y"}),
    "nul in category": with_(category="giao-thong\0"),
    "escape": with_(text="\x1b[2J"),
    "huge int": at("1" + "0" * 5000, "15"),
    "huge float": at("1e999", "15"),
    "nan": at("NaN", "15"),
    "infinity": at("Infinity", "-Infinity"),
    "text for a number": at('"108.79"', '"15.12"'),
    "null for a number": at("null", "null"),
    "true for a number": at("true", "false"),
    "nowhere": at("0", "0"),
    "swapped": at("15.1205", "108.7923"),
    "Hanoi": at("105.85", "21.03"),
    "the sea": at("110.9", "15.4"),
    "blank text": with_(text=" \n\u200b "),
    "long text": with_(text="a" * 4001),
    "long address": with_(address="a" * 301),
    "number for text": with_(text=12),
    "list for text": with_(text=["x"]),
    "no category": with_(category=""),
    "a field for a category": with_(category="giao-thong"),
    "unknown category": with_(category="khong-co"),
    "many answers": with_(answers={str(n): "x" for n in range(41)}),
    "long answer": with_(answers={"a": "x" * 1001}),
    "huge number in answers": with_(answers="@").replace(b'"@"', b'{"a": 1e308}'),
    "huge int in answers": with_(answers="@").replace(b'"@"', b'{"a": ' + b"9" * 400 + b"}"),
    "future": with_(happened_at="2099-01-01T00:00:00Z"),
    "no zone": with_(happened_at="2026-01-01T00:00:00"),
    "no such day": with_(happened_at="2026-02-30T00:00:00Z"),
    "year 0": with_(happened_at="0000-01-01T00:00:00Z"),
    "not a telephone": with_(contact={"phone": "12"}),
    "not an address": with_(contact={"email": "a@b\r\nBcc: c@d.e"}),
    "nine photos": with_(
        photos=[{"sha256": f"{n:064x}", "bytes": 9, "content_type": "image/png"} for n in range(9)]
    ),
    "a photo twice": with_(
        photos=[{"sha256": "0" * 64, "bytes": 9, "content_type": "image/png"}] * 2
    ),
    "negative bytes": with_(
        photos=[{"sha256": "0" * 64, "bytes": -9, "content_type": "image/png"}]
    ),
    "huge photo": with_(
        photos=[{"sha256": "0" * 64, "bytes": 1 << 29, "content_type": "image/png"}]
    ),
    "hash with a path": with_(
        photos=[{"sha256": "../" * 21 + "x", "bytes": 9, "content_type": "image/png"}]
    ),
    "svg": with_(photos=[{"sha256": "0" * 64, "bytes": 9, "content_type": "image/svg+xml"}]),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_submit_is_refused_and_stores_nothing(town: Town, name: str) -> None:
    before = await stored(town)
    answer = await submit(town, BROKEN[name])
    check_clear(answer)
    assert answer.status_code in (400, 422), answer.text
    assert await stored(town) == before


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Idempotency-Key": ""}, 400),
        ({"Idempotency-Key": "not-a-uuid"}, 400),
        ({"Idempotency-Key": "1" * 5000}, 400),
        ({"Content-Encoding": "gzip"}, 415),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/xml"}, 415),
        ({"Content-Type": "multipart/form-data"}, 415),
    ],
)
async def test_headers_that_do_not_fit_are_refused(
    town: Town, headers: dict[str, str], status: int
) -> None:
    before = await stored(town)
    content = json.dumps(GOOD).encode()
    if headers.get("Content-Encoding") == "gzip":
        content = gzip.compress(content)
    answer = await submit(town, content, **headers)
    check_clear(answer)
    assert answer.status_code == status, answer.text
    assert await stored(town) == before


async def test_a_packed_bomb_is_not_unpacked(town: Town) -> None:
    bomb = gzip.compress(b'{"text": "' + b"a" * 50_000_000 + b'"}')
    started = time.monotonic()
    answer = await submit(town, bomb, **{"Content-Encoding": "gzip"})
    check_clear(answer)
    assert answer.status_code in (400, 413, 415)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_beyond_the_limit_is_refused_while_it_arrives(
    town: Town, chunked: bool
) -> None:
    """Spoken by hand: httpx would wait politely until it has sent all."""
    before = await stored(town)
    head = (
        f"POST /api/v1/reports HTTP/1.1\r\nHost: x\r\nIdempotency-Key: {uuid4()}\r\n"
        "Content-Type: application/json\r\n"
    )
    length = 50 * 1024 * 1024
    head += "Transfer-Encoding: chunked\r\n\r\n" if chunked else f"Content-Length: {length}\r\n\r\n"
    piece = b"x" * 65536
    framed = b"10000\r\n" + piece + b"\r\n" if chunked else piece
    status, sent = await speak(town, head.encode(), framed, most=length // 65536)
    assert status == 413
    assert sent < 10 * 1024 * 1024, "it was read to the end"
    assert await stored(town) == before


async def speak(town: Town, head: bytes, piece: bytes, *, most: int) -> tuple[int, int]:
    """Send a head and then pieces until the server has answered; its status, bytes sent."""
    reader, writer = await asyncio.open_connection("127.0.0.1", town.settings.port)
    sent = 0
    try:
        writer.write(head)
        for _ in range(most):
            writer.write(piece)
            await writer.drain()
            sent += len(piece)
            await asyncio.sleep(0)
            if reader._buffer:  # type: ignore[attr-defined]
                break
        line = await asyncio.wait_for(reader.readline(), 10)
        return int(line.split()[1]), sent
    finally:
        writer.close()


@pytest.mark.parametrize(
    "raw",
    [
        b"POST /api/v1/reports HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /api/v1/reports HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"POST /api/v1/reports HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 2_000_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"BREW /can-bo HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
    ids=lambda raw: repr(raw[:40]),
)
async def test_what_is_no_http_ends_the_connection_and_not_the_server(
    town: Town, raw: bytes
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", town.settings.port)
    writer.write(raw)
    writer.write_eof()
    try:
        said = await asyncio.wait_for(reader.read(), 15)
    except ConnectionResetError:
        said = b""
    finally:
        writer.close()
    assert not said.startswith(b"HTTP/1.1 5"), said[:200]
    assert b"caunoi_http_request_seconds" not in said, "a smuggled request was answered"
    assert (await town.ask("GET", "/healthz")).status_code == 200


@pytest.mark.parametrize("path", ["/", "/theo-doi/QNG-2222-2222", "/dang-nhap"])
async def test_ten_thousand_form_parts_are_refused(town: Town, path: str) -> None:
    edge = "edge"
    parts = "".join(
        f'--{edge}\r\nContent-Disposition: form-data; name="n{n}"\r\n\r\nx\r\n'
        for n in range(10_000)
    )
    for content, kind in (
        (f"{parts}--{edge}--\r\n".encode(), f"multipart/form-data; boundary={edge}"),
        ("&".join(f"n{n}=x" for n in range(100_000)).encode(), "application/x-www-form-urlencoded"),
        (b"--edge\r\n\r\n", "multipart/form-data; boundary=other"),
        (b"x", "multipart/form-data"),
        (b"\xff\xfe=%ff%zz", "application/x-www-form-urlencoded"),
    ):
        head = (
            f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(content)}\r\n\r\n"
        )
        status, _ = await speak(town, head.encode(), content, most=1)
        assert 400 <= status < 500, (kind, status)


async def test_what_a_sender_may_not_decide_is_not_taken_from_a_submit(town: Town) -> None:
    plain = await town.a_report()
    answer = await submit(town, with_(**_READ_ONLY, location={**GOOD["location"], **_READ_ONLY}))
    check_clear(answer)
    if answer.status_code == 201:
        row = await row_of(town, answer.json()["id"])
        kept = await row_of(town, plain.id)
        same = {
            "status",
            "visibility",
            "agency_code",
            "source",
            "unit_code",
            "version",
            "is_urgent",
        }
        same |= {"supporters", "rating", "reopened", "account_id", "officer_id", "merged_into"}
        assert {name: row[name] for name in same} == {name: kept[name] for name in same}
        assert abs(row["created_at"].timestamp() - time.time()) < 60
        assert answer.json()["tracking_secret"] != _READ_ONLY["tracking_secret"]


async def row_of(town: Town, report_id: str) -> dict[str, Any]:
    row = await town.owner.fetchrow("SELECT * FROM report WHERE id = $1", report_id)
    assert row is not None
    return dict(row)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "", {"text": "Sửa lại."}),
        ("POST", "/messages", {"text": "Thêm."}),
        ("POST", "/rating", {"score": 4}),
        ("POST", "/reopen", {"reason": "Hố vẫn còn đó mà."}),
        ("POST", "/withdraw", {"reason": "Thôi không cần nữa."}),
        ("DESK", "/moves", {"move": "accept"}),
    ],
)
async def test_no_action_takes_what_its_actor_may_not_decide(
    town: Town, method: str, path: str, body: dict[str, Any]
) -> None:
    report = await town.a_report()
    before = await row_of(town, report.id)
    for name, value in _READ_ONLY.items():
        extra = {**body, name: value}
        if method == "DESK":
            if name in ("agency",):
                continue  # a word of the interface; the role matrix knows who may use it
            url = f"/api/v1/desk/reports/{report.id}{path}"
            answer = await town.ask(
                "POST", url, by="officer", headers={"If-Match": '"1"'}, json=extra
            )
        else:
            url = f"/api/v1/reports/{report.code}{path}"
            answer = await town.ask(method, url, secret=report.secret, json=extra)
        assert answer.status_code == 400, (name, answer.text)
        check_clear(answer)
    assert await row_of(town, report.id) == before


async def test_twenty_senders_of_one_key_with_other_words_leave_one_report(town: Town) -> None:
    key = str(uuid4())

    async def press(number: int) -> Any:
        return await submit(town, with_(text=f"Việc số {number}."), **{"Idempotency-Key": key})

    answers = await asyncio.gather(*(press(number) for number in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * 19
    assert (
        await town.owner.fetchval("SELECT count(*) FROM idempotency_key WHERE key = $1", key) == 1
    )
