"""The SQL of vector tiles of published reports: clusters out of sums, or of the points themselves.

Each statement reads one snapshot, deltas that wait to be folded included: a report that was hidden
a moment ago is in no count. Where it is read from follows from the filters (`tile_statement`), so
that what is read is bounded by the tile and not by how many reports there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from backend.database import Connection
from backend.grid.cuts import ANY, ANY_MONTH, KEY_LEVEL, Cut, find_cut
from geo.tiles import EXTENT, Tile

# Clusters are 1/8 of a tile wide, on city scale 1/16; deeper than 21 the finest cell is wider.
_CITY_ZOOM: Final = 13
# So many days are looked up one by one, each by its own range of keys.
_DAYS_MOST: Final = 62
_SUMS: Final = """sum(reports) AS reports, sum(number_sum) AS number, sum(x_sum) AS x_sum,
    sum(y_sum) AS y_sum"""
_AS_POINTS: Final = """count(*) AS reports, sum(number) AS number_sum, sum(x::bigint) AS x_sum,
    sum(y::bigint) AS y_sum"""


@dataclass(frozen=True)
class TileFilter:
    """What is shown: codes of categories, stages, days of receipt in Vietnam, both inclusive."""

    categories: tuple[str, ...] | None = None
    statuses: tuple[str, ...] | None = None
    first: date | None = None
    last: date | None = None


class _Bound:
    """Values of one statement, numbered as they come."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    def __call__(self, value: Any) -> str:
        self.values.append(value)
        return f"${len(self.values)}"


async def read_reports_tile(connection: Connection, tile: Tile, wanted: TileFilter) -> bytes:
    """Clusters and single reports of a tile, layer `reports`; empty where there are none."""
    statement, values = tile_statement(tile, wanted)
    body: bytes = await connection.fetchval(statement, *values)
    return body


def tile_statement(tile: Tile, wanted: TileFilter) -> tuple[str, list[Any]]:
    """The statement of one tile with its values."""
    bound = _Bound()
    level = min(tile.zoom + (4 if tile.zoom >= _CITY_ZOOM else 3), KEY_LEVEL)
    sources = _sources(tile, wanted, level, bound)
    cells = " UNION ALL ".join(sources) or _nothing()
    # A cell of one report shows it as it is; its row is found by its number, unless it has left
    # the map since its cell was summed, which only the deltas know: then nothing is summed to one.
    statement = f"""
    WITH cell AS MATERIALIZED (
        SELECT cell, {_SUMS}
        FROM ({cells}) AS source (cell, reports, number_sum, x_sum, y_sum)
        GROUP BY cell HAVING sum(reports) > 0
    )
    SELECT ST_AsMVT(found.*, 'reports', {EXTENT}, 'geom') FROM (
        SELECT ST_AsMVTGeom(
                CASE WHEN c.reports > 1 THEN ST_SetSRID(ST_MakePoint(
                    c.x_sum / c.reports / 10.0, c.y_sum / c.reports / 10.0), 3857) ELSE p.geom END,
                ST_TileEnvelope({bound(tile.zoom)}, {bound(tile.x)}, {bound(tile.y)}), {EXTENT}, 0,
                false) AS geom,
            CASE WHEN c.reports > 1 THEN c.reports::integer END AS count,
            p.code, p.category_code AS category, p.unit_code AS unit, p.status, p.is_overdue,
            p.is_urgent, p.is_coarse, p.day::text AS received_on
        FROM cell c LEFT JOIN public_map_point p ON c.reports = 1 AND p.number = c.number::bigint
        WHERE c.reports > 1 OR p.number IS NOT NULL
        ORDER BY c.cell
    ) AS found
    """  # noqa: S608  own names, bound values
    return statement, bound.values


def _sources(tile: Tile, wanted: TileFilter, level: int, bound: _Bound) -> list[str]:
    """The rows (cell, reports, number_sum, x_sum, y_sum) that add up to the tile's clusters."""
    if () in (wanted.categories, wanted.statuses):
        return []
    period = _Period.of(wanted)
    cut = find_cut(
        tile.zoom,
        by_category=wanted.categories is not None,
        by_status=wanted.statuses is not None,
        by_month=period is not None,
    )
    if cut is None or (period is not None and period.first_month is None):
        if period is not None and len(period.edges) <= _DAYS_MOST and not period.has_middle:
            return [_points_of_days(tile, wanted, level, period.edges, bound)]
        return [_points(tile, wanted, level, bound)]
    sources = [
        _cells(tile, wanted, level, cut, period, bound),
        _deltas(tile, wanted, level, period, bound),
    ]
    if period is not None and period.edges:
        sources.append(_points_of_days(tile, wanted, level, period.edges, bound))
    return sources


# Days beyond these cannot be counted on from.
_FIRST_DAY: Final = date(1900, 1, 1)
_LAST_DAY: Final = date(8999, 12, 31)


@dataclass(frozen=True)
class _Period:
    """A range of days as whole months, `first_month` to `last_month`, and the days around them."""

    first_month: date | None
    last_month: date | None
    edges: tuple[date, ...]

    @property
    def has_middle(self) -> bool:
        return self.first_month is not None

    @classmethod
    def of(cls, wanted: TileFilter) -> "_Period | None":
        """None for any day; open ends are whole months."""
        if wanted.first is None and wanted.last is None:
            return None
        first = max(wanted.first or _FIRST_DAY, _FIRST_DAY)
        last = min(wanted.last or _LAST_DAY, _LAST_DAY)
        if first > last:
            return cls(None, None, ())
        begins = first if first.day == 1 else _next_month(first)
        ends = (last + timedelta(days=1)).replace(day=1)
        if begins >= ends:
            return cls(None, None, _days(first, last))
        edges = _days(first, begins - timedelta(days=1)) + _days(ends, last)
        return cls(begins, ends - timedelta(days=1), edges)


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)


def _days(first: date, last: date) -> tuple[date, ...]:
    return tuple(first + timedelta(days=n) for n in range((last - first).days + 1))


def _cells(
    tile: Tile, wanted: TileFilter, level: int, cut: Cut, period: _Period | None, bound: _Bound
) -> str:
    first, last = tile.cells(cut.level)
    return f"""
    SELECT cell >> {2 * (cut.level - level)} AS cell, reports, number_sum, x_sum, y_sum
    FROM public_map_cell
    WHERE level = {cut.level} AND category_code = ANY({bound(wanted.categories or [ANY])}::text[])
        AND status = ANY({bound(wanted.statuses or [ANY])}::text[])
        AND cell BETWEEN {bound(first)} AND {bound(last)}
        AND month BETWEEN {bound(period.first_month if period else ANY_MONTH)}
            AND {bound(period.last_month if period else ANY_MONTH)}
    """  # noqa: S608  own names and numbers, bound values


def _deltas(
    tile: Tile, wanted: TileFilter, level: int, period: _Period | None, bound: _Bound
) -> str:
    conditions = _filters(wanted, bound)
    if period is not None:
        first, last = bound(period.first_month), bound(period.last_month)
        conditions.append(f"month BETWEEN {first} AND {last}")
    return f"""
    SELECT key >> {2 * (KEY_LEVEL - level)}, reports, number_sum, x_sum, y_sum
    FROM public_map_delta WHERE {" AND ".join([_in_tile(tile, bound), *conditions])}
    """  # noqa: S608  own names and numbers, bound values


def _points(tile: Tile, wanted: TileFilter, level: int, bound: _Bound) -> str:
    conditions = _days_between(wanted, bound)
    if wanted.categories is None:
        source = "public_map_point p"
    else:
        # each category by its own range of keys
        source = f"unnest({bound(wanted.categories)}::text[]) AS c (code) JOIN public_map_point p"
        source += " ON p.category_code = c.code"
    if wanted.statuses is not None:
        conditions.append(f"p.status = ANY({bound(wanted.statuses)}::text[])")
    return f"""
    SELECT p.key >> {2 * (KEY_LEVEL - level)} AS cell, {_AS_POINTS}
    FROM {source} WHERE {" AND ".join([_in_tile(tile, bound), *conditions])} GROUP BY 1
    """  # noqa: S608  own names and numbers, bound values


def _points_of_days(
    tile: Tile, wanted: TileFilter, level: int, days: Sequence[date], bound: _Bound
) -> str:
    conditions = [_in_tile(tile, bound), *_filters(wanted, bound)]
    return f"""
    SELECT p.cell, count(*), sum(p.number), sum(p.x), sum(p.y)
    FROM unnest({bound(days)}::date[]) AS d (day), LATERAL (
        SELECT key >> {2 * (KEY_LEVEL - level)} AS cell, number, x::bigint, y::bigint
        FROM public_map_point WHERE day = d.day AND {" AND ".join(conditions)} OFFSET 0
    ) AS p GROUP BY 1
    """  # noqa: S608  own names and numbers, bound values


def _in_tile(tile: Tile, bound: _Bound) -> str:
    first, last = tile.cells(KEY_LEVEL)
    return f"key BETWEEN {bound(first)} AND {bound(last)}"


def _filters(wanted: TileFilter, bound: _Bound) -> list[str]:
    conditions = []
    if wanted.categories is not None:
        conditions.append(f"category_code = ANY({bound(wanted.categories)}::text[])")
    if wanted.statuses is not None:
        conditions.append(f"status = ANY({bound(wanted.statuses)}::text[])")
    return conditions


def _days_between(wanted: TileFilter, bound: _Bound) -> list[str]:
    # `+ 0`: a long range of days is looked at within the tile, never by the index over days
    conditions = []
    if wanted.first is not None:
        conditions.append(f"p.day + 0 >= {bound(wanted.first)}")
    if wanted.last is not None:
        conditions.append(f"p.day + 0 <= {bound(wanted.last)}")
    return conditions


def _nothing() -> str:
    return "SELECT 0::bigint AS cell, 0 AS reports, 0 AS number_sum, 0 AS x_sum, 0 AS y_sum"
