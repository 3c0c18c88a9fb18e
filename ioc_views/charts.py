"""The geometry of the board's bars and columns: pure; templates only write it down as SVG."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from backend.counts.figures import Line

# Bars are drawn in a box this wide and columns in one this high, then stretched to their place.
BOX = 1000


@dataclass(frozen=True)
class Part:
    """A piece of a bar or column: what it stands for, where it begins and how long it is."""

    kind: str
    start: int
    length: int


@dataclass(frozen=True)
class Bar:
    """One line of a ranking with its bar: parts answered, open, overdue, other."""

    line: Line
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Column:
    """One day: parts from the bottom up; `line` is None for a day on which nothing came in."""

    day: date
    line: Line | None
    parts: tuple[Part, ...]
    has_label: bool


def draw_bars(lines: Sequence[Line]) -> list[Bar]:
    """Bars to one scale: the line with the most reports fills the box."""
    most = max((line.received for line in lines), default=0)
    return [Bar(line, _parts(line, most)) for line in lines]


def draw_columns(lines: Sequence[Line], first: date, last: date) -> list[Column]:
    """A column for every day of the range, whether or not anything came in.

    A label stands at most every week, and at most five times.
    """
    by_day = {date.fromisoformat(line.key): line for line in lines}
    most = max((line.received for line in lines), default=0)
    step = 7 * math.ceil(((last - first).days + 1) / 35)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    return [
        Column(
            day,
            by_day.get(day),
            _parts(by_day[day], most) if day in by_day else (),
            # counted from the newest day, which matters most
            has_label=(last - day).days % step == 0,
        )
        for day in days
    ]


def _parts(line: Line, most: int) -> tuple[Part, ...]:
    other = max(0, line.received - line.resolved - line.open)
    amounts = (
        ("done", line.resolved),
        ("open", line.open - line.overdue_open),
        ("overdue", line.overdue_open),
        ("other", other),
    )
    parts: list[Part] = []
    reached = 0
    for kind, amount in amounts:
        if amount <= 0:
            continue
        start, reached = reached, reached + amount
        parts.append(
            Part(kind, _scaled(start, most), _scaled(reached, most) - _scaled(start, most))
        )
    return tuple(parts)


def _scaled(amount: int, most: int) -> int:
    return round(BOX * amount / most) if most else 0
