"""The SQL of the desk: always run behind the wall (reports.store.enter_sight)."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import msgspec

from backend.database import Connection, Record
from backend.desk.tags import QueuePart
from backend.reports.search.store import MATCHES, find_desk_hits, pattern_of

OPEN: Final = "('received', 'classifying', 'assigned', 'in_progress', 'awaiting_citizen')"
# Held back and with no agency yet, as report_held_idx has it: intake reads these first.
_HELD: Final = "r.is_held AND r.status = 'classifying'"
HELD_COUNTED_MOST: Final = 100
HISTORY_MOST: Final = 1000
# A field includes its sub-fields.
_IN_CATEGORY: Final = (
    "r.category_code IN (SELECT code FROM category WHERE {} IN (code, field_code))"
)
# In their order; an emergency is always urgent too.
_PARTS: Final[Mapping[QueuePart, str]] = {
    "emergency": "r.is_emergency",
    "urgent": "r.is_urgent AND NOT r.is_emergency",
    "other": "NOT r.is_urgent",
}
# Exactly the expression of the indexes report_queue_idx, report_open_idx, report_urgent_idx and
# report_emergency_idx.
_TIME_LEFT: Final = "coalesce(r.resolve_by, '9999-01-01 00:00+00'::timestamptz)"
FAR_AWAY: Final = datetime.fromisoformat("9999-01-01T00:00:00+00:00")


@dataclass(frozen=True)
class QueueFilter:
    """What of the queue is asked for; by default the open cases by time left, the urgent in front.

    `due` is 'overdue', 'soon' (within `soon_before`) or None; `after` is the (resolve_by, id) or,
    for closed cases, the (created_at, id) of the last row seen.
    """

    status: str | None = None
    agency: str | None = None
    unit: str | None = None
    category: str | None = None
    due: str | None = None
    words: str | None = None
    # the first and the last code that begin as the words do, should they be part of one
    codes: tuple[str, str] | None = None
    soon_before: datetime | None = None
    after: tuple[datetime, uuid.UUID] | None = None
    # in which part of the open queue the last row seen was
    after_part: QueuePart = "other"
    limit: int = 50

    @property
    def is_open_queue(self) -> bool:
        """Whether the order is by time left (open cases) rather than by age (the others)."""
        return self.status in (
            None,
            "open",
            "received",
            "classifying",
            "assigned",
            "in_progress",
            "awaiting_citizen",
            "unrouted",
            "held",
        )


_COLUMNS: Final = """r.id, r.code, r.category_code, r.text, r.address, r.status, r.visibility,
    r.unit_code, u.name AS unit_name, r.agency_code, r.officer_id, r.is_urgent, r.is_restricted,
    r.is_held, r.is_emergency,
    r.is_overdue, r.accept_by, r.resolve_by, r.paused_at, r.accepted_at, r.resolved_at, r.reopened,
    r.escalations, r.rating, r.version, r.created_at, r.updated_at,
    ST_X(r.geom) AS lon, ST_Y(r.geom) AS lat"""


async def list_queue(connection: Connection, wanted: QueueFilter) -> list[dict[str, Any]]:
    """The rows of one page, one more than `limit` if there are more."""
    most = wanted.limit + 1
    if not wanted.is_open_queue:
        return await _list_part(connection, wanted, most=most)
    # Short walks along an index each, instead of sorting all that is open.
    parts = list(_PARTS)
    rows: list[dict[str, Any]] = []
    for part in parts[parts.index(wanted.after_part) if wanted.after else 0 :]:
        if len(rows) < most:
            rows += await _list_part(connection, wanted, part=part, most=most - len(rows))
            wanted = replace(wanted, after=None)
    return rows


async def _list_part(
    connection: Connection, wanted: QueueFilter, *, most: int, part: QueuePart | None = None
) -> list[dict[str, Any]]:
    """At most this many rows of the queue, of one part of it or of all (None)."""
    conditions: list[str] = []
    values: list[Any] = []

    def bound(value: Any) -> str:
        values.append(value)
        return f"${len(values)}"

    _add_conditions(wanted, conditions, bound)
    if part is not None:
        conditions.append(_PARTS[part])
    if wanted.words:
        hits = await find_desk_hits(connection, wanted.words)
        words = (
            f"r.id = ANY({bound(hits)})"
            if hits is not None
            else MATCHES.format(text="r.text", pattern=bound(pattern_of(wanted.words)))
        )
        first, last = wanted.codes or (wanted.words.upper(), wanted.words.upper())
        conditions.append(f"({words} OR r.code BETWEEN {bound(first)} AND {bound(last)})")
    if wanted.is_open_queue:
        order, key, compare = f"{_TIME_LEFT}, r.id", _TIME_LEFT, ">"
    else:
        order, key, compare = "r.created_at DESC, r.id DESC", "r.created_at", "<"
    if wanted.after:
        conditions.append(
            f"({key}, r.id) {compare} ({bound(wanted.after[0])}, {bound(wanted.after[1])})"
        )
    where = " AND ".join(conditions) or "true"
    rows = await connection.fetch(
        f"SELECT {_COLUMNS},"  # noqa: S608  own words, bound values
        " (SELECT s.findings FROM report_screening s WHERE s.report_id = r.id) AS screening"
        " FROM report r"
        " JOIN unit u ON u.code = r.unit_code AND u.valid_from = r.unit_valid_from"
        f" WHERE {where} ORDER BY {order} LIMIT {bound(most)}",
        *values,
    )
    return [{**row, "screening": msgspec.json.decode(row["screening"] or "[]")} for row in rows]


def _add_conditions(wanted: QueueFilter, conditions: list[str], bound: Any) -> None:
    if wanted.status in (None, "open"):
        conditions.append(f"r.status IN {OPEN}")
    elif wanted.status == "held":
        conditions.append(_HELD)
    elif wanted.status == "unrouted":
        conditions.append("r.status = 'classifying' AND r.agency_code IS NULL")
    elif wanted.status != "all":
        conditions.append(f"r.status = {bound(wanted.status)}")
    if wanted.agency:
        conditions.append(f"r.agency_code = {bound(wanted.agency)}")
    if wanted.unit:
        conditions.append(f"r.unit_code = {bound(wanted.unit)}")
    if wanted.category:
        conditions.append(_IN_CATEGORY.format(bound(wanted.category)))
    if wanted.due == "overdue":
        conditions.append("r.is_overdue")
    elif wanted.due == "soon" and wanted.soon_before:
        conditions.append(f"NOT r.is_overdue AND r.resolve_by < {bound(wanted.soon_before)}")


async def count_held(connection: Connection) -> int:
    """How many in sight are held back with no agency yet; counted up to HELD_COUNTED_MOST."""
    count: int = await connection.fetchval(
        f"SELECT count(*) FROM (SELECT 1 FROM report r WHERE {_HELD} LIMIT $1) AS few",  # noqa: S608  own words
        HELD_COUNTED_MOST,
    )
    return count


async def find_case(connection: Connection, report_id: uuid.UUID) -> dict[str, Any] | None:
    """Everything the desk shows of one case; None if it is not there or not in sight."""
    row = await connection.fetchrow(
        f"""
        SELECT {_COLUMNS}, r.answers, r.happened_at, r.accuracy_metres, r.unit_valid_from,
               r.co_agencies, r.officer_group, r.routing, r.promise_version, r.calendar_code,
               r.remaining_minutes, r.extensions, r.closed_at, r.merged_into,
               r.is_anonymous, r.is_sensitive, r.source, r.rating_comment, r.supporters,
               c.name AS contact_name, c.phone AS contact_phone, c.email AS contact_email,
               a.name AS officer_name, s.findings AS screening
        FROM report r
        JOIN unit u ON u.code = r.unit_code AND u.valid_from = r.unit_valid_from
        LEFT JOIN report_contact c ON c.report_id = r.id
        LEFT JOIN account a ON a.id = r.officer_id
        LEFT JOIN report_screening s ON s.report_id = r.id
        WHERE r.id = $1
        """,  # noqa: S608  own column names
        report_id,
    )
    if row is None:
        return None
    case = dict(row)
    for name in ("answers", "routing", "screening"):
        case[name] = msgspec.json.decode(case[name] or "[]")
    return case


async def list_photos(connection: Connection, report_id: uuid.UUID) -> list[Record]:
    """All photos of a case with their state."""
    return await connection.fetch(
        """
        SELECT sha256, purpose, position, state, refused_reason, width, height, content_type, bytes,
               is_held, ready_at
        FROM report_photo WHERE report_id = $1 ORDER BY purpose DESC, position LIMIT 100
        """,
        report_id,
    )


async def list_history(connection: Connection, report_id: uuid.UUID) -> list[dict[str, Any]]:
    """Every event of the case with its words, oldest first."""
    rows = await connection.fetch(
        """
        SELECT e.seq, e.kind, e.at, e.actor_kind, e.actor_id, a.name AS actor_name, e.agency_code,
               e.is_public, e.body, encode(e.hash, 'hex') AS hash,
               (SELECT json_object_agg(n.kind, n.text) FROM note n
                WHERE n.case_kind = 'report' AND n.case_id = e.case_id AND n.seq = e.seq) AS notes
        FROM event e LEFT JOIN account a ON a.id = e.actor_id
        WHERE e.case_kind = 'report' AND e.case_id = $1 ORDER BY e.seq LIMIT $2
        """,
        report_id,
        HISTORY_MOST,
    )
    return [
        {
            **row,
            "body": msgspec.json.decode(row["body"]),
            "notes": msgspec.json.decode(row["notes"]) if row["notes"] else {},
        }
        for row in rows
    ]


async def list_officers(connection: Connection, agency_code: str) -> list[Record]:
    """The people of an agency to whom a case may be assigned."""
    return await connection.fetch(
        """
        SELECT id, name, role FROM account
        WHERE agency_code = $1 AND is_active AND role IN ('officer', 'key_holder')
        ORDER BY name COLLATE "vi-x-icu", id LIMIT 500
        """,
        agency_code,
    )
