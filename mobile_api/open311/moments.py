"""W3CDTF (ISO 8601 profile) as clients write it, and the spans of days that GeoReport asks with."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from backend.clock import VIETNAM
from backend.errors import FieldFault, Malformed
from mobile_api.open311.store import Span

SPAN_MOST: Final = timedelta(days=90)
# A reader's clock may run ahead of ours.
_AHEAD: Final = timedelta(days=1)
_FORM: Final = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)"
    r"(?:T(?P<time>\d\d:\d\d(?::\d\d)?)(?:[.,](?P<part>\d{1,9}))?"
    # a plus sign that was not escaped arrives as a space
    r"(?P<zone>Z|z|[+\- ]\d\d:?\d\d)?)?",
    re.ASCII,
)


def read_moment(text: str, *, field: str, is_end: bool = False) -> datetime:
    """The moment in UTC; a day means its first moment, or as an end the first of the next one.

    Without a zone it is meant in Vietnam. Raises Malformed.
    """
    found = _FORM.fullmatch(text.strip())
    try:
        if found is None:
            raise ValueError
        moment = datetime.fromisoformat(f"{found['day']}T{found['time'] or '00:00'}")
        if not 1900 <= moment.year <= 9000:
            raise ValueError
        moment = moment.replace(
            tzinfo=_zone(found["zone"]),
            microsecond=int((found["part"] or "0")[:6].ljust(6, "0")),
        )
        if is_end and found["time"] is None:
            moment += timedelta(days=1)
        return moment.astimezone(UTC)
    except ValueError:
        raise Malformed(
            faults=(
                FieldFault(
                    field,
                    "Thời điểm phải có dạng 2026-11-22T08:00:00Z.",
                    "A moment is written 2026-11-22T08:00:00Z (W3CDTF).",
                ),
            )
        ) from None


def read_span(
    since: str | None, until: str | None, *, fields: tuple[str, str], at: datetime
) -> Span:
    """The span asked for, never longer than 90 days; without both ends the last 90 days.

    With one end given the other lies 90 days away. Raises Malformed.
    """
    first = read_moment(since, field=fields[0]) if since else None
    last = read_moment(until, field=fields[1], is_end=True) if until else None
    if first is None and last is None:
        last = at + _AHEAD
        return Span(at - SPAN_MOST, last)
    if first is None and last is not None:
        first = last - SPAN_MOST
    elif last is None and first is not None:
        last = first + SPAN_MOST
    if first is None or last is None or last < first:
        raise _fault(fields[1], "Phải sau ngày bắt đầu.", "Lies before the other end.")
    # a last day that is named is in the span as a whole
    if last - first > SPAN_MOST + timedelta(days=1):
        raise _fault(fields[1], "Khoảng thời gian tối đa 90 ngày.", "A span is 90 days at most.")
    return Span(first, last)


def _zone(text: str | None) -> timezone:
    if text is None:
        return VIETNAM
    if text in "Zz":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    away = timedelta(hours=hours, minutes=minutes)
    return timezone(-away if text[0] == "-" else away)


def _fault(field: str, vi: str, en: str) -> Malformed:
    return Malformed(faults=(FieldFault(field, vi, en),))
