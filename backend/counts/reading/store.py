"""The SQL that reads figures.

Every statement adds rollups and deltas not folded yet, in one snapshot: folding moves rows from one
to the other in one commit, so nothing is ever missed or counted twice. There is one text for each
shape of question (which filters, which breakdown); values are bound.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Final, Literal, TypeAlias

from backend.counts.deltas import MEASURES, Measures
from backend.counts.figures import Group, sums_of
from backend.counts.filters import CountsFilter, Dimension, Grain, Span, split_range
from backend.database import Connection

Side: TypeAlias = Literal["unit", "category", "agency"]
_CELL_COLUMN: Final[dict[Side, str]] = {
    "unit": "unit_key",
    "category": "category_code",
    "agency": "agency_code",
}
_SUMS: Final = ", ".join(f"sum({name}) AS {name}" for name in MEASURES)
# A province has some 400 units over both generations, 70 categories, 300 agencies.
GROUPS_MAX: Final = 5_000
DAYS_MAX: Final = 4_000


@dataclass(frozen=True)
class Totals:
    """Sums over all cases of a filter, the histogram of their resolution times, and the moment."""

    sums: Measures
    histogram: dict[int, int]
    as_of: datetime


@dataclass(frozen=True)
class _Shape:
    """Which statement a question needs: the sides it filters by and what it is broken down by."""

    filtered: tuple[Side, ...]
    group: Dimension | None = None

    @property
    def sides(self) -> tuple[Side, ...]:
        """Every side that takes part, filtering or grouping."""
        return tuple(side for side in _CELL_COLUMN if side in self.filtered or side == self.group)


async def read_totals(connection: Connection, wanted: CountsFilter) -> Totals:
    """Everything `summary` needs, in one statement."""
    shape = _Shape(_filtered(wanted))
    row = await connection.fetchrow(_totals_sql(shape), *_arguments(wanted, shape))
    if row is None:
        raise RuntimeError("a sum always answers one row")
    histogram = dict(zip(row["buckets"] or (), row["cases"] or (), strict=True))
    return Totals(sums_of(row), histogram, row["as_of"])


async def read_groups(
    connection: Connection, dimension: Dimension, wanted: CountsFilter
) -> tuple[list[Group], datetime]:
    """The sums of every key of a dimension that has cases, by key, and the moment they hold."""
    shape = _Shape(_filtered(wanted), dimension)
    rows = await connection.fetch(_groups_sql(shape), *_arguments(wanted, shape))
    groups = [
        Group(
            key=row["key"],
            code=row["code"],
            name=row["name"] or row["code"],
            name_en=row["name_en"] or row["name"] or row["code"],
            sums=sums_of(row),
            valid_from=row["valid_from"],
        )
        for row in rows
        if row["received"]
    ]
    # The first row is always the moment alone, so that an empty breakdown has one too.
    return groups, rows[0]["as_of"]


def _filtered(wanted: CountsFilter) -> tuple[Side, ...]:
    given: dict[Side, Sequence[str] | None] = {
        "unit": wanted.units,
        "category": wanted.categories,
        "agency": wanted.agencies,
    }
    return tuple(side for side, keys in given.items() if keys is not None)


def _arguments(wanted: CountsFilter, shape: _Shape) -> list[Any]:
    spans = split_range(wanted.first, wanted.last, _grains(shape))
    keys = {"unit": wanted.units, "category": wanted.categories, "agency": wanted.agencies}
    return [
        wanted.case_kind,
        wanted.first or date.min,
        wanted.last or date.max,
        *_columns(spans),
        *(list(keys[side] or ()) for side in shape.filtered),
    ]


def _columns(spans: Sequence[Span]) -> tuple[list[str], list[date], list[date]]:
    return [s.grain for s in spans], [s.first for s in spans], [s.last for s in spans]


def _grains(shape: _Shape) -> tuple[Grain, ...]:
    return ("day",) if shape.group == "day" else ("year", "month", "day")


def _key_tests(shape: _Shape, alias: str, column: str | None = None) -> str:
    """The filters' conditions; `column` names the key's column where only one side takes part."""
    return "".join(
        f" AND {alias}.{column or _CELL_COLUMN[side]} = ANY (${number}::text[])"
        for number, side in enumerate(shape.filtered, start=7)
    )


# OFFSET 0 keeps the periods of each span an index scan: the planner, who sees no values, would read
# the whole rollup rather than join it to spans of unknown number.
_SPANS: Final = "unnest($4::text[], $5::date[], $6::date[]) AS span (grain, first, last)"
_PERIODS: Final = (
    "r.case_kind = $1 AND r.grain = span.grain AND r.period BETWEEN span.first AND span.last"
)


def _in_spans(columns: str, table: str, test: str) -> str:
    return (
        f"SELECT part.* FROM {_SPANS} CROSS JOIN LATERAL "  # noqa: S608  own column names
        f"(SELECT {columns} FROM {table} r WHERE {_PERIODS}{test} OFFSET 0) AS part"
    )


def _folded(shape: _Shape) -> str:
    """Rows of the narrowest rollup that knows all sides, as (key, measures)."""
    names = ", ".join(f"r.{name}" for name in MEASURES)
    if len(shape.sides) > 1:
        key = "''" if shape.group is None else "r.period::text"
        if shape.group in _CELL_COLUMN:
            key = f"r.{_CELL_COLUMN[shape.group]}"
        return _in_spans(f"{key} AS key, {names}", "rollup_cell", _key_tests(shape, "r"))
    dimension = shape.sides[0] if shape.sides else "all"
    key = "r.period::text" if shape.group == "day" else "r.key"
    test = f" AND r.dimension = '{dimension}'{_key_tests(shape, 'r', 'key')}"
    return _in_spans(f"{key} AS key, {names}", "rollup", test)


def _pending(shape: _Shape, columns: str) -> str:
    """Rows that wait to be folded."""
    return (
        f"SELECT {columns} FROM count_delta d WHERE d.case_kind = $1 "  # noqa: S608  own column names
        f"AND d.day BETWEEN $2 AND $3{_key_tests(shape, 'd')}"
    )


def _parts(shape: _Shape) -> str:
    key = "''"
    if shape.group == "day":
        key = "d.day::text"
    elif shape.group is not None:
        key = f"d.{_CELL_COLUMN[shape.group]}"
    names = ", ".join(f"d.{name}" for name in MEASURES)
    return f"{_folded(shape)} UNION ALL {_pending(shape, f'{key}, {names}')}"


def _hours(shape: _Shape) -> str:
    """Rows of the histogram as (bucket, cases): whole periods where they are kept, else days."""
    pending = _pending(shape, "d.bucket, d.resolved AS cases") + " AND d.bucket IS NOT NULL"
    if len(shape.filtered) > 1:
        days = (
            "SELECT r.bucket, r.resolved AS cases FROM rollup_cell r "  # noqa: S608  own names
            "WHERE r.case_kind = $1 AND r.grain = 'day' AND r.period BETWEEN $2 AND $3 "
            f"AND r.bucket >= 0{_key_tests(shape, 'r')}"
        )
        return f"{days} UNION ALL {pending}"
    dimension = shape.filtered[0] if shape.filtered else "all"
    keys = _key_tests(shape, "r", "key") if shape.filtered else " AND r.key = ''"
    kept = _in_spans("r.bucket, r.cases", "rollup_hours", f" AND r.dimension = '{dimension}'{keys}")
    if not shape.filtered:
        return f"{kept} UNION ALL {pending}"
    test = f" AND r.grain = 'day' AND r.bucket >= 0{_key_tests(shape, 'r')}"
    days = _in_spans("r.bucket, r.resolved AS cases", "rollup_cell", test)
    return f"{kept} UNION ALL {days} UNION ALL {pending}"


@cache
def _totals_sql(shape: _Shape) -> str:
    return f"""
        WITH part AS ({_parts(shape)}),
        hour AS (
            SELECT bucket, sum(cases) AS cases FROM ({_hours(shape)}) AS h
            GROUP BY bucket HAVING sum(cases) > 0
        )
        SELECT statement_timestamp() AS as_of, total.*, spread.*
        FROM (SELECT {_SUMS} FROM part) AS total,
            (SELECT array_agg(bucket) AS buckets, array_agg(cases::bigint) AS cases
                FROM hour) AS spread
        """  # noqa: S608  own column names


_NAMES: Final[dict[Dimension, str]] = {
    "unit": """
        SELECT sums.*, split_part(key, '@', 1) AS code, split_part(key, '@', 2) AS valid_from,
            u.name, u.name AS name_en
        FROM sums LEFT JOIN unit u ON u.code = split_part(key, '@', 1)
            AND u.valid_from = split_part(key, '@', 2)::date""",
    "category": """
        SELECT sums.*, key AS code, NULL AS valid_from, c.name_vi AS name, c.name_en
        FROM sums LEFT JOIN category c ON c.code = key""",
    "agency": """
        SELECT sums.*, key AS code, NULL AS valid_from, a.name_vi AS name, a.name_en
        FROM sums LEFT JOIN agency a ON a.code = key""",
    "day": """
        SELECT sums.*, key AS code, NULL AS valid_from, NULL AS name, NULL AS name_en FROM sums""",
}


@cache
def _groups_sql(shape: _Shape) -> str:
    if shape.group is None:
        raise ValueError("a breakdown needs a dimension")
    most = DAYS_MAX if shape.group == "day" else GROUPS_MAX
    nothing = ", ".join(f"0 AS {name}" for name in MEASURES)
    return f"""
        WITH part AS ({_parts(shape)}),
        sums AS (SELECT key, {_SUMS} FROM part GROUP BY key HAVING sum(received) <> 0),
        named AS ({_NAMES[shape.group]} ORDER BY key LIMIT {most})
        SELECT statement_timestamp() AS as_of, NULL AS key, {nothing}, NULL AS code,
            NULL AS valid_from, NULL AS name, NULL AS name_en
        UNION ALL
        SELECT statement_timestamp(), named.* FROM named
        """  # noqa: S608  own column names
