"""Photos over HTTP: each in a request of its own, keyed by its hash; and the copies people see."""

import uuid
from collections.abc import Mapping
from typing import Annotated, Any

from litestar import Request, Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, PathParameter
from msgspec import Meta, Struct

from backend.database import Database
from backend.errors import FieldFault, NotFound, Unprocessable
from backend.photos.derivatives import read_public_photo
from backend.photos.objects import ObjectStore
from backend.photos.store import find_photo
from backend.photos.uploads import announce_photos
from backend.settings import Settings
from backend.web.limits import Limit
from backend.web.photos import (
    PHOTO_BODY_LIMIT,
    answer_private_photo,
    photo_response,
    photo_size,
    take_photo,
)
from backend.web.policies import ANYONE
from mobile_api.documents import PhotoOperation
from mobile_api.intake import PhotoIn
from mobile_api.ownership import check_own_report, get_own_report, get_own_report_here

_UPLOAD_LIMIT = Limit("upload_photo", per_minute=60, burst=40)

_READ_LIMIT = Limit("photo_read", per_minute=1200, burst=400)

Code = Annotated[str, PathParameter(max_length=40)]
Sha256 = Annotated[str, PathParameter(pattern="^[0-9a-f]{64}$", description="SHA-256, hex")]


@put(
    "/api/v1/reports/{report_id:uuid}/photos/{sha256:str}",
    opt={"policy": ANYONE, "limit": _UPLOAD_LIMIT},
    request_max_body_size=PHOTO_BODY_LIMIT,
    operation_class=PhotoOperation,
    status_code=200,
    summary="Tải ảnh lên",
    tags=["reports"],
)
async def upload(
    request: Request[Any, Any, Any],
    report_id: FromPath[uuid.UUID],
    sha256: Sha256,
    database: NamedDependency[Database],
    objects: NamedDependency[ObjectStore],
    settings: NamedDependency[Settings],
) -> dict[str, Any]:
    """Take one photo; the same photo again is the same answer and is stored once."""
    await check_own_report(request, database, report_id)
    return await take_photo(
        request, database, objects, settings, report_id=report_id, sha256=sha256
    )


@get(
    "/api/v1/reports/{report_id:uuid}/photos/{sha256:str}/{name:str}",
    opt={"policy": ANYONE, "limit": _READ_LIMIT},
    summary="Ảnh công khai (WebP)",
    tags=["reports"],
)
async def show(
    report_id: FromPath[uuid.UUID],
    sha256: Sha256,
    name: FromPath[str],
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    objects: NamedDependency[ObjectStore],
) -> Response[bytes]:
    """The copy anybody may see: upright, at most 1600 or 400 pixels, without metadata."""
    photo = await read_public_photo(
        database,
        objects,
        report_id=report_id,
        sha256=sha256,
        size=photo_size(name),
        known_etag=request.headers.get("if-none-match"),
    )
    return photo_response(photo)


class PhotosIn(Struct, forbid_unknown_fields=True):
    photos: Annotated[list[PhotoIn], Meta(min_length=1, max_length=50)]


@post(
    "/api/v1/reports/{code:str}/photos",
    opt={"policy": ANYONE, "limit": _UPLOAD_LIMIT},
    status_code=200,
    summary="Khai báo thêm ảnh",
    tags=["reports"],
)
async def announce(
    request: Request[Any, Any, Any],
    code: Code,
    data: JSONBody[PhotosIn],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> dict[str, Any]:
    """Announce more photos within the edit window, or while the agency waits for an answer.

    Each is then sent to its `upload_url`; the same photo again is the same answer.
    """
    report_id = await get_own_report(request, database, code)
    if any(photo.bytes > settings.photo_max_bytes for photo in data.photos):
        most = settings.photo_max_bytes // (1024 * 1024)
        vi, en = f"Mỗi ảnh tối đa {most} MB.", f"At most {most} MB a photo."
        raise Unprocessable(faults=(FieldFault("photos", vi, en),))
    photos = await announce_photos(database, settings, report_id=report_id, photos=data.photos)
    return {
        "photos": [
            {
                "sha256": photo.sha256,
                "state": photo.state,
                "upload_url": f"/api/v1/reports/{report_id}/photos/{photo.sha256}",
            }
            for photo in photos
        ]
    }


@get(
    "/api/v1/reports/{code:str}/mine/photos/{sha256:str}/{name:str}",
    opt={"policy": ANYONE, "limit": _READ_LIMIT},
    summary="Ảnh trong phản ánh của tôi (WebP)",
    tags=["reports"],
)
async def show_own(
    request: Request[Any, Any, Any],
    code: Code,
    sha256: Sha256,
    name: FromPath[str],
    database: NamedDependency[Database],
    objects: NamedDependency[ObjectStore],
) -> Response[bytes]:
    """The reporter's own photo, published or not, for who has the secret or the account."""
    report_id = await get_own_report(request, database, code)
    return await _own_photo(request, database, objects, report_id=report_id, photo=(sha256, name))


@get(
    "/theo-doi/{code:str}/anh/{sha256:str}/{name:str}",
    opt={"policy": ANYONE, "limit": _READ_LIMIT},
    include_in_schema=False,
)
async def show_on_page(
    request: Request[Any, Any, Any],
    code: Code,
    sha256: Sha256,
    name: FromPath[str],
    database: NamedDependency[Database],
    objects: NamedDependency[ObjectStore],
) -> Response[bytes]:
    """The same for the report's page, by the cookie that keeps its secret there."""
    report_id = await get_own_report_here(request, database, code)
    return await _own_photo(request, database, objects, report_id=report_id, photo=(sha256, name))


async def _own_photo(
    request: Request[Any, Any, Any],
    database: Database,
    objects: ObjectStore,
    *,
    report_id: uuid.UUID,
    photo: tuple[str, str],
) -> Response[bytes]:
    sha256, name = photo
    size = photo_size(name)
    await _check_shown_to_reporter(database, report_id, sha256)
    return await answer_private_photo(
        request, database, objects, report_id=report_id, sha256=sha256, size=size
    )


async def _check_shown_to_reporter(database: Database, report_id: uuid.UUID, sha256: str) -> None:
    """Raise NotFound for a photo of the result that no answer has named yet: it is the desk's."""
    photo = await find_photo(database.app, report_id, sha256)
    if photo is None or (photo.purpose == "after" and photo.is_held):
        raise NotFound()


def own_photo_view(
    request: Request[Any, Any, Any], code: str, photo: Mapping[str, Any]
) -> dict[str, Any]:
    """A photo in the reporter's view; once it is ready with addresses that open to them alone.

    On the report's page those are under the path of the cookie that keeps the secret.
    """
    if photo["state"] != "ready":
        return dict(photo)
    is_page = request.url.path.startswith("/theo-doi/")
    under = f"/theo-doi/{code}/anh" if is_page else f"/api/v1/reports/{code}/mine/photos"
    return {
        **photo,
        "full_url": f"{under}/{photo['sha256']}/full.webp",
        "small_url": f"{under}/{photo['sha256']}/small.webp",
    }
