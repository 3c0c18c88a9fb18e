"""Photos that come with a POST as files (multipart/form-data): looked at before, stored after."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import structlog
from litestar.datastructures import UploadFile

from backend.database import Database
from backend.errors import CaunoiError
from backend.photos.errors import PhotoTooLarge, UnsupportedPhoto
from backend.photos.objects import ObjectStore
from backend.photos.uploads import real_type, receive_photo
from backend.reports.submit import Submitted
from backend.settings import Settings

_HEAD_BYTES = 32
_PIECE_BYTES = 256 * 1024

_log = structlog.get_logger("caunoi.open311")


@dataclass(frozen=True)
class Photo:
    """A file that is a picture by its first bytes."""

    file: UploadFile
    sha256: str
    bytes: int
    content_type: str


async def read_photo(file: UploadFile, *, photo_max_bytes: int) -> Photo:
    """What the intake must be told of this file; raises UnsupportedPhoto, PhotoTooLarge."""
    digest, size, head = hashlib.sha256(), 0, b""
    async for piece in _pieces(file):
        head = head or piece[:_HEAD_BYTES]
        size += len(piece)
        if size > photo_max_bytes:
            raise PhotoTooLarge()
        digest.update(piece)
    kind = real_type(head)
    if kind is None:
        raise UnsupportedPhoto()
    return Photo(file, digest.hexdigest(), size, kind)


async def store_photos(
    photos: Sequence[Photo],
    submitted: Submitted,
    *,
    database: Database,
    objects: ObjectStore,
    settings: Settings,
) -> int:
    """Put each photo into quarantine; the report is safe already. How many could not be taken."""
    lost = 0
    for photo in photos:
        try:
            await receive_photo(
                database,
                objects,
                settings,
                report_id=submitted.id,
                sha256=photo.sha256,
                content_type=photo.content_type,
                chunks=_pieces(photo.file),
            )
        except CaunoiError as error:
            _log.warning("photo not stored", reason=error.kind)
            lost += 1
    return lost


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    await file.seek(0)
    while piece := await file.read(_PIECE_BYTES):
        yield piece
