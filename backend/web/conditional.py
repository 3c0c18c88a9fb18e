"""Answers that may be kept for a while and asked for again: ETag, If-None-Match, gzip.

The tag is a digest of the content, so two processes give the same one, and nothing is sent again
that the caller has. What is packed is packed once: no proxy need pack it again.
"""

import gzip
import hashlib
from collections.abc import Mapping
from typing import Any, Final

from litestar import Request, Response

# Below this a packed answer is no smaller on the wire.
_PACK_FROM_BYTES: Final = 400
# What any stranger may read, pages of other sites may read too; never with anybody's cookies.
OPEN_TO_ALL: Final = {"Access-Control-Allow-Origin": "*"}


def conditional_answer(
    request: Request[Any, Any, Any],
    body: bytes,
    *,
    media_type: str,
    max_age_seconds: int,
    headers: Mapping[str, str] | None = None,
    varies_by: tuple[str, ...] = (),
) -> Response[bytes]:
    """The body with its caching, packed if the caller can unpack it; 304 when it has it already.

    `varies_by` names headers of the request, beside coding and language, that chose this body.
    """
    tag = f'W/"{hashlib.sha256(body).hexdigest()[:24]}"'
    sent = {
        **(headers or {}),
        "ETag": tag,
        "Cache-Control": f"public, max-age={max_age_seconds}",
        "Vary": ", ".join(("Accept-Encoding", "Accept-Language", *varies_by)),
        **OPEN_TO_ALL,
    }
    if knows_tag(request, tag):
        return Response(b"", status_code=304, headers=sent, media_type=media_type)
    if len(body) >= _PACK_FROM_BYTES and accepts_gzip(request):
        sent["Content-Encoding"] = "gzip"
        body = gzip.compress(body, compresslevel=5, mtime=0)
    return Response(body, headers=sent, media_type=media_type)


def accepts_gzip(request: Request[Any, Any, Any]) -> bool:
    """Whether the caller can unpack gzip (RFC 9110 §12.5.3; `gzip;q=0` says it cannot)."""
    for part in request.headers.get("accept-encoding", "").lower()[:500].split(","):
        name, _, weight = part.strip().partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


def knows_tag(request: Request[Any, Any, Any], tag: str) -> bool:
    """Whether If-None-Match names the tag, compared weakly as RFC 9110 §13.1.2 wants."""
    given = request.headers.get("if-none-match", "")[:2000]
    opaque = tag.removeprefix("W/")
    return given.strip() == "*" or opaque in (
        part.strip().removeprefix("W/") for part in given.split(",")
    )
