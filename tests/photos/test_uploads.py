"""Receiving photos: stored once, checked, and refused for a reason."""

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from backend.database import Database
from backend.errors import CaunoiError, NotFound
from backend.identifiers import new_uuid7
from backend.photos.errors import (
    PhotoMismatch,
    PhotoRefused,
    PhotoTooLarge,
    PhotoTooLate,
    StoreDown,
    TooManyPhotos,
    UnsupportedPhoto,
)
from backend.photos.keys import quarantine_key
from backend.photos.objects import ObjectStore
from backend.photos.store import PhotoState
from backend.photos.uploads import real_type, receive_photo
from backend.settings import Settings
from tests.factories import a_photo, in_chunks, insert_a_report, insert_an_announced_photo


class Sender:
    """Sends photos to one report as the HTTP handler does."""

    def __init__(self, database: Database, objects: ObjectStore, settings: Settings) -> None:
        self.database, self.objects, self.settings = database, objects, settings
        self.report_id = new_uuid7()

    async def send(
        self,
        body: bytes,
        *,
        sha256: str | None = None,
        content_type: str = "image/jpeg",
        chunks: AsyncIterator[bytes] | None = None,
        report_id: uuid.UUID | None = None,
        **changed: int,
    ) -> PhotoState:
        return await receive_photo(
            self.database,
            self.objects,
            replace(self.settings, **changed),  # type: ignore[arg-type]  # whole numbers only
            report_id=report_id or self.report_id,
            sha256=sha256 or hashlib.sha256(body).hexdigest(),
            content_type=content_type,
            chunks=chunks or in_chunks(body),
        )

    async def jobs(self) -> list[bytes]:
        rows = await self.database.app.fetch(
            "SELECT payload FROM pgqueuer WHERE entrypoint = 'derive_photo' ORDER BY id"
        )
        return [row["payload"] for row in rows]

    async def rows(self) -> int:
        return int(await self.database.app.fetchval("SELECT count(*) FROM report_photo"))


@pytest.fixture
async def sender(database: Database, objects: ObjectStore, settings: Settings) -> Sender:
    made = Sender(database, objects, settings)
    await insert_a_report(database.app, report_id=made.report_id)
    return made


async def test_announced_photo_goes_to_quarantine_and_leaves_one_job(sender: Sender) -> None:
    body = a_photo()
    sha256 = await insert_an_announced_photo(sender.database.app, sender.report_id, body)
    photo = await sender.send(body)
    assert (photo.state, photo.bytes, photo.content_type) == ("stored", len(body), "image/jpeg")
    assert await sender.objects.read(quarantine_key(sender.report_id, sha256)) == body
    assert await sender.jobs() == [f"{sender.report_id}/{sha256}".encode()]
    assert list((sender.settings.var_dir / "uploads").iterdir()) == []


async def test_same_photo_again_answers_the_same_and_is_not_stored_again(sender: Sender) -> None:
    body = a_photo()
    sha256 = await insert_an_announced_photo(sender.database.app, sender.report_id, body)
    first = await sender.send(body)
    await sender.objects.remove(quarantine_key(sender.report_id, sha256))
    assert await sender.send(body) == first
    assert not await sender.objects.exists(quarantine_key(sender.report_id, sha256))
    assert len(await sender.jobs()) == 1


async def test_same_photo_from_ten_senders_at_once_leaves_one_row_and_one_job(
    sender: Sender,
) -> None:
    body = a_photo(size=(800, 600))
    answers = await asyncio.gather(*(sender.send(body) for _ in range(10)))
    assert {answer.state for answer in answers} == {"stored"}
    assert (await sender.rows(), len(await sender.jobs())) == (1, 1)


@pytest.mark.parametrize(
    ("file_format", "media_type"),
    [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp"), ("HEIF", "image/heic")],
)
async def test_bytes_decide_the_type_whatever_the_sender_says(
    sender: Sender, file_format: str, media_type: str
) -> None:
    import pillow_heif

    pillow_heif.register_heif_opener()
    photo = await sender.send(a_photo(file_format=file_format), content_type="image/x-whatever")
    assert photo.content_type == media_type


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"GIF89a" + bytes(100), "image/jpeg"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>" + bytes(100), "image/svg+xml"),
        (b"%PDF-1.7" + bytes(100), "image/png"),
        (b"", "image/jpeg"),
        (b"\xff\xd8\xff" + bytes(100), "text/html"),
        (b"\0\0\0\x20ftypavif" + bytes(100), "image/avif"),
        (b"\0\0\0\x20ftypisom" + bytes(100), "video/mp4"),
    ],
)
async def test_what_is_no_photo_is_refused_and_leaves_nothing(
    sender: Sender, body: bytes, content_type: str
) -> None:
    with pytest.raises(UnsupportedPhoto):
        await sender.send(body, content_type=content_type)
    assert await sender.rows() == 0
    assert await sender.objects.list("quarantine/") == []


async def test_wrong_hash_is_refused_and_leaves_nothing(sender: Sender) -> None:
    with pytest.raises(PhotoMismatch):
        await sender.send(a_photo(), sha256="0" * 64)
    assert await sender.rows() == 0
    assert await sender.objects.list("quarantine/") == []


async def test_too_large_photo_is_refused_before_it_has_arrived(sender: Sender) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield a_photo()
        while True:
            sent += 65536
            yield bytes(65536)

    with pytest.raises(PhotoTooLarge):
        await sender.send(a_photo(), chunks=endless(), photo_max_bytes=1_000_000)
    assert sent <= 1_100_000
    assert list((sender.settings.var_dir / "uploads").iterdir()) == []


async def test_photo_for_an_unknown_report_is_not_found(sender: Sender) -> None:
    with pytest.raises(NotFound):
        await sender.send(a_photo(), report_id=new_uuid7())


async def test_report_takes_no_more_photos_than_it_may_even_at_once(sender: Sender) -> None:
    bodies = [a_photo(colour=(n, 0, 0)) for n in range(6)]
    answers = await asyncio.gather(
        *(sender.send(body, photos_per_report=3) for body in bodies), return_exceptions=True
    )
    kinds = sorted(type(answer).__name__ for answer in answers)
    assert kinds == ["PhotoState"] * 3 + ["TooManyPhotos"] * 3
    assert await sender.rows() == 3
    with pytest.raises(TooManyPhotos):
        await sender.send(a_photo(), photos_per_report=3)


@pytest.mark.parametrize(
    ("status", "minutes_ago", "error"),
    [
        ("assigned", 29, None),
        ("assigned", 31, PhotoTooLate),
        ("awaiting_citizen", 5000, None),
        ("withdrawn", 1, PhotoTooLate),
    ],
)
async def test_undeclared_photo_is_taken_while_the_report_may_be_edited(
    sender: Sender, status: str, minutes_ago: int, error: type[CaunoiError] | None
) -> None:
    report_id = await insert_a_report(
        sender.database.app,
        status=status,
        created_at=datetime.now(UTC) - timedelta(minutes=minutes_ago),
    )
    if error is None:
        assert (await sender.send(a_photo(), report_id=report_id)).state == "stored"
    else:
        with pytest.raises(error):
            await sender.send(a_photo(), report_id=report_id)


async def test_announced_photo_may_arrive_days_later(sender: Sender) -> None:
    report_id = await insert_a_report(
        sender.database.app, created_at=datetime.now(UTC) - timedelta(days=4)
    )
    body = a_photo()
    await insert_an_announced_photo(sender.database.app, report_id, body)
    assert (await sender.send(body, report_id=report_id)).state == "stored"


@pytest.mark.parametrize("reason", ["too-long", "too-many-pixels", "not-a-photo", "too-many-scans"])
async def test_what_was_refused_for_its_content_is_not_taken_again(
    sender: Sender, reason: str
) -> None:
    body = a_photo()
    await sender.send(body)
    refused = {"state": "refused", "reason": reason}
    await sender.database.app.execute(
        "UPDATE report_photo SET state = $1, refused_reason = $2", *refused.values()
    )

    read = []

    async def watched() -> AsyncIterator[bytes]:
        read.append(1)
        yield body

    for _ in range(3):
        with pytest.raises(PhotoRefused) as told:
            await sender.send(body, chunks=watched())
        assert not read, "its bytes are not wanted"
        assert told.value.vi.startswith("Ảnh này không dùng được: ")
    assert len(await sender.jobs()) == 1
    rows = await sender.database.app.fetch("SELECT state, refused_reason FROM report_photo")
    assert [tuple(row) for row in rows] == [tuple(refused.values())]


async def test_bytes_under_way_while_the_same_are_refused_are_not_queued_anew(
    sender: Sender,
) -> None:
    body = a_photo()
    await insert_an_announced_photo(sender.database.app, sender.report_id, body)

    async def late() -> AsyncIterator[bytes]:
        await sender.send(body)
        await sender.database.app.execute(
            "UPDATE report_photo SET state = 'refused', refused_reason = 'too-long'"
        )
        yield body

    with pytest.raises(PhotoRefused):
        await sender.send(body, chunks=late())
    assert len(await sender.jobs()) == 1


async def test_upload_that_breaks_off_leaves_nothing_and_can_be_sent_again(sender: Sender) -> None:
    body = a_photo(size=(900, 700))

    async def broken() -> AsyncIterator[bytes]:
        yield body[:5000]
        raise ConnectionResetError

    with pytest.raises(CaunoiError):
        await sender.send(body, chunks=broken())
    assert list((sender.settings.var_dir / "uploads").iterdir()) == []
    assert (await sender.send(body)).state == "stored"


async def test_no_row_claims_a_photo_the_store_refused(sender: Sender, settings: Settings) -> None:
    assert settings.s3 is not None
    dead = ObjectStore(replace(settings.s3, url="http://127.0.0.1:9"))
    sender.objects = dead
    with pytest.raises(StoreDown):
        await sender.send(a_photo())
    await dead.close()
    assert (await sender.rows(), await sender.jobs()) == (0, [])


def test_magic_bytes_shorter_than_any_header_are_no_photo() -> None:
    assert all(real_type(b"\xff\xd8\xff\xe0"[:n]) is None for n in range(3))
