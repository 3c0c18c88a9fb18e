"""Photos as answers, the same in every door."""

from typing import Literal

from litestar import Response

from backend.errors import NotFound
from backend.photos.derivatives import PhotoFile
from backend.photos.keys import Size


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
