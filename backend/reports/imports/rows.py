"""What one row says, by the mapping: pure. A row that says something wrong is a Fault.

Nothing of a row is guessed: an unknown word, half a position or an unreadable time is a fault,
and the operator either mends the mapping or the source.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from math import isfinite
from typing import Any, Final

import msgspec
import pyproj
from pyproj.exceptions import ProjError

from backend.reports.imports.errors import MappingRefused
from backend.reports.imports.mapping import Columns, Mapping, column_list, fill
from backend.reports.imports.reading import Row
from backend.reports.imports.times import Doubt, Moment, TimeRules, read_moment
from backend.reports.lifecycle import OPEN_STATUSES, Status

TEXT_MAX: Final = 8_000
ADDRESS_MAX: Final = 500
CLOSING_MAX: Final = 5_000
ID_MAX: Final = 200
# Excel writes ="0123" to keep a leading zero; the cell means 0123.
_KEPT_BY_EXCEL: Final = re.compile(r'="([^"]*)"')
_BLANKS: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Entry:
    """One row understood: words of the other system in our terms, moments in UTC.

    `category` and `agency` are the words as written; `lon` is None without a place (WGS84 else).
    `digest` is over every cell the mapping reads. `says_overdue` is the source's own verdict.
    """

    line: int
    cells: Sequence[str]
    ref: str
    digest: bytes
    opened_at: datetime
    accepted_at: datetime | None
    due_at: datetime | None
    closed_at: datetime | None
    status: Status
    says_overdue: bool | None
    field: str
    category: str
    agency: str
    lon: float | None
    lat: float | None
    text: str
    address: str | None
    closing: str
    channel: str | None
    kept: dict[str, str]
    doubts: tuple[Doubt, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """A row that is not loaded, and why; `unknown` is (kind of word, word) when that is why."""

    line: int
    cells: Sequence[str]
    reason: str
    unknown: tuple[str, str] | None = None


class _Wrong(Exception):
    """Why a row is no entry; never seen outside this module."""

    def __init__(self, reason: str, unknown: tuple[str, str] | None = None) -> None:
        self.reason, self.unknown = reason, unknown
        super().__init__(reason)


class Reader:
    """Turns rows of one file into entries; `as_of` is the moment whose state the file shows."""

    def __init__(self, mapping: Mapping, columns: Sequence[str], *, as_of: datetime) -> None:
        missing = [name for name in mapping.columns if name not in columns]
        if missing:
            raise MappingRefused(
                "columns",
                vi=f"tệp không có cột {', '.join(missing)}; có: {', '.join(columns)}",
                en=f"the file has no {', '.join(missing)}; it has: {', '.join(columns)}",
            )
        self._mapping = mapping
        self._as_of = as_of
        self._places = [(name, columns.index(name)) for name in mapping.columns]
        self._rules = mapping.time.rules
        self._flags = {
            **dict.fromkeys(mapping.flag.on_time if mapping.flag else (), False),
            **dict.fromkeys(mapping.flag.overdue if mapping.flag else (), True),
        }
        known = {*mapping.columns, *mapping.file.ignore}
        self.columns_not_read = tuple(name for name in columns if name not in known)
        _ = self._move  # an unknown CRS is refused before the first row

    @cached_property
    def _move(self) -> Callable[[float, float], tuple[float, float]] | None:
        return _mover(self._mapping.position.crs)

    def understand(self, row: Row) -> Entry | Fault:
        """What a row says, or what is wrong with it."""
        if row.trouble:
            return Fault(row.line, row.cells, row.trouble)
        cells = row.cells
        values = {name: _tidy(cells[index]) for name, index in self._places}
        try:
            return self._entry(row, values)
        except _Wrong as wrong:
            return Fault(row.line, cells, wrong.reason, wrong.unknown)

    def _entry(self, row: Row, values: dict[str, str]) -> Entry:
        mapping = self._mapping
        times = self._times(values)
        status, remarks = self._status(values, times)
        create = mapping.category.create
        field_column = create.field_column if create else None
        lon, lat = self._position(values)
        text = _line(fill(mapping.text.template, values)) or mapping.text.empty
        return Entry(
            line=row.line,
            cells=row.cells,
            ref=f"{mapping.name}:{self._id(values)}",
            digest=_digest(values),
            opened_at=times.opened.at,
            accepted_at=times.accepted.at if times.accepted else None,
            due_at=times.due.at if times.due else None,
            closed_at=times.closed.at if times.closed and status not in OPEN_STATUSES else None,
            status=status,
            says_overdue=self._verdict(values),
            field=values[field_column] if field_column else "",
            category=_filled(values, mapping.category.column),
            agency=values[mapping.agency.column] if mapping.agency else "",
            lon=lon,
            lat=lat,
            text=_cut(text, TEXT_MAX),
            address=_cut(_line(fill(mapping.text.address, values)), ADDRESS_MAX) or None,
            closing=_cut(_line(fill(mapping.text.closing, values)), CLOSING_MAX),
            channel=self._channel(values),
            kept={name: values[name] for name in mapping.file.keep if values[name]},
            doubts=times.doubts,
            remarks=(
                *remarks,
                *(("texts cut to their longest length",) if len(text) > TEXT_MAX else ()),
            ),
        )

    def _id(self, values: dict[str, str]) -> str:
        own = _filled(values, self._mapping.file.id)
        if len(own) > ID_MAX:
            raise _Wrong(f"its id has more than {ID_MAX} characters")
        return own

    def _times(self, values: dict[str, str]) -> "_Times":
        wanted, rules = self._mapping.time, self._rules
        opened = _moment(values, wanted.opened, rules, name="opened")
        if opened is None:
            raise _Wrong("has no opening time")
        accepted = _moment(values, wanted.accepted, rules, name="accepted")
        due = _moment(values, wanted.due, rules, name="due", ends_day=True)
        closed = _moment(values, wanted.closed, rules, name="closed", ends_day=True)
        if opened.at > self._as_of:
            raise _Wrong(f"opened in the future ({opened.at:%Y-%m-%d %H:%M}Z)")
        if closed and closed.at > self._as_of:
            if not (closed.is_day and (closed.at - self._as_of).days < 1):
                raise _Wrong(f"closed in the future ({closed.at:%Y-%m-%d %H:%M}Z)")
            closed = Moment(self._as_of, is_day=True, doubt=closed.doubt)
        if closed and closed.at < opened.at:
            raise _Wrong(f"closed {opened.at - closed.at} before it was opened")
        if accepted and not opened.at <= accepted.at <= (closed.at if closed else self._as_of):
            raise _Wrong("accepted before it was opened, or after it was closed")
        return _Times(opened, accepted, due, closed)

    def _status(self, values: dict[str, str], times: "_Times") -> tuple[Status, tuple[str, ...]]:
        word = _filled(values, self._mapping.status.column)
        found = self._mapping.status.words.get(word)
        if found is None:
            raise _Wrong(f"unknown status {_shown(word)}", ("status", word))
        status = Status(found)
        remarks = []
        if status in OPEN_STATUSES:
            if times.closed:
                remarks.append("open with a closing time; kept open")
        elif times.closed is None:
            raise _Wrong(f"is {_shown(word)} without a closing time")
        if times.due and times.due.at < times.opened.at:
            remarks.append("due before it was opened")
        return status, tuple(remarks)

    def _verdict(self, values: dict[str, str]) -> bool | None:
        flag = self._mapping.flag
        if flag is None or not values[flag.column]:
            return None
        word = values[flag.column]
        if word not in self._flags:
            raise _Wrong(f"unknown verdict {_shown(word)}", ("flag", word))
        return self._flags[word]

    def _channel(self, values: dict[str, str]) -> str | None:
        channel = self._mapping.channel
        if channel is None or not values[channel.column]:
            return None
        word = values[channel.column]
        if word not in channel.words:
            raise _Wrong(f"unknown channel {_shown(word)}", ("channel", word))
        return channel.words[word]

    def _position(self, values: dict[str, str]) -> tuple[float | None, float | None]:
        position = self._mapping.position
        x, y = values[position.x], values[position.y]
        if not x and not y:
            return None, None
        if not x or not y:
            raise _Wrong("has half a position")
        try:
            found = _number(x, position.decimal), _number(y, position.decimal)
        except ValueError as error:
            raise _Wrong(f"its position {_shown(x)} {_shown(y)} is no pair of numbers") from error
        if found == (0.0, 0.0):
            # what systems write who have no position
            return None, None
        lon, lat = self._move(*found) if self._move else found
        if not (isfinite(lon) and isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
            raise _Wrong(f"its position {_shown(x)} {_shown(y)} is no place on Earth")
        return lon, lat


@dataclass(frozen=True, slots=True)
class _Times:
    opened: Moment
    accepted: Moment | None
    due: Moment | None
    closed: Moment | None

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        read = (self.opened, self.accepted, self.due, self.closed)
        return tuple(moment.doubt for moment in read if moment and moment.doubt)


def _moment(
    values: dict[str, str], columns: Columns, rules: TimeRules, *, name: str, ends_day: bool = False
) -> Moment | None:
    text = next((values[column] for column in column_list(columns) if values[column]), "")
    if not text:
        return None
    try:
        return read_moment(text, rules, ends_day=ends_day)
    except ValueError as error:
        raise _Wrong(f"{name} {_shown(text)}: {error}") from error


def _filled(values: dict[str, str], column: str) -> str:
    if not values[column]:
        raise _Wrong(f"{column} is empty")
    return values[column]


def _number(text: str, decimal: str) -> float:
    # float() would also take 1_000 and nan
    plain = text.replace(",", ".") if decimal == "," else text
    if "_" in plain:
        raise ValueError(text)
    return float(plain)


def _mover(crs: str) -> Callable[[float, float], tuple[float, float]] | None:
    target = pyproj.CRS.from_epsg(4326)
    try:
        source = pyproj.CRS.from_user_input(crs)
        if source.to_2d().equals(target, ignore_axis_order=True):
            return None
        way = pyproj.Transformer.from_crs(
            source.to_2d(), target, always_xy=True, allow_ballpark=False
        )
    except ProjError as error:
        raise MappingRefused(
            "position.crs", vi="PROJ không biết hệ tọa độ này", en=f"unknown to PROJ ({error})"
        ) from error

    def move(x: float, y: float) -> tuple[float, float]:
        moved: Any = way.transform(x, y)
        return float(moved[0]), float(moved[1])

    return move


def _tidy(cell: str) -> str:
    text = cell.strip()
    if text.startswith('="'):
        kept = _KEPT_BY_EXCEL.fullmatch(text)
        text = kept[1].strip() if kept else text
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def _line(text: str) -> str:
    return _BLANKS.sub(" ", text).strip()


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _shown(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:39] + "…")


def _digest(values: dict[str, str]) -> bytes:
    return hashlib.sha256(msgspec.json.encode(sorted(values.items()))).digest()
