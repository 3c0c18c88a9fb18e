"""The action: one file of another system's history into reports, all or nothing.

Everything happens in one transaction, chunk by chunk; without commit it is rolled back, having
written nothing but its memory of the ids it saw (a temporary table).
"""

import itertools
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

from backend.agencies import store as agencies_store
from backend.agencies.catalogue import Agency, Category
from backend.reports.bulk import store as bulk_store
from backend.reports.bulk.writer import BulkCase, write_cases
from backend.reports.imports import store
from backend.reports.imports.cases import Clockwork, Frame, Place, is_late, make_case
from backend.reports.imports.catalogue import Catalogue, check_calendar
from backend.reports.imports.configuration import (
    Configuration,
    add_calendar,
    add_rules,
    read_configuration,
)
from backend.reports.imports.mapping import Mapping
from backend.reports.imports.places import Gazetteer, Nowhere, check_boundaries
from backend.reports.imports.reading import Row, Sheet, open_sheet
from backend.reports.imports.rows import Entry, Fault, Reader
from backend.reports.imports.tally import Outcome, Reject, Rejects, Tally, open_rejects

_CHUNK: Final = 2_000
# The first version there will be, where none is loaded yet.
_FIRST_VERSION: Final = 1

Say = Callable[[float, int], None]


class OwnerConnection(bulk_store.OwnerConnection, Protocol):
    """An asyncpg connection of the tables' owner, on which transactions can be opened."""

    def transaction(self) -> AbstractAsyncContextManager[Any]: ...


@dataclass(frozen=True)
class Order:
    """What to import and how; `now` is the present moment, `rejects` where refused rows go."""

    path: Path
    mapping: Mapping
    code_prefix: str
    now: datetime
    commit: bool
    rejects: Path | None = None


def _silence(_share: float, _rows: int) -> None:
    return


async def import_reports(
    connection: OwnerConnection, order: Order, *, say: Say = _silence
) -> Tally:
    """Load a file, or without `order.commit` say what loading it would do; `say` hears how far.

    `connection` is the owner's, outside a transaction. Raises MappingRefused, ImportFileRefused,
    BadCalendar; then nothing was written.
    """
    began = time.monotonic()
    try:
        async with connection.transaction():
            tally = await _load(connection, order, say)
            if not order.commit:
                raise _DryRun(tally)
    except _DryRun as end:
        tally = end.tally
    tally.seconds = time.monotonic() - began
    return tally


class _DryRun(Exception):
    """Takes the transaction back with all it did."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        super().__init__()


async def _load(connection: OwnerConnection, order: Order, say: Say) -> Tally:
    mapping = order.mapping
    if order.commit:
        await bulk_store.wait_for_turn(connection)
    await check_boundaries(connection, mapping.position)
    await store.prepare_seen(connection)
    tally = Tally()
    with (
        open_rejects(order.rejects) as rejects,
        open_sheet(
            order.path,
            encoding=mapping.file.encoding,
            delimiter=mapping.file.delimiter,
            quote=mapping.file.quote,
        ) as sheet,
    ):
        work = await _prepare(connection, order, sheet, tally=tally, rejects=rejects)
        for chunk in _chunks(sheet.rows):
            cases = await work.take(chunk)
            if order.commit:
                await write_cases(connection, cases)
            say(sheet.share_read(), tally.read)
    await work.finish()
    return tally


async def _prepare(
    connection: OwnerConnection, order: Order, sheet: Sheet, *, tally: Tally, rejects: Rejects
) -> "_Work":
    mapping = order.mapping
    as_of = mapping.state_of or order.now
    reader = Reader(mapping, sheet.columns, as_of=as_of)
    tally.columns_not_read = reader.columns_not_read
    rejects.write_header(sheet.columns)
    catalogue = Catalogue(
        mapping,
        agencies=await agencies_store.list_agencies(connection),
        categories=await agencies_store.list_categories(connection),
    )
    configuration = await read_configuration(
        connection, mapping, agencies=catalogue.known_agencies()
    )
    check_calendar(mapping, configuration.calendars)
    if "routing" in configuration.brought:
        catalogue.use_parent()
    tally.new_configuration = configuration.new_names
    book = configuration.book
    return _Work(
        connection=connection,
        order=order,
        reader=reader,
        catalogue=catalogue,
        gazetteer=Gazetteer(connection, mapping.position),
        configuration=configuration,
        frame=Frame(
            name=mapping.name,
            code_prefix=mapping.code_prefix or order.code_prefix,
            visibility=mapping.visibility,
            as_of=as_of,
            promise_version=book.version if book else _FIRST_VERSION,
        ),
        tally=tally,
        rejects=rejects,
    )


@dataclass(frozen=True)
class _Known:
    """An entry whose words are known here."""

    entry: Entry
    category: Category
    agency: Agency | None


@dataclass(frozen=True)
class _Work:
    """One import under way."""

    connection: OwnerConnection
    order: Order
    reader: Reader
    catalogue: Catalogue
    gazetteer: Gazetteer
    configuration: Configuration
    frame: Frame
    tally: Tally
    rejects: Rejects

    async def take(self, rows: Sequence[Row]) -> list[BulkCase]:
        """Count these rows and make cases of those that are to be loaded."""
        self.tally.read += len(rows)
        known = [found for found in map(self._know, rows) if found is not None]
        cases = []
        for found in await self._only_new(known):
            place, remark = await self.gazetteer.place(found.entry)
            if isinstance(place, Nowhere):
                outcome: Outcome = "outside every unit" if place.is_outside else "without place"
                self._reject(Reject(outcome, found.entry.line, place.reason), found.entry.cells)
                continue
            cases.append(self._make(found, place, remark))
        return cases

    async def finish(self) -> None:
        """Store what the loaded cases need: calendar, agencies, categories, first rules."""
        agencies, categories = self.catalogue.needed()
        self.tally.new_agencies = tuple(agency.code for agency in agencies)
        self.tally.new_categories = tuple(category.code for category in categories)
        if not self.order.commit:
            return
        await add_calendar(self.connection, self.configuration)
        await store.add_catalogue(self.connection, agencies, categories)
        await add_rules(self.connection, self.configuration, note=self.order.mapping.name)
        await store.refresh_statistics(self.connection)

    def _know(self, row: Row) -> _Known | None:
        found = self.reader.understand(row)
        if isinstance(found, Entry):
            category = self.catalogue.find_category(found.field, found.category)
            agency = self.catalogue.find_agency(found.agency)
            if category and (agency or not found.agency):
                return _Known(found, category, agency)
            kind, word = ("agency", found.agency) if category else ("category", found.category)
            found = Fault(row.line, row.cells, f"unknown {kind} {word[:60]!r}", (kind, word))
        self._reject(Reject("bad", found.line, found.reason), found.cells, unknown=found.unknown)
        return None

    async def _only_new(self, found: Sequence[_Known]) -> list[_Known]:
        """Leave out what came before, in this file or in an earlier import."""
        refs = [known.entry.ref for known in found]
        seen = await store.find_seen(self.connection, refs)
        stored = await store.find_stored_digests(self.connection, refs)
        first: dict[str, Entry] = {}
        fresh = []
        for known in found:
            entry = known.entry
            before = seen.get(entry.ref) or first.get(entry.ref)
            if before is not None:
                self._repeated(entry, before.digest, f"line {before.line} of this file")
                continue
            first[entry.ref] = entry
            if entry.ref in stored:
                self._repeated(entry, stored[entry.ref], "what was loaded earlier")
                continue
            fresh.append(known)
        await store.add_seen(
            self.connection,
            list(first),
            [entry.digest for entry in first.values()],
            [entry.line for entry in first.values()],
        )
        return fresh

    def _repeated(self, entry: Entry, digest: bytes | None, where: str) -> None:
        if digest == entry.digest:
            self.tally.duplicate += 1
            return
        reason = f"{entry.ref[:80]} says something else than {where}"
        self._reject(Reject("conflicting", entry.line, reason), entry.cells)

    def _make(self, known: _Known, place: Place, remark: str | None) -> BulkCase:
        entry, category, agency = known.entry, known.category, known.agency
        self.catalogue.use(category, agency)
        book = self.configuration.book
        calendars = self.configuration.calendars
        terms = book.terms_for(category) if book else None
        calendar = calendars.get(agency.calendar_code) if agency else None
        case = make_case(
            entry,
            place,
            category=category,
            agency=agency,
            frame=self.frame,
            clockwork=Clockwork(terms, calendar),
        )
        remarks = [*entry.remarks, *(f"{doubt} local times" for doubt in entry.doubts)]
        self.tally.add_loaded(case.report, [*remarks, *([remark] if remark else [])])
        self.tally.add_verdict(
            entry.ref, says_overdue=entry.says_overdue, is_late=is_late(entry, self.frame.as_of)
        )
        return case

    def _reject(
        self, reject: Reject, cells: Sequence[str], *, unknown: tuple[str, str] | None = None
    ) -> None:
        self.tally.add_reject(reject, unknown=unknown)
        self.rejects.write(reject, cells)


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    waiting = iter(rows)
    while chunk := list(itertools.islice(waiting, _CHUNK)):
        yield chunk
