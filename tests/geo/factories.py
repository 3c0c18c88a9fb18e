"""Small made-up units, and the real ones, as the geo tests need them."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import shapely
from shapely import MultiPolygon
from shapely.geometry.base import BaseGeometry

from geo.imports import ImportReport, activate_generations, import_source, load_units
from geo.reading import FieldNames, Source, read_boundaries
from geo.units import Level, Target, UnitAt, UnitCode, UnitDraft, UnitShape
from geo.validate import CheckRules, draft_unit
from tests.shared_data import shared

OLD = date(2025, 3, 1)
NEW = date(2025, 7, 1)
DISTRICTS_UNTIL = NEW
NOW = date(2026, 11, 22)
BEFORE = date(2025, 6, 1)
# The point of the acceptance check: Phường Nghĩa Lộ, in the former city of Quảng Ngãi.
NGHIA_LO = (108.7923, 15.1205)


def square(lon: float, lat: float, *, size: float = 1.0) -> MultiPolygon:
    """A square with its south-western corner at lon, lat."""
    return MultiPolygon([shapely.box(lon, lat, lon + size, lat + size)])


def a_draft(
    code: str = "21028",
    name: str = "Phường Nghĩa Lộ",
    *,
    geom: MultiPolygon | None = None,
    parent: str | None = None,
    is_approximate: bool = False,
) -> UnitDraft:
    shape = geom or square(108, 15)
    return draft_unit(
        code, name, kind="Phường", parent=parent, geom=shape, is_approximate=is_approximate
    )


def a_target(level: Level = "commune", valid_from: date = NEW, **more: Any) -> Target:
    return Target(level, valid_from, more.pop("valid_to", None), "a test", **more)


def a_shape(code: str, geom: MultiPolygon, *, level: Level = "commune") -> UnitShape:
    unit = UnitAt(UnitCode(code), f"Xã {code}", "Xã", level, None, NEW, False)
    return UnitShape(unit, geom)


async def load(conn: Any, *drafts: UnitDraft, activate: bool = True, **target: Any) -> ImportReport:
    """Load units as a generation and, unless told otherwise, put it in force."""
    wanted = a_target(**target)
    report = await load_units(conn, drafts, wanted, commit=True)
    assert report.outcome != "refused", report.findings
    if activate:
        await activate_generations(conn, valid_from=wanted.valid_from, level=wanted.level)
    return report


async def import_committed(conn: Any, source: Source, **target: Any) -> ImportReport:
    """Import what a file holds with the ordinary rules, and put it in force."""
    wanted = a_target(**target)
    report = await import_source(conn, source, wanted, rules=CheckRules(), commit=True)
    assert report.outcome != "refused", report.findings
    await activate_generations(conn, valid_from=wanted.valid_from, level=wanted.level)
    return report


def real_communes() -> Source:
    path = shared("boundaries/quang_ngai_2025_wards_full.geojson")
    return read_boundaries(path, FieldNames("code", "fullName", parent="provinceCode", kind="type"))


def real_districts() -> Source:
    path = shared("boundaries/quang_ngai_pre2025_districts.geojson")
    return read_boundaries(path, FieldNames("code", "name", parent="provinceCode"))


def write_geojson(path: Path, *features: dict[str, Any], **more: Any) -> Path:
    """Write a FeatureCollection; each feature is {geometry: shapely shape or dict, …fields}."""
    rows = []
    for feature in features:
        fields = dict(feature)
        geometry = fields.pop("geometry")
        if isinstance(geometry, BaseGeometry):
            geometry = json.loads(shapely.to_geojson(geometry))
        rows.append({"type": "Feature", "properties": fields, "geometry": geometry})
    collection = {"type": "FeatureCollection", **more, "features": rows}
    path.write_text(json.dumps(collection, ensure_ascii=False), encoding="utf-8")
    return path


def a_feature(code: str | None = "1", name: str | None = "Xã Một", **more: Any) -> dict[str, Any]:
    return {"code": code, "name": name, "geometry": more.pop("geometry", square(108, 15)), **more}
