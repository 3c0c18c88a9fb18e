"""Bodies that arrive slowly, or hold much: they end, and cost little while they last."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from litestar import Request, post

from backend.settings import Settings
from backend.web import bodies
from backend.web.forms import FORM_SLOTS, read_form
from backend.web.photos import PHOTO_FORM_LIMIT
from backend.web.policies import ANYONE
from tests.web.living import living

_PART = '--x\r\nContent-Disposition: form-data; name="photos"; filename="{}.jpg"\r\n\r\n'
_MULTIPART = {"Content-Type": "multipart/form-data; boundary=x"}


@post("/probe/form", opt={"policy": ANYONE}, request_max_body_size=PHOTO_FORM_LIMIT)
async def keep(request: Request[Any, Any, Any]) -> dict[str, int]:
    """How many files of a form came, and how many of them lie on the disk."""
    async with read_form(request) as form:
        files = [file for _, file in form.multi_items() if not isinstance(file, str)]
        await asyncio.sleep(0)
        return {"files": len(files), "on_disk": sum(file.rolled_to_disk for file in files)}


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """A small part of the patience."""
    monkeypatch.setattr(bodies, "_SILENCE_SECONDS", 0.15)
    monkeypatch.setattr(bodies, "_GRACE_SECONDS", 0.25)


async def trickle(piece: bytes, *, times: int, seconds: float) -> AsyncIterator[bytes]:
    for _ in range(times):
        yield piece
        await asyncio.sleep(seconds)


@pytest.mark.parametrize("seconds", [0.05, 30.0], ids=["trickle", "silence"])
@pytest.mark.parametrize(
    ("method", "path", "kind"),
    [
        ("POST", "/", "multipart/form-data; boundary=x"),
        ("POST", "/", "application/x-www-form-urlencoded"),
        ("POST", "/theo-doi/QNG-2222-2222", "multipart/form-data; boundary=x"),
        ("POST", "/api/v1/reports", "application/json"),
        ("POST", "/api/v1/sign-in", "application/json"),
        ("POST", "/dang-nhap", "application/x-www-form-urlencoded"),
        ("POST", "/open311/v2/requests.json?api_key=x", "application/x-www-form-urlencoded"),
    ],
)
@pytest.mark.usefixtures("hasty")
async def test_a_body_that_does_not_arrive_ends(
    settings: Settings, method: str, path: str, kind: str, seconds: float
) -> None:
    headers = {"Content-Type": kind, "Idempotency-Key": "0190f3a0-0000-7000-8000-000000000000"}
    async with living(settings) as (_, client), asyncio.timeout(5):
        body = trickle(b"-", times=1000, seconds=seconds)
        answer = await client.request(method, path, content=body, headers=headers)
        if path.startswith("/open311") and answer.status_code != 408:
            # a wrong key is refused before anything is read
            assert answer.status_code in (400, 401, 403), answer.text
        else:
            assert answer.status_code == 408, answer.text
        assert answer.headers["connection"] == "close"


@pytest.mark.usefixtures("hasty")
async def test_a_slow_telephone_that_keeps_sending_is_waited_for(settings: Settings) -> None:
    """At 48 kbps, much longer than the grace: 0.8 seconds for 4.8 kB."""
    async with living(settings, keep) as (_, client):
        head = _PART.format("a").encode()

        async def body() -> AsyncIterator[bytes]:
            yield head
            async for piece in trickle(b"x" * 600, times=8, seconds=0.1):
                yield piece
            yield b"\r\n--x--\r\n"

        answer = await client.post("/probe/form", content=body(), headers=_MULTIPART)
        assert (answer.status_code, answer.json()["files"]) == (201, 1)


@pytest.mark.usefixtures("hasty")
async def test_a_fast_beginning_buys_no_slow_end(settings: Settings) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield _PART.format("a").encode() + b"x" * 1_000_000
        async for piece in trickle(b"x", times=1000, seconds=0.05):
            yield piece

    async with living(settings, keep) as (_, client), asyncio.timeout(5):
        answer = await client.post("/probe/form", content=body(), headers=_MULTIPART)
        assert answer.status_code == 408


async def test_our_own_slowness_is_not_the_senders(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "_GRACE_SECONDS", 0.3)

    @post("/probe/slow", opt={"policy": ANYONE})
    async def slow(request: Request[Any, Any, Any]) -> int:
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
            await asyncio.sleep(0.1)
        return size

    async with living(settings, slow) as (_, client):
        body = trickle(b"x", times=6, seconds=0)
        answer = await client.post("/probe/slow", content=body)
        assert (answer.status_code, answer.text) == (201, "6")


async def test_files_of_a_form_lie_on_the_disk_and_are_few(settings: Settings) -> None:
    def form(count: int) -> list[tuple[str, tuple[str, bytes]]]:
        return [("photos", (f"{n}.jpg", b"x" * 100_000)) for n in range(count)]

    most = settings.photos_per_report + 4
    async with living(settings, keep) as (_, client):
        answer = await client.post("/probe/form", files=form(most))
        assert answer.json() == {"files": most, "on_disk": most}
        answer = await client.post("/probe/form", files=form(most + 1))
        assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-many-files")
        assert answer.headers["connection"] == "close"
        page = await client.post("/", files=form(60))
        assert page.status_code == 413
    assert list((settings.var_dir / "uploads").iterdir()) == []


async def test_so_many_forms_with_files_at_once_and_the_next_one_is_told_to_wait(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FORM_SLOTS, "at_once", 3)
    monkeypatch.setattr(FORM_SLOTS, "of_one", 2)
    gate = asyncio.Event()

    async def held() -> AsyncIterator[bytes]:
        yield _PART.format("a").encode() + b"x" * 1000
        await gate.wait()
        yield b"\r\n--x--\r\n"

    def asker(app: Any, address: str) -> Callable[[AsyncIterator[bytes]], Any]:
        transport = httpx.ASGITransport(app, client=(address, 1))
        client = httpx.AsyncClient(transport=transport, base_url=settings.public_url)
        return lambda body: client.post("/probe/form", content=body, headers=_MULTIPART)

    async with living(settings, keep) as (app, client):
        one, two, three = (asker(app, f"192.0.2.{n}") for n in (1, 2, 3))
        under_way = [asyncio.ensure_future(one(held())) for _ in range(2)]
        for full, more in ((one, two), (three, None)):
            await asyncio.sleep(0.1)
            answer = await full(held())
            assert (answer.status_code, answer.json()["type"]) == (503, "/problems/uploads-busy")
            assert int(answer.headers["retry-after"]) >= 1
            if more is not None:
                under_way.append(asyncio.ensure_future(more(held())))
        words = await client.post("/probe/form", data={"a": "b"})
        assert words.status_code == 201
        gate.set()
        assert [answer.status_code for answer in await asyncio.gather(*under_way)] == [201] * 3
        assert (await three(held())).status_code == 201
    assert not FORM_SLOTS.taken


async def test_files_for_a_report_are_kept_of_its_reporter_only(settings: Settings) -> None:
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="do"\r\n\r\nphoto\r\n'
        yield _PART.format("a").encode()
        for _ in range(100):
            sent += 1
            yield b"x" * 65536
        yield b"\r\n--x--\r\n"

    async with living(settings) as (_, client):
        answer = await client.post("/theo-doi/QNG-2222-2222", content=body(), headers=_MULTIPART)
        assert answer.status_code == 404
        assert sent < 5
