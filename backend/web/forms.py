"""Forms of pages, read with bounded memory: files go to disk, the words together are few.

Litestar keeps every field that is no file in memory, however long: one request of a stranger with
a field of 150 MB then costs a gigabyte. Of files it keeps a megabyte each: here a piece of each
stays in memory, few are taken, and so many forms with files are open at a time and no more. Where a
form's words decide whether its files are taken at all, an `Admit` is asked before anything of them
is kept. How long a body may take: bodies.py.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any, Final, TypeAlias
from urllib.parse import parse_qsl

import multipart  # type: ignore[import-untyped]  # Litestar's own parser has no stubs
from litestar import Request
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.enums import RequestEncodingType
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

from backend.errors import Malformed, Unavailable
from backend.web.bodies import UNREAD
from backend.web.errors import TooManyFiles
from backend.web.slots import Slots
from backend.web.state import parts_of

# The longest form of ours has three texts of 5,000 letters, each 9 bytes at most once encoded.
_WORDS_MAX_BYTES: Final = 256 * 1024
_PARTS_MAX: Final = 64
# Beyond what a report may have, so that a few too many are still told beside the form.
_MORE_FILES: Final = 4
_FILE_IN_MEMORY_BYTES: Final = 64 * 1024
# Forms with files: a piece of each file in memory, the rest on the disk.
FORM_SLOTS: Final = Slots(at_once=24, of_one=8)

# Asked with the words so far and the bytes of files with the next piece, until it says yes; what it
# raises ends the reading.
Admit: TypeAlias = Callable[[Sequence[tuple[str, str]], int], Awaitable[bool]]


@asynccontextmanager
async def read_form(
    request: Request[Any, Any, Any], *, admit: Admit | None = None
) -> AsyncIterator[FormMultiDict]:
    """The fields of a page's form, and its files for as long as the block runs.

    Raises RequestEntityTooLarge, TooManyFiles, UploadsBusy, BodyTooSlow, Malformed, Unavailable,
    and whatever `admit` raises.
    """
    items: list[tuple[str, str | UploadFile]] = []
    slot = ExitStack()
    try:
        try:
            await _read_into(items, request, admit, _Files(request, slot))
        except Exception:
            leave_unread(request)
            raise
        yield FormMultiDict(items)
    finally:
        for _, value in items:
            if isinstance(value, UploadFile):
                await value.close()
        slot.close()


def leave_unread(request: Request[Any, Any, Any]) -> None:
    """Note that the rest of the body is not read, so that the connection is closed."""
    scope: dict[str, Any] = request.scope  # type: ignore[assignment]  # scope holds ours too
    scope[UNREAD] = True


def is_unread(request: Request[Any, Any, Any]) -> bool:
    """Whether a body was left unread: the connection cannot be used for another request."""
    return bool(request.scope.get(UNREAD))


async def _read_into(
    items: list[tuple[str, str | UploadFile]],
    request: Request[Any, Any, Any],
    admit: Admit | None,
    files: "_Files",
) -> None:
    kind, options = request.content_type
    try:
        if kind == RequestEncodingType.MULTI_PART:
            await _read_parts(
                items, request.stream(), options.get("boundary", ""), admit=admit, files=files
            )
        elif kind == RequestEncodingType.URL_ENCODED:
            words = (await _read_short(request.stream())).decode()
            items += parse_qsl(words, keep_blank_values=True, max_num_fields=_PARTS_MAX)
    except multipart.ParserLimitReached:
        raise RequestEntityTooLarge() from None
    except (multipart.MultipartError, ValueError, LookupError):
        raise Malformed() from None
    except OSError as error:  # the disk is full, or gone
        raise Unavailable(retry_after_seconds=30) from error


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
    *,
    admit: Admit | None,
    files: "_Files",
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
                    file = await files.add(piece) if piece.filename else None
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


@dataclass
class _Files:
    """The files of one form; from the first one on it holds a slot until `slot` is closed."""

    request: Request[Any, Any, Any]
    slot: ExitStack
    count: int = 0

    async def add(self, part: multipart.MultipartSegment) -> UploadFile:
        """An empty file for this part; raises TooManyFiles, UploadsBusy."""
        settings = parts_of(self.request.app.state).settings
        folder = settings.var_dir / "uploads"
        if self.count == 0:
            self.slot.enter_context(FORM_SLOTS.take(self.request))
            await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
        self.count += 1
        if self.count > settings.photos_per_report + _MORE_FILES:
            raise TooManyFiles()
        return _file_of(part, folder)


def _file_of(part: multipart.MultipartSegment, folder: Path) -> UploadFile:
    file = UploadFile(
        content_type=part.content_type or "application/octet-stream", filename=part.filename or ""
    )
    # Litestar keeps a megabyte, and puts the rest where many systems keep it in memory too
    file.file.close()
    file.file = SpooledTemporaryFile(max_size=_FILE_IN_MEMORY_BYTES, dir=str(folder))  # noqa: SIM115  closed by read_form
    return file
