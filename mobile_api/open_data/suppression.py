"""Counts that may be published: small ones left out, and with them what would give them away.

A cell below `least` is suppressed (primary). Row and column totals can be known from elsewhere,
and a cell that stands alone in its line would follow from them: further cells are suppressed
(secondary) until a reader who knows every published figure, and that suppressed ones are at least
one, still cannot say of any small cell to within `least`. How far a cell could go up or down is a
flow through the suppressed cells of the table (Gusfield 1988; Cox 1995): that is measured here.
"""

from collections import deque
from collections.abc import Mapping
from typing import Final, TypeAlias

Cell: TypeAlias = tuple[str, str]
OTHERS: Final = "*"


def pool_small_lines(counts: Mapping[Cell, int], least: int) -> dict[Cell, int]:
    """Put rows, then columns, whose total is small into one called OTHERS.

    Totals can then be known as they are. If OTHERS itself stays small, the smallest line joins it.
    """
    found = dict(counts)
    for axis in (0, 1):
        while True:
            totals: dict[str, int] = {}
            for cell, count in found.items():
                totals[cell[axis]] = totals.get(cell[axis], 0) + count
            small = {line for line, total in totals.items() if 0 < total < least}
            if not small or small == set(totals):
                break
            if small == {OTHERS}:
                small.add(min((n, line) for line, n in totals.items() if line != OTHERS)[1])
            pooled: dict[Cell, int] = {}
            for cell, count in found.items():
                line = OTHERS if cell[axis] in small else cell[axis]
                key = (line, cell[1]) if axis == 0 else (cell[0], line)
                pooled[key] = pooled.get(key, 0) + count
            found = pooled
    return found


def suppress(counts: Mapping[Cell, int], least: int) -> set[Cell]:
    """The cells that must not be published, given that all totals are; zeros always may be."""
    filled = {cell: count for cell, count in counts.items() if count > 0}
    small = sorted(cell for cell, count in filled.items() if count < least)
    hidden = set(small)
    for cell in small:
        # a line of few reports leaves little room even if all of the table is hidden
        goal = room(filled, set(filled), cell, least)
        while room(filled, hidden, cell, least) < goal:
            more = _cheapest_detour(filled, hidden, cell)
            if more is None:
                break
            hidden |= more
    return hidden


def exposed(counts: Mapping[Cell, int], hidden: set[Cell], least: int) -> set[Cell]:
    """The small cells that a reader who knows all totals could narrow down to within `least`."""
    filled = {cell: count for cell, count in counts.items() if count > 0}
    return {
        cell
        for cell, count in filled.items()
        if count < least and (cell not in hidden or room(filled, hidden, cell, least) < least)
    }


def room(counts: Mapping[Cell, int], hidden: set[Cell], cell: Cell, enough: int) -> int:
    """By how much a hidden cell could be another number, up and down together; at most `enough`."""
    return min(
        enough,
        _shift(counts, hidden, cell, enough, up=True)
        + _shift(counts, hidden, cell, min(enough, counts[cell] - 1), up=False),
    )


def _shift(
    counts: Mapping[Cell, int], hidden: set[Cell], cell: Cell, most: int, *, up: bool
) -> int:
    """How far the cell can go one way while others make up for it: a flow from row to column.

    Along a path of hidden cells each one goes the other way than the one before; what goes down
    stops at one, what goes up stops nowhere.
    """
    change = dict.fromkeys(hidden, 0)
    moved = 0
    while moved < most:
        path = _path(counts, hidden, change, cell, up=up)
        if path is None:
            break
        step = most - moved
        for one, is_up in path:
            if not is_up:
                step = min(step, counts[one] + change[one] - 1)
        for one, is_up in path:
            change[one] += step if is_up else -step
        moved += step
    return moved


def _path(
    counts: Mapping[Cell, int],
    hidden: set[Cell],
    change: Mapping[Cell, int],
    cell: Cell,
    *,
    up: bool,
) -> list[tuple[Cell, bool]] | None:
    """Hidden cells from the cell's row to its column, each with the way it goes."""
    by_row: dict[str, list[Cell]] = {}
    by_column: dict[str, list[Cell]] = {}
    for one in sorted(hidden - {cell}):
        by_row.setdefault(one[0], []).append(one)
        by_column.setdefault(one[1], []).append(one)
    start, goal = (0, cell[0]), (1, cell[1])
    came: dict[tuple[int, str], tuple[tuple[int, str], Cell, bool] | None] = {start: None}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        if here == goal:
            break
        # leaving a row a cell goes against the first one, leaving a column along with it
        is_up = (not up) if here[0] == 0 else up
        for one in (by_row if here[0] == 0 else by_column).get(here[1], ()):
            there = (1, one[1]) if here[0] == 0 else (0, one[0])
            if there not in came and (is_up or counts[one] + change[one] > 1):
                came[there] = (here, one, is_up)
                waiting.append(there)
    if goal not in came:
        return None
    found, step = [], came[goal]
    while step is not None:
        found.append((step[1], step[2]))
        step = came[step[0]]
    return found


def _cheapest_detour(counts: Mapping[Cell, int], hidden: set[Cell], cell: Cell) -> set[Cell] | None:
    """The smallest further cells that close a rectangle with this one; None if there is none."""
    row, column = cell
    best: tuple[int, set[Cell]] | None = None
    for other_row in sorted({one[0] for one in counts} - {row}):
        for other_column in sorted({one[1] for one in counts} - {column}):
            corners = {(row, other_column), (other_row, column), (other_row, other_column)}
            if not corners <= counts.keys() or corners <= hidden:
                continue
            cost = sum(counts[one] for one in corners - hidden)
            if best is None or cost < best[0]:
                best = (cost, corners - hidden)
    if best is None:
        # no rectangle, but perhaps a longer way round: what stands in its lines, then in the lines
        # of what is hidden already, smallest first; with all of them hidden the room is the most
        for reached in ({cell}, hidden):
            rows, columns = {one[0] for one in reached}, {one[1] for one in reached}
            others = sorted(
                (count, one)
                for one, count in counts.items()
                if one not in hidden and (one[0] in rows or one[1] in columns)
            )
            if others:
                return {others[0][1]}
        return None
    return best[1]
