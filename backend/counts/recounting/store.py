"""The SQL that counts from events, compares with what is stored, and rebuilds it.

Nothing here looks at reports or trusts deltas: only what each event says of the state after it.
Everything works inside the caller's repeatable-read transaction, as the tables' owner.
"""

from dataclasses import dataclass
from typing import Any, Final

from backend.counts.deltas import MEASURES, THRESHOLDS, UNROUTED
from backend.counts.store import ROLLUP_LOCK, SPREAD
from backend.database import Connection

_NAMES: Final = ", ".join(MEASURES)

_CREATE: Final = f"""
CREATE TEMPORARY TABLE recount (
    case_kind text, unit_key text, category_code text, agency_code text, day date, month date,
    year date, bucket smallint, {", ".join(f"{name} bigint" for name in MEASURES)}
) ON COMMIT DROP
"""

# The answer that counts is the last one not reopened since; the agency's acceptance ends when the
# case is handed on or taken up anew. `resolve_by` is read as it stood when the answer was given.
_COUNT: Final = f"""
INSERT INTO recount
WITH turn AS (
    SELECT case_id,
        max(seq) FILTER (WHERE body->>'status' IS NOT NULL) AS last,
        max(seq) FILTER (WHERE kind = 'resolve') AS resolve,
        max(seq) FILTER (WHERE kind = 'rate') AS rate,
        max(seq) FILTER (WHERE kind = 'accept') AS accept,
        coalesce(max(seq) FILTER (WHERE kind = 'reopen'), 0) AS reopen,
        coalesce(max(seq) FILTER (WHERE kind IN ('transfer', 'escalate')
            OR kind = 'reopen' AND body->>'status' IN ('received', 'classifying')), 0) AS handed_on
    FROM event WHERE case_kind = 'report' GROUP BY case_id
), tale AS (
    SELECT first.at AS received_at, last.body AS state, turn.reopen > 0 AS was_reopened,
        turn.accept > turn.handed_on AS is_accepted, answer.at AS resolved_at,
        (answer.body->>'resolve_by')::timestamptz AS resolve_by,
        (rating.body->>'score')::int AS score
    FROM turn
    JOIN event AS first ON first.case_kind = 'report' AND first.case_id = turn.case_id
        AND first.seq = 1
    JOIN event AS last ON last.case_kind = 'report' AND last.case_id = turn.case_id
        AND last.seq = turn.last
    LEFT JOIN event AS answer ON answer.case_kind = 'report' AND answer.case_id = turn.case_id
        AND answer.seq = turn.resolve AND turn.resolve > turn.reopen
    LEFT JOIN event AS rating ON rating.case_kind = 'report' AND rating.case_id = turn.case_id
        AND rating.seq = turn.rate AND turn.rate > turn.reopen
), told AS (
    SELECT (received_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date AS day,
        (state->>'unit') || '@' || (state->>'unit_valid_from') AS unit_key,
        state->>'category' AS category_code,
        coalesce(state->>'agency', '{UNROUTED}') AS agency_code,
        is_accepted, was_reopened, score, resolved_at IS NOT NULL AS is_resolved,
        resolved_at IS NOT NULL AND (resolve_by IS NULL OR resolved_at <= resolve_by) AS is_on_time,
        resolved_at IS NULL AND state->>'status' IN ('received', 'classifying', 'assigned',
            'in_progress', 'awaiting_citizen') AS is_open,
        coalesce((state->>'overdue')::boolean, false) AS is_overdue,
        state->>'status' IN ('declined', 'redirected') AS is_declined,
        greatest(0, floor(extract(epoch FROM resolved_at - received_at) / 60))::bigint AS minutes
    FROM tale
)
SELECT 'report', unit_key, category_code, agency_code, day,
    date_trunc('month', day::timestamp)::date, date_trunc('year', day::timestamp)::date,
    CASE WHEN is_resolved THEN width_bucket(minutes::float8, $1::float8[]) ELSE -1 END,
    count(*),
    count(*) FILTER (WHERE is_accepted),
    count(*) FILTER (WHERE is_resolved),
    count(*) FILTER (WHERE is_open),
    count(*) FILTER (WHERE is_on_time),
    count(*) FILTER (WHERE is_resolved AND NOT is_on_time),
    count(*) FILTER (WHERE is_open AND is_overdue),
    count(*) FILTER (WHERE was_reopened),
    count(*) FILTER (WHERE is_declined),
    count(score),
    count(*) FILTER (WHERE score >= 3),
    coalesce(sum(minutes) FILTER (WHERE is_resolved), 0)
FROM told GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
"""  # noqa: S608  own column names

# What is stored must be the recount less what still waits to be folded.
_TAKE_OFF_PENDING: Final = f"""
INSERT INTO recount
SELECT case_kind, unit_key, category_code, agency_code, day,
    date_trunc('month', day::timestamp)::date, date_trunc('year', day::timestamp)::date,
    coalesce(bucket, -1), {", ".join(f"-{name}" for name in MEASURES)}
FROM count_delta WHERE case_kind = 'report'
"""  # noqa: S608  own column names

_SPANS: Final = "(VALUES ('day', day), ('month', month), ('year', year)) AS span (grain, period)"
_SIDES: Final = """(VALUES ('all', ''), ('unit', unit_key), ('category', category_code),
    ('agency', agency_code)) AS side (dimension, key)"""

_CELL_KEY: Final = "grain, unit_key, category_code, agency_code, period"
_MEASURE_ROWS: Final = ", ".join(f"('{name}', {name}::bigint)" for name in MEASURES)

_COMPARE_ROLLUP: Final = f"""
SELECT 'rollup' AS place, concat_ws(' ', dimension, key, grain, period) AS cell, measure,
    sum(stored) AS stored, sum(counted) AS counted
FROM (
    SELECT dimension, key, grain, period, m.*, 0::bigint AS counted
    FROM rollup, LATERAL (VALUES {_MEASURE_ROWS}) AS m (measure, stored)
    WHERE case_kind = 'report'
    UNION ALL
    SELECT side.dimension, side.key, span.grain, span.period, m.measure, 0, m.counted
    FROM recount, LATERAL {_SIDES}, LATERAL {_SPANS},
        LATERAL (VALUES {_MEASURE_ROWS}) AS m (measure, counted)
) AS both_sides
GROUP BY dimension, key, grain, period, measure HAVING sum(stored) <> sum(counted)
ORDER BY 2, 3 LIMIT $1
"""  # noqa: S608  own column names

_COMPARE_CELL: Final = f"""
SELECT 'rollup_cell' AS place, concat_ws(' ', {_CELL_KEY}) AS cell, measure,
    sum(stored) AS stored, sum(counted) AS counted
FROM (
    SELECT {_CELL_KEY}, m.*, 0::bigint AS counted
    FROM rollup_cell, LATERAL (VALUES {_MEASURE_ROWS}) AS m (measure, stored)
    WHERE case_kind = 'report'
    UNION ALL
    SELECT span.grain, unit_key, category_code, agency_code, span.period, m.measure, 0, m.counted
    FROM recount, LATERAL {_SPANS}, LATERAL (VALUES {_MEASURE_ROWS}) AS m (measure, counted)
) AS both_sides
GROUP BY {_CELL_KEY}, measure HAVING sum(stored) <> sum(counted)
ORDER BY 2, 3 LIMIT $1
"""  # noqa: S608  own column names

_COMPARE_HOURS: Final = f"""
SELECT 'rollup_hours' AS place, concat_ws(' ', dimension, key, grain, period) AS cell,
    'bucket ' || bucket AS measure, sum(stored) AS stored, sum(counted) AS counted
FROM (
    SELECT dimension, key, grain, period, bucket, cases::bigint AS stored, 0::bigint AS counted
    FROM rollup_hours WHERE case_kind = 'report'
    UNION ALL
    SELECT side.dimension, side.key, span.grain, span.period, bucket, 0, resolved
    FROM recount, LATERAL {_SIDES}, LATERAL {_SPANS}
    WHERE bucket >= 0 AND (side.dimension = 'all' OR span.grain <> 'day')
) AS both_sides
GROUP BY dimension, key, grain, period, bucket HAVING sum(stored) <> sum(counted)
ORDER BY 2, 3 LIMIT $1
"""  # noqa: S608  own column names

# Of a day's cells only `resolved` belongs to a bucket; all else is right when summed over buckets.
_COMPARE_CELL_HOURS: Final = """
SELECT 'rollup_cell' AS place, concat_ws(' ', unit_key, category_code, agency_code, period) AS cell,
    'bucket ' || bucket AS measure, sum(stored) AS stored, sum(counted) AS counted
FROM (
    SELECT unit_key, category_code, agency_code, period, bucket, resolved::bigint AS stored,
        0::bigint AS counted
    FROM rollup_cell WHERE case_kind = 'report' AND grain = 'day' AND bucket >= 0
    UNION ALL
    SELECT unit_key, category_code, agency_code, day, bucket, 0, resolved
    FROM recount WHERE bucket >= 0
) AS both_sides
GROUP BY unit_key, category_code, agency_code, period, bucket HAVING sum(stored) <> sum(counted)
ORDER BY 2, 3 LIMIT $1
"""

_REBUILD: Final = f"""
WITH cell AS MATERIALIZED (
    SELECT case_kind, unit_key, category_code, agency_code, day, month, year, bucket, {_NAMES}
    FROM recount
), {SPREAD}
SELECT coalesce(sum(received), 0)::bigint FROM cell
"""  # noqa: S608  own column names


@dataclass(frozen=True)
class Difference:
    """One figure that is not what the events say; `stored` and `counted` leave out what waits."""

    place: str
    cell: str
    measure: str
    stored: int
    counted: int


async def take_rollup_turn(connection: Connection) -> None:
    """Keep all folders waiting until give_rollup_turn; before the transaction begins.

    A transaction's snapshot must be younger than the last fold, so the lock is the session's.
    """
    await connection.execute("SELECT pg_advisory_lock($1)", ROLLUP_LOCK)


async def give_rollup_turn(connection: Connection) -> None:
    """Let folders go on."""
    await connection.execute("SELECT pg_advisory_unlock($1)", ROLLUP_LOCK)


async def count_events(connection: Connection) -> int:
    """Count all cases from their events into a table of this transaction's; how many there are."""
    await connection.execute(_CREATE)
    await connection.execute(_COUNT, list(THRESHOLDS))
    await connection.execute("ANALYZE recount")
    cases: int = await connection.fetchval("SELECT coalesce(sum(received), 0)::bigint FROM recount")
    return cases


async def list_differences(connection: Connection, limit: int) -> list[Difference]:
    """Where rollups and deltas differ from count_events, at most `limit` of each kind."""
    await connection.execute(_TAKE_OFF_PENDING)
    found: list[Difference] = []
    for statement in (_COMPARE_ROLLUP, _COMPARE_CELL, _COMPARE_HOURS, _COMPARE_CELL_HOURS):
        rows = await connection.fetch(statement, limit)
        found += [_difference(row) for row in rows]
    return found


async def replace_rollups(connection: Connection) -> None:
    """Put what count_events counted in the place of all rollups and waiting deltas of reports."""
    for table in ("count_delta", "rollup", "rollup_cell", "rollup_hours"):
        await connection.execute(f"DELETE FROM {table} WHERE case_kind = 'report'")  # noqa: S608  own names
    await connection.execute(_REBUILD)


def _difference(row: Any) -> Difference:
    return Difference(
        row["place"], row["cell"], row["measure"], int(row["stored"]), int(row["counted"])
    )
