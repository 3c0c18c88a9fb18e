"""Web Mercator tiles: their place in the quadtree, and vector tiles of administrative units.

A tile (zoom, x, y) counts x from the antimeridian eastwards and y from the north southwards, as
OGC's WebMercatorQuad and all web maps do. Cells of a level are tiles of that zoom, numbered in
Morton order: what lies in a tile is one range of cells of any finer level.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from geo.statements import Connection

MOST_ZOOM: Final = 22
EXTENT: Final = 4096
# A little of what lies around a tile, so that outlines and labels are not cut at its edge.
UNITS_BUFFER: Final = 64


@dataclass(frozen=True, slots=True)
class Tile:
    """One tile; find_tile makes sure that there is such a one."""

    zoom: int
    x: int
    y: int

    def cells(self, level: int) -> tuple[int, int]:
        """The first and the last cell of a level, finer or the same, that lie in the tile."""
        shift = 2 * (level - self.zoom)
        first = _interleave(self.x, self.y) << shift
        return first, first + (1 << shift) - 1


def find_tile(zoom: int, x: int, y: int) -> Tile | None:
    """The tile of these numbers, if there is such a one."""
    if not 0 <= zoom <= MOST_ZOOM or not (0 <= x < 1 << zoom and 0 <= y < 1 << zoom):
        return None
    return Tile(zoom, x, y)


def _interleave(x: int, y: int) -> int:
    key = 0
    for bit in range(MOST_ZOOM):
        key |= (x >> bit & 1) << 2 * bit | (y >> bit & 1) << 2 * bit + 1
    return key


# Small shapes cost nothing to draw and much to send: outlines are thinned to half a unit of the
# tile's grid before they are cut, and communes are left out where they would be specks.
_UNITS_TILE: Final = """
WITH tile AS (
    SELECT ST_TileEnvelope($1::integer, $2::integer, $3::integer) AS edge,
        ST_Transform(ST_TileEnvelope($1::integer, $2::integer, $3::integer,
            margin => $6::integer::float8 / $5::integer), 4326) AS around,
        40075016.68557849 / (1 << $1::integer) / $5::integer AS grid
), shape AS (
    SELECT u.code, u.name, u.level, u.valid_from, u.is_approximate, u.parent_code, ST_AsMVTGeom(
        ST_Simplify(ST_Transform(u.geom, 3857), tile.grid * 2, true), tile.edge,
        extent => $5::integer, buffer => $6::integer) AS geom
    FROM tile, unit u
    JOIN unit_generation g ON g.level = u.level AND g.valid_from = u.valid_from
    WHERE u.geom && tile.around AND g.state = 'active' AND g.valid_from <= $4::date
        AND (g.valid_to IS NULL OR $4::date < g.valid_to)
    ORDER BY u.level DESC, u.code
)
SELECT ST_AsMVT(found.*, 'units', $5::integer, 'geom') FROM (
    SELECT code, name, level, valid_from::text, is_approximate, parent_code AS parent, geom
    FROM shape WHERE geom IS NOT NULL ORDER BY level DESC, code
) AS found
"""


async def read_units_tile(connection: Connection, tile: Tile, *, on: date) -> bytes:
    """The units in force on a day as a vector tile, layer `units`; empty where there are none."""
    body: bytes = await connection.fetchval(
        _UNITS_TILE, tile.zoom, tile.x, tile.y, on, EXTENT, UNITS_BUFFER
    )
    return body
