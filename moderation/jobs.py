"""Jobs on photos: from quarantine to harmless public copies, and the sweeps that find strays.

`derive_photo` may be killed anywhere and run again: its copies have names made of the photo's own
hash, the row says 'ready' only once they are in place, and the original goes last. Decision 0007.
"""

import asyncio
import hashlib
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import structlog

from backend.database import Database
from backend.jobs.errors import BadPayload
from backend.photos import store
from backend.photos.errors import ObjectMissing
from backend.photos.keys import QUARANTINE, named_photo, public_photo_key, quarantine_key
from backend.photos.objects import ObjectStore, StoredObject
from moderation.darkroom import Darkroom
from moderation.derivatives import Refused

_WAITING_SECONDS: Final = 60
_ORPHAN_GRACE: Final = timedelta(hours=1)
_LEFT_FILE_GRACE: Final = timedelta(hours=1)
_PAGE: Final = 1000
_WEBP: Final = "image/webp"

_log = structlog.get_logger("caunoi.photos")


async def derive_photo(
    database: Database, objects: ObjectStore, darkroom: Darkroom, *, folder: Path, payload: bytes
) -> None:
    """Work on the photo that the payload names (`<report>/<sha256>`), whatever was done before.

    `folder` is where files may lie while they are worked on. Raises BadPayload.
    """
    named = named_photo(payload.decode("ascii", "replace"))
    if named is None:
        raise BadPayload()
    report_id, sha256 = named
    photo = await store.find_photo(database.app, report_id, sha256)
    if photo is not None and photo.state == "stored":
        await _derive(database, objects, darkroom, report_id=report_id, sha256=sha256, under=folder)
    if photo is None or photo.state != "expected":
        await objects.remove(quarantine_key(report_id, sha256))


async def _derive(
    database: Database,
    objects: ObjectStore,
    darkroom: Darkroom,
    *,
    report_id: uuid.UUID,
    sha256: str,
    under: Path,
) -> None:
    async with _workplace(under) as place:
        source, large, small = place / "source", place / "large", place / "small"
        if not await _fetch(objects, report_id, sha256, source):
            # Lost or damaged in the store before it was safe: whoever has it may send it again.
            await store.mark_expected(database.app, report_id, sha256)
            _log.warning("photo lost in quarantine", report_id=str(report_id), sha256=sha256)
            return
        try:
            derived = await darkroom.derive(source, large, small)
        except Refused as refused:
            await store.mark_refused(database.app, report_id, sha256, refused.reason)
            _log.info("photo refused", report_id=str(report_id), reason=refused.reason)
            return
        for path, key in (
            (large, public_photo_key(report_id, sha256, "full")),
            (small, public_photo_key(report_id, sha256, "small")),
        ):
            await objects.put_file(key, path, _WEBP, await asyncio.to_thread(_hash, path))
        await store.mark_ready(
            database.app, report_id, sha256, width=derived.width, height=derived.height
        )


async def _fetch(objects: ObjectStore, report_id: uuid.UUID, sha256: str, path: Path) -> bool:
    key = quarantine_key(report_id, sha256)
    try:
        await objects.fetch_to(key, path)
    except ObjectMissing:
        return False
    if await asyncio.to_thread(_hash, path) == sha256:
        return True
    await objects.remove(key)
    return False


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@asynccontextmanager
async def _workplace(under: Path) -> AsyncIterator[Path]:
    def make() -> Path:
        under.mkdir(mode=0o700, parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(dir=under))

    place = await asyncio.to_thread(make)
    try:
        yield place
    finally:
        await asyncio.to_thread(shutil.rmtree, place, ignore_errors=True)


async def requeue_waiting(database: Database) -> int:
    """Give work to photos that have waited over a minute without any in the queue; how many."""
    return await store.requeue_waiting_photos(database.app, older_than_seconds=_WAITING_SECONDS)


async def remove_orphans(database: Database, objects: ObjectStore, now: datetime) -> int:
    """Delete what has lain in quarantine over an hour and is not waited for; how much.

    Such are uploads whose row was never written, and copies sent again after the work was done.
    """
    removed, after = 0, ""
    while page := await objects.list(QUARANTINE, limit=_PAGE, after=after):
        after = page[-1].key
        for item in await _unwanted(database, page, before=now - _ORPHAN_GRACE):
            await objects.remove(item.key)
            removed += 1
    return removed


async def _unwanted(
    database: Database, page: list[StoredObject], *, before: datetime
) -> list[StoredObject]:
    old = [(item, named_photo(item.key)) for item in page if item.modified_at < before]
    states = await store.list_states(database.app, [name for _, name in old if name is not None])
    return [item for item, name in old if name is None or states.get(name) != "stored"]


def remove_left_files(folders: tuple[Path, ...], now: datetime) -> int:
    """Delete temporary files that a killed process has left in these folders; how many."""
    removed = 0
    for folder in folders:
        for path in folder.iterdir() if folder.is_dir() else ():
            if path.stat().st_mtime > (now - _LEFT_FILE_GRACE).timestamp():
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
            removed += 1
    return removed
