"""The SQL of Open311: lists over the public views (public pool), keys and tokens (our own)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

from backend.database import Connection, Record
from mobile_api.lists.filter import SHOWN

PAGE_MOST: Final = 500
_KEYS_MOST: Final = 1000
# A page of changes looks at no more of them than this; it may be short, and yet lead on.
_WALK_MOST: Final = 150


@dataclass(frozen=True)
class Span:
    """A span of moments, the end left out."""

    since: datetime
    until: datetime


@dataclass(frozen=True)
class Circle:
    """A place and a distance around it: WGS84 degrees, metres."""

    lon: float
    lat: float
    radius_metres: float


@dataclass(frozen=True)
class Question:
    """What of the published reports is asked for; empty tuples mean every one.

    With `updated` the list is in the order of the changes, oldest first, so that whoever follows
    the cursor misses none (a page may be short and yet have a next one); else by the moment of
    receipt, newest first. `after` is (moment, id) of the last one seen, in that order.
    """

    requested: Span | None
    updated: Span | None = None
    categories: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    bbox: tuple[float, float, float, float] | None = None
    circle: Circle | None = None
    after: tuple[datetime, uuid.UUID] | None = None
    skip: int = 0
    limit: int = 50

    @property
    def is_filtered(self) -> bool:
        """Whether the list leaves reports of its span out."""
        where = self.bbox or self.circle or (self.updated and self.requested)
        return bool(self.categories or self.statuses or where)


_COLUMNS: Final = """id, code, category_code, status, text, address, geom, is_coarse, unit_code,
    unit_name, agency_code, resolve_by, paused_at, resolved_at, closed_at, created_at, updated_at"""
# The last words written to the public, and the first photo anybody may see: for one page only.
_DETAILS: Final = """ST_X(page.geom) AS lon, ST_Y(page.geom) AS lat,
    (SELECT n.text FROM public_note n WHERE n.report_id = page.id
     ORDER BY n.seq DESC, n.kind LIMIT 1) AS note,
    (SELECT p.sha256 FROM public_photo p WHERE p.report_id = page.id
     ORDER BY p.purpose DESC, p.position LIMIT 1) AS photo"""


# Later than every report: the distance to it orders by time, newest first.
_FAR_FUTURE: Final = datetime(2200, 1, 1, tzinfo=UTC)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class _Values:
    """Values in the order of their marks."""

    def __init__(self) -> None:
        self.all: list[Any] = []

    def mark(self, value: Any) -> str:
        self.all.append(value)
        return f"${len(self.all)}"


@dataclass(frozen=True)
class Page:
    """The rows of one page, and the moment and id after which the next one begins, if any does."""

    rows: list[Record]
    following: tuple[datetime, uuid.UUID] | None


async def list_requests(connection: Connection, wanted: Question) -> Page:
    """A page of the published reports."""
    values = _Values()
    if wanted.updated is not None:
        page, order, moment = (
            _changed(wanted, wanted.updated, values),
            "updated_at, id",
            "updated_at",
        )
    else:
        page, order, moment = _newest(wanted, values), "created_at DESC, id DESC", "created_at"
    # a row stands even where no report does, to say where the walk over the changes has ended
    found = await connection.fetch(
        f"WITH {page}"  # noqa: S608  own words
        f" SELECT page.*, true AS is_published, {_DETAILS}, reached.reached_at, reached.reached_id"
        f" FROM (VALUES (1)) AS one (row) LEFT JOIN reached ON true LEFT JOIN page ON true"
        f" ORDER BY {order} LIMIT {values.mark(wanted.limit + 1)}",
        *values.all,
    )
    rows = [row for row in found if row["id"] is not None]
    if len(rows) > wanted.limit:
        last = rows[wanted.limit - 1]
        return Page(rows[: wanted.limit], (last[moment], last["id"]))
    reached = found[0]
    has_more = reached["reached_id"] is not None
    return Page(rows, (reached["reached_at"], reached["reached_id"]) if has_more else None)


def _newest(wanted: Question, values: _Values) -> str:
    """The page by the moment of receipt, newest first, found on the map's points.

    Each category and status that is asked for is a lane (LATERAL) walked along its own index, and
    the lanes' first rows are merged: what is rare is found without reading what is frequent. Within
    a place a GiST index over place and time is walked in the order of time (migration t08).
    """
    is_placed = wanted.bbox is not None or wanted.circle is not None
    statuses = wanted.statuses
    if wanted.categories and not statuses and not is_placed:
        statuses = SHOWN  # in their index the status stands before the time
    words = {"category_code": wanted.categories, "status": statuses}
    lanes = {
        column: f"unnest({values.mark(list(asked))}::text[]) AS w_{column} (word)"
        for column, asked in words.items()
        if asked
    }
    # as the index is written that is meant: over place and time within a category, or over all
    place, time = (
        ("ST_SetSRID(p.geom, 3857)", "(p.created_us + 0)")
        if is_placed and wanted.categories
        else ("p.geom", "p.created_us")
    )
    conditions = [f"p.{column} = w_{column}.word" for column in lanes]
    newest_us = _micros(_FAR_FUTURE)
    if wanted.requested is not None:
        newest_us = _micros(wanted.requested.until)
        since_us = values.mark(_micros(wanted.requested.since))
        conditions += [f"{time} >= {since_us}", f"{time} < {values.mark(newest_us)}"]
    if wanted.after is not None:
        newest_us = min(newest_us, _micros(wanted.after[0]))
        moment, last = values.mark(_micros(wanted.after[0])), values.mark(wanted.after[1])
        conditions.append(f"{time} <= {moment}")
        conditions.append(f"(p.created_us, p.report_id) < ({moment}, {last}::uuid)")
    conditions += _within(wanted, place, values)
    deepest = values.mark(wanted.skip + wanted.limit + 1)
    order = (
        f"{time} <-> {values.mark(newest_us)} FETCH FIRST {deepest} ROWS WITH TIES"
        if is_placed
        else f"p.created_us DESC, p.report_id DESC LIMIT {deepest}"
    )
    lane = (
        f"SELECT p.report_id, p.created_us FROM public_map_point p"  # noqa: S608  own words
        f" WHERE {' AND '.join(conditions) or 'true'} ORDER BY {order}"
    )
    source = " CROSS JOIN ".join([*lanes.values(), f"LATERAL ({lane}) AS one"])
    return f"""newest AS MATERIALIZED (
            SELECT one.report_id, one.created_us FROM {source}
            ORDER BY one.created_us DESC, one.report_id DESC
            LIMIT {deepest} OFFSET {values.mark(wanted.skip)}
        ), page AS MATERIALIZED (
            SELECT {_COLUMNS} FROM newest JOIN public_report r ON r.id = report_id
        ), reached AS (SELECT NULL::timestamptz AS reached_at, NULL::uuid AS reached_id)"""  # noqa: S608  own words


def _changed(wanted: Question, updated: Span, values: _Values) -> str:
    """The page in the order of the changes: of so many changes those that fit."""
    walk = [
        f"r.updated_at >= {values.mark(updated.since)}",
        f"r.updated_at < {values.mark(updated.until)}",
    ]
    if wanted.after is not None:
        moment, last = map(values.mark, wanted.after)
        walk.append(f"(r.updated_at, r.id) > ({moment}, {last})")
    most = wanted.skip + wanted.limit + 1
    if wanted.is_filtered:
        most = max(most, _WALK_MOST)
    conditions = []
    if wanted.requested is not None:
        conditions.append(f"r.created_at >= {values.mark(wanted.requested.since)}")
        conditions.append(f"r.created_at < {values.mark(wanted.requested.until)}")
    for column, words in (("category_code", wanted.categories), ("status", wanted.statuses)):
        if words:
            conditions.append(f"r.{column} = ANY ({values.mark(list(words))}::text[])")
    if wanted.bbox is not None or wanted.circle is not None:
        place = " AND ".join(_within(wanted, "p.geom", values))
        conditions.append(
            # a value of each row, and no join: nobody shall look up all of the place first
            f"(SELECT {place} FROM public_map_point p WHERE p.report_id = r.id)"  # noqa: S608  own words
        )
    return f"""walked AS MATERIALIZED (
            SELECT {_COLUMNS} FROM public_report r WHERE {" AND ".join(walk)}
            ORDER BY updated_at, id LIMIT {values.mark(most)}
        ), reached AS (
            SELECT updated_at AS reached_at, id AS reached_id FROM walked
            ORDER BY updated_at, id LIMIT 1 OFFSET {values.mark(most - 1)}
        ), page AS MATERIALIZED (
            SELECT r.* FROM walked r WHERE {" AND ".join(conditions) or "true"}
            ORDER BY updated_at, id
            LIMIT {values.mark(wanted.limit + 1)} OFFSET {values.mark(wanted.skip)}
        )"""  # noqa: S608  own words


def _within(wanted: Question, place: str, values: _Values) -> list[str]:
    """Conditions on the point of the map `place` (EPSG:3857): in the box, in the circle."""
    conditions = []
    if wanted.bbox is not None:
        west, south, east, north = (f"{values.mark(edge)}::float8" for edge in wanted.bbox)
        conditions.append(
            f"{place} && ST_MakeEnvelope(mercator_x({west}), mercator_y({south}),"
            f" mercator_x({east}), mercator_y({north}), 3857)"
        )
    if wanted.circle is not None:
        circle = wanted.circle
        lon, lat = f"{values.mark(circle.lon)}::float8", f"{values.mark(circle.lat)}::float8"
        radius = f"{values.mark(circle.radius_metres)}::float8"
        # the map is stretched by 1/cos(latitude), and by up to 0.7 % more: the Earth is no sphere
        conditions += [
            f"{place} && ST_Expand(ST_SetSRID(ST_MakePoint(mercator_x({lon}), mercator_y({lat})),"
            f" 3857), {radius} * 1.01 / cos(radians(least(abs({lat}), 85))))",
            f"ST_Distance(ST_Transform(p.geom, 4326)::geography,"
            f" ST_SetSRID(ST_MakePoint({lon}, {lat}), 4326)::geography) <= {radius}",
        ]
    return conditions


def _micros(moment: datetime) -> int:
    """Microseconds since 1970, as the map counts them."""
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


async def list_requests_by_code(connection: Connection, codes: Sequence[str]) -> list[Record]:
    """What whoever knows the codes may know: of unpublished ones stage and promise, no more."""
    return await connection.fetch(
        f"""
        WITH page AS MATERIALIZED (
            SELECT t.id, t.code, t.category_code, t.status, t.is_published, r.text, r.address,
                   r.geom, r.is_coarse, t.unit_code, t.unit_name, t.agency_code, t.resolve_by,
                   t.paused_at, t.resolved_at, t.closed_at, t.created_at, t.updated_at
            FROM public_tracking t LEFT JOIN public_report r ON r.id = t.id
            WHERE t.code = ANY ($1::text[])
        )
        SELECT page.*, {_DETAILS} FROM page ORDER BY created_at DESC, id DESC LIMIT $2
        """,  # noqa: S608  own words
        list(codes),
        PAGE_MOST,
    )


async def find_code_of_key(connection: Connection, principal: str, key: uuid.UUID) -> str | None:
    """The code of the report that this sender has sent under this idempotency key."""
    code: str | None = await connection.fetchval(
        """
        SELECT r.code FROM idempotency_key k JOIN report r ON r.id = k.case_id
        WHERE k.principal = $1 AND k.operation = 'submit_report' AND k.key = $2
        """,
        principal,
        key,
    )
    return code


@dataclass(frozen=True)
class Key:
    """A key of a program that sends reports, without the key itself."""

    id: uuid.UUID
    name: str
    contact: str
    per_minute: int
    per_day: int
    created_at: datetime
    last_used_on: date | None
    revoked_at: datetime | None


async def find_key(connection: Connection, key_hash: bytes) -> Key | None:
    """The live key with this digest."""
    row = await connection.fetchrow(
        """
        SELECT id, name, contact, per_minute, per_day, created_at, last_used_on, revoked_at
        FROM open311_key WHERE key_hash = $1 AND revoked_at IS NULL
        """,
        key_hash,
    )
    return Key(**row) if row else None


async def list_keys(connection: Connection) -> list[Key]:
    """Every key ever issued, by name."""
    rows = await connection.fetch(
        """
        SELECT id, name, contact, per_minute, per_day, created_at, last_used_on, revoked_at
        FROM open311_key ORDER BY name LIMIT $1
        """,
        _KEYS_MOST,
    )
    return [Key(**row) for row in rows]


async def insert_key(connection: Connection, key: Key, key_hash: bytes) -> None:
    """Store a key; raises UniqueViolationError if its name is taken."""
    await connection.execute(
        """
        INSERT INTO open311_key (id, name, contact, key_hash, per_minute, per_day, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        key.id,
        key.name,
        key.contact,
        key_hash,
        key.per_minute,
        key.per_day,
        key.created_at,
    )


async def touch_key(connection: Connection, key_id: uuid.UUID, day: date) -> None:
    """Remember the last day on which the key was used."""
    await connection.execute(
        """
        UPDATE open311_key SET last_used_on = $2
        WHERE id = $1 AND last_used_on IS DISTINCT FROM $2
        """,
        key_id,
        day,
    )


async def revoke_key(connection: Connection, name: str, at: datetime) -> bool:
    """Whether there was a live key of this name; it is refused from now on."""
    found = await connection.fetchval(
        """
        UPDATE open311_key SET revoked_at = $2 WHERE name = $1 AND revoked_at IS NULL
        RETURNING true
        """,
        name,
        at,
    )
    return bool(found)
