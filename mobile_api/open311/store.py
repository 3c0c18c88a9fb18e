"""The SQL of Open311: lists over the public views (public pool), keys and tokens (our own)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from backend.database import Connection, Record

PAGE_MOST: Final = 500
_KEYS_MOST: Final = 1000


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
    the cursor misses none; else by the moment of receipt, newest first. `after` is (moment, id) of
    the last one seen, in that order.
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


_COLUMNS: Final = """id, code, category_code, status, text, address, geom, is_coarse, unit_code,
    unit_name, agency_code, resolve_by, paused_at, resolved_at, closed_at, created_at, updated_at"""
# The last words written to the public, and the first photo anybody may see: for one page only.
_DETAILS: Final = """ST_X(page.geom) AS lon, ST_Y(page.geom) AS lat,
    (SELECT n.text FROM public_note n WHERE n.report_id = page.id
     ORDER BY n.seq DESC, n.kind LIMIT 1) AS note,
    (SELECT p.sha256 FROM public_photo p WHERE p.report_id = page.id
     ORDER BY p.purpose DESC, p.position LIMIT 1) AS photo"""


class _Values:
    """Values in the order of their marks."""

    def __init__(self) -> None:
        self.all: list[Any] = []

    def mark(self, value: Any) -> str:
        self.all.append(value)
        return f"${len(self.all)}"


async def list_requests(connection: Connection, wanted: Question) -> list[Record]:
    """Published reports, one more than `limit` if there are more."""
    values = _Values()
    by = "updated_at, id" if wanted.updated else "created_at DESC, id DESC"
    conditions = _conditions(wanted, values)
    most, skip = values.mark(wanted.limit + 1), values.mark(wanted.skip)
    page = f"SELECT {_COLUMNS} FROM public_report r"  # noqa: S608  own words
    # By receipt each (category, status) is walked along its own index, newest first, and the walks
    # are merged: what is rare is found without reading what is frequent. By place or by change one
    # index serves all, and the few rows found are looked at.
    splits = not (wanted.updated or wanted.bbox or wanted.circle)
    lists = {"category_code": wanted.categories, "status": wanted.statuses}
    lists = {column: words for column, words in lists.items() if words}
    if splits and lists:
        sources = " CROSS JOIN ".join(
            f"unnest({values.mark(list(words))}::text[]) AS w_{column} (word)"
            for column, words in lists.items()
        )
        conditions += [f"r.{column} = w_{column}.word" for column in lists]
        deepest = values.mark(wanted.skip + wanted.limit + 1)
        page = (
            f"SELECT walk.* FROM {sources} CROSS JOIN LATERAL ("  # noqa: S608  own words
            f"{page} WHERE {' AND '.join(conditions)} ORDER BY {by} LIMIT {deepest}) AS walk"
        )
    else:
        conditions += [
            f"r.{column} = ANY ({values.mark(list(words))}::text[])"
            for column, words in lists.items()
        ]
        page += f" WHERE {' AND '.join(conditions)}"
    return await connection.fetch(
        f"WITH page AS MATERIALIZED ({page} ORDER BY {by} LIMIT {most} OFFSET {skip})"  # noqa: S608
        f" SELECT page.*, true AS is_published, {_DETAILS} FROM page ORDER BY {by}",
        *values.all,
    )


def _conditions(wanted: Question, values: _Values) -> list[str]:
    conditions = []
    for column, span in (("created_at", wanted.requested), ("updated_at", wanted.updated)):
        if span is not None:
            conditions.append(f"r.{column} >= {values.mark(span.since)}")
            conditions.append(f"r.{column} < {values.mark(span.until)}")
    if wanted.after is not None:
        moment, last = map(values.mark, wanted.after)
        conditions.append(
            f"(r.updated_at, r.id) > ({moment}, {last})"
            if wanted.updated
            else f"(r.created_at, r.id) < ({moment}, {last})"
        )
    if wanted.bbox is not None:
        corners = ", ".join(map(values.mark, wanted.bbox))
        conditions.append(f"r.geom && ST_MakeEnvelope({corners}, 4326)")
    if wanted.circle is not None:
        circle = wanted.circle
        lon, lat = values.mark(circle.lon), values.mark(circle.lat)
        radius = values.mark(circle.radius_metres)
        here = f"ST_SetSRID(ST_MakePoint({lon}, {lat}), 4326)"
        # a degree of latitude has 110.6 km at the least, one of longitude less: cos(lat) of it
        conditions += [
            f"r.geom && ST_Expand({here}, {radius} / (110500.0 * greatest(cos(radians({lat})), "
            f"0.01)), {radius} / 110500.0)",
            f"ST_DWithin(r.geom::geography, {here}::geography, {radius})",
        ]
    return conditions


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
