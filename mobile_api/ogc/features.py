"""Features of both collections: read, put into the wanted reference system, and paged by keyset."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

import msgspec
import shapely

from backend.clock import day_of, now
from backend.database import Database
from backend.errors import NotFound
from backend.identifiers import normal_report_code
from backend.reports.lifecycle import Language
from backend.reports.rulebook import Rulebook
from backend.web.cursors import read_cursor, write_cursor
from mobile_api.lists.filter import ListFilter
from mobile_api.lists.store import list_newest
from mobile_api.ogc import store
from mobile_api.ogc.crs import Box, Reference
from mobile_api.ogc.queries import ItemsQuery, fault
from mobile_api.views import list_item

_UNIT_ID: Final = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,31})@(\d{4}-\d{2}-\d{2})", re.ASCII)
_FIRST_DAY, _LAST_DAY = date(1900, 1, 1), date(9000, 1, 1)
# 2,000 units a page would be read and written as whole shapes
_UNITS_MOST: Final = 200


@dataclass(frozen=True)
class Page:
    """Features of one page, and the cursor of the next; None on the last."""

    features: Sequence[dict[str, Any]]
    following: str | None


async def list_reports(
    database: Database, rulebook: Rulebook, query: ItemsQuery, language: Language
) -> Page:
    """Published reports, newest first."""
    wanted = ListFilter(
        bbox=_clipped(query.box_reference.read_box(query.box)) if query.box else None,
        category=query.properties.get("category"),
        status=query.properties.get("status"),
        unit=query.properties.get("unit"),
        since=query.since,
        until=query.until,
        after=read_cursor(query.after) if query.after else None,
        limit=query.limit,
    )
    rows = await list_newest(database.public, wanted)
    page = rows[: query.limit]
    shown = [row for row in page if _is_in(query, shapely.Point(row["lon"], row["lat"]))]
    more = len(rows) > query.limit
    return Page(
        [report_feature(row, rulebook, query.reference, language) for row in shown],
        write_cursor(page[-1]["created_at"], page[-1]["id"]) if more else None,
    )


async def find_report(
    database: Database, rulebook: Rulebook, code: str, reference: Reference, language: Language
) -> dict[str, Any]:
    """One published report; raises NotFound."""
    normal = normal_report_code(code)
    row = await store.find_report(database.public, normal) if normal else None
    if row is None:
        raise NotFound()
    return report_feature(row, rulebook, reference, language)


def report_feature(
    row: Mapping[str, Any], rulebook: Rulebook, reference: Reference, language: Language
) -> dict[str, Any]:
    """A report as GeoJSON; its properties are those of the public list, one value each."""
    item = list_item(row, rulebook, language)
    agency = item["agency"] or {}
    return {
        "type": "Feature",
        "id": item["code"],
        "geometry": _geometry(shapely.Point(row["lon"], row["lat"]), reference),
        "properties": {
            "code": item["code"],
            "category": row["category_code"],
            "category_name": item["category"]["name"],
            "text": item["text"],
            "unit": item["unit"]["code"],
            "unit_name": item["unit"]["name"],
            "status": item["status"],
            "status_label": item["status_label"],
            "agency": agency.get("code"),
            "agency_name": agency.get("name"),
            "is_coarse": item["is_coarse"],
            "is_overdue": item["is_overdue"],
            "supporters": item["supporters"],
            "created_at": item["created_at"],
            "resolve_by": item["resolve_by"],
            "resolved_at": item["resolved_at"],
        },
    }


async def list_units(database: Database, query: ItemsQuery) -> Page:
    """Units in force in the period asked for, today without one."""
    limit = min(query.limit, _UNITS_MOST)
    first = last = day_of(now())
    if query.since or query.until:
        first = day_of(query.since) if query.since else _FIRST_DAY
        last = day_of(query.until - timedelta(microseconds=1)) if query.until else _LAST_DAY
    rows = await store.list_units(
        database.public,
        store.UnitsWanted(
            first=first,
            last=last,
            box=_clipped(query.box_reference.read_box(query.box)) if query.box else None,
            code=query.properties.get("code"),
            level=query.properties.get("level"),
            parent=query.properties.get("parent"),
            after=_read_unit_id(query.after) if query.after else None,
            limit=limit,
        ),
    )
    page = rows[:limit]
    shown = [row for row in page if _is_in(query, shapely.from_wkb(row["shape"]))]
    return Page(
        [unit_feature(row, query.reference) for row in shown],
        _unit_id(page[-1]) if len(rows) > limit else None,
    )


async def find_unit(database: Database, name: str, reference: Reference) -> dict[str, Any]:
    """One unit, `code@first day`; raises NotFound."""
    found = _UNIT_ID.fullmatch(name)
    try:
        key = (found[1], date.fromisoformat(found[2])) if found else None
    except ValueError:
        key = None
    row = await store.find_unit(database.public, *key) if key else None
    if row is None:
        raise NotFound()
    return unit_feature(row, reference)


def unit_feature(row: Mapping[str, Any], reference: Reference) -> dict[str, Any]:
    """A unit as GeoJSON."""
    return {
        "type": "Feature",
        "id": _unit_id(row),
        "geometry": _geometry(shapely.from_wkb(row["shape"]), reference),
        "properties": {
            "code": row["code"],
            "name": row["name"],
            "kind": row["kind"],
            "level": row["level"],
            "parent": row["parent_code"],
            "valid_from": row["valid_from"],
            "valid_to": row["valid_to"],
            "is_approximate": row["is_approximate"],
            "area_km2": round(row["area_km2"], 3),
        },
    }


def _unit_id(row: Mapping[str, Any]) -> str:
    return f"{row['code']}@{row['valid_from']}"


def _read_unit_id(text: str) -> tuple[str, date]:
    found = _UNIT_ID.fullmatch(text)
    try:
        if found:
            return found[1], date.fromisoformat(found[2])
    except ValueError:
        found = None
    raise fault("after", "Con trỏ không hợp lệ.", "Not a cursor of ours.")


def _geometry(shape: shapely.Geometry, reference: Reference) -> msgspec.Raw:
    return msgspec.Raw(shapely.to_geojson(reference.write(shape)).encode())


def _is_in(query: ItemsQuery, shape: shapely.Geometry) -> bool:
    """Whether a feature touches the box as its own system draws it, whose sides may be curved."""
    if query.box is None or query.box_reference.epsg is None:
        return True
    return bool(shapely.box(*query.box).intersects(query.box_reference.write(shape)))


def _clipped(box: Box) -> Box:
    west, south, east, north = box
    return max(west, -180.0), max(south, -90.0), min(east, 180.0), min(north, 90.0)
