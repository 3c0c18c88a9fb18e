"""Where units lie on each other, or leave land between them that is nobody's."""

from collections.abc import Mapping

import numpy as np
import pyproj
import shapely
from shapely import MultiPolygon, Polygon, STRtree
from shapely.geometry.base import BaseGeometry

from geo.findings import Check, Finding, Severity

# Smaller ones are the rounding of coordinates: counted, not listed.
LISTED_FROM_SQUARE_METRES = 1.0
# A gap's neighbours are those within 1 cm of it.
_TOUCH_DEGREES = 1e-7
_ELLIPSOID = pyproj.Geod(ellps="WGS84")


def check_coverage(
    shapes: Mapping[str, MultiPolygon],
    *,
    tolerance_square_metres: float,
    allow_overlaps: bool,
    allow_gaps: bool,
) -> list[Finding]:
    """Find overlaps of two units and gaps enclosed by units, in m², the largest first.

    Shapes by code, valid, EPSG:4326. Above the tolerance they are errors, or warnings where
    allowed; up to it they are warnings, and those under 1 m² are counted in one note.
    """
    if not shapes:
        return []
    codes = list(shapes)
    geoms = np.array([shapes[code] for code in codes])
    tree = STRtree(geoms)
    return [
        *_report("overlap", _overlaps(codes, geoms, tree), tolerance_square_metres, allow_overlaps),
        *_report("gap", _gaps(codes, geoms, tree), tolerance_square_metres, allow_gaps),
    ]


# One overlap or gap: its size in m², the units concerned, and a place in it.
_Place = tuple[float, tuple[str, ...], str]


def _overlaps(codes: list[str], geoms: np.ndarray, tree: STRtree) -> list[_Place]:
    first, second = tree.query(geoms, predicate="intersects")
    first, second = first[first < second], second[first < second]
    shared = shapely.intersection(geoms[first], geoms[second])
    return [
        (_square_metres(area), (codes[a], codes[b]), _place(area))
        for a, b, area in zip(first, second, shared, strict=True)
        if area.area > 0
    ]


def _gaps(codes: list[str], geoms: np.ndarray, tree: STRtree) -> list[_Place]:
    land = shapely.union_all(geoms)
    holes = [
        Polygon(ring) for part in shapely.get_parts(land) for ring in shapely.get_rings(part)[1:]
    ]
    found = []
    for hole in holes:
        around = sorted(codes[i] for i in tree.query(hole, "dwithin", distance=_TOUCH_DEGREES))
        found.append((_square_metres(hole), tuple(around), _place(hole)))
    return found


def _report(
    check: Check, places: list[_Place], tolerance_square_metres: float, is_allowed: bool
) -> list[Finding]:
    findings = []
    slivers = 0
    for size, codes, place in sorted(places, key=lambda found: (-found[0], found[1])):
        if size < LISTED_FROM_SQUARE_METRES:
            slivers += 1
            continue
        severity: Severity = "error"
        if is_allowed or size <= tolerance_square_metres:
            severity = "warning"
        who = f"{' and '.join(codes)} overlap by" if check == "overlap" else "nobody's land:"
        message = f"{who} {size:,.0f} m² at {place}"
        if check == "gap":
            message += f", bordering {', '.join(codes)}"
        findings.append(Finding(severity, check, message, codes, size))
    if slivers:
        findings.append(Finding("note", check, f"{slivers} under 1 m², from rounding"))
    return findings


def _square_metres(geom: BaseGeometry) -> float:
    areas = [part for part in shapely.get_parts(geom) if isinstance(part, Polygon)]
    if not areas:
        return 0.0
    oriented = shapely.orient_polygons(MultiPolygon(areas))
    size, _ = _ELLIPSOID.geometry_area_perimeter(oriented)
    return abs(float(size))


def _place(geom: BaseGeometry) -> str:
    point = geom.representative_point()
    return f"{point.x:.5f} {point.y:.5f}"
