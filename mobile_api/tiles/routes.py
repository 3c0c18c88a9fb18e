"""Vector tiles over HTTP: published reports as clusters and points, units as shapes."""

from collections import OrderedDict
from datetime import date
from typing import Annotated, Any, Final

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from backend.clock import day_of, now
from backend.database import Database
from backend.errors import NotFound
from backend.reports.lifecycle import Status
from backend.reports.rulebook import Rulebooks
from backend.web.conditional import conditional_answer
from backend.web.limits import Limit
from backend.web.policies import NOBODY_ASKED
from geo.tiles import Tile, find_tile, read_units_tile
from mobile_api.lists.days import check_period
from mobile_api.tiles.filters import category_codes
from mobile_api.tiles.store import TileFilter, read_reports_tile

MEDIA_TYPE: Final = "application/vnd.mapbox-vector-tile"
# A page of the map asks for some twenty at a time, and somebody who moves about for many pages.
_LIMIT: Final = Limit("tile_read", per_minute=2400, burst=600)
_REPORTS_SECONDS: Final = 5
_UNITS_SECONDS: Final = 300
_UNIT_TILES_KEPT: Final = 512

# Units change a few times in a decade: their tiles are kept until the configuration's epoch moves.
_unit_tiles: OrderedDict[tuple[int, Tile, date], bytes] = OrderedDict()


@get(
    "/api/v1/tiles/reports/{zoom:int}/{x:int}/{name:str}",
    opt={"policy": NOBODY_ASKED, "limit": _LIMIT},
    summary="Ô bản đồ vectơ: phản ánh đã công khai",
    tags=["maps"],
)
async def reports_tile(
    request: Request[Any, Any, Any],
    zoom: FromPath[int],
    x: FromPath[int],
    name: FromPath[str],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    category: Annotated[str | None, QueryParameter(max_length=64)] = None,
    status: FromQuery[Status | None] = None,
    since: Annotated[date | None, QueryParameter(name="from")] = None,
    until: Annotated[date | None, QueryParameter(name="to")] = None,
) -> Response[bytes]:
    """Mapbox Vector Tile 2.1, layer `reports`, in zooms 0 to 22; `name` is the row and `.pbf`.

    A cluster carries `count`; a single report its code, category, unit, status, is_overdue,
    is_urgent, is_coarse, received_on. Days are days in Vietnam, both inclusive.
    """
    check_period(since, until)
    wanted = TileFilter(
        categories=category_codes(await rulebooks.current(), category),
        statuses=(status.value,) if status else None,
        first=since,
        last=until,
    )
    body = await read_reports_tile(database.public, _tile(zoom, x, name), wanted)
    return conditional_answer(
        request, body, media_type=MEDIA_TYPE, max_age_seconds=_REPORTS_SECONDS
    )


@get(
    "/api/v1/tiles/units/{zoom:int}/{x:int}/{name:str}",
    opt={"policy": NOBODY_ASKED, "limit": _LIMIT},
    summary="Ô bản đồ vectơ: đơn vị hành chính",
    tags=["maps"],
)
async def units_tile(
    request: Request[Any, Any, Any],
    zoom: FromPath[int],
    x: FromPath[int],
    name: FromPath[str],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    on: FromQuery[date | None] = None,
) -> Response[bytes]:
    """Mapbox Vector Tile 2.1, layer `units`: code, name, level, as in force on a day (today)."""
    tile, day = _tile(zoom, x, name), on or day_of(now())
    key = ((await rulebooks.current()).epoch, tile, day)
    body = _unit_tiles.get(key)
    if body is None:
        body = await read_units_tile(database.public, tile, on=day)
        _unit_tiles[key] = body
        while len(_unit_tiles) > _UNIT_TILES_KEPT:
            _unit_tiles.popitem(last=False)
    return conditional_answer(request, body, media_type=MEDIA_TYPE, max_age_seconds=_UNITS_SECONDS)


def _tile(zoom: int, x: int, name: str) -> Tile:
    """The tile of a path's last part, `123.pbf`; raises NotFound."""
    row, dot, kind = name.partition(".")
    if not (row.isascii() and row.isdecimal() and len(row) < 9 and (dot, kind) == (".", "pbf")):
        raise NotFound()
    tile = find_tile(zoom, x, int(row))
    if tile is None:
        raise NotFound()
    return tile
