"""Receive a photo: body → file, hash → quarantine → row and work, in this order.

So a row never claims bytes the store does not hold, and the same photo sent twice, or twice at
once, is stored once. Who may send is decided before; see errors.py for what is raised. How slowly
the bytes may come is decided by backend/web/bodies.py, for every body alike.
"""

import asyncio
import hashlib
import secrets
import uuid
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Final, Protocol

from backend import clock
from backend.database import Database
from backend.errors import NotFound, Unavailable
from backend.events.store import insert_jobs
from backend.photos import store
from backend.photos.errors import (
    PhotoMismatch,
    PhotoRefused,
    PhotoTooLarge,
    PhotoTooLate,
    TooManyPhotos,
    UnsupportedPhoto,
)
from backend.photos.keys import quarantine_key
from backend.photos.objects import ObjectStore
from backend.photos.store import REFUSED_FOR_GOOD, PhotoState, Purpose, ReportStanding
from backend.settings import Settings

_BUFFER_BYTES: Final = 256 * 1024
_MAGIC_BYTES: Final = 32
# ISO BMFF brands of still pictures coded with HEVC (ISO/IEC 23008-12); AVIF is not among them.
_HEIF_BRANDS: Final = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
)
# Bytes are taken of photos in these states; refused ones may be tried so often over.
_WANTED: Final = frozenset({"expected", "refused"})
_TRIES: Final = 3
_OVER: Final = frozenset({"closed", "declined", "redirected", "withdrawn", "merged"})


class Announced(Protocol):
    """A photo that will be sent: what its sender says of it."""

    @property
    def sha256(self) -> str: ...
    @property
    def bytes(self) -> int: ...
    @property
    def content_type(self) -> str: ...


@dataclass(frozen=True)
class _Received:
    bytes: int
    content_type: str


async def receive_photo(
    database: Database,
    objects: ObjectStore,
    settings: Settings,
    *,
    report_id: uuid.UUID,
    sha256: str,
    content_type: str,
    chunks: AsyncIterator[bytes],
    purpose: Purpose = "before",
) -> PhotoState:
    """Take one photo of a report into quarantine and queue the work on it.

    `sha256` is lower-case hex; `content_type` is what the sender says (the bytes decide). A photo
    that was not announced is accepted while the report may be edited, an 'after' photo always. A
    refused one may be sent again where the fault may have lain with us (memory, time) and not with
    it; else PhotoRefused says why it will never do.
    """
    now = clock.now()
    earlier = await store.find_photo(database.app, report_id, sha256)
    if earlier is not None:
        check_not_refused_for_good(earlier)
        if earlier.state not in _WANTED:
            return earlier
    if earlier is None:
        standing = await store.find_report_standing(database.app, report_id, purpose)
        check_may_add(standing, purpose, now=now, settings=settings)
    check_announced_type(content_type)
    path = await asyncio.to_thread(_fresh_file, settings.var_dir)
    try:
        received = await _receive(path, chunks, sha256=sha256, limit=settings.photo_max_bytes)
        key = quarantine_key(report_id, sha256)
        await objects.put_file(key, path, received.content_type, sha256)
    finally:
        path.unlink(missing_ok=True)
    return await _record(
        database, settings, report_id, sha256=sha256, received=received, purpose=purpose, now=now
    )


async def announce_photos(
    database: Database,
    settings: Settings,
    *,
    report_id: uuid.UUID,
    photos: Sequence[Announced],
) -> list[PhotoState]:
    """Announce more of the reporter's photos, all or none; each as it stands, known ones too.

    Raises NotFound, TooManyPhotos, PhotoTooLate as check_may_add does.
    """
    found = []
    now = clock.now()
    async with database.transaction() as connection:
        for photo in photos:
            standing = await store.find_report_standing(
                connection, report_id, "before", for_update=True
            )
            known = await store.find_photo(connection, report_id, photo.sha256)
            if known is None:
                check_may_add(standing, "before", now=now, settings=settings)
                await store.insert_expected_photo(
                    connection,
                    report_id,
                    photo.sha256,
                    size=photo.bytes,
                    content_type=photo.content_type,
                )
                known = await store.find_photo(connection, report_id, photo.sha256)
            if known is not None:
                found.append(known)
    return found


def check_may_add(
    standing: ReportStanding | None, purpose: Purpose, *, now: datetime, settings: Settings
) -> None:
    """Refuse a photo nobody announced if the report is unknown, full, or no longer edited."""
    if standing is None:
        raise NotFound()
    most = settings.photos_per_report
    if standing.photos >= most or standing.photos + standing.refused >= _TRIES * most:
        raise TooManyPhotos()
    if purpose == "after" or standing.status == "awaiting_citizen":
        return
    window = timedelta(minutes=settings.edit_window_minutes)
    if standing.status in _OVER or now > standing.created_at + window:
        raise PhotoTooLate()


_WHY: Final = {
    "not-a-photo": ("tệp không phải là ảnh đọc được", "the file is no picture that can be read"),
    "too-many-pixels": ("ảnh có quá nhiều điểm ảnh", "it has too many pixels"),
    "too-long": ("ảnh quá dài và hẹp", "it is too long and narrow"),
    "too-many-scans": ("ảnh được nén bất thường", "it is coded in an unusual way"),
}


def check_not_refused_for_good(photo: PhotoState) -> None:
    """Raise PhotoRefused, with the reason in words, where these very bytes will never do."""
    if photo.state == "refused" and photo.refused_reason in REFUSED_FOR_GOOD:
        vi, en = _WHY[photo.refused_reason]
        raise PhotoRefused(
            f"Ảnh này không dùng được: {vi}. Vui lòng gửi ảnh khác.",
            f"This photo cannot be used: {en}. Please send another one.",
        )


def check_announced_type(content_type: str) -> None:
    """Refuse early what does not even claim to be a picture."""
    word = content_type.partition(";")[0].strip().lower()
    if word and word != "application/octet-stream" and not word.startswith("image/"):
        raise UnsupportedPhoto()


def real_type(head: bytes) -> str | None:
    """The media type that the first 32 bytes of a file show; None if it is not one we take."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        return "image/heic"
    return None


def _fresh_file(var_dir: Path) -> Path:
    folder = var_dir / "uploads"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(retry_after_seconds=30) from error
    return folder / secrets.token_hex(16)


async def _receive(
    path: Path, chunks: AsyncIterator[bytes], *, sha256: str, limit: int
) -> _Received:
    """The body, written to `path` in pieces of 256 KB and checked on the way."""
    digest = hashlib.sha256()
    size = 0
    kind: str | None = None
    buffer = bytearray()
    try:
        with await asyncio.to_thread(path.open, "xb") as file:
            async for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise PhotoTooLarge()
                buffer += chunk
                if kind is None and size >= _MAGIC_BYTES:
                    kind = _checked_type(bytes(buffer[:_MAGIC_BYTES]))
                if len(buffer) >= _BUFFER_BYTES:
                    await asyncio.to_thread(_take, file, digest, bytes(buffer))
                    buffer.clear()
            kind = kind or _checked_type(bytes(buffer))
            await asyncio.to_thread(_take, file, digest, bytes(buffer))
    except OSError as error:  # the disk is full, or gone
        raise Unavailable(retry_after_seconds=30) from error
    if digest.hexdigest() != sha256:
        raise PhotoMismatch()
    return _Received(size, kind)


def _checked_type(head: bytes) -> str:
    kind = real_type(head)
    if kind is None:
        raise UnsupportedPhoto()
    return kind


def _take(file: IO[bytes], digest: "hashlib._Hash", piece: bytes) -> None:
    digest.update(piece)
    file.write(piece)


async def _record(
    database: Database,
    settings: Settings,
    report_id: uuid.UUID,
    *,
    sha256: str,
    received: _Received,
    purpose: Purpose,
    now: datetime,
) -> PhotoState:
    async with database.transaction() as connection:
        is_ours = await store.mark_stored(
            connection,
            report_id,
            sha256,
            size=received.bytes,
            content_type=received.content_type,
        )
        photo = await store.find_photo(connection, report_id, sha256)
        if photo is None:
            standing = await store.find_report_standing(
                connection, report_id, purpose, for_update=True
            )
            check_may_add(standing, purpose, now=now, settings=settings)
            is_ours = await store.insert_stored_photo(
                connection,
                report_id,
                sha256,
                purpose=purpose,
                size=received.bytes,
                content_type=received.content_type,
            )
            photo = await store.find_photo(connection, report_id, sha256)
        if is_ours:
            await insert_jobs(connection, [("derive_photo", f"{report_id}/{sha256}".encode())])
    if photo is None:
        raise NotFound()
    # another sender of the same bytes may have been faster, and they refused meanwhile
    check_not_refused_for_good(photo)
    return photo
