"""A province with very many published reports, for benchmarks of what strangers read.

The reports are made by one statement in a database of their own: three years of them, a quarter in
one city of a few kilometres, the rest around the middles of all communes, some sensitive, some
hidden. The map is filled and folded by the same statements that the worker uses.
"""

import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from backend.database import owner_connection
from backend.demo.boundaries import NEW_VALID_FROM
from backend.grid.recount import rebuild
from backend.grid.store import fill_batch
from backend.settings import Settings
from bench.stack import own_database

CITY: Final = (108.7950, 15.1200)

_FILL = """
INSERT INTO report (id, code, tracking_hash, source, category_code, text, geom, public_geom,
    unit_code, unit_valid_from, status, visibility, is_sensitive, routing, promise_version,
    agency_code, resolve_by, is_overdue, version, head_hash, created_at, updated_at)
WITH communes AS (
    SELECT code, valid_from, label_point, row_number() OVER (ORDER BY code) AS place
    FROM unit WHERE level = 'commune' AND valid_from = $2
), subs AS (
    SELECT code, is_sensitive, row_number() OVER (ORDER BY code) AS place FROM category
    WHERE field_code IS NOT NULL AND NOT is_restricted
), sizes AS (
    SELECT (SELECT count(*) FROM communes) AS units, (SELECT count(*) FROM subs) AS categories
), drawn AS MATERIALIZED (
    SELECT n, random() AS a, random() AS b, random() AS c, random() AS d, random() AS e,
        timestamptz '2023-11-22 00:00Z' + (n / $1::float8) * interval '1095 days'
            + random() * interval '60 seconds' AS at
    FROM generate_series(1, $1::bigint) AS n
), placed AS (
    SELECT drawn.*, u.code AS unit_code, u.valid_from, s.code AS category, s.is_sensitive,
        u.label_point,
        -- Box and Muller; a quarter of all in the city
        CASE WHEN a < 0.25 THEN $3::float8 + 0.018 * sqrt(-2 * ln(c + 1e-9)) * cos(2 * pi() * d)
            ELSE ST_X(u.label_point) + 0.03 * sqrt(-2 * ln(c + 1e-9)) * cos(2 * pi() * d)
            END AS lon,
        CASE WHEN a < 0.25 THEN $4::float8 + 0.018 * sqrt(-2 * ln(c + 1e-9)) * sin(2 * pi() * d)
            ELSE ST_Y(u.label_point) + 0.03 * sqrt(-2 * ln(c + 1e-9)) * sin(2 * pi() * d)
            END AS lat
    FROM drawn, sizes
    JOIN communes u ON true
    JOIN subs s ON true
    WHERE u.place = 1 + CASE WHEN a < 0.25 THEN floor(b * 3) ELSE floor(power(b, 1.7) * units) END
        AND s.place = 1 + floor(power(e, 1.4) * categories)::bigint
)
SELECT (lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0')
        || '7' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid,
    'BEN-' || lpad(n::text, 8, '0'), '\\x00', 'import', category,
    'Ổ gà sâu giữa đường, đoạn trước chợ, xe máy tránh nhau rất nguy hiểm khi trời mưa, mong sớm '
        || 'được sửa chữa. Số ' || n,
    ST_SetSRID(ST_MakePoint(lon, lat), 4326),
    CASE WHEN is_sensitive THEN label_point ELSE ST_SetSRID(ST_MakePoint(lon, lat), 4326) END,
    unit_code, valid_from,
    CASE WHEN c < 0.80 THEN 'closed' WHEN c < 0.86 THEN 'resolved'
        WHEN c < 0.91 THEN 'awaiting_confirmation' WHEN c < 0.95 THEN 'in_progress'
        WHEN c < 0.97 THEN 'received' WHEN c < 0.995 THEN 'assigned' ELSE 'awaiting_citizen' END,
    CASE WHEN d < 0.02 THEN 'hidden' ELSE 'public' END, is_sensitive, '{}', 1,
    'ubnd-' || unit_code, at + interval '5 days', c > 0.99, 1, sha256('x'), at, at
FROM placed
"""


@asynccontextmanager
async def many_reports(settings: Settings, reports: int) -> AsyncIterator[Settings]:
    """Settings of a database of its own with so many reports in it; dropped afterwards."""
    async with own_database(settings, f"caunoi_bench_many_{reports}") as many:
        await fill(many.database_url or "", reports)
        yield many


async def fill(url: str, reports: int) -> None:
    """Make reports in a configured database; prints how long each part took."""
    started = time.perf_counter()
    async with owner_connection(url) as owner:
        await owner.execute("SET jit = off")
        await owner.execute("SELECT setseed(0.42)")
        # the map is filled by its own statements below, not by a trigger for each row
        await owner.execute("SET session_replication_role = replica")
        await owner.execute(_FILL, reports, NEW_VALID_FROM, *CITY)
        await owner.execute("SET session_replication_role = origin")
        await owner.execute("ANALYZE report")
        made = time.perf_counter()
        after: uuid.UUID | None = uuid.UUID(int=0)
        while after is not None:
            after = await fill_batch(owner, after, 50_000)
        filled = time.perf_counter()
        points = await rebuild(owner)
        await owner.execute("UPDATE map_filling SET is_done = true")
        await owner.execute("VACUUM ANALYZE report, map_point, map_cell, map_delta")
    print(
        f"{points:,} published reports: made in {made - started:.0f} s, put on the map in "
        f"{filled - made:.0f} s, summed in {time.perf_counter() - filled:.0f} s"
    )
