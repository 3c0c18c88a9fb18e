"""Photos that come with a page's form, for browsers without scripts: checked, hashed, stored."""

import uuid
from collections.abc import Sequence
from typing import Any, Final

from litestar.datastructures import UploadFile

from backend.database import Database
from backend.errors import CaunoiError, FieldFault, Unprocessable
from backend.photos.objects import ObjectStore
from backend.photos.uploads import receive_photo
from backend.settings import Settings
from backend.web.photos import PHOTO_FORM_LIMIT as FORM_LIMIT
from backend.web.photos import chunks_of, files_of, sum_of

__all__ = ["FORM_LIMIT", "announced", "files_of", "store_photos", "type_of"]

_KNOWN: Final = frozenset({"image/jpeg", "image/png", "image/webp", "image/heic", "image/heif"})


async def announced(file: UploadFile) -> dict[str, Any]:
    """A photo as a submit announces it; raises Unprocessable for what is no picture."""
    sha256, size = await sum_of(file)
    return {"sha256": sha256, "bytes": size, "content_type": type_of(file)}


def type_of(file: UploadFile) -> str:
    """The type that the browser named, or that the file's name tells; raises Unprocessable."""
    if file.content_type in _KNOWN:
        return str(file.content_type)
    if file.filename.lower().endswith((".heic", ".heif")):
        return "image/heic"
    vi, en = "Chỉ nhận ảnh JPEG, PNG, WebP hoặc HEIC.", "Only JPEG, PNG, WebP or HEIC photos."
    raise Unprocessable(faults=(FieldFault("photos", vi, en),))


async def store_photos(
    photos: Sequence[tuple[UploadFile, str]],
    report_id: uuid.UUID,
    database: Database,
    objects: ObjectStore,
    settings: Settings,
) -> list[CaunoiError]:
    """Put each photo (file, SHA-256) into quarantine; why some could not be taken."""
    lost: list[CaunoiError] = []
    for file, sha256 in photos:
        try:
            await receive_photo(
                database,
                objects,
                settings,
                report_id=report_id,
                sha256=sha256,
                content_type=type_of(file),
                chunks=chunks_of(file),
            )
        except CaunoiError as error:
            lost.append(error)
    return lost
