"""Photos over HTTP, the same in every door: taken from requests and forms, and answered."""

import hashlib
import uuid
from collections.abc import AsyncIterator
from typing import Any, Final, Literal

from litestar import Request, Response
from litestar.datastructures import FormMultiDict, UploadFile

from backend.database import Database
from backend.errors import NotFound
from backend.photos.derivatives import PhotoFile, read_private_photo
from backend.photos.keys import Size
from backend.photos.objects import ObjectStore
from backend.photos.store import Purpose
from backend.photos.uploads import receive_photo
from backend.settings import Settings
from backend.web.slots import Slots

# Ten times what a photo may have: Litestar's own limit is for JSON bodies; ours is counted while
# the bytes arrive and answers a precise problem.
PHOTO_BODY_LIMIT: Final = 200 * 1024 * 1024
# A form with as many photos as a report may have.
PHOTO_FORM_LIMIT: Final = 160 * 1024 * 1024
_PIECE: Final = 256 * 1024
# Photos on their way: at most 256 KB of each in memory, the rest on the disk.
PHOTO_SLOTS: Final = Slots(at_once=64, of_one=16)


async def take_photo(
    request: Request[Any, Any, Any],
    database: Database,
    objects: ObjectStore,
    settings: Settings,
    *,
    report_id: uuid.UUID,
    sha256: str,
    purpose: Purpose = "before",
) -> dict[str, Any]:
    """Take the photo that is a request's body, and answer its state; see receive_photo, Slots."""
    with PHOTO_SLOTS.take(request):
        photo = await receive_photo(
            database,
            objects,
            settings,
            report_id=report_id,
            sha256=sha256,
            content_type=request.headers.get("content-type", ""),
            chunks=request.stream(),
            purpose=purpose,
        )
    return {"sha256": photo.sha256, "state": photo.state}


async def answer_private_photo(
    request: Request[Any, Any, Any],
    database: Database,
    objects: ObjectStore,
    *,
    report_id: uuid.UUID,
    sha256: str,
    size: Size,
) -> Response[bytes]:
    """A photo for somebody who may see the report itself (decided before); raises NotFound."""
    photo = await read_private_photo(
        database,
        objects,
        report_id=report_id,
        sha256=sha256,
        size=size,
        known_etag=request.headers.get("if-none-match"),
    )
    return photo_response(photo)


def files_of(form: FormMultiDict) -> list[UploadFile]:
    """The photos that were chosen in a form's field `photos`."""
    return [
        item for item in form.getall("photos", []) if isinstance(item, UploadFile) and item.filename
    ]


async def sum_of(file: UploadFile) -> tuple[str, int]:
    """The SHA-256 (hex) and the size in bytes of a file that came with a form."""
    digest, size = hashlib.sha256(), 0
    async for chunk in chunks_of(file):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


async def chunks_of(file: UploadFile) -> AsyncIterator[bytes]:
    """A file that came with a form, from its beginning, in pieces."""
    await file.seek(0)
    while chunk := await file.read(_PIECE):
        yield chunk


def photo_size(name: str) -> Size:
    """The size a file name asks for (`full.webp`, `small.webp`); raises NotFound."""
    sizes: dict[str, Literal["full", "small"]] = {"full.webp": "full", "small.webp": "small"}
    size = sizes.get(name)
    if size is None:
        raise NotFound()
    return size


def photo_response(photo: PhotoFile) -> Response[bytes]:
    """The bytes with their caching; 304 when the caller's copy is still good."""
    return Response(
        photo.body or b"",
        status_code=200 if photo.body is not None else 304,
        media_type=photo.content_type,
        headers={"ETag": photo.etag, "Cache-Control": photo.cache_control},
    )
