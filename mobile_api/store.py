"""The SQL of what strangers may read: only the public views, on the public pool."""

import uuid
from typing import Any, Final

import msgspec

from backend.database import Connection, Record
from backend.reports.search.store import MATCHES, find_public_hits, pattern_of
from mobile_api.lists.filter import NEAR_MOST_METRES as NEAR_MOST_METRES
from mobile_api.lists.filter import PAGE_MOST as PAGE_MOST
from mobile_api.lists.filter import ListFilter as ListFilter
from mobile_api.lists.store import LIST_COLUMNS, list_newest
from mobile_api.lists.store import list_near as list_near

TIMELINE_MOST: Final = 500
# A field includes its sub-fields.
_IN_CATEGORY: Final = "category_code IN (SELECT code FROM category WHERE {} IN (code, field_code))"


async def find_tracking(connection: Connection, code: str) -> Record | None:
    """Stage and promise of a report that may be followed by its code."""
    return await connection.fetchrow(
        """
        SELECT id, code, category_code, unit_code, unit_valid_from, unit_name, status, is_published,
               agency_code, accept_by, resolve_by, paused_at, accepted_at, resolved_at, closed_at,
               is_overdue, rating, reopened, created_at, updated_at
        FROM public_tracking WHERE code = $1
        """,
        code,
    )


async def find_published(connection: Connection, report_id: uuid.UUID) -> Record | None:
    """Words and place of a published report."""
    return await connection.fetchrow(
        """
        SELECT text, address, happened_at, ST_X(geom) AS lon, ST_Y(geom) AS lat, is_coarse,
               supporters
        FROM public_report WHERE id = $1
        """,
        report_id,
    )


async def find_published_code(connection: Connection, report_id: uuid.UUID) -> str | None:
    """The code of a report that strangers may read; None for any other."""
    code: str | None = await connection.fetchval(
        "SELECT code FROM public_report WHERE id = $1", report_id
    )
    return code


async def list_public_events(connection: Connection, report_id: uuid.UUID) -> list[dict[str, Any]]:
    """The public part of the history, oldest first, with the public words of each step."""
    rows = await connection.fetch(
        """
        SELECT e.seq, e.kind, e.at, e.agency_code, e.author, e.author_agency, e.body,
               (SELECT json_object_agg(n.kind, n.text) FROM public_note n
                WHERE n.report_id = e.report_id AND n.seq = e.seq) AS notes
        FROM public_event e WHERE e.report_id = $1 ORDER BY e.seq LIMIT $2
        """,
        report_id,
        TIMELINE_MOST,
    )
    return [_step(row) for row in rows]


async def find_own_tracking(connection: Connection, report_id: uuid.UUID) -> Record | None:
    """The columns of find_tracking for the reporter, whatever the report's visibility."""
    return await connection.fetchrow(
        """
        SELECT r.id, r.code, r.category_code, r.unit_code, r.unit_valid_from, u.name AS unit_name,
               r.status, is_shown(r.visibility, r.is_restricted, r.status) AS is_published,
               r.agency_code, r.accept_by, r.resolve_by, r.paused_at, r.accepted_at, r.resolved_at,
               r.closed_at, r.is_overdue, r.rating, r.reopened, r.created_at, r.updated_at
        FROM report r JOIN unit u ON u.code = r.unit_code AND u.valid_from = r.unit_valid_from
        WHERE r.id = $1
        """,
        report_id,
    )


async def list_own_events(connection: Connection, report_id: uuid.UUID) -> list[dict[str, Any]]:
    """The public part of the history with its words, for the reporter, published or not."""
    rows = await connection.fetch(
        """
        SELECT e.seq, e.kind, e.at, e.agency_code, e.body,
               event_author(e.kind, e.actor_kind) AS author,
               event_author_agency(e.kind, e.actor_kind, e.agency_code, e.body) AS author_agency,
               (SELECT json_object_agg(n.kind, n.text) FROM note n
                WHERE n.case_kind = 'report' AND n.case_id = e.case_id AND n.seq = e.seq
                  AND n.text IS NOT NULL AND (n.is_public OR n.kind IN ('answer', 'comment')
                       OR (n.kind = 'reason' AND e.actor_kind = 'citizen'))
               ) AS notes
        FROM event e WHERE e.case_kind = 'report' AND e.case_id = $1 AND e.is_public
        ORDER BY e.seq LIMIT $2
        """,
        report_id,
        TIMELINE_MOST,
    )
    return [_step(row) for row in rows]


def _step(row: Record) -> dict[str, Any]:
    return {
        "seq": row["seq"],
        "kind": row["kind"],
        "at": row["at"],
        "author": row["author"],
        "author_agency": row["author_agency"],
        "agency_code": row["agency_code"],
        "body": msgspec.json.decode(row["body"]),
        "notes": msgspec.json.decode(row["notes"]) if row["notes"] else {},
    }


async def list_public_photos(connection: Connection, report_id: uuid.UUID) -> list[Record]:
    """The photos anybody may see, those before first."""
    return await connection.fetch(
        """
        SELECT sha256, purpose, width, height FROM public_photo
        WHERE report_id = $1 ORDER BY purpose DESC, position LIMIT 50
        """,
        report_id,
    )


async def list_public(connection: Connection, wanted: ListFilter) -> list[Record]:
    """Published reports, newest first, one more than `limit` if there are more."""
    if not wanted.words:
        return await list_newest(connection, wanted)
    conditions: list[str] = []
    values: list[Any] = []

    def bound(value: Any) -> str:
        values.append(value)
        return f"${len(values)}"

    if wanted.bbox:
        west, south, east, north = (bound(edge) for edge in wanted.bbox)
        conditions.append(f"geom && ST_MakeEnvelope({west}, {south}, {east}, {north}, 4326)")
    if wanted.category:
        conditions.append(_IN_CATEGORY.format(bound(wanted.category)))
    if wanted.status:
        conditions.append(f"status = {bound(wanted.status)}")
    if wanted.unit:
        conditions.append(f"unit_code = {bound(wanted.unit)}")
    if wanted.since:
        conditions.append(f"created_at >= {bound(wanted.since)}")
    if wanted.until:
        conditions.append(f"created_at < {bound(wanted.until)}")
    hits = await find_public_hits(connection, wanted.words)
    if hits is not None:
        conditions.append(f"id = ANY({bound(hits)})")
    else:
        conditions.append(MATCHES.format(text="text", pattern=bound(pattern_of(wanted.words))))
    if wanted.after:
        conditions.append(
            f"(created_at, id) < ({bound(wanted.after[0])}, {bound(wanted.after[1])})"
        )
    where = " AND ".join(conditions) or "true"
    return await connection.fetch(
        f"SELECT {LIST_COLUMNS} FROM public_report WHERE {where}"  # noqa: S608  own words, bound values
        f" ORDER BY created_at DESC, id DESC LIMIT {bound(wanted.limit + 1)}",
        *values,
    )
