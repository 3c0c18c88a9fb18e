"""The SQL of area alerts and of the notifications they lead to."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from backend.database import Connection, Record
from backend.messages.areas.places import Alert, Circle
from backend.messages.store import WANTED

# The index compares degrees: a buffer's corners lie a little inside the circle it is made of.
_MARGIN: Final = 1.02


@dataclass(frozen=True)
class Owner:
    """Whose alerts: an account's, or those of a device without one."""

    account_id: uuid.UUID | None = None
    device_id: uuid.UUID | None = None


@dataclass(frozen=True)
class Published:
    """What a stranger may know of a report that matters for alerts; coarse has no exact place."""

    id: uuid.UUID
    category_code: str
    unit_code: str
    lon: float
    lat: float
    is_coarse: bool
    is_urgent: bool


async def lock_owner(connection: Connection, owner: Owner) -> bool:
    """Let one request at a time add to this owner's alerts; False if there is none, or no more."""
    found = await connection.fetchval(
        """
        SELECT 1 FROM account WHERE id = $1 AND closed_at IS NULL
        UNION ALL
        SELECT 1 FROM device WHERE id = $2
        """,
        owner.account_id,
        owner.device_id,
    )
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 7))",
        str(owner.account_id or owner.device_id),
    )
    return found is not None


async def insert_alert(connection: Connection, owner: Owner, alert: Alert) -> None:
    """Follow an area from now on."""
    circle = alert.circle
    await connection.execute(
        f"""
        INSERT INTO area_alert (id, account_id, device_id, unit_code, category_code, created_at,
            centre, radius_metres, area)
        VALUES ($1, $2, $3, $4, $5, $6, ST_SetSRID(ST_MakePoint($7, $8), 4326), $9::integer,
            ST_Buffer(ST_MakePoint($7, $8)::geography, $9::integer * {_MARGIN})::geometry)
        """,  # noqa: S608  own number
        alert.id,
        owner.account_id,
        owner.device_id,
        alert.unit,
        alert.category,
        alert.created_at,
        circle.lon if circle else None,
        circle.lat if circle else None,
        circle.radius_metres if circle else None,
    )


async def list_alerts(connection: Connection, owner: Owner, *, limit: int) -> list[Alert]:
    """The areas somebody follows, the newest first."""
    rows = await connection.fetch(
        """
        SELECT id, unit_code, category_code, created_at, ST_X(centre) AS lon, ST_Y(centre) AS lat,
            radius_metres
        FROM area_alert WHERE account_id = $1 OR device_id = $2
        ORDER BY id DESC LIMIT $3
        """,
        owner.account_id,
        owner.device_id,
        limit,
    )
    return [_alert(row) for row in rows]


async def delete_alert(connection: Connection, owner: Owner, alert_id: uuid.UUID) -> bool:
    """Follow this area no more; False if this owner does not."""
    done = await connection.execute(
        "DELETE FROM area_alert WHERE id = $1 AND (account_id = $2 OR device_id = $3)",
        alert_id,
        owner.account_id,
        owner.device_id,
    )
    return done == "DELETE 1"


async def is_owner_of_device(
    connection: Connection, device_id: uuid.UUID, account_id: uuid.UUID | None
) -> bool:
    """Whether this device may be used by whoever asks: nobody's, or their own; and no mailbox."""
    found: bool = await connection.fetchval(
        """
        SELECT EXISTS (SELECT FROM device WHERE id = $1 AND kind <> 'email'
            AND (account_id IS NULL OR account_id = $2))
        """,
        device_id,
        account_id,
    )
    return found


async def is_commune(connection: Connection, unit_code: str, *, on: date) -> bool:
    """Whether this is a commune or ward of that day; on the public pool."""
    found: bool = await connection.fetchval(
        """
        SELECT EXISTS (SELECT FROM unit u JOIN unit_generation g USING (level, valid_from)
            WHERE u.code = $1 AND u.level = 'commune' AND g.state = 'active'
                AND g.valid_from <= $2 AND (g.valid_to IS NULL OR g.valid_to > $2))
        """,
        unit_code,
        on,
    )
    return found


async def is_field(connection: Connection, category_code: str) -> bool:
    """Whether reports of this field or sub-field are for everybody to read; on the public pool."""
    found: bool = await connection.fetchval(
        """
        SELECT EXISTS (SELECT FROM category
            WHERE code = $1 AND is_active AND NOT is_restricted)
        """,
        category_code,
    )
    return found


async def find_published(connection: Connection, report_id: uuid.UUID) -> Published | None:
    """The report if strangers may read it now; on the public pool."""
    row = await connection.fetchrow(
        """
        SELECT id, category_code, unit_code, ST_X(geom) AS lon, ST_Y(geom) AS lat, is_coarse,
            is_urgent
        FROM public_report WHERE id = $1
        """,
        report_id,
    )
    return Published(**dict(row)) if row else None


async def insert_area_notices(
    connection: Connection,
    event_id: int,
    report: Published,
    *,
    collapse_key: str,
    due_at: datetime | None,
    now: datetime,
) -> int:
    """Write a notification for each follower of an area that this report is news in; how many.

    `due_at` None is at once. Once for each address and report, however many areas it lies in; not
    for the reporter, nor for whoever is told of this very event as a follower of the report.
    """
    rows = await connection.fetch(
        f"""
        WITH alert AS (
            SELECT a.account_id, a.device_id FROM area_alert a
            WHERE a.unit_code = $3
              AND (a.category_code IS NULL OR a.category_code IN
                  (SELECT unnest(ARRAY[c.code, c.field_code]) FROM category c WHERE c.code = $4))
            UNION
            SELECT a.account_id, a.device_id FROM area_alert a
            WHERE NOT $7 AND a.area && ST_SetSRID(ST_MakePoint($5, $6), 4326)
              AND ST_DWithin(a.centre::geography, ST_MakePoint($5, $6)::geography, a.radius_metres)
              AND (a.category_code IS NULL OR a.category_code IN
                  (SELECT unnest(ARRAY[c.code, c.field_code]) FROM category c WHERE c.code = $4))
        ), told AS (
            SELECT device_id FROM alert WHERE device_id IS NOT NULL
            UNION
            SELECT d.id FROM alert JOIN device d ON d.account_id = alert.account_id
        )
        INSERT INTO notification (event_id, device_id, collapse_key, state, audience, is_urgent,
            case_id, due_at)
        SELECT $1, d.id, $8, 'waiting', 'area', $9, $2,
            CASE WHEN d.kind = 'email' THEN coalesce($10::timestamptz, $11)
                ELSE $10::timestamptz END
        FROM told t JOIN device d ON d.id = t.device_id
        JOIN report r ON r.id = $2
        WHERE d.dropped_at IS NULL
            AND (d.account_id IS NULL OR r.account_id IS NULL OR d.account_id <> r.account_id)
            AND NOT EXISTS (SELECT FROM follow f WHERE f.case_kind = 'report'
                AND f.case_id = $2 AND f.device_id = d.id)
            AND {WANTED.format(kind="'area_alert'", by_email="true")}
        ORDER BY d.id
        ON CONFLICT DO NOTHING
        RETURNING id
        """,  # noqa: S608  own condition
        event_id,
        report.id,
        report.unit_code,
        report.category_code,
        report.lon,
        report.lat,
        report.is_coarse,
        collapse_key,
        report.is_urgent,
        due_at,
        now,
    )
    return len(rows)


def _alert(row: Record) -> Alert:
    has_circle = row["radius_metres"] is not None
    return Alert(
        id=row["id"],
        unit=row["unit_code"],
        circle=Circle(row["lon"], row["lat"], row["radius_metres"]) if has_circle else None,
        category=row["category_code"],
        created_at=row["created_at"],
    )
