"""What one case contributes to the figures, as a pure function of its state.

A change of a case changes the figures by contribution(after) − contribution(before), so the sum of
all deltas equals the sum over all cases of their contribution: that is what `caunoi counts verify`
and the tests recompute. Definitions (API.md): on time = resolved at or before `resolve_by` as it
stood; late = resolved after it; overdue_open = unresolved and past it. All figures belong to the
day, in Vietnam, on which the case was received. Decision 0006.
"""

from bisect import bisect_right
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Final

MEASURES: Final = (
    "received",
    "accepted",
    "resolved",
    "open",
    "on_time",
    "late",
    "overdue_open",
    "reopened",
    "declined",
    "rated",
    "satisfied",
    "minutes",
)
UNROUTED: Final = "-"
# Where the histogram's buckets begin, in minutes: each is 5 % wider, the last ends after 26 years.
THRESHOLDS: Final = tuple(6 * 1.05**n for n in range(1, 300))


@dataclass(frozen=True)
class Cell:
    """Where a case is counted; the unit key is `code@valid_from`, as codes are reused."""

    day: date
    unit_key: str
    category_code: str
    agency_code: str


@dataclass(frozen=True)
class Measures:
    """What is counted of one case (or the difference of two): whole numbers."""

    received: int = 0
    accepted: int = 0
    resolved: int = 0
    open: int = 0
    on_time: int = 0
    late: int = 0
    overdue_open: int = 0
    reopened: int = 0
    declined: int = 0
    rated: int = 0
    satisfied: int = 0
    minutes: int = 0

    def minus(self, other: "Measures") -> "Measures":
        return Measures(
            **{f.name: getattr(self, f.name) - getattr(other, f.name) for f in fields(self)}
        )

    @property
    def is_zero(self) -> bool:
        return not any(getattr(self, f.name) for f in fields(self))


@dataclass(frozen=True)
class Standing:
    """One case as the figures see it; bucket is None while it is unresolved."""

    cell: Cell
    measures: Measures
    bucket: int | None


@dataclass(frozen=True)
class Delta:
    """One row to be folded into the rollups; `bucket` moves by `bucket_sign` of resolved."""

    cell: Cell
    measures: Measures
    bucket: int | None


def unit_key(code: str, valid_from: date) -> str:
    """The unit as rollups know it: code and generation."""
    return f"{code}@{valid_from.isoformat()}"


def bucket_of(minutes: int) -> int:
    """The histogram bucket of a duration: the first holds up to 6 minutes, each next 5 % more."""
    return bisect_right(THRESHOLDS, minutes)


def minutes_of(bucket: int) -> float:
    """What stands for a bucket, in minutes: at most 2.5 %, or 3 minutes, off what fell into it."""
    return 3.0 if bucket == 0 else THRESHOLDS[bucket - 1] * 1.05**0.5


def resolution_minutes(created_at: datetime, resolved_at: datetime) -> int:
    """Elapsed minutes from receipt to resolution, never negative."""
    return max(0, int((resolved_at - created_at).total_seconds() // 60))


def deltas_between(before: Standing | None, after: Standing) -> list[Delta]:
    """The rows that carry the figures from `before` (None: the case is new) to `after`."""
    if before is None:
        return [Delta(after.cell, after.measures, after.bucket)]
    if before.cell == after.cell and before.bucket == after.bucket:
        change = after.measures.minus(before.measures)
        # The bucket already counts this case; it moves only when it changes.
        return [] if change.is_zero else [Delta(after.cell, change, None)]
    return [
        Delta(before.cell, Measures().minus(before.measures), before.bucket),
        Delta(after.cell, after.measures, after.bucket),
    ]
