"""What may stand in the address of features; an unknown word there is an error (Part 1)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import isfinite
from typing import Any, Final, Literal

from litestar import Request

from backend.clock import VIETNAM
from backend.errors import FieldFault, Malformed
from mobile_api.ogc.crs import CRS84, Box, Reference, find_reference

LIMIT_DEFAULT: Final = 100
LIMIT_MOST: Final = 1000
_ALWAYS: Final = ("f", "lang")
_ITEMS: Final = ("limit", "bbox", "bbox-crs", "crs", "datetime", "after")
_FORMS: Final = {"json": "json", "html": "html", "geojson": "json"}
_EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(9000, 1, 1, tzinfo=UTC)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)

Form = Literal["json", "html"]


@dataclass(frozen=True)
class ItemsQuery:
    """What of a collection is asked for; `since` inclusive, `until` exclusive."""

    limit: int
    box: Box | None
    box_reference: Reference
    reference: Reference
    since: datetime | None
    until: datetime | None
    after: str | None
    properties: Mapping[str, str]


def read_form(request: Request[Any, Any, Any]) -> Form:
    """HTML for a person's browser or `f=html`, else JSON; raises Malformed."""
    asked = request.query_params.get("f")
    if asked is None:
        return "html" if "text/html" in request.headers.get("accept", "") else "json"
    if asked not in _FORMS:
        raise fault("f", "Chỉ có json và html.", "Only json and html are offered.")
    return "html" if asked == "html" else "json"


def check_words(request: Request[Any, Any, Any], *allowed: str) -> None:
    """Raise Malformed for a word in the address that means nothing here."""
    for name in request.query_params:
        if name not in (*_ALWAYS, *allowed):
            raise fault("?", "Có tham số không dùng được ở đây.", "A parameter is unknown here.")


def read_items(
    request: Request[Any, Any, Any],
    references: tuple[Reference, ...],
    *,
    properties: tuple[str, ...],
) -> ItemsQuery:
    """The query of an items address; raises Malformed naming what is wrong."""
    check_words(request, *_ITEMS, *properties)
    given = request.query_params
    since, until = read_datetime(given.get("datetime"))
    return ItemsQuery(
        limit=_read_limit(given.get("limit")),
        box=_read_box(given.get("bbox")),
        box_reference=_read_reference(given.get("bbox-crs"), references, "bbox-crs"),
        reference=_read_reference(given.get("crs"), references, "crs"),
        since=since,
        until=until,
        after=given.get("after"),
        properties={name: given[name][:100] for name in properties if name in given},
    )


def read_reference(request: Request[Any, Any, Any], references: tuple[Reference, ...]) -> Reference:
    """The system one feature is asked for in; raises Malformed."""
    check_words(request, "crs")
    return _read_reference(request.query_params.get("crs"), references, "crs")


def _read_reference(uri: str | None, references: tuple[Reference, ...], name: str) -> Reference:
    found = find_reference(uri, references)
    if found is None:
        raise fault(
            name,
            f"Hệ tọa độ này không được cung cấp; mặc định là {CRS84}.",
            f"This reference system is not offered; the default is {CRS84}.",
        )
    return found


def _read_limit(text: str | None) -> int:
    if text is None:
        return LIMIT_DEFAULT
    if not (text.isascii() and text.isdecimal() and 1 <= len(text) <= 9 and int(text) > 0):
        raise fault("limit", "Cần số nguyên dương.", "Needs a positive whole number.")
    # Part 1, requirement 21: more than the most is no error, the most is given
    return min(int(text), LIMIT_MOST)


def _read_box(text: str | None) -> Box | None:
    """Four numbers, or six whose heights are passed over; in the order of the system's axes."""
    if text is None:
        return None
    try:
        numbers = [float(part) for part in text[:400].split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 6:
        numbers = [numbers[n] for n in (0, 1, 3, 4)]
    is_box = len(numbers) == 4 and all(map(isfinite, numbers)) and max(map(abs, numbers)) < 1e9
    if not is_box or numbers[0] > numbers[2] or numbers[1] > numbers[3]:
        raise fault(
            "bbox",
            "Cần bốn số: cạnh nhỏ của hai trục, rồi cạnh lớn của hai trục.",
            "Needs four numbers: the lower sides of both axes, then the upper ones.",
        )
    return numbers[0], numbers[1], numbers[2], numbers[3]


def read_datetime(text: str | None) -> tuple[datetime | None, datetime | None]:
    """A moment or an interval (`a/b`, `../b`, `a/..`) as since (inclusive), until (exclusive).

    Nothing asked is nothing; `../..` asks for all of time.
    """
    if text is None:
        return None, None
    first, slash, last = text[:100].partition("/")
    since, end = _read_moment(first)
    if slash:
        _, end = _read_moment(last)
    if since is None and end is None:
        return _EARLIEST, _LATEST
    if since is not None and end is not None and since >= end:
        raise _datetime_fault()
    return since, end


def _read_moment(text: str) -> tuple[datetime | None, datetime | None]:
    """When a moment or a day in Vietnam begins and ends; None for an open end."""
    if text in ("", ".."):
        return None, None
    try:
        if _DAY.fullmatch(text):
            begins = datetime.combine(date.fromisoformat(text), time(0), VIETNAM)
            begins = min(max(begins, _EARLIEST), _LATEST)
            return begins.astimezone(UTC), (begins + timedelta(days=1)).astimezone(UTC)
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        if moment.tzinfo is None:
            raise ValueError(text)
        moment = min(max(moment, _EARLIEST), _LATEST).astimezone(UTC)
        return moment, moment + timedelta(microseconds=1)
    except (ValueError, OverflowError):
        raise _datetime_fault() from None


def _datetime_fault() -> Malformed:
    return fault(
        "datetime",
        "Cần thời điểm RFC 3339 hoặc khoảng, ví dụ 2026-11-01T00:00:00Z/..",
        "Needs an RFC 3339 moment or an interval, such as 2026-11-01T00:00:00Z/..",
    )


def fault(field: str, vi: str, en: str) -> Malformed:
    """The refusal of one parameter."""
    return Malformed(faults=(FieldFault(field, vi, en),))
