"""Features of a file → units fit to be loaded, with everything that was found on the way."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyproj
import shapely
from shapely import MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from geo.coverage import check_coverage
from geo.findings import Check, Finding, Severity
from geo.reading import Feature
from geo.units import UnitAt, UnitCode, UnitDraft, find_kind, group_colliding, tidy_name

# Official boundary files carry slivers: the 2025 communes of Quảng Ngãi overlap by up to 600 m²
# and leave gaps up to 1,280 m² along rivers. 0.2 ha is a stroke of the pen on a 1:50,000 map.
DEFAULT_TOLERANCE_SQUARE_METRES = 2_000.0

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_NAME_MAX_LETTERS = 200
_ELLIPSOID = pyproj.Geod(ellps="WGS84")


@dataclass(frozen=True, slots=True)
class CheckRules:
    """How strict to be; what is allowed becomes a warning instead of an error."""

    tolerance_square_metres: float = DEFAULT_TOLERANCE_SQUARE_METRES
    allow_overlaps: bool = False
    allow_gaps: bool = False
    repair: bool = False


def check_features(
    features: Sequence[Feature],
    rules: CheckRules,
    *,
    known: Mapping[str, UnitAt],
    is_approximate: bool,
) -> tuple[list[UnitDraft], list[Finding]]:
    """Check features in EPSG:4326 and make of each sound one a unit, by code.

    known are the units these would replace: where the file gives no parent or only a bare name,
    theirs stay. Any error among the findings means that the whole must not be loaded.
    """
    findings: list[Finding] = []
    findings += _check_codes(features)
    drafts = []
    for feature in features:
        draft, found = _check_feature(feature, rules, known=known, is_approximate=is_approximate)
        findings += found
        if draft:
            drafts.append(draft)
    drafts.sort(key=lambda draft: draft.code)
    findings += _check_names(drafts)
    findings += _check_kinds(drafts)
    findings += check_coverage(
        {draft.code: draft.geom for draft in drafts},
        tolerance_square_metres=rules.tolerance_square_metres,
        allow_overlaps=rules.allow_overlaps,
        allow_gaps=rules.allow_gaps,
    )
    return drafts, findings


def draft_unit(
    code: str, name: str, *, kind: str, parent: str | None, geom: MultiPolygon, is_approximate: bool
) -> UnitDraft:
    """Make a unit of sound parts: its label point and area follow from its shape."""
    area_square_metres, _ = _ELLIPSOID.geometry_area_perimeter(shapely.orient_polygons(geom))
    return UnitDraft(
        code=UnitCode(code),
        name=name,
        kind=kind,
        parent=UnitCode(parent) if parent else None,
        geom=geom,
        label_point=find_label_point(geom),
        area_km2=abs(area_square_metres) / 1e6,
        is_approximate=is_approximate,
    )


def find_label_point(geom: MultiPolygon) -> Point:
    """Find where a label sits best: the middle of the widest place of the largest part."""
    largest = max(geom.geoms, key=lambda part: part.area)
    west, south, east, north = largest.bounds
    tolerance = max(east - west, north - south) / 200
    middle = Point(shapely.maximum_inscribed_circle(largest, tolerance=tolerance).coords[0])
    return middle if largest.contains(middle) else largest.representative_point()


def _check_codes(features: Sequence[Feature]) -> list[Finding]:
    rows: dict[str, list[int]] = {}
    findings = []
    for feature in features:
        if feature.code is None:
            findings.append(_error("code", feature, "has no code"))
        elif not _CODE.fullmatch(feature.code):
            findings.append(_error("code", feature, "has a code that is not letters and digits"))
        else:
            rows.setdefault(feature.code, []).append(feature.row)
    for code, at in rows.items():
        if len(at) > 1:
            message = f"{code} appears {len(at)} times (rows {', '.join(map(str, at))})"
            findings.append(Finding("error", "code", message, (code,)))
    return findings


def _check_feature(
    feature: Feature, rules: CheckRules, *, known: Mapping[str, UnitAt], is_approximate: bool
) -> tuple[UnitDraft | None, list[Finding]]:
    before = known.get(feature.code or "")
    name, kind, findings = _check_name(feature, before)
    geom, found = _check_geometry(feature, rules)
    findings += found
    if feature.code is None or not _CODE.fullmatch(feature.code) or not name or geom is None:
        return None, findings
    parent = feature.parent or (before.parent if before else None)
    if parent is not None and not _CODE.fullmatch(parent):
        findings.append(_error("parent", feature, "has a parent that is no code"))
        parent = None
    draft = draft_unit(
        feature.code, name, kind=kind, parent=parent, geom=geom, is_approximate=is_approximate
    )
    return draft, findings


def _check_name(feature: Feature, before: UnitAt | None) -> tuple[str, str, list[Finding]]:
    if feature.name is None:
        return "", "", [_error("name", feature, "has no name")]
    findings = []
    name = tidy_name(feature.name)
    if name != feature.name:
        is_nfc = unicodedata.is_normalized("NFC", feature.name)
        what = "extra blanks taken out" if is_nfc else "brought to NFC"
        findings.append(_found("note", "name", feature, f"name {what}: {name}"))
    if len(name) > _NAME_MAX_LETTERS or not name.isprintable():
        findings.append(_error("name", feature, "has a name too long or with control characters"))
        return "", "", findings
    kind = tidy_name(feature.kind) if feature.kind else find_kind(name)
    if kind and feature.kind and not name.casefold().startswith(kind.casefold() + " "):
        name = f"{kind} {name}"
    elif kind is None and before and before.name.casefold().endswith(" " + name.casefold()):
        kind, name = before.kind, before.name
        findings.append(_found("note", "name", feature, f"bare name; kept {name}"))
    return name, kind or "", findings


def _check_geometry(
    feature: Feature, rules: CheckRules
) -> tuple[MultiPolygon | None, list[Finding]]:
    geom = feature.geom
    if geom is None or geom.is_empty:
        return None, [_error("geometry", feature, "has no geometry, or one beyond reading")]
    findings = []
    if geom.has_z or geom.has_m:
        findings.append(_found("note", "geometry", feature, "heights dropped"))
        geom = shapely.force_2d(geom)
    if not isinstance(geom, Polygon | MultiPolygon):
        return None, [_error("geometry", feature, f"is a {geom.geom_type}, not an area")]
    place = _check_coordinates(geom)
    if place:
        return None, [_error("coordinates", feature, place)]
    if not geom.is_valid:
        geom, found = _repair(geom, feature, rules)
        findings.append(found)
    if geom is None:
        return None, findings
    if isinstance(geom, Polygon):
        geom = MultiPolygon([geom])
    return geom, findings


def _check_coordinates(geom: BaseGeometry) -> str | None:
    west, south, east, north = geom.bounds
    coordinates = shapely.get_coordinates(geom)
    if not (abs(coordinates) < float("inf")).all():
        return "has coordinates that are not finite"
    if west < -180 or east > 180 or south < -90 or north > 90:
        return (
            f"lies outside longitude and latitude ({west:g} {south:g} to {east:g} {north:g}): "
            "is the reference system right?"
        )
    return None


def _repair(
    geom: Polygon | MultiPolygon, feature: Feature, rules: CheckRules
) -> tuple[Polygon | MultiPolygon | None, Finding]:
    reason = shapely.is_valid_reason(geom)
    if not rules.repair:
        return None, _error("geometry", feature, f"is invalid ({reason}); --repair would mend it")
    mended = shapely.make_valid(geom, method="structure", keep_collapsed=False)
    if mended.is_empty or not isinstance(mended, Polygon | MultiPolygon):
        return None, _error("geometry", feature, f"is invalid beyond repair ({reason})")
    change = (mended.area / geom.area - 1) if geom.area else 1.0
    message = f"repaired ({reason}); area changed by {change:+.4%}"
    return mended, _found("warning", "geometry", feature, message)


def _check_names(drafts: Sequence[UnitDraft]) -> list[Finding]:
    codes: dict[str, list[str]] = {}
    for draft in drafts:
        codes.setdefault(draft.name, []).append(draft.code)
    findings = [
        Finding("warning", "name", f"{name} names {len(same)} units", tuple(sorted(same)))
        for name, same in codes.items()
        if len(same) > 1
    ]
    for group in group_colliding(codes):
        concerned = tuple(sorted(code for name in group for code in codes[name]))
        message = f"one name when typed without marks: {', '.join(group)}"
        findings.append(Finding("warning", "name", message, concerned))
    return findings


def _check_kinds(drafts: Sequence[UnitDraft]) -> list[Finding]:
    bare = [draft for draft in drafts if not draft.kind]
    if not bare:
        return []
    shown = ", ".join(draft.name for draft in bare[:5])
    message = f"{len(bare)} names begin with no kind of unit ({shown}{', …' if bare[5:] else ''})"
    return [Finding("warning", "kind", message, tuple(draft.code for draft in bare))]


def _error(check: Check, feature: Feature, message: str) -> Finding:
    return _found("error", check, feature, message)


def _found(severity: Severity, check: Check, feature: Feature, message: str) -> Finding:
    who = feature.code or "?"
    codes = (feature.code,) if feature.code else ()
    return Finding(severity, check, f"row {feature.row} ({who}) {message}", codes)
