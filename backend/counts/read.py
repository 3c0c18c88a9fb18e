"""The figures as doors ask for them: a summary, a breakdown, either on other boundaries."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from backend.counts.boundaries import Carried, Placement, carry_over, place_units
from backend.counts.deltas import UNROUTED
from backend.counts.errors import BoundariesImpossible, FilterRefused
from backend.counts.figures import Figures, Group, Line, add_up, make_figures, make_line
from backend.counts.filters import CountsFilter, Dimension
from backend.counts.naming import store as naming
from backend.counts.reading.store import read_groups, read_totals
from backend.database import Connection

_UNROUTED_NAMES = ("Chưa xác định cơ quan", "Not routed yet")


@dataclass(frozen=True)
class ApartLine:
    """Figures of a unit that was split: they belong to the units `among`, unknown which."""

    line: Line
    among: tuple[str, ...]


@dataclass(frozen=True)
class Breakdown:
    """The lines of one dimension, most cases first (days: in order), and what stands apart."""

    lines: tuple[Line, ...]
    as_of: datetime
    apart: tuple[ApartLine, ...] = ()


async def find_filter(
    connection: Connection,
    *,
    today: date,
    first: date | None = None,
    last: date | None = None,
    unit: str | None = None,
    category: str | None = None,
    agency: str | None = None,
    boundaries: date | None = None,
) -> CountsFilter:
    """The filter that people's words stand for.

    A unit is a code (of the generation in force on `today`, or on `boundaries`) or
    `code@valid_from`; a district stands for its communes, a field for its sub-categories, `-` as
    agency for what is not routed. Raises FilterRefused naming the word that stands for nothing.
    """
    if first is not None and last is not None and first > last:
        raise FilterRefused.of(
            "to", "Ngày cuối phải sau ngày đầu.", "The last day is before the first."
        )
    if agency not in (None, UNROUTED) and not await find_agency_name(connection, agency):
        raise FilterRefused.of("agency", "Không có cơ quan này.", "There is no such agency.")
    return CountsFilter(
        first=first,
        last=last,
        units=await _unit_keys(connection, unit, boundaries or today) if unit else None,
        categories=await _category_codes(connection, category) if category else None,
        agencies=(agency,) if agency else None,
    )


async def find_agency_name(
    connection: Connection, code: str | None, *, english: bool = False
) -> str | None:
    """What an agency is called; None for no such agency."""
    if code == UNROUTED:
        return _UNROUTED_NAMES[int(english)]
    names = await naming.find_agency_names(connection, code) if code else None
    return names[int(english)] if names else None


async def summary(connection: Connection, wanted: CountsFilter) -> Figures:
    """The figures of all cases that a filter picks; one statement, one snapshot."""
    totals = await read_totals(connection, wanted)
    return make_figures(totals.sums, totals.histogram, totals.as_of)


async def by(
    connection: Connection, dimension: Dimension, wanted: CountsFilter, *, by_field: bool = False
) -> Breakdown:
    """The figures of each unit, category, agency or day that has cases; one statement.

    With `by_field`, categories are summed up to their fields.
    """
    groups, as_of = await read_groups(connection, dimension, wanted)
    if dimension == "day":
        lines = [make_line(group, minimum=1) for group in groups]
        return Breakdown(tuple(sorted(lines, key=lambda line: line.key)), as_of)
    if dimension == "agency":
        groups = [_named_unrouted(group) for group in groups]
    if dimension == "category" and by_field:
        groups = _sum_to_fields(groups, await naming.list_categories(connection))
    return Breakdown(_ranked([make_line(group) for group in groups]), as_of)


async def move_to_boundaries(
    connection: Connection, wanted: CountsFilter, on: date
) -> tuple[CountsFilter, tuple[ApartLine, ...]]:
    """The filter that picks, in every generation, what lies in its units as drawn on a day.

    Also gives the figures of split units, a part of which lies there too. A filter without units
    stays as it is: a total does not depend on boundaries. Raises BoundariesImpossible.
    """
    if wanted.units is None:
        return wanted, ()
    target = set(wanted.units)
    groups, _ = await read_groups(connection, "unit", replace(wanted, units=None))
    carried, placements = await _carry(connection, groups, on)
    keys = {key for key, placement in placements.items() if placement.exactly in target}
    apart = [part for part in carried.apart if target & set(part.among)]
    return (
        replace(wanted, units=tuple(sorted(keys | target))),
        tuple(ApartLine(make_line(part.group), part.among) for part in apart),
    )


async def by_unit_on_boundaries(
    connection: Connection, wanted: CountsFilter, on: date
) -> Breakdown:
    """The breakdown by the units in force on a day, whatever units cases were counted under.

    Raises BoundariesImpossible naming units that have no counterpart on that day.
    """
    groups, as_of = await read_groups(connection, "unit", replace(wanted, units=None))
    carried, _ = await _carry(connection, groups, on)
    target = None if wanted.units is None else set(wanted.units)
    lines = [
        make_line(group, is_approximate=group.key in carried.approximate_keys)
        for group in carried.groups
        if target is None or group.key in target
    ]
    apart = tuple(
        ApartLine(make_line(part.group), part.among)
        for part in carried.apart
        if target is None or target & set(part.among)
    )
    return Breakdown(_ranked(lines), as_of, apart)


async def _carry(
    connection: Connection, groups: Sequence[Group], on: date
) -> tuple[Carried, dict[str, Placement]]:
    target = await naming.list_units_on(connection, on)
    if not target:
        raise FilterRefused.of(
            "boundaries", "Chưa có địa giới của ngày này.", "No boundaries of that day are loaded."
        )
    successors = await naming.list_successors(connection)
    placements = place_units(
        [group.key for group in groups], {unit.key for unit in target}, successors
    )
    carried = carry_over(groups, target, placements)
    if carried.impossible:
        names = ", ".join(f"{group.name} ({group.key})" for group in carried.impossible[:5])
        count = len(carried.impossible)
        raise BoundariesImpossible(
            f"Không thể quy đổi {count} đơn vị sang địa giới của ngày này: {names}.",
            f"{count} units have no counterpart on the boundaries of that day: {names}.",
        )
    return carried, placements


async def _unit_keys(connection: Connection, unit: str, on: date) -> tuple[str, ...]:
    code, _, generation = unit.partition("@")
    try:
        day = date.fromisoformat(generation) if generation else on
    except ValueError:
        day = None
    found = await naming.list_units_below(connection, code, day) if day else []
    if not found or (generation and found[0].valid_from != day):
        raise FilterRefused.of(
            "unit",
            "Không có đơn vị hành chính này trong địa giới đang dùng; với địa giới cũ, hãy ghi "
            "mã@ngày hiệu lực, ví dụ 21025@2024-01-01.",
            "No unit has this code on the boundaries in use; for older ones write "
            "code@first day, such as 21025@2024-01-01.",
        )
    return tuple(unit.key for unit in found)


async def _category_codes(connection: Connection, category: str) -> tuple[str, ...]:
    listed = await naming.list_categories(connection)
    codes = tuple(c.code for c in listed if category in (c.code, c.field_code))
    if not codes:
        raise FilterRefused.of("category", "Không có lĩnh vực này.", "There is no such category.")
    return codes


def _named_unrouted(group: Group) -> Group:
    if group.key != UNROUTED:
        return group
    return replace(group, name=_UNROUTED_NAMES[0], name_en=_UNROUTED_NAMES[1])


def _sum_to_fields(
    groups: Sequence[Group], categories: Sequence[naming.CategoryName]
) -> list[Group]:
    by_code = {category.code: category for category in categories}
    together: dict[str, list[Group]] = {}
    for group in groups:
        known = by_code.get(group.key)
        together.setdefault(known.field_code if known else group.key, []).append(group)
    return [
        Group(
            key=code,
            code=code,
            name=by_code[code].name_vi if code in by_code else found[0].name,
            name_en=by_code[code].name_en if code in by_code else found[0].name_en,
            sums=add_up([group.sums for group in found]),
        )
        for code, found in together.items()
    ]


def _ranked(lines: Sequence[Line]) -> tuple[Line, ...]:
    return tuple(sorted(lines, key=lambda line: (-line.received, line.key)))
