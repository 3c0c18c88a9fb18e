"""Forms of pages, read with bounded memory: files go to disk, the words together are few.

Litestar keeps every field that is no file in memory, however long: one request of a stranger with
a field of 150 MB then costs a gigabyte. Where a form's words decide whether its files are taken at
all, an `Admit` is asked before anything of them is kept.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl

import multipart  # type: ignore[import-untyped]  # Litestar's own parser has no stubs
from litestar import Request
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.enums import RequestEncodingType
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from backend.errors import Malformed

# The longest form of ours has three texts of 5,000 letters, each 9 bytes at most once encoded.
_WORDS_MAX_BYTES: Final = 256 * 1024
_PARTS_MAX: Final = 64
_UNREAD: Final = "caunoi.body_unread"

# Asked with the words so far and the bytes of files with the next piece, until it says yes; what it
# raises ends the reading.
Admit: TypeAlias = Callable[[Sequence[tuple[str, str]], int], Awaitable[bool]]


@asynccontextmanager
async def read_form(
    request: Request[Any, Any, Any], *, admit: Admit | None = None
) -> AsyncIterator[FormMultiDict]:
    """The fields of a page's form, and its files for as long as the block runs.

    Raises RequestEntityTooLarge, Malformed, and whatever `admit` raises.
    """
    items: list[tuple[str, str | UploadFile]] = []
    try:
        try:
            await _read_into(items, request, admit)
        except Exception:
            leave_unread(request)
            raise
        yield FormMultiDict(items)
    finally:
        for _, value in items:
            if isinstance(value, UploadFile):
                await value.close()


def leave_unread(request: Request[Any, Any, Any]) -> None:
    """Note that the rest of the body is not read, so that the connection is closed."""
    scope: dict[str, Any] = request.scope  # type: ignore[assignment]  # scope holds ours too
    scope[_UNREAD] = True


def is_unread(request: Request[Any, Any, Any]) -> bool:
    """Whether a body was left unread: the connection cannot be used for another request."""
    return bool(request.scope.get(_UNREAD))


async def _read_into(
    items: list[tuple[str, str | UploadFile]],
    request: Request[Any, Any, Any],
    admit: Admit | None,
) -> None:
    kind, options = request.content_type
    try:
        if kind == RequestEncodingType.MULTI_PART:
            await _read_parts(items, request.stream(), options.get("boundary", ""), admit)
        elif kind == RequestEncodingType.URL_ENCODED:
            words = (await _read_short(request.stream())).decode()
            items += parse_qsl(words, keep_blank_values=True, max_num_fields=_PARTS_MAX)
    except multipart.ParserLimitReached:
        raise RequestEntityTooLarge() from None
    except (multipart.MultipartError, ValueError, LookupError):
        raise Malformed() from None


async def _read_short(stream: AsyncIterator[bytes]) -> bytes:
    body = bytearray()
    async for chunk in stream:
        body += chunk
        if len(body) > _WORDS_MAX_BYTES:
            raise RequestEntityTooLarge()
    return bytes(body)


async def _read_parts(
    items: list[tuple[str, str | UploadFile]],
    stream: AsyncIterator[bytes],
    boundary: str,
    admit: Admit | None,
) -> None:
    """Add every part in order, files rewound; words are UTF-8, whatever their part says.

    A codec that the sender names could be one that takes seconds for a long text (punycode).
    """
    part: multipart.MultipartSegment | None = None
    file: UploadFile | None = None
    words, words_bytes, files_bytes = bytearray(), 0, 0
    with multipart.PushMultipartParser(boundary, max_segment_count=_PARTS_MAX) as parser:
        async for chunk in stream:
            for piece in parser.parse(chunk):
                if isinstance(piece, multipart.MultipartSegment):
                    part, words = piece, bytearray()
                    file = _file_of(piece) if piece.filename else None
                    if file is not None:
                        items.append((piece.name, file))
                elif piece and file is not None:
                    files_bytes += len(piece)
                    if admit is not None and await admit(_words_of(items), files_bytes):
                        admit = None
                    await file.write(piece)
                elif piece:
                    words += piece
                    words_bytes += len(piece)
                    if words_bytes > _WORDS_MAX_BYTES:
                        raise RequestEntityTooLarge()
                elif file is not None:
                    await file.seek(0)
                elif part is not None:
                    items.append((part.name, words.decode()))
            if parser.closed:
                break


def _words_of(items: Sequence[tuple[str, str | UploadFile]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in items if isinstance(value, str)]


def _file_of(part: multipart.MultipartSegment) -> UploadFile:
    return UploadFile(
        content_type=part.content_type or "application/octet-stream", filename=part.filename or ""
    )
