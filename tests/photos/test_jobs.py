"""The work on a photo: done whatever happened before it, and nothing strays for long."""

import hashlib
import os
import time
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from backend import clock
from backend.database import Database
from backend.errors import NotFound
from backend.jobs.errors import BadPayload
from backend.photos import store
from backend.photos.derivatives import read_private_photo, read_public_photo
from backend.photos.errors import StoreDown
from backend.photos.keys import public_photo_key, quarantine_key
from backend.photos.objects import ObjectStore
from backend.photos.uploads import receive_photo
from backend.settings import Settings
from moderation import jobs
from moderation.darkroom import Darkroom
from tests.factories import a_photo, in_chunks, insert_a_report, insert_an_announced_photo


class Lab:
    """One report, and the job on its photos as the worker runs it."""

    def __init__(
        self, database: Database, objects: ObjectStore, settings: Settings, darkroom: Darkroom
    ) -> None:
        self.database, self.objects = database, objects
        self.settings, self.darkroom = settings, darkroom
        self.report_id = uuid.UUID(int=0)

    async def send(self, body: bytes) -> str:
        sha256 = hashlib.sha256(body).hexdigest()
        await receive_photo(
            self.database,
            self.objects,
            self.settings,
            report_id=self.report_id,
            sha256=sha256,
            content_type="image/jpeg",
            chunks=in_chunks(body),
        )
        return sha256

    async def work(self, sha256: str) -> None:
        await jobs.derive_photo(
            self.database,
            self.objects,
            self.darkroom,
            folder=self.settings.var_dir / "darkroom",
            payload=f"{self.report_id}/{sha256}".encode(),
        )

    async def photo(self, sha256: str) -> store.PhotoState:
        photo = await store.find_photo(self.database.app, self.report_id, sha256)
        assert photo is not None
        return photo

    async def keys(self) -> set[str]:
        return {item.key for item in await self.objects.list("")}

    def copies(self, sha256: str) -> set[str]:
        return {
            public_photo_key(self.report_id, sha256, "full"),
            public_photo_key(self.report_id, sha256, "small"),
        }


@pytest.fixture
async def lab(database: Database, objects: ObjectStore, settings: Settings) -> AsyncIterator[Lab]:
    darkroom = Darkroom()
    made = Lab(database, objects, settings, darkroom)
    made.report_id = await insert_a_report(database.app, unit_code="21028")
    yield made
    await darkroom.close()


async def test_photo_becomes_two_copies_and_the_original_goes(lab: Lab) -> None:
    sha256 = await lab.send(a_photo(size=(800, 600)))
    await lab.work(sha256)
    photo = await lab.photo(sha256)
    assert (photo.state, photo.width, photo.height) == ("ready", 800, 600)
    assert await lab.keys() == lab.copies(sha256)
    assert list((lab.settings.var_dir / "darkroom").iterdir()) == []


@pytest.mark.parametrize("call", range(1, 11))
async def test_work_that_breaks_off_anywhere_is_finished_by_the_next_attempt(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    """The n-th call to the store or the database fails, for every n; then nothing does."""
    sha256 = await lab.send(a_photo())
    calls = 0

    def failing(real: Any) -> Any:
        async def wrapped(*words: Any, **named: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls == call:
                raise StoreDown()
            result = await real(*words, **named)
            calls += 1
            if calls == call:  # done, but nobody learns of it
                raise StoreDown()
            return result

        return wrapped

    with monkeypatch.context() as patch:
        for name in ("fetch_to", "put_file", "remove"):
            patch.setattr(lab.objects, name, failing(getattr(lab.objects, name)))
        patch.setattr(store, "mark_ready", failing(store.mark_ready))
        with pytest.raises(StoreDown):
            await lab.work(sha256)
    await lab.work(sha256)
    assert (await lab.photo(sha256)).state == "ready"
    assert await lab.keys() == lab.copies(sha256)


async def test_refused_photo_leaves_a_reason_and_no_files(lab: Lab) -> None:
    body = a_photo(size=(400, 300))
    sha256 = await lab.send(body[: len(body) // 2])
    await lab.work(sha256)
    photo = await lab.photo(sha256)
    assert (photo.state, photo.refused_reason) == ("refused", "broken")
    assert await lab.keys() == set()
    await lab.work(sha256)
    assert (await lab.photo(sha256)).state == "refused"


async def test_photo_lost_or_damaged_in_the_store_may_be_sent_again(lab: Lab) -> None:
    body = a_photo()
    sha256 = await lab.send(body)
    key = quarantine_key(lab.report_id, sha256)
    damaged = body[:-1] + b"\0"
    await lab.objects.put_bytes(key, damaged, "image/jpeg", hashlib.sha256(damaged).hexdigest())
    await lab.work(sha256)
    assert (await lab.photo(sha256)).state == "expected"
    assert await lab.keys() == set()
    await lab.send(body)
    await lab.objects.remove(key)
    await lab.work(sha256)
    assert (await lab.photo(sha256)).state == "expected"
    await lab.send(body)
    await lab.work(sha256)
    assert (await lab.photo(sha256)).state == "ready"


@pytest.mark.parametrize("payload", [b"", b"nothing", b"\xff/\xff", b"x/" + b"0" * 64])
async def test_payload_that_names_no_photo_is_refused(lab: Lab, payload: bytes) -> None:
    with pytest.raises(BadPayload):
        await jobs.derive_photo(
            lab.database, lab.objects, lab.darkroom, folder=Path("unused"), payload=payload
        )


async def test_photo_without_work_is_queued_again_once(lab: Lab) -> None:
    sha256 = await lab.send(a_photo())
    await lab.database.app.execute("UPDATE report_photo SET uploaded_at = now() - interval '61 s'")
    assert await jobs.requeue_waiting(lab.database) == 0, "its first job is still there"
    await lab.database.app.execute("DELETE FROM pgqueuer")
    assert await jobs.requeue_waiting(lab.database) == 1
    assert await jobs.requeue_waiting(lab.database) == 0
    payload = await lab.database.app.fetchval("SELECT payload FROM pgqueuer")
    assert payload == f"{lab.report_id}/{sha256}".encode()


async def test_only_old_strays_are_swept_from_quarantine(lab: Lab) -> None:
    waiting = await lab.send(a_photo(colour=(1, 1, 1)))
    done = await lab.send(a_photo(colour=(2, 2, 2)))
    await lab.work(done)
    announced_body = a_photo(colour=(3, 3, 3))
    announced = await insert_an_announced_photo(lab.database.app, lab.report_id, announced_body)
    strays = [
        quarantine_key(lab.report_id, done),
        quarantine_key(lab.report_id, announced),
        quarantine_key(uuid.uuid4(), "0" * 64),
        "quarantine/what-is-this",
    ]
    for key in strays:
        await lab.objects.put_bytes(key, b"x", "image/jpeg", hashlib.sha256(b"x").hexdigest())
    now = clock.now()
    assert await jobs.remove_orphans(lab.database, lab.objects, now) == 0
    assert await jobs.remove_orphans(lab.database, lab.objects, now + timedelta(hours=2)) == 4
    assert await lab.keys() == {quarantine_key(lab.report_id, waiting), *lab.copies(done)}


def test_only_old_temporary_files_are_swept(tmp_path: Path) -> None:
    old, young = tmp_path / "old", tmp_path / "young"
    for folder in (old, young):
        folder.mkdir()
        (folder / "source").write_text("x")
    (tmp_path / "file").write_text("x")
    for path in (old, tmp_path / "file"):
        os.utime(path, (time.time() - 7200, time.time() - 7200))
    assert jobs.remove_left_files((tmp_path, tmp_path / "absent"), clock.now()) == 2
    assert list(tmp_path.iterdir()) == [young]


async def _insert_a_unit(settings: Settings) -> None:
    from backend.database import owner_connection

    assert settings.database_url is not None
    async with owner_connection(settings.database_url) as owner:
        await owner.execute(
            """
            INSERT INTO unit_generation (level, valid_from, state, is_approximate, source)
            VALUES ('commune', '2025-07-01', 'active', true, 'test');
            INSERT INTO unit (code, valid_from, level, name, kind, is_approximate, geom,
                label_point, area_km2)
            VALUES ('21028', '2025-07-01', 'commune', 'Nghĩa Lộ', 'phuong', true,
                ST_Multi(ST_MakeEnvelope(108, 15, 109, 16, 4326)),
                ST_SetSRID(ST_MakePoint(108.5, 15.5), 4326), 100)
            """
        )


async def test_stranger_sees_a_ready_photo_of_a_public_report_and_no_other(
    lab: Lab, settings: Settings
) -> None:
    await _insert_a_unit(settings)
    sha256 = await lab.send(a_photo())

    async def ask(**how: Any) -> Any:
        return await read_public_photo(
            lab.database, lab.objects, report_id=lab.report_id, sha256=sha256, size="full", **how
        )

    with pytest.raises(NotFound):
        await ask()
    await lab.work(sha256)
    # it came after the report was published: nobody has looked at it yet
    with pytest.raises(NotFound):
        await ask()
    await lab.database.app.execute("UPDATE report_photo SET is_held = false")
    photo = await ask()
    assert photo.body[:4] == b"RIFF"
    assert "max-age=60" in photo.cache_control
    again = await ask(known_etag=photo.etag)
    assert (again.body, again.etag) == (None, photo.etag)
    await lab.database.app.execute("UPDATE report SET visibility = 'hidden'")
    with pytest.raises(NotFound):
        await ask(known_etag=photo.etag)
    private = await read_private_photo(
        lab.database, lab.objects, report_id=lab.report_id, sha256=sha256, size="small"
    )
    assert private.body is not None
    assert private.cache_control == "private, no-store"
