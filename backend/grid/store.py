"""The SQL that keeps the public map's clusters: fold deltas, count again, put old reports in."""

import uuid
from dataclasses import dataclass
from typing import Any, Final

from backend.database import Connection
from backend.grid.cuts import ANY_MONTH, CUTS, KEY_LEVEL

# One number for "somebody changes the clusters now": folders and rebuilds take turns.
_GRID_LOCK: Final = 0x0CA0_0008

_CUTS: Final = ", ".join(
    f"({cut.level}, {2 * (KEY_LEVEL - cut.level)}, {cut.by_category}, {cut.by_status},"
    f" {cut.by_month})"
    for cut in CUTS
)
_SUMS: Final = """sum(reports)::integer AS reports, sum(number_sum)::bigint AS number_sum,
        sum(x_sum)::bigint AS x_sum, sum(y_sum)::bigint AS y_sum"""
_COLUMNS: Final = "level, category_code, status, cell, month, reports, number_sum, x_sum, y_sum"


def _spread(source: str) -> str:
    """The sums of all cuts out of rows that carry key, category_code, status, month and sums."""
    return f"""
    SELECT cut.level,
        CASE WHEN cut.by_category THEN category_code ELSE '' END AS category_code,
        CASE WHEN cut.by_status THEN status ELSE '' END AS status,
        key >> cut.shift AS cell,
        CASE WHEN cut.by_month THEN month ELSE '{ANY_MONTH:%Y-%m-%d}'::date END AS month, {_SUMS}
    FROM {source}, (VALUES {_CUTS}) AS cut (level, shift, by_category, by_status, by_month)
    GROUP BY 1, 2, 3, 4, 5
    """  # noqa: S608  own column names


# One folds at a time and nobody waits; see backend/counts/store.py, where the same is done.
# A change that leaves a sum as it was (a stage, in the sum over all stages) writes nothing.
_FOLD: Final = f"""
WITH turn AS MATERIALIZED (
    SELECT pg_try_advisory_xact_lock({_GRID_LOCK}) AS taken
), picked AS MATERIALIZED (
    SELECT id FROM map_delta WHERE (SELECT taken FROM turn)
    ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
), batch AS (
    DELETE FROM map_delta USING picked WHERE map_delta.id = picked.id RETURNING map_delta.*
), changed AS (
    {_spread("batch")}
    HAVING (sum(reports), sum(number_sum), sum(x_sum), sum(y_sum)) <> (0, 0, 0, 0)
), into_cell AS (
    INSERT INTO map_cell AS stored ({_COLUMNS})
    SELECT level, category_code, status, cell, month, reports, number_sum, x_sum, y_sum
    FROM changed ORDER BY level, category_code, status, cell, month
    ON CONFLICT (level, category_code, status, cell, month) DO UPDATE SET
        reports = stored.reports + excluded.reports,
        number_sum = stored.number_sum + excluded.number_sum,
        x_sum = stored.x_sum + excluded.x_sum, y_sum = stored.y_sum + excluded.y_sum
    RETURNING stored.level
)
SELECT (SELECT count(*) FROM batch) AS folded, (SELECT count(*) FROM into_cell) AS cells
"""  # noqa: S608  own column names

_COLUMNS_OF_REPORT: Final = """id, code, category_code, unit_code, status, visibility,
        is_restricted, is_sensitive, accuracy_metres, is_overdue, is_urgent, public_geom,
        created_at"""


def _shown(source: str) -> str:
    """What a stranger may see, counted from reports themselves, not from the map's own rows."""
    return f"""
    SELECT r.id AS report_id, mercator_key(place.x, place.y) AS key, r.category_code, r.status,
        (r.created_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS day,
        date_trunc('month', r.created_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS month,
        round(place.x * 10)::bigint AS x, round(place.y * 10)::bigint AS y,
        ST_SetSRID(ST_MakePoint(place.x, place.y), 3857) AS geom,
        is_rough(r.is_sensitive, r.accuracy_metres) AS is_coarse, r.is_overdue, r.is_urgent,
        r.unit_code, r.code, r.created_at
    FROM {source} r, LATERAL (SELECT mercator_x(ST_X(r.public_geom)) AS x,
        mercator_y(ST_Y(r.public_geom)) AS y) AS place
    WHERE is_shown(r.visibility, r.is_restricted, r.status)
    """  # noqa: S608  own names


_COMPARE_POINTS: Final = f"""
SELECT coalesce(shown.code, p.code) AS cell,
    CASE WHEN p.number IS NULL THEN 'missing' WHEN shown.report_id IS NULL THEN 'not for strangers'
        ELSE 'differs' END AS what
FROM ({_shown("report")}) AS shown FULL JOIN map_point p ON p.report_id = shown.report_id
WHERE p.number IS NULL OR shown.report_id IS NULL
    OR (p.key, p.category_code, p.status, p.x, p.y, p.is_coarse, p.is_overdue, p.is_urgent,
        p.unit_code, p.created_at)
    IS DISTINCT FROM (shown.key, shown.category_code, shown.status, shown.x::integer,
        shown.y::integer, shown.is_coarse, shown.is_overdue, shown.is_urgent, shown.unit_code,
        shown.created_at)
ORDER BY 1 LIMIT $1
"""  # noqa: S608  own column names

_COMPARE_CELLS: Final = f"""
WITH counted AS (
    SELECT shown.key, shown.category_code, shown.status, shown.month, 1 AS reports,
        coalesce(p.number, 0) AS number_sum, shown.x AS x_sum, shown.y AS y_sum
    FROM ({_shown("report")}) AS shown LEFT JOIN map_point p ON p.report_id = shown.report_id
    UNION ALL
    SELECT key, category_code, status, month, -reports, -number_sum, -x_sum, -y_sum FROM map_delta
)
SELECT concat_ws(' ', level, nullif(category_code, ''), nullif(status, ''), cell,
        nullif(month, '{ANY_MONTH:%Y-%m-%d}')) AS cell,
    sum(stored) AS stored, sum(told) AS counted
FROM (
    SELECT level::integer, category_code, status, cell, month, reports AS stored, 0 AS told,
        number_sum, x_sum, y_sum
    FROM map_cell
    UNION ALL
    SELECT level, category_code, status, cell, month, 0, reports, -number_sum, -x_sum, -y_sum
    FROM ({_spread("counted")}) AS spread
) AS both_sides
GROUP BY level, category_code, status, both_sides.cell, month
HAVING sum(stored) <> sum(told) OR sum(number_sum) <> 0 OR sum(x_sum) <> 0 OR sum(y_sum) <> 0
ORDER BY 1 LIMIT $1
"""  # noqa: S608  own column names

_REBUILD: Final = f"""
INSERT INTO map_cell ({_COLUMNS})
SELECT level, category_code, status, cell, month, reports, number_sum, x_sum, y_sum
FROM ({
    _spread('''(
    SELECT key, category_code, status, date_trunc('month', day::timestamp)::date AS month,
        1 AS reports, number AS number_sum, x::bigint AS x_sum, y::bigint AS y_sum
    FROM map_point) AS point''')
}) AS spread
ORDER BY level, category_code, status, cell, month
"""  # noqa: S608  own column names

# FOR SHARE: a report that is being hidden this moment is looked at again once that is decided, and
# only as it is then: the statement's own snapshot may be older.
_FILL: Final = f"""
WITH next AS MATERIALIZED (
    SELECT {_COLUMNS_OF_REPORT} FROM report WHERE id > $1 ORDER BY id LIMIT $2 FOR SHARE
), put AS (
    INSERT INTO map_point (report_id, code, category_code, unit_code, status, is_coarse,
        is_overdue, is_urgent, created_at, created_us, day, geom, x, y, key)
    SELECT report_id, code, category_code, unit_code, status, is_coarse, is_overdue, is_urgent,
        created_at, (extract(epoch FROM created_at) * 1000000)::bigint, day, geom, x::integer,
        y::integer, key
    FROM ({_shown("next")}) AS shown
    ON CONFLICT (report_id) DO NOTHING
    RETURNING number, key, category_code, status, day, x, y
), told AS (
    INSERT INTO map_delta (key, category_code, status, month, reports, number_sum, x_sum, y_sum)
    SELECT key, category_code, status, date_trunc('month', day::timestamp)::date, 1, number, x, y
    FROM put
)
SELECT count(*) AS seen, (SELECT id FROM next ORDER BY id DESC LIMIT 1) AS last FROM next
"""  # noqa: S608  own column names


@dataclass(frozen=True)
class Difference:
    """Where the map is not what the reports say."""

    cell: str
    what: str


async def fold_batch(connection: Connection, limit: int) -> int:
    """Fold up to `limit` deltas in one statement; how many there were."""
    row = await connection.fetchrow(_FOLD, limit)
    return int(row["folded"]) if row else 0


async def drop_empty_cells(connection: Connection) -> None:
    """Forget sums that have come back to nothing; readers pass over them meanwhile."""
    await connection.execute("DELETE FROM map_cell WHERE reports = 0")


async def drop_old_departures(connection: Connection, *, days: int) -> None:
    """Forget what left the map so long ago that no file is kept from before."""
    await connection.execute(
        "DELETE FROM map_gone WHERE gone_at < now() - make_interval(days => $1)", days
    )


async def find_filling(connection: Connection) -> uuid.UUID | None:
    """The last old report that was put on the map; None when all are there."""
    found: uuid.UUID | None = await connection.fetchval(
        "SELECT after_id FROM map_filling WHERE NOT is_done FOR UPDATE SKIP LOCKED"
    )
    return found


async def fill_batch(connection: Connection, after: uuid.UUID, limit: int) -> uuid.UUID | None:
    """Put the next reports on the map, those strangers may see; the last looked at, or None."""
    row = await connection.fetchrow(_FILL, after, limit)
    last: uuid.UUID | None = row["last"] if row else None
    return last


async def say_filled(connection: Connection, after: uuid.UUID | None) -> None:
    """Remember how far the filling has come; None: to the end."""
    await connection.execute(
        "UPDATE map_filling SET after_id = coalesce($1, after_id), is_done = $1 IS NULL", after
    )


async def take_grid_turn(connection: Connection) -> None:
    """Keep folders waiting until the transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _GRID_LOCK)


async def hold_points(connection: Connection) -> None:
    """Let no point change until the transaction ends."""
    await connection.execute("LOCK TABLE map_point, map_delta IN SHARE ROW EXCLUSIVE MODE")


async def list_differences(connection: Connection, limit: int) -> list[Difference]:
    """Where points and sums differ from the reports, at most `limit` of each kind."""
    points = await connection.fetch(_COMPARE_POINTS, limit)
    cells = await connection.fetch(_COMPARE_CELLS, limit)
    return [Difference(f"point {row['cell']}", row["what"]) for row in points] + [
        Difference(f"cell {row['cell']}", f"is {row['stored']}, the reports say {row['counted']}")
        for row in cells
    ]


async def count_points(connection: Connection) -> int:
    """How many reports are on the map."""
    counted: Any = await connection.fetchval("SELECT count(*) FROM map_point")
    return int(counted)


async def replace_cells(connection: Connection) -> None:
    """Put sums over all points in the place of all cells and waiting deltas."""
    await connection.execute("DELETE FROM map_delta")
    await connection.execute("TRUNCATE map_cell")
    await connection.execute(_REBUILD)
