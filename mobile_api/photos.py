"""Photos over HTTP: each in a request of its own, keyed by its hash; and the copies people see."""

import uuid
from typing import Annotated, Any

from litestar import Request, Response, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, PathParameter

from backend.database import Database
from backend.photos.derivatives import read_public_photo
from backend.photos.objects import ObjectStore
from backend.photos.uploads import receive_photo
from backend.settings import Settings
from backend.web.limits import Limit
from backend.web.photos import photo_response, photo_size
from backend.web.policies import ANYONE
from mobile_api.documents import PhotoOperation
from mobile_api.ownership import check_own_report

_UPLOAD_LIMIT = Limit("upload_photo", per_minute=60, burst=40)
# Ten times what a photo may have: Litestar's own limit is for JSON bodies; ours is counted while
# the bytes arrive and answers a precise problem.
_BODY_LIMIT = 200 * 1024 * 1024

Sha256 = Annotated[str, PathParameter(pattern="^[0-9a-f]{64}$", description="SHA-256, hex")]


@put(
    "/api/v1/reports/{report_id:uuid}/photos/{sha256:str}",
    opt={"policy": ANYONE, "limit": _UPLOAD_LIMIT},
    request_max_body_size=_BODY_LIMIT,
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
    photo = await receive_photo(
        database,
        objects,
        settings,
        report_id=report_id,
        sha256=sha256,
        content_type=request.headers.get("content-type", ""),
        chunks=request.stream(),
    )
    return {"sha256": photo.sha256, "state": photo.state}


@get(
    "/api/v1/reports/{report_id:uuid}/photos/{sha256:str}/{name:str}",
    opt={"policy": ANYONE, "limit": Limit("photo_read", per_minute=1200, burst=400)},
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
