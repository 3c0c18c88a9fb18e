"""From the query of GET requests to a Question: parsing and checking, pure."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from backend.errors import FieldFault, Malformed
from backend.identifiers import normal_report_code
from backend.reports.lifecycle import Status, is_public_stage
from backend.web.cursors import read_cursor
from mobile_api.open311.answers import CLOSED_STATUSES, OPEN_STATUSES
from mobile_api.open311.moments import read_span
from mobile_api.open311.store import PAGE_MOST, Circle, Question
from mobile_api.reports import read_bbox
from mobile_api.store import NEAR_MOST_METRES

# Everything of the query that a next page repeats; what else was sent is not.
_KEPT: Final = (
    *("jurisdiction_id", "service_code", "status", "start_date", "end_date", "updated_after"),
    *("updated_before", "lat", "long", "radius", "bbox", "page_size", "extensions"),
)
_CODES_MOST: Final = 50
# Pages by number are for people's clients; whoever wants all follows the cursor.
_SKIP_MOST: Final = 10_000
_RADIUS_METRES: Final = 500.0
_PAGE_SIZE: Final = 50
_STATUSES: Final = {
    "open": tuple(status for status in OPEN_STATUSES if is_public_stage(Status(status))),
    "closed": tuple(status for status in CLOSED_STATUSES if is_public_stage(Status(status))),
}
_NUMBER: Final = re.compile(r"[+-]?\d{1,9}(\.\d{1,20})?", re.ASCII)


def read_codes(query: Mapping[str, str]) -> tuple[str, ...] | None:
    """The reports named by service_request_id, which then overrides all else; None if none is."""
    listed = _listed(query, "service_request_id")
    if not listed:
        return None
    codes = [normal_report_code(word) for word in listed]
    return tuple(dict.fromkeys(code for code in codes if code))


def read_question(query: Mapping[str, str], *, at: datetime) -> Question:
    """What the list is asked for; raises Malformed."""
    # clients that ask for more than a page holds get a full one, and the link to the next
    size = min(_whole(query, "page_size", 1, 1_000_000, _PAGE_SIZE), PAGE_MOST)
    page = _whole(query, "page", 1, _SKIP_MOST, 1)
    after = query.get("after")
    if (page - 1) * size > _SKIP_MOST:
        raise _fault(
            "page",
            "Quá xa; hãy đi theo liên kết rel=next.",
            "Too far; follow the link rel=next instead.",
        )
    updated = None
    if query.get("updated_after") or query.get("updated_before"):
        updated = read_span(
            query.get("updated_after"),
            query.get("updated_before"),
            fields=("updated_after", "updated_before"),
            at=at,
        )
    dates = query.get("start_date"), query.get("end_date")
    requested = None
    if updated is None or any(dates):
        requested = read_span(*dates, fields=("start_date", "end_date"), at=at)
    return Question(
        requested=requested,
        updated=updated,
        categories=tuple(dict.fromkeys(_listed(query, "service_code"))),
        statuses=_statuses(query),
        bbox=read_bbox(query["bbox"]) if query.get("bbox") else None,
        circle=_circle(query),
        after=read_cursor(after) if after else None,
        skip=0 if after else (page - 1) * size,
        limit=size,
    )


def next_query(query: Mapping[str, str], cursor: str) -> str:
    """The query of the next page."""
    kept = {name: query[name] for name in _KEPT if query.get(name)}
    return urlencode({**kept, "after": cursor})


def read_extensions(query: Mapping[str, str]) -> bool:
    """Whether the client asks for more than GeoReport knows."""
    return query.get("extensions", "").lower() in ("true", "1", "v1", "yes")


def _statuses(query: Mapping[str, str]) -> tuple[str, ...]:
    words = {word.lower() for word in _listed(query, "status")}
    if words - _STATUSES.keys():
        raise _fault("status", "Chỉ nhận open hoặc closed.", "Takes open or closed.")
    return _STATUSES[words.pop()] if len(words) == 1 else ()


def _circle(query: Mapping[str, str]) -> Circle | None:
    lat, lon = _number(query, "lat", -90, 90), _number(query, "long", -180, 180)
    radius = _number(query, "radius", 1, NEAR_MOST_METRES)
    if lat is None and lon is None and radius is None:
        return None
    if lat is None or lon is None:
        raise _fault(
            "long" if lon is None else "lat",
            "Cần đủ lat và long.",
            "Needs lat and long together.",
        )
    return Circle(lon, lat, _RADIUS_METRES if radius is None else radius)


def _listed(query: Mapping[str, str], name: str) -> list[str]:
    words = [word.strip() for word in query.get(name, "").split(",") if word.strip()]
    if len(words) > _CODES_MOST:
        raise _fault(name, f"Tối đa {_CODES_MOST} giá trị.", f"At most {_CODES_MOST} values.")
    return words


def _number(query: Mapping[str, str], name: str, low: float, high: float) -> float | None:
    text = query.get(name, "").strip()
    if not text:
        return None
    value = float(text) if _NUMBER.fullmatch(text) else None
    if value is None or not low <= value <= high:
        raise _fault(
            name, f"Cần một số từ {low:g} đến {high:g}.", f"Needs a number, {low:g} to {high:g}."
        )
    return value


def _whole(query: Mapping[str, str], name: str, low: int, high: int, default: int) -> int:
    value = _number(query, name, low, high)
    if value is None:
        return default
    if value != int(value):
        raise _fault(name, "Cần một số nguyên.", "Needs a whole number.")
    return int(value)


def _fault(field: str, vi: str, en: str) -> Malformed:
    return Malformed(faults=(FieldFault(field, vi, en),))
