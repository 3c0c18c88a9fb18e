"""Where the entries of a file lie: the units in force on the day the mapping says."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from backend.clock import day_of
from backend.database import Connection
from backend.reports.imports import store
from backend.reports.imports.cases import Place
from backend.reports.imports.errors import MappingRefused
from backend.reports.imports.mapping import Position
from backend.reports.imports.rows import Entry
from geo.locate import UnitIndex, load_unit_index

_SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Nowhere:
    """An entry that is not loaded for want of a unit; `is_outside` if it has a position at all."""

    is_outside: bool
    reason: str


class Gazetteer:
    """Finds the unit of each entry; reads every generation it needs once."""

    def __init__(self, connection: Any, position: Position) -> None:
        self._connection = connection
        self._position = position
        self._indexes: list[UnitIndex] = []
        self._middles: dict[tuple[str, date], store.UnitMiddle] = {}

    async def place(self, entry: Entry) -> tuple[Place | Nowhere, str | None]:
        """Where an entry lies, or why nowhere; with the remark that it was put into a unit."""
        position = self._position
        on = position.on_date or day_of(entry.opened_at)
        if entry.lon is None or entry.lat is None:
            if position.without_place == _SKIP:
                return Nowhere(is_outside=False, reason="has no position"), None
            middle = await self._middle(position.without_place, on)
            place = Place(middle.unit, middle.lon, middle.lat, middle.radius_metres)
            return place, f"without place: put at the middle of {middle.unit.code}"
        index = await self._index(on)
        unit = index.locate(entry.lon, entry.lat, position.level)
        if unit is not None:
            return Place(unit, entry.lon, entry.lat), None
        if position.outside == _SKIP:
            where = f"{entry.lon:.5f} {entry.lat:.5f}"
            reason = f"{where} lies outside every {position.level} of {on}"
            return Nowhere(is_outside=True, reason=reason), None
        middle = await self._middle(position.outside, on)
        place = Place(middle.unit, entry.lon, entry.lat)
        return place, f"outside every unit: counted in {middle.unit.code}"

    async def _index(self, on: date) -> UnitIndex:
        for index in self._indexes:
            if index.holds_on(on):
                return index
        index = await load_unit_index(self._connection, on=on)
        self._indexes.append(index)
        return index

    async def _middle(self, choice: str, on: date) -> store.UnitMiddle:
        code = choice.removeprefix("unit:")
        if (code, on) not in self._middles:
            found = await store.find_unit_middle(
                self._connection, code, level=self._position.level, on=on
            )
            if found is None:
                raise MappingRefused(
                    f"position ({choice})",
                    vi=f"ngày {on} không có đơn vị {code} ở cấp {self._position.level}",
                    en=f"there is no {self._position.level} {code} on {on}",
                )
            self._middles[code, on] = found
        return self._middles[code, on]


async def check_boundaries(connection: Connection, position: Position) -> None:
    """Refuse an import before its first row if no boundaries could hold its points."""
    if not await store.has_units(connection, level=position.level, on=position.on_date):
        on_vi = f"ngày {position.on_date} " if position.on_date else ""
        on_en = f" on {position.on_date}" if position.on_date else ""
        raise MappingRefused(
            "position.level",
            vi=f"{on_vi}chưa có địa giới cấp {position.level} nào có hiệu lực",
            en=f"no {position.level} boundaries are in force{on_en}",
        )
