"""The SQL of lists whose cost follows from what is shown, not from how many reports there are.

Newest first in a box: a GiST index over place and time is walked in the order of time, so the
newest fifty of a city with a hundred thousand are found in some fifty pages, as are those of a
field with five. Where categories or stages are asked for, each has a lane of its own (LATERAL), in
which every row fits; the lanes' first rows are then merged. Decision on the public map.
"""

from datetime import UTC, datetime
from typing import Any, Final

from backend.database import Connection, Record
from mobile_api.lists.filter import SHOWN, ListFilter

LIST_COLUMNS: Final = """id, code, category_code, text, ST_X(geom) AS lon, ST_Y(geom) AS lat,
    is_coarse, unit_code, unit_name, status, agency_code, resolve_by, resolved_at, is_overdue,
    supporters, created_at"""
# A field includes its sub-fields; without a category every one is a lane.
_CATEGORY_LANES: Final = """(SELECT code FROM category
    WHERE $1::text IS NULL OR $1 IN (code, field_code)) AS c"""
_STATUS_LANES: Final = "unnest($2::text[]) AS s (status)"
# Place and time as each of the three indexes over both is written: of all, a category, a unit.
_BY_ALL: Final = ("p.geom", "p.created_us")
_BY_CATEGORY: Final = ("ST_SetSRID(p.geom, 3857)", "(p.created_us + 0)")
_BY_UNIT: Final = ("ST_Force2D(p.geom)", "(p.created_us - 0)")
# Later than every report: the distance to it orders by time, newest first.
_FAR_FUTURE: Final = datetime(2200, 1, 1, tzinfo=UTC)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_OPEN: Final = """NOT p.is_coarse AND p.status IN
    ('received', 'classifying', 'assigned', 'in_progress', 'awaiting_citizen')"""


async def list_newest(connection: Connection, wanted: ListFilter) -> list[Record]:
    """Published reports, newest first, one more than `limit` if there are more; not by words."""
    values: list[Any] = [wanted.category, [wanted.status] if wanted.status else list(SHOWN)]

    def bound(value: Any) -> str:
        values.append(value)
        return f"${len(values)}"

    conditions: list[str] = []
    lanes: list[str] = []
    place, time = _BY_ALL
    if wanted.bbox and wanted.category:
        place, time = _BY_CATEGORY
    elif wanted.bbox and wanted.unit:
        place, time = _BY_UNIT
    if wanted.since:
        conditions.append(f"{time} >= {bound(_micros(wanted.since))}")
    if wanted.until:
        conditions.append(f"{time} < {bound(_micros(wanted.until))}")
    if wanted.unit:
        conditions.append(f"p.unit_code = {bound(wanted.unit)}")
    newest_us = _micros(wanted.until or _FAR_FUTURE)
    if wanted.after:
        newest_us = min(newest_us, _micros(wanted.after[0]))
        at, last = bound(_micros(wanted.after[0])), bound(wanted.after[1])
        conditions.append(f"{time} <= {at} AND (p.created_us, p.report_id) < ({at}, {last}::uuid)")
    limit = bound(wanted.limit + 1)
    if wanted.bbox:
        west, south, east, north = (bound(edge) for edge in wanted.bbox)
        box = f"""ST_MakeEnvelope(mercator_x({west}), mercator_y({south}), mercator_x({east}),
            mercator_y({north}), 3857)"""
        if wanted.category:
            lanes.append(_CATEGORY_LANES)
            conditions.append("p.category_code = c.code")
        if wanted.status:
            conditions.append(f"p.status = {bound(wanted.status)}")
        # the index keeps boxes as single floats, a metre wide here: the place itself decides
        conditions += [
            f"{place} && {box}",
            f"ST_X(p.geom) BETWEEN mercator_x({west}) AND mercator_x({east})",
            f"ST_Y(p.geom) BETWEEN mercator_y({south}) AND mercator_y({north})",
        ]
        order = f"{time} <-> {bound(newest_us)} FETCH FIRST {limit} ROWS WITH TIES"
    else:
        if wanted.category or wanted.status:
            lanes += [_CATEGORY_LANES, _STATUS_LANES]
            conditions.append("p.category_code = c.code AND p.status = s.status")
        order = f"p.created_us DESC, p.report_id DESC LIMIT {limit}"
    one = f"""SELECT p.report_id, p.created_us FROM public_map_point p
        WHERE {" AND ".join(conditions) or "true"} ORDER BY {order}"""  # noqa: S608  own words, bound values
    source = ", ".join([*lanes, f"LATERAL ({one}) AS one"])
    # every statement has the first two values, whether it has lanes or not
    return await connection.fetch(
        f"""
        WITH given AS (SELECT $1::text, $2::text[]), newest AS MATERIALIZED (
            SELECT one.report_id, one.created_us FROM {source}
            ORDER BY one.created_us DESC, one.report_id DESC LIMIT {limit}
        )
        SELECT {LIST_COLUMNS} FROM newest JOIN public_report ON id = report_id
        ORDER BY created_us DESC, report_id DESC LIMIT {limit}
        """,  # noqa: S608  own words, bound values
        *values,
    )


def _micros(moment: datetime) -> int:
    """Microseconds since 1970, as map_point.created_us counts them."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


# Distances on the map are true ones stretched by 1/cos(latitude), and by up to 0.7 % more in one
# direction than the other, as the Earth is no sphere: so the nearest on the map say how far to
# look, and of all within that, and a little more, the true distance decides.
_NEAR: Final = f"""
WITH here AS MATERIALIZED (
    SELECT ST_SetSRID(ST_MakePoint(mercator_x($1), mercator_y($2)), 3857) AS spot,
        $3::float8 * 1.01 / cos(radians(least(abs($2::float8), 85))) AS most,
        ST_SetSRID(ST_MakePoint($1, $2), 4326)::geography AS place
), reach AS MATERIALIZED (
    SELECT CASE WHEN count(n.distance) < $5::bigint THEN max(here.most)
        ELSE least(max(n.distance) * 1.02 + 1, max(here.most)) END AS radius
    FROM here LEFT JOIN LATERAL (
        SELECT one.distance FROM {{lanes}} LATERAL (
            SELECT p.geom <-> here.spot AS distance FROM public_map_point p
            WHERE p.geom && ST_Expand(here.spot, here.most) AND {_OPEN} {{lane}}
            ORDER BY p.geom <-> here.spot LIMIT $5
        ) AS one
        ORDER BY one.distance LIMIT $5
    ) AS n ON true
), near AS MATERIALIZED (
    SELECT one.report_id FROM here, reach, {{lanes}} LATERAL (
        SELECT p.report_id FROM public_map_point p
        WHERE p.geom && ST_Expand(here.spot, reach.radius) AND {_OPEN} {{lane}}
        OFFSET 0
    ) AS one
)
SELECT {LIST_COLUMNS}, ST_Distance(r.geom::geography, here.place) AS distance_metres
FROM here, near JOIN public_report r ON r.id = near.report_id
WHERE ST_Distance(r.geom::geography, here.place) <= $3
    AND ($4::text IS NULL OR true)
ORDER BY distance_metres, id LIMIT $5
"""  # noqa: S608  own column names
_NEAR_ANY: Final = _NEAR.format(lanes="", lane="")
_NEAR_IN_CATEGORY: Final = _NEAR.format(
    lanes="(SELECT code FROM category WHERE $4 IN (code, field_code)) AS c,",
    lane="AND p.category_code = c.code",
)


async def list_near(
    connection: Connection,
    *,
    lon: float,
    lat: float,
    radius_metres: float,
    category: str | None,
    limit: int,
) -> list[Record]:
    """Open published reports within the radius, the nearest first; none whose place is coarse."""
    statement = _NEAR_ANY if category is None else _NEAR_IN_CATEGORY
    return await connection.fetch(statement, lon, lat, radius_metres, category, limit)
