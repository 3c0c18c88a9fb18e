"""Approximate boundaries of Quảng Ngãi, before and after 1 July 2025, from open name lists.

The packages name every unit and say about where its middle is, not where it ends. So the land is
divided among the 272 communes of old Quảng Ngãi and Kon Tum, each point to the nearest middle
(Voronoi cells), inside a hull around them. A unit of 2025 is the union of the communes merged into
it, an old district the union of its communes: the two eras fit each other, and all is labelled
approximate. Three quarters of the land get the unit they belong to, nine tenths the district.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import shapely
from shapely import MultiPoint, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from backend.demo.gazetteer.store import PROVINCE, NewUnit, OldUnit, read_gazetteer
from geo.errors import ImportRefused
from geo.imports import (
    OwnerConnection,
    activate_generations,
    import_successors,
    load_units,
)
from geo.store import list_generations
from geo.successors import SuccessorRow
from geo.units import Level, Successor, Target, UnitCode, UnitDraft, find_kind
from geo.validate import draft_unit

# The list of the General Statistics Office of that day has these 170 communes in 13 districts.
OLD_VALID_FROM = date(2025, 3, 1)
# Resolution 1677/NQ-UBTVQH15: 96 units from this day on, and no districts.
NEW_VALID_FROM = date(2025, 7, 1)
OLD_ISLAND, NEW_ISLAND = "536", "21548"
SOURCE = "demo: Voronoi cells around unit centroids of vietnamadminunits"

_PROVINCE_NAME = "Tỉnh Quảng Ngãi"
# Chosen against the real outline: of their joint area hull and land share 84 %,
# and 5 % of the land is left out.
_HULL_RATIO = 0.2
_HULL_BUFFER_DEGREES = 0.05
# Lý Sơn is 5 km long; the circle holds both of its islands and their shore.
_ISLAND_RADIUS_DEGREES = 0.04
# Corners lie on a grid of about 0.1 mm, so that neighbours share them exactly.
_GRID_DEGREES = 1e-9


@dataclass(frozen=True, slots=True)
class DemoGeneration:
    """One level from one day on, ready for geo's loader."""

    target: Target
    units: tuple[UnitDraft, ...]


@dataclass(frozen=True, slots=True)
class DemoBoundaries:
    """The five generations of the demo province, and what became of the old units."""

    generations: tuple[DemoGeneration, ...]
    successors: tuple[Successor, ...]


def build_boundaries() -> DemoBoundaries:
    """Build the demo province's units of both eras: the same ones every time, in about 1 s."""
    gazetteer = read_gazetteer()
    old, new, districts = gazetteer.old, gazetteer.new, gazetteer.districts
    cells = _divide_land(old, new)
    here = [unit for unit in old if unit.province == PROVINCE]
    island = MultiPolygon([new[NEW_ISLAND].middle.buffer(_ISLAND_RADIUS_DEGREES)])
    old_shapes = {unit.code: _join([cells[unit.code]]) for unit in here}
    district_shapes = _shapes_of_districts(here, cells) | {OLD_ISLAND: island}
    new_shapes = _shapes_of_new(old, cells, new) | {NEW_ISLAND: island}
    new_names = {code: unit.name for code, unit in new.items()}
    names_of_old = {unit.code: unit.name for unit in here}
    parents = {unit.code: unit.district for unit in here}
    return DemoBoundaries(
        generations=(
            _province_then(district_shapes),
            _generation("district", district_shapes, districts, dict.fromkeys(districts, PROVINCE)),
            _generation("commune", old_shapes, names_of_old, parents),
            _province_now(new_shapes),
            _generation(
                "commune", new_shapes, new_names, dict.fromkeys(new, PROVINCE), is_new=True
            ),
        ),
        successors=_successors(here),
    )


async def load_boundaries(conn: OwnerConnection) -> None:
    """Load the demo province's units and put them in force; a second run adds what is missing.

    Generations that are there already, approximate or exact, are left as they are. Raises
    ImportRefused, for instance where another province's units hold the codes.
    """
    built = build_boundaries()
    stored = {(found.level, found.valid_from) for found in await list_generations(conn)}
    added = False
    for generation in built.generations:
        target = generation.target
        if (target.level, target.valid_from) not in stored:
            report = await load_units(conn, generation.units, target, commit=True)
            if report.outcome == "refused":
                raise ImportRefused("; ".join(finding.message for finding in report.findings))
            await activate_generations(conn, valid_from=target.valid_from, level=target.level)
            added = True
    if added:
        await import_successors(conn, _as_rows(built.successors), commit=True)


def _divide_land(old: Sequence[OldUnit], new: Mapping[str, NewUnit]) -> dict[str, BaseGeometry]:
    """Give every old commune the land nearest to its middle, inside the hull."""
    middles = [unit.middle for unit in old]
    mainland = middles + [unit.middle for code, unit in new.items() if code != NEW_ISLAND]
    hull = shapely.concave_hull(MultiPoint(mainland), ratio=_HULL_RATIO)
    hull = hull.buffer(_HULL_BUFFER_DEGREES, quad_segs=4)
    cells = _voronoi(middles, hull)
    return {unit.code: cell for unit, cell in zip(old, cells, strict=True)}


def _voronoi(middles: Sequence[Point], within: BaseGeometry) -> list[BaseGeometry]:
    cells = shapely.voronoi_polygons(MultiPoint(middles), extend_to=within, ordered=True)
    clipped = shapely.intersection(shapely.get_parts(cells), within)
    return list(shapely.set_precision(clipped, _GRID_DEGREES))


def _shapes_of_districts(
    old: Sequence[OldUnit], cells: Mapping[str, BaseGeometry]
) -> dict[str, MultiPolygon]:
    parts: dict[str, list[BaseGeometry]] = defaultdict(list)
    for unit in old:
        parts[unit.district].append(cells[unit.code])
    return {code: _join(found) for code, found in parts.items()}


def _shapes_of_new(
    old: Sequence[OldUnit], cells: Mapping[str, BaseGeometry], new: Mapping[str, NewUnit]
) -> dict[str, MultiPolygon]:
    """Join the cells merged into each new unit; what was split goes to the nearer middle."""
    parts: dict[str, list[BaseGeometry]] = defaultdict(list)
    for unit in old:
        cell = cells[unit.code]
        shares = [cell]
        if len(unit.into) > 1:
            shares = _voronoi([new[code].middle for code in unit.into], cell)
        for code, share in zip(unit.into, shares, strict=True):
            parts[code].append(share)
    return {code: _join(found) for code, found in parts.items()}


def _join(parts: Iterable[BaseGeometry]) -> MultiPolygon:
    joined = shapely.union_all(list(parts))
    return MultiPolygon([part for part in shapely.get_parts(joined) if isinstance(part, Polygon)])


def _province_then(districts: Mapping[str, MultiPolygon]) -> DemoGeneration:
    shapes = {PROVINCE: _join(districts.values())}
    return _generation("province", shapes, {PROVINCE: _PROVINCE_NAME}, {})


def _province_now(communes: Mapping[str, MultiPolygon]) -> DemoGeneration:
    shapes = {PROVINCE: _join(communes.values())}
    return _generation("province", shapes, {PROVINCE: _PROVINCE_NAME}, {}, is_new=True)


def _generation(
    level: Level,
    shapes: Mapping[str, MultiPolygon],
    names: Mapping[str, str],
    parents: Mapping[str, str],
    *,
    is_new: bool = False,
) -> DemoGeneration:
    drafts = (
        draft_unit(
            code,
            names[code],
            kind=find_kind(names[code]) or "",
            parent=parents.get(code),
            geom=shape,
            is_approximate=True,
        )
        for code, shape in sorted(shapes.items())
    )
    target = Target(
        level=level,
        valid_from=NEW_VALID_FROM if is_new else OLD_VALID_FROM,
        valid_to=None if is_new else NEW_VALID_FROM,
        source=SOURCE,
        is_approximate=True,
    )
    return DemoGeneration(target, tuple(drafts))


def _successors(old: Sequence[OldUnit]) -> tuple[Successor, ...]:
    found = [
        Successor(
            old_code=UnitCode(unit.code),
            old_valid_from=OLD_VALID_FROM,
            new_code=UnitCode(code),
            new_valid_from=NEW_VALID_FROM,
            relation="full" if len(unit.into) == 1 else "partial",
        )
        for unit in old
        for code in unit.into
    ]
    # a district without communes, which became one unit as a whole
    island = Successor(
        UnitCode(OLD_ISLAND), OLD_VALID_FROM, UnitCode(NEW_ISLAND), NEW_VALID_FROM, "full"
    )
    return tuple(sorted([*found, island]))


def _as_rows(successors: Sequence[Successor]) -> list[SuccessorRow]:
    return [
        SuccessorRow(
            row=row,
            old_code=found.old_code,
            old_valid_from=found.old_valid_from,
            new_code=found.new_code,
            new_valid_from=found.new_valid_from,
            relation=found.relation,
        )
        for row, found in enumerate(successors, start=1)
    ]
