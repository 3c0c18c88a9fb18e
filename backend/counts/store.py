"""The SQL that writes figures: append deltas, fold them into the rollups."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

from backend.counts.deltas import MEASURES, Delta
from backend.database import Connection

# One number for "somebody changes the rollups now": folders and rebuilds take turns.
ROLLUP_LOCK: Final = 0x0CA0_0002

_DELTA_COLUMNS: Final = ("day", "unit_key", "category_code", "agency_code", *MEASURES, "bucket")
_DELTA_TYPES: Final = (
    "date",
    "text",
    "text",
    "text",
    *("smallint",) * (len(MEASURES) - 1),
    "bigint",
    "smallint",
)
_INSERT_DELTAS: Final = (
    f"INSERT INTO count_delta (case_kind, {', '.join(_DELTA_COLUMNS)}) SELECT $1, * FROM unnest("  # noqa: S608  own column names
    + ", ".join(f"${n}::{kind}[]" for n, kind in enumerate(_DELTA_TYPES, start=2))
    + ")"
)

_NAMES: Final = ", ".join(MEASURES)
_SUMS: Final = ", ".join(f"sum({name}) AS {name}" for name in MEASURES)


def _added(table: str) -> str:
    return ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in MEASURES)


# What follows from `cell` (sums of a batch of deltas, by case kind, day, place and bucket).
SPREAD: Final = f"""
into_cell AS (
    INSERT INTO rollup_cell AS stored (case_kind, grain, unit_key, category_code, agency_code,
        period, bucket, {_NAMES})
    SELECT case_kind, 'day', unit_key, category_code, agency_code, day, bucket, {_NAMES}
    FROM cell
    UNION ALL
    SELECT case_kind, span.grain, unit_key, category_code, agency_code, span.period, -1, {_SUMS}
    FROM cell CROSS JOIN LATERAL (VALUES ('month', month), ('year', year)) AS span (grain, period)
    GROUP BY case_kind, span.grain, unit_key, category_code, agency_code, span.period
    ON CONFLICT (case_kind, grain, unit_key, category_code, period, agency_code, bucket)
        DO UPDATE SET {_added("stored")}
), narrow AS MATERIALIZED (
    SELECT case_kind, side.dimension, side.key, day, month, year, bucket, {_SUMS}
    FROM cell CROSS JOIN LATERAL (VALUES ('all', ''), ('unit', unit_key),
        ('category', category_code), ('agency', agency_code)) AS side (dimension, key)
    GROUP BY case_kind, side.dimension, side.key, day, month, year, bucket
), into_rollup AS (
    INSERT INTO rollup AS stored (case_kind, dimension, grain, period, key, {_NAMES})
    SELECT case_kind, dimension, span.grain, span.period, key, {_SUMS}
    FROM narrow CROSS JOIN LATERAL (VALUES ('day', day), ('month', month), ('year', year))
        AS span (grain, period)
    GROUP BY case_kind, dimension, span.grain, span.period, key
    ON CONFLICT (case_kind, dimension, grain, period, key) DO UPDATE SET {_added("stored")}
), into_hours AS (
    INSERT INTO rollup_hours AS stored (case_kind, dimension, grain, period, key, bucket, cases)
    SELECT case_kind, dimension, span.grain, span.period, key, bucket, sum(resolved)
    FROM narrow CROSS JOIN LATERAL (VALUES ('day', day), ('month', month), ('year', year))
        AS span (grain, period)
    WHERE bucket >= 0 AND (span.grain <> 'day' OR dimension = 'all')
    GROUP BY case_kind, dimension, span.grain, span.period, key, bucket
    ON CONFLICT (case_kind, dimension, key, grain, period, bucket)
        DO UPDATE SET cases = stored.cases + excluded.cases
)"""  # noqa: S608  own column names

# One folds at a time, nobody waits: who does not get the lock folds nothing. A folder's snapshot
# may be older than the last one's commit, which is harmless: rows deleted meanwhile are skipped as
# they are locked, and ON CONFLICT adds to the newest committed sums.
_FOLD: Final = f"""
WITH turn AS MATERIALIZED (
    SELECT pg_try_advisory_xact_lock({ROLLUP_LOCK}) AS taken
), picked AS MATERIALIZED (
    SELECT id FROM count_delta WHERE (SELECT taken FROM turn)
    ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED
), batch AS (
    DELETE FROM count_delta USING picked WHERE count_delta.id = picked.id
    RETURNING count_delta.*
), cell AS MATERIALIZED (
    SELECT case_kind, unit_key, category_code, agency_code, day,
        date_trunc('month', day::timestamp)::date AS month,
        date_trunc('year', day::timestamp)::date AS year, coalesce(bucket, -1) AS bucket, {_SUMS}
    FROM batch GROUP BY case_kind, unit_key, category_code, agency_code, day, coalesce(bucket, -1)
), {SPREAD}
SELECT count(*) FROM batch
"""  # noqa: S608  own column names


async def insert_deltas(connection: Connection, case_kind: str, deltas: Sequence[Delta]) -> None:
    """Append rows for the worker to fold into the rollups."""
    if not deltas:
        return
    columns: list[list[Any]] = [
        [getattr(delta.cell, f.name) for delta in deltas] for f in fields(deltas[0].cell)
    ]
    columns += [[getattr(delta.measures, name) for delta in deltas] for name in MEASURES]
    columns.append([delta.bucket for delta in deltas])
    await connection.execute(_INSERT_DELTAS, case_kind, *columns)


async def fold_batch(connection: Connection, limit: int) -> int:
    """Fold up to `limit` deltas in one statement; how many there were."""
    folded: int = await connection.fetchval(_FOLD, limit)
    return folded
