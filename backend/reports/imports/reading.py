"""Rows of a CSV file, plain or gzipped, whatever it holds; never more than a few in memory.

A row that cannot be read is still a row, with its trouble. Only a file that is damaged as a whole
(a broken archive, no header) is refused.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TextIO

from backend.reports.imports.errors import ImportFileRefused

# One cell, and one line, may be this long; what is longer (a quote that never closes, a file that
# is no text at all) is cut there and counted as bad rows.
CELL_MAX_CHARACTERS: Final = 131_072
LINE_MAX_CHARACTERS: Final = 1_048_576
_GZIP_MAGIC: Final = b"\x1f\x8b"
_DAMAGED: Final = (EOFError, gzip.BadGzipFile, zlib.error)


@dataclass(frozen=True, slots=True)
class Row:
    """One row as read; `line` is where it begins, from 1. With `trouble` its cells mean nothing."""

    line: int
    cells: Sequence[str]
    trouble: str | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """An open file: its column names, its rows to be read once, and how far reading has come."""

    columns: tuple[str, ...]
    rows: Iterator[Row]
    share_read: Callable[[], float]


@contextmanager
def open_sheet(path: Path, *, encoding: str, delimiter: str, quote: str) -> Iterator[Sheet]:
    """Open a CSV file; rows are read as they are asked for.

    Raises ImportFileRefused, also in the middle of a damaged archive.
    """
    csv.field_size_limit(CELL_MAX_CHARACTERS)
    size_bytes = max(1, path.stat().st_size)
    with path.open("rb") as raw:
        is_gzip = raw.read(2) == _GZIP_MAGIC
        raw.seek(0)
        binary: Any = gzip.GzipFile(fileobj=raw) if is_gzip else raw
        # bytes that are no text become surrogates, which mark their row; a BOM is no text
        name = "utf-8-sig" if encoding.lower().replace("_", "-") in ("utf-8", "utf8") else encoding
        text = io.TextIOWrapper(binary, encoding=name, errors="surrogateescape", newline="")
        reader = csv.reader(_lines(text), delimiter=delimiter, quotechar=quote)
        columns = _read_header(reader, path.name)
        yield Sheet(columns, _rows(reader, columns), lambda: min(1.0, raw.tell() / size_bytes))
        text.detach()


def _lines(text: TextIO) -> Iterator[str]:
    while True:
        try:
            line = text.readline(LINE_MAX_CHARACTERS)
        except _DAMAGED as error:
            raise ImportFileRefused(
                f"Tệp nén bị hỏng ({error}).", f"The archive is damaged: {error}."
            ) from error
        except UnicodeError as error:
            raise ImportFileRefused(
                f"Tệp không đúng bảng mã ({error}).", f"The file is not in this encoding: {error}."
            ) from error
        if not line:
            return
        yield line


def _read_header(reader: Any, file_name: str) -> tuple[str, ...]:
    try:
        columns = tuple(name.strip() for name in next(reader))
    except (StopIteration, csv.Error) as error:
        raise ImportFileRefused(
            f"{file_name}: không có dòng tiêu đề.", f"{file_name} has no header row."
        ) from error
    wrong = [name for name in columns if columns.count(name) > 1 or _trouble_in(name)]
    if wrong or not any(columns):
        shown = ", ".join(repr(name[:40]) for name in dict.fromkeys(wrong))
        raise ImportFileRefused(
            f"{file_name}: tên cột trùng hoặc không đọc được: {shown}.",
            f"{file_name}: columns named twice, or not readable: {shown}.",
        )
    return columns


def _rows(reader: Any, columns: Sequence[str]) -> Iterator[Row]:
    width = len(columns)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(line, (), f"{error}{_until(line, reader.line_num)}")
            continue
        if not cells:
            continue
        yield Row(line, cells, _trouble(cells, width, _until(line, reader.line_num)))


def _trouble(cells: Sequence[str], width: int, until: str) -> str | None:
    if len(cells) != width:
        return f"has {len(cells)} cells where the header has {width}{until}"
    return _trouble_in("".join(cells))


def _trouble_in(text: str) -> str | None:
    if "\0" in text:
        return "holds a NUL character"
    if not text.isascii() and any("\ud800" <= letter <= "\udfff" for letter in text):
        return "is not in the encoding the mapping names"
    return None


def _until(first: int, last: int) -> str:
    return f" (lines {first} to {last}: a quote left open?)" if last > first + 20 else ""
