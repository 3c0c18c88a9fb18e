"""Errors become RFC 9457 answers here, by one table; a person's browser gets a page instead.

`type` is a stable path (`/problems/not-found`) with a page of its own. What was sent in is never
repeated in an answer; what went wrong inside is logged under the trace id that the answer names.
"""

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

import asyncpg
import structlog
from litestar import Request, Response
from litestar.exceptions import (
    HTTPException,
    InternalServerException,
    ValidationException,
)
from litestar.response import Redirect, Template
from litestar.types import Scope

from backend.database import CONNECTION_ERRORS, DatabaseDown
from backend.errors import (
    CaunoiError,
    Conflict,
    Malformed,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Refused,
    StaleVersion,
    TooMany,
    Unavailable,
    Unprocessable,
    VersionNeeded,
)
from backend.photos.errors import PhotoTooLarge, UnsupportedPhoto
from backend.web import faults
from backend.web.errors import BodyTooSlow, TooManyFiles
from backend.web.forms import is_unread
from backend.web.language import Language, language_of, wants_page
from geo.errors import PositionRefused

# Domain errors know no HTTP. The first class of the error's own ancestry that stands here decides.
STATUSES: Final[dict[type[CaunoiError], int]] = {
    NotFound: 404,
    Malformed: 400,
    Conflict: 409,
    Unprocessable: 422,
    StaleVersion: 412,
    VersionNeeded: 428,
    Refused: 400,
    NotAllowed: 403,
    NotSignedIn: 401,
    TooMany: 429,
    Unavailable: 503,
    PhotoTooLarge: 413,
    UnsupportedPhoto: 415,
    BodyTooSlow: 408,
    TooManyFiles: 413,
}

# PostgreSQL gave up waiting, for a lock or for the statement itself: the load passes, try again.
_BUSY = (
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.InsufficientResourcesError,
)
# Text or numbers that PostgreSQL cannot hold (NUL bytes, lone surrogates, 100-digit integers).
_UNSTORABLE = (
    asyncpg.CharacterNotInRepertoireError,
    asyncpg.UntranslatableCharacterError,
    asyncpg.NumericValueOutOfRangeError,
    asyncpg.DatetimeFieldOverflowError,
    asyncpg.StringDataRightTruncationError,
    RecursionError,
    UnicodeError,
    PositionRefused,
)
RETRY_AFTER_SECONDS: Final = 2

_log = structlog.get_logger("caunoi.web")


class InternalError(CaunoiError):
    """Not foreseen; the log holds what happened under the trace id."""

    kind = "internal"
    vi = "Hệ thống gặp lỗi ngoài dự kiến. Chúng tôi đã ghi nhận để khắc phục."
    en = "Something unexpected went wrong. It has been recorded and will be looked into."


class MethodNotAllowed(Refused):
    kind = "method-not-allowed"
    vi = "Địa chỉ này không nhận thao tác đó."
    en = "This address does not take that method."


class TooLarge(Refused):
    kind = "too-large"
    vi = "Nội dung gửi lên quá lớn."
    en = "What was sent is too large."


class UnknownMediaType(Refused):
    kind = "unknown-media-type"
    vi = "Định dạng nội dung gửi lên không được hỗ trợ."
    en = "This kind of content is not supported."


class NotAcceptable(Refused):
    kind = "not-acceptable"
    vi = "Không có dạng trả lời mà yêu cầu mong muốn."
    en = "There is no answer in the form asked for."


# What Litestar itself refuses, by its status.
_FRAMEWORK: Final[dict[int, type[CaunoiError]]] = {
    400: Malformed,
    401: NotSignedIn,
    403: NotAllowed,
    404: NotFound,
    405: MethodNotAllowed,
    406: NotAcceptable,
    413: TooLarge,
    415: UnknownMediaType,
    429: TooMany,
    503: Unavailable,
}
STATUSES.update({MethodNotAllowed: 405, NotAcceptable: 406, TooLarge: 413, UnknownMediaType: 415})


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The answer to a request that ended in `error`."""
    problem = as_problem(error, handler=request.scope.get("route_handler"))
    status = status_of(problem)
    trace_id = trace_id_of(request.scope)
    if status >= 500 or (problem is not error and not isinstance(error, HTTPException)):
        _log.log(
            40 if status == 500 else 30,
            "request failed",
            trace_id=trace_id,
            status=status,
            exc_info=error,
        )
    headers = _headers(request, error, problem, status)
    if wants_page(request) and not request.url.path.startswith("/api/"):
        if status == 401 and request.method in ("GET", "HEAD"):
            # citizens have a way in of their own; the handler says so
            handler = request.scope.get("route_handler")
            entry = handler.opt.get("sign_in", "/dang-nhap") if handler else "/dang-nhap"
            return Redirect(f"{entry}?tiep={_local_path(request)}", status_code=303)
        return _page(request, problem, status, headers)
    return Response(
        body_of(problem, status, language=language_of(request), trace_id=trace_id),
        status_code=status,
        media_type="application/problem+json",
        headers=headers,
    )


def as_problem(error: Exception, *, handler: object = None) -> CaunoiError:
    """The error of ours that this one amounts to for the person who asked.

    Where its route handler is given, parameters are called by their public names.
    """
    if isinstance(error, CaunoiError):
        return error
    if isinstance(error, ValidationException):
        return Malformed(faults=faults.from_validation(error, faults.public_names(handler)))
    if isinstance(error, InternalServerException) and "disconnected" in error.detail:
        # the sender went away in the middle of the body: nobody reads the answer
        return Malformed()
    if isinstance(error, HTTPException):
        return _FRAMEWORK.get(error.status_code, InternalError)()
    if isinstance(error, _BUSY):
        return Unavailable()
    # asyncpg raises the bare DataError when a value does not fit its parameter's type at all
    if isinstance(error, _UNSTORABLE) or type(error) is asyncpg.DataError:
        return Malformed()
    if isinstance(error, CONNECTION_ERRORS):
        return DatabaseDown()
    return InternalError()


def status_of(problem: CaunoiError) -> int:
    """The HTTP status of an error of ours; 500 for what the table does not hold."""
    return status_of_kind(type(problem))


def status_of_kind(kind: type[CaunoiError]) -> int:
    """The HTTP status of every error of this class."""
    return next((STATUSES[step] for step in kind.__mro__ if step in STATUSES), 500)


def body_of(
    problem: CaunoiError, status: int, *, language: Language, trace_id: str
) -> dict[str, Any]:
    """The problem document (RFC 9457 §3)."""
    document: dict[str, Any] = {
        "type": f"/problems/{problem.kind}",
        "title": problem.vi if language == "vi" else problem.en,
        "status": status,
        "trace_id": trace_id,
    }
    if problem.faults:
        document["errors"] = [
            {"field": fault.field, "message": fault.vi if language == "vi" else fault.en}
            for fault in problem.faults
        ]
    return document


def list_kinds() -> dict[str, type[CaunoiError]]:
    """Every kind of problem that is defined so far, by its name."""
    return {error.kind: error for error in reversed(list(_family(CaunoiError)))}


def trace_id_of(scope: Scope) -> str:
    """The id under which this request is logged; empty outside the web's middleware."""
    found: str = scope.get("caunoi.trace_id", "")  # type: ignore[assignment]  # scope holds ours too
    return found


def _family(root: type[CaunoiError]) -> Iterator[type[CaunoiError]]:
    yield root
    for child in root.__subclasses__():
        yield from _family(child)


def _headers(
    request: Request[Any, Any, Any], error: Exception, problem: CaunoiError, status: int
) -> dict[str, str]:
    headers: dict[str, str] = {"Vary": "Accept, Accept-Language"}
    if status in (429, 503):
        headers["Retry-After"] = str(problem.retry_after_seconds or RETRY_AFTER_SECONDS)
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="caunoi"'
    allow = error.headers.get("Allow") if isinstance(error, HTTPException) and error.headers else ""
    if allow:
        headers["Allow"] = allow
    if status == 413 or is_unread(request):
        # the rest of the body is not read: the connection cannot be used again
        headers["Connection"] = "close"
    return headers


def _page(
    request: Request[Any, Any, Any], problem: CaunoiError, status: int, headers: dict[str, str]
) -> Response[Any]:
    return Template(
        template_name="error.html",
        context={"problem": problem, "status": status, "trace_id": trace_id_of(request.scope)},
        status_code=status,
        headers=headers,
        media_type="text/html",
    )


def _local_path(request: Request[Any, Any, Any]) -> str:
    query = request.url.query
    return quote(request.url.path + (f"?{query}" if query else ""), safe="/")
