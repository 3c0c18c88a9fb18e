"""Hand out the harmless copies of photos; originals are never handed out."""

import uuid
from dataclasses import dataclass

from backend.database import Database
from backend.errors import NotFound
from backend.photos import store
from backend.photos.errors import ObjectMissing
from backend.photos.keys import Size, public_photo_key
from backend.photos.objects import ObjectStore


@dataclass(frozen=True)
class PhotoFile:
    """A derivative to be answered: WebP bytes (None: the caller's copy is still good)."""

    body: bytes | None
    etag: str
    cache_control: str
    content_type: str = "image/webp"


async def read_public_photo(
    database: Database,
    objects: ObjectStore,
    *,
    report_id: uuid.UUID,
    sha256: str,
    size: Size,
    known_etag: str | None = None,
) -> PhotoFile:
    """A photo for a stranger; raises NotFound unless it is ready and its report public.

    Copies may be kept for a minute only: a photo taken down is gone everywhere a minute later.
    """
    if not await store.find_public_photo(database.public, report_id, sha256):
        raise NotFound()
    return await _read(
        objects,
        report_id,
        sha256,
        size=size,
        known_etag=known_etag,
        cache_control="public, max-age=60, must-revalidate",
    )


async def read_private_photo(
    database: Database,
    objects: ObjectStore,
    *,
    report_id: uuid.UUID,
    sha256: str,
    size: Size,
    known_etag: str | None = None,
) -> PhotoFile:
    """A photo for somebody who may see the report itself (decided before); raises NotFound.

    No copy is kept, so that none is left in a shared browser after its owner has gone.
    """
    photo = await store.find_photo(database.app, report_id, sha256)
    if photo is None or photo.state != "ready":
        raise NotFound()
    return await _read(
        objects,
        report_id,
        sha256,
        size=size,
        known_etag=known_etag,
        cache_control="private, no-store",
    )


async def _read(
    objects: ObjectStore,
    report_id: uuid.UUID,
    sha256: str,
    *,
    size: Size,
    known_etag: str | None,
    cache_control: str,
) -> PhotoFile:
    # what lies under a key never changes, so its name is its version
    etag = f'"{sha256[:32]}-{size}"'
    if known_etag is not None and etag in known_etag:
        return PhotoFile(None, etag, cache_control)
    try:
        body = await objects.read(public_photo_key(report_id, sha256, size))
    except ObjectMissing as error:
        raise NotFound() from error
    return PhotoFile(body, etag, cache_control)
