"""The photo store answers, or says within seconds that it does not."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from backend.photos.errors import ObjectMissing, StoreDown
from backend.photos.objects import ObjectStore
from backend.settings import S3Settings, Settings
from tests.twins.fault_proxy import FaultProxy, Late, Passing, Refusing, ResetAfter, Silent, Slow


def _sha(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _s3(settings: Settings) -> S3Settings:
    assert settings.s3 is not None
    return settings.s3


@asynccontextmanager
async def behind_proxy(settings: Settings) -> AsyncIterator[tuple[ObjectStore, FaultProxy]]:
    host, _, port = _s3(settings).endpoint.partition(":")
    async with FaultProxy(host, int(port)) as proxy:
        store = ObjectStore(replace(_s3(settings), url=f"http://{proxy.address}"))
        try:
            yield store, proxy
        finally:
            await store.close()


async def test_what_is_put_can_be_read_listed_fetched_and_removed(
    objects: ObjectStore, tmp_path: Path
) -> None:
    body = b"photo" * 100_000
    (tmp_path / "file").write_bytes(body)
    await objects.put_file("a/1", tmp_path / "file", "image/jpeg", _sha(body))
    await objects.put_bytes("a/2", b"small", "image/webp", _sha(b"small"))
    await objects.put_bytes("b/1", b"other", "image/webp", _sha(b"other"))
    assert await objects.read("a/1") == body
    assert [item.key for item in await objects.list("a/")] == ["a/1", "a/2"]
    assert [item.key for item in await objects.list("a/", after="a/1")] == ["a/2"]
    assert (await objects.list("a/", limit=1))[0].bytes == len(body)
    await objects.fetch_to("a/2", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"small"
    assert await objects.exists("a/2")
    await objects.remove("a/2")
    await objects.remove("a/2")
    assert not await objects.exists("a/2")


async def test_missing_object_is_told_from_a_store_that_is_down(
    objects: ObjectStore, settings: Settings, tmp_path: Path
) -> None:
    with pytest.raises(ObjectMissing):
        await objects.read("nothing/here")
    with pytest.raises(ObjectMissing):
        await objects.fetch_to("nothing/here", tmp_path / "out")
    no_bucket = ObjectStore(replace(_s3(settings), bucket="no-such-bucket"))
    with pytest.raises(StoreDown):
        await no_bucket.read("nothing/here")
    await no_bucket.close()
    wrong_key = ObjectStore(replace(_s3(settings), secret_key="wrong"))
    with pytest.raises(StoreDown):
        await wrong_key.read("nothing/here")
    await wrong_key.close()


async def test_signed_link_reads_the_object_without_our_keys(objects: ObjectStore) -> None:
    await objects.put_bytes("a/1", b"for a minute", "image/webp", _sha(b"for a minute"))
    from urllib.parse import urlsplit

    parts = urlsplit(objects.presigned_get("a/1", seconds=60))
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    writer.write(
        f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        "Connection: close\r\n\r\n".encode()
    )
    answer = await reader.read()
    writer.close()
    assert b" 200 " in answer.splitlines()[0]
    assert answer.endswith(b"for a minute")


@pytest.mark.parametrize("mode", [Refusing(), Silent(), ResetAfter(2000, "up")])
async def test_store_that_does_not_take_a_photo_is_given_up_within_seconds(
    objects: ObjectStore, settings: Settings, mode: Refusing | Silent | ResetAfter
) -> None:
    body = bytes(3_000_000)
    async with behind_proxy(settings) as (store, proxy):
        proxy.mode = mode
        started = time.monotonic()
        with pytest.raises(StoreDown) as down:
            await store.put_bytes("a/1", body, "image/jpeg", _sha(body))
        assert time.monotonic() - started < 9
        assert down.value.retry_after_seconds
    assert not await objects.exists("a/1")


async def test_lost_answer_is_repaired_by_asking_again(
    objects: ObjectStore, settings: Settings
) -> None:
    async with behind_proxy(settings) as (store, proxy):
        proxy.mode = ResetAfter(20, "down")
        with pytest.raises(StoreDown):
            await store.put_bytes("a/1", b"stored", "image/jpeg", _sha(b"stored"))
        proxy.mode = Passing()
        await store.put_bytes("a/1", b"stored", "image/jpeg", _sha(b"stored"))
    assert await objects.read("a/1") == b"stored"


async def test_late_and_slow_store_is_waited_for(objects: ObjectStore, settings: Settings) -> None:
    body = bytes(100_000)
    async with behind_proxy(settings) as (store, proxy):
        proxy.mode = Late(1.0)
        await store.put_bytes("a/1", body, "image/jpeg", _sha(body))
        await proxy.cut()
        proxy.mode = Slow(100_000)
        assert await store.read("a/1") == body


async def test_silent_store_never_stops_the_event_loop_nor_queues_callers_for_long(
    objects: ObjectStore, settings: Settings
) -> None:
    longest_gap = 0.0

    async def watch() -> None:
        nonlocal longest_gap
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            longest_gap = max(longest_gap, time.monotonic() - before)

    async with behind_proxy(settings) as (store, proxy):
        proxy.mode = Silent()
        watching = asyncio.create_task(watch())
        started = time.monotonic()
        answers = await asyncio.gather(
            *(store.read(f"a/{n}") for n in range(30)), return_exceptions=True
        )
        watching.cancel()
    assert all(isinstance(answer, StoreDown) for answer in answers)
    assert time.monotonic() - started < 12
    assert longest_gap < 0.5


async def test_store_that_comes_back_is_used_again(
    objects: ObjectStore, settings: Settings
) -> None:
    async with behind_proxy(settings) as (store, proxy):
        await store.put_bytes("a/1", b"before", "image/jpeg", _sha(b"before"))
        await proxy.cut()  # connections kept open for the next request are dead now
        assert await store.read("a/1") == b"before"
