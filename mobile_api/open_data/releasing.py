"""The worker's part: once a day all files anew, and the counts again when a report has left."""

import asyncio
import hashlib
import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import suppress as passing_over
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final

from backend import clock
from backend.database import Database
from backend.photos.objects import ObjectStore
from backend.practice.changes import open_data_in_force, rules_loaded_at
from backend.reports.rulebook import Rulebook, Rulebooks
from mobile_api.open_data import records, store
from mobile_api.open_data.store import DataFile
from mobile_api.open_data.suppression import OTHERS, pool_small_lines, suppress

REPORTS_CSV: Final = "reports.csv"
REPORTS_GEOJSON: Final = "reports.geojson"
COUNTS_CSV: Final = "counts.csv"
MEDIA_TYPES: Final = {
    REPORTS_CSV: "text/csv; header=present",
    REPORTS_GEOJSON: "application/geo+json",
    COUNTS_CSV: "text/csv; header=present",
}


async def release_open_data(
    database: Database, objects: ObjectStore, rulebooks: Rulebooks, *, folder: Path
) -> bool:
    """Make today's files unless they are there; whether any was made.

    Reports are read page by page, so memory does not grow with them. What is hidden while a file
    is read, or after, is left out when the file is (store.list_departures).
    """
    started_at, today = clock.now(), clock.day_of(clock.now())
    rules = await open_data_in_force(database.app, started_at)
    there = {file.name: file for file in await store.list_files(database.public, today)}
    wanted = set(MEDIA_TYPES) - there.keys()
    counts = there.get(COUNTS_CSV)
    if counts is not None and await store.list_departures(database.public, counts.as_of):
        # ten minutes are looked back: made again until they have passed, which costs little
        wanted.add(COUNTS_CSV)
    elif counts is not None and await rules_loaded_at(database.app, "open_data") > counts.as_of:
        # from more reports on is told of a place, perhaps
        wanted.add(COUNTS_CSV)
    if not wanted:
        return False
    rulebook = await rulebooks.current()
    await asyncio.to_thread(folder.mkdir, mode=0o700, parents=True, exist_ok=True)
    made = folder / f"release-{uuid.uuid4().hex}"
    try:
        for name in sorted(wanted):
            lines = await _write(name, made, database, rulebook, today, rules.least)
            await _keep(made, name, lines, today, started_at, database, objects)
    finally:
        made.unlink(missing_ok=True)
    for key in await store.drop_files_before(database.app, today - timedelta(days=rules.kept_days)):
        await objects.remove(key)
    return True


async def _write(
    name: str, path: Path, database: Database, rulebook: Rulebook, today: date, least: int
) -> int:
    with path.open("wb") as file:
        if name == COUNTS_CSV:
            return await _write_counts(file, database, rulebook, today, least)
        if name == REPORTS_CSV:
            return await _write_csv(file, database, rulebook)
        return await _write_geojson(file, database, rulebook)


async def _pages(database: Database) -> AsyncIterator[list[Any]]:
    after = uuid.UUID(int=0)
    while rows := await store.list_reports_after(database.public, after):
        yield rows
        after = rows[-1]["id"]


async def _write_csv(file: BinaryIO, database: Database, rulebook: Rulebook) -> int:
    file.write(records.csv_lines([[field.name for field in records.FIELDS]]))
    lines = 0
    async for rows in _pages(database):
        file.write(records.csv_lines(records.values_of(row, rulebook) for row in rows))
        lines += len(rows)
    return lines


async def _write_geojson(file: BinaryIO, database: Database, rulebook: Rulebook) -> int:
    file.write(records.GEOJSON_HEAD)
    lines = 0
    async for rows in _pages(database):
        features = (records.feature_line(records.values_of(row, rulebook)) for row in rows)
        file.write((b",\n" if lines else b"") + b",\n".join(features))
        lines += len(rows)
    file.write(records.GEOJSON_TAIL)
    return lines


async def _write_counts(
    file: BinaryIO, database: Database, rulebook: Rulebook, today: date, least: int
) -> int:
    """Of whole months only: two files of one month do not tell what came in between."""
    rows = await store.count_by_unit_and_category(database.public, today.replace(day=1))
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        category = rulebook.categories.get(row["category_code"])
        field = (category.field_code or category.code) if category else row["category_code"]
        cell = (row["unit_code"], field)
        counts[cell] = counts.get(cell, 0) + row["reports"]
    units = await store.list_unit_names(database.public, sorted({unit for unit, _ in counts}))
    shown = await asyncio.to_thread(_safe_counts, counts, least)
    lines = [
        (unit, units.get(unit, ""), field, _field_name(rulebook, field), number)
        for (unit, field), number in sorted(shown.items())
    ]
    header: Iterable[Any] = [field.name for field in records.COUNT_FIELDS]
    file.write(records.csv_lines([list(header), *lines]))
    return len(lines)


def _safe_counts(
    counts: dict[tuple[str, str], int], least: int
) -> dict[tuple[str, str], int | None]:
    """Every crossing of what is left of units and fields: zeros told, small ones None."""
    pooled = pool_small_lines(counts, least)
    if sum(pooled.values()) < least:
        return {}
    hidden = suppress(pooled, least)
    rows, columns = ({cell[axis] for cell in pooled} for axis in (0, 1))
    return {
        (row, column): None if (row, column) in hidden else pooled.get((row, column), 0)
        for row in rows
        for column in columns
    }


def _field_name(rulebook: Rulebook, field: str) -> str:
    category = rulebook.categories.get(field)
    return "" if field == OTHERS or category is None else category.name_vi


async def _keep(
    path: Path,
    name: str,
    lines: int,
    today: date,
    as_of: datetime,
    database: Database,
    objects: ObjectStore,
) -> None:
    sha256, size = await asyncio.to_thread(_digest, path)
    key = f"open-data/{today}/{sha256[:16]}-{name}"
    await objects.put_file(key, path, MEDIA_TYPES[name], sha256)
    before = [file for file in await store.list_files(database.public, today) if file.name == name]
    await store.add_file(database.app, DataFile(name, today, as_of, lines, size, sha256, key))
    for file in before:
        if file.object_key != key:
            with passing_over(OSError):
                await objects.remove(file.object_key)


def _digest(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size
