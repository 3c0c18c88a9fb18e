"""Point → unit inside this process, in microseconds, with the answers PostGIS gives.

Both ask GEOS about the same stored coordinates; see store.find_unit_at for its half.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import shapely
from shapely import STRtree

from geo.statements import Connection
from geo.store import find_next_change, list_unit_shapes
from geo.units import LEVELS_LOWEST_FIRST, Level, UnitAt, UnitShape, check_position

# Squares along each side of the grid laid over a level. 192 × 192 over a province of 170 km are
# 0.9 km wide: nine of ten points fall into a square that one unit fills, and need no geometry.
SQUARES_A_SIDE = 192
# Squares overlap by this much, so that rounding a position to its square cannot matter.
SQUARE_MARGIN_DEGREES = 1e-9

# One candidate of a square: the unit, and its shape, or None where it fills the whole square.
Candidate = tuple[UnitAt, shapely.MultiPolygon | None]


@dataclass(frozen=True, slots=True)
class _LevelGrid:
    """The candidates of every square of one level, lowest code first; () where no unit lies."""

    west: float
    south: float
    squares_a_degree_lon: float
    squares_a_degree_lat: float
    squares: tuple[tuple[Candidate, ...], ...]

    def locate(self, lon: float, lat: float) -> UnitAt | None:
        column = int((lon - self.west) * self.squares_a_degree_lon // 1)
        row = int((lat - self.south) * self.squares_a_degree_lat // 1)
        # a point on the eastern or northern rim belongs to the last square
        if not (0 <= column <= SQUARES_A_SIDE and 0 <= row <= SQUARES_A_SIDE):
            return None
        square = min(row, SQUARES_A_SIDE - 1) * SQUARES_A_SIDE + min(column, SQUARES_A_SIDE - 1)
        for unit, shape in self.squares[square]:
            if shape is None or shapely.intersects_xy(shape, lon, lat):
                return unit
        return None


class UnitIndex:
    """The units in force on a day, for finding the one that holds a point; never changes.

    `on` is that day, `until` the first later day on which other units are in force, or None.
    """

    __slots__ = ("_grids", "on", "unit_count", "until")

    def __init__(self, shapes: Iterable[UnitShape], *, on: date, until: date | None) -> None:
        by_level: dict[Level, list[UnitShape]] = {}
        for shape in shapes:
            by_level.setdefault(shape.unit.level, []).append(shape)
        self.on = on
        self.until = until
        self.unit_count = sum(map(len, by_level.values()))
        self._grids = {level: _lay_grid(found) for level, found in by_level.items()}

    def locate(self, lon: float, lat: float, level: Level | None = None) -> UnitAt | None:
        """Find the unit that holds a point, of one level or else the lowest there is.

        Degrees of WGS84. On a border, and where units overlap, the lowest code wins. None outside
        every unit. Raises PositionRefused.
        """
        check_position(lon, lat)
        for wanted in LEVELS_LOWEST_FIRST if level is None else (level,):
            grid = self._grids.get(wanted)
            found = grid.locate(lon, lat) if grid else None
            if found:
                return found
        return None

    def holds_on(self, day: date) -> bool:
        """Whether the same units are in force on another day, as far as is known."""
        return self.on <= day and (self.until is None or day < self.until)


async def load_unit_index(conn: Connection, *, on: date) -> UnitIndex:
    """Read the units in force on a day into an index; some 0.1 s for a province."""
    until = await find_next_change(conn, on=on)
    return UnitIndex(await list_unit_shapes(conn, on=on), on=on, until=until)


def _lay_grid(shapes: Sequence[UnitShape]) -> _LevelGrid:
    shapes = sorted(shapes, key=lambda shape: shape.unit.code)
    geoms = np.array([shape.geom for shape in shapes])
    shapely.prepare(geoms)
    west, south, east, north = map(float, shapely.total_bounds(geoms))
    # asking once builds each shape's search tree now, before threads could do it twice at a time
    shapely.intersects_xy(geoms, west, south)
    wide, high = (east - west) / SQUARES_A_SIDE, (north - south) / SQUARES_A_SIDE
    columns, rows = np.meshgrid(np.arange(SQUARES_A_SIDE), np.arange(SQUARES_A_SIDE))
    margin = SQUARE_MARGIN_DEGREES
    boxes = shapely.box(
        west + columns.ravel() * wide - margin,
        south + rows.ravel() * high - margin,
        west + (columns.ravel() + 1) * wide + margin,
        south + (rows.ravel() + 1) * high + margin,
    )
    squares: list[list[Candidate]] = [[] for _ in boxes]
    # sorted by unit within each square, hence by code
    box_ids, unit_ids = STRtree(geoms).query(boxes)
    touches = shapely.intersects(geoms[unit_ids], boxes[box_ids])
    box_ids, unit_ids = box_ids[touches], unit_ids[touches]
    fills = shapely.contains_properly(geoms[unit_ids], boxes[box_ids])
    for position in np.lexsort((unit_ids, box_ids)):
        shape = shapes[unit_ids[position]]
        candidate = (shape.unit, None if fills[position] else shape.geom)
        squares[box_ids[position]].append(candidate)
    return _LevelGrid(
        west=west,
        south=south,
        squares_a_degree_lon=1 / wide,
        squares_a_degree_lat=1 / high,
        squares=tuple(map(tuple, squares)),
    )
