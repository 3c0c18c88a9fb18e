"""A file of the open data as it may be read now: what has left the map since is left out.

The file is fetched from the object store once for each process's machine and read line by line; a
report that was hidden a moment ago is in none that is read from now on.
"""

import asyncio
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from backend.errors import Unavailable
from backend.photos.objects import ObjectStore
from mobile_api.open_data import records, releasing, store
from mobile_api.open_data.store import DataFile

_PIECE_BYTES: Final = 256 * 1024
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


def check_departures(departures: list[str]) -> None:
    """Raise Unavailable when so many have left that the file has to be made anew first."""
    if len(departures) > store.DEPARTURES_MOST:
        raise Unavailable(retry_after_seconds=3600)


async def fetch_file(objects: ObjectStore, file: DataFile, folder: Path) -> Path:
    """A local copy of the file; others of before are removed."""
    path = folder / f"{file.sha256[:16]}-{file.name}"
    if await asyncio.to_thread(path.exists):
        return path
    await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
    coming = folder / f"fetched-{uuid.uuid4().hex}"
    try:
        await objects.fetch_to(file.object_key, coming)
        await asyncio.to_thread(coming.replace, path)
    finally:
        coming.unlink(missing_ok=True)
    await asyncio.to_thread(_remove_others, folder, path)
    return path


def read_lines(path: Path, file: DataFile, departures: list[str], *, mark: bool) -> Iterator[bytes]:
    """The file in pieces, without the reports of these codes."""
    if mark and file.name.endswith(".csv"):
        yield BYTE_ORDER_MARK
    gone = frozenset(departures)
    if not gone or file.name == releasing.COUNTS_CSV:
        yield from _whole(path)
    elif file.name == releasing.REPORTS_CSV:
        yield from _without(path, lambda line: line.partition(b",")[0].decode() in gone)
    else:
        yield from _features_without(path, gone)


def _whole(path: Path) -> Iterator[bytes]:
    with path.open("rb") as opened:
        while piece := opened.read(_PIECE_BYTES):
            yield piece


def _without(path: Path, is_gone: Callable[[bytes], bool]) -> Iterator[bytes]:
    waiting: list[bytes] = []
    size = 0
    with path.open("rb") as opened:
        for line in opened:
            if is_gone(line):
                continue
            waiting.append(line)
            size += len(line)
            if size >= _PIECE_BYTES:
                yield b"".join(waiting)
                waiting, size = [], 0
    yield b"".join(waiting)


def _features_without(path: Path, gone: frozenset[str]) -> Iterator[bytes]:
    tail = records.GEOJSON_TAIL.strip(b"\n")
    begun = False
    with path.open("rb") as opened:
        yield opened.readline()
        for line in opened:
            feature = line.rstrip(b"\r\n").removesuffix(b",")
            if not feature or feature == tail or _code_of(feature) in gone:
                continue
            yield (b",\n" if begun else b"") + feature
            begun = True
    yield records.GEOJSON_TAIL


def _code_of(feature: bytes) -> str:
    """The id, which is the second name of every feature that records.feature_line writes."""
    return feature[len(records.FEATURE_HEAD) :].partition(b'"')[0].decode()


def _remove_others(folder: Path, kept: Path) -> None:
    """Files of earlier days; one that is being read stays readable until it is closed."""
    name = kept.name.partition("-")[2]
    for path in folder.glob(f"*-{name}"):
        if path != kept:
            path.unlink(missing_ok=True)
