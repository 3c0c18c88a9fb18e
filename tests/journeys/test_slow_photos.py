"""Photos that arrive slowly: waited for, and no sender keeps the others off."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from backend.web import bodies
from backend.web.photos import PHOTO_SLOTS
from tests.factories import a_photo
from tests.province import Sent, Town, other_photos, sha256_of


def put(
    town: Town, report: Sent, photo: bytes, content: AsyncIterator[bytes], address: str
) -> asyncio.Future[httpx.Response]:
    """A photo on its way from this address."""
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(town.app, client=(address, 1)), base_url=town.url
    )
    return asyncio.ensure_future(
        client.put(
            f"/api/v1/reports/{report.id}/photos/{sha256_of(photo)}",
            headers={"Content-Type": "image/jpeg", "X-Tracking-Secret": report.secret},
            content=content,
        )
    )


async def drops(photo: bytes, *, of: int, seconds: float) -> AsyncIterator[bytes]:
    for start in range(0, len(photo), of):
        yield photo[start : start + of]
        await asyncio.sleep(seconds)


async def test_a_slow_photo_is_waited_for_and_a_trickle_is_not(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At 48 kbps, and at a tenth of it: 0.9 seconds are several times the grace."""
    monkeypatch.setattr(bodies, "_SILENCE_SECONDS", 0.2)
    monkeypatch.setattr(bodies, "_GRACE_SECONDS", 0.25)
    slow, trickle = a_photo(size=(150, 110)), a_photo(size=(151, 110))
    assert len(slow) > 5000
    report = await town.a_report(photos=(slow, trickle))
    sent = await put(town, report, slow, drops(slow, of=600, seconds=0.1), "192.0.2.1")
    assert (sent.status_code, sent.json()["state"]) == (200, "stored")
    sent = await put(town, report, trickle, drops(trickle, of=60, seconds=0.1), "192.0.2.1")
    assert (sent.status_code, sent.json()["type"]) == (408, "/problems/body-too-slow")
    again = await town.send_photo(report, trickle)
    assert again.json()["state"] == "stored"


async def test_one_slow_sender_keeps_nobody_else_off(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PHOTO_SLOTS, "at_once", 3)
    monkeypatch.setattr(PHOTO_SLOTS, "of_one", 2)
    photos = other_photos(5)
    report = await town.a_report(photos=photos)
    await town.moved(report, "accept")
    await town.moved(report, "start")
    gate = asyncio.Event()

    async def held(photo: bytes) -> AsyncIterator[bytes]:
        yield photo
        await gate.wait()

    def begin(number: int, address: str) -> asyncio.Future[httpx.Response]:
        return put(town, report, photos[number], held(photos[number]), address)

    async def is_busy(address: str) -> bool:
        await asyncio.sleep(0.2)
        refused = await begin(3, address)
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/uploads-busy")
        return int(refused.headers["retry-after"]) >= 1

    under_way = [begin(0, "192.0.2.1"), begin(1, "192.0.2.1")]
    assert await is_busy("192.0.2.1"), "two of one sender"
    under_way.append(begin(2, "192.0.2.2"))
    assert await is_busy("192.0.2.3"), "three of all strangers"
    evidence = await town.send_evidence(report, photos[4])
    assert evidence.status_code == 200, "officers have slots of their own"
    gate.set()
    answers = await asyncio.gather(*under_way)
    assert [answer.json()["state"] for answer in answers] == ["stored"] * 3
    assert not PHOTO_SLOTS.taken
