"""A place known only to half a kilometre or worse is shown as one: by its commune, never as a point.

Who chooses a commune instead of a point sends its middle and its reach. Until now the public saw a pin
there, as sharp as any.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-22T19:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "places known roughly are shown roughly"

TIMEOUTS = "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '600s';"

# 500 metres: the smallest wards reach about that far from their middle, a telephone without a view of
# the sky is right within 100.
RULE = """
CREATE FUNCTION is_rough(is_sensitive boolean, accuracy_metres real) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT is_sensitive OR coalesce(accuracy_metres >= 500, false)
$$;
"""

VIEW = """
CREATE OR REPLACE VIEW public_report AS
SELECT r.id, r.code, r.category_code, r.text,
       CASE WHEN r.is_sensitive THEN NULL ELSE r.address END AS address,
       CASE WHEN r.is_sensitive THEN NULL ELSE r.happened_at END AS happened_at,
       r.public_geom AS geom,
       is_rough(r.is_sensitive, r.accuracy_metres) AS is_coarse, r.unit_code, r.unit_valid_from, u.name AS unit_name,
       r.status, r.agency_code, r.accept_by, r.resolve_by, r.paused_at, r.accepted_at,
       r.resolved_at, r.closed_at, r.is_overdue, r.is_urgent, r.rating, r.reopened, r.supporters,
       r.created_at, r.updated_at
FROM report r
JOIN unit u ON u.code = r.unit_code AND u.valid_from = r.unit_valid_from
WHERE is_shown(r.visibility, r.is_restricted, r.status);
"""

# As in t08 but for `is_coarse`.
MAP = """
CREATE OR REPLACE FUNCTION keep_map() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    was map_point%ROWTYPE;
    made map_point%ROWTYPE;
    mx double precision;
    my double precision;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        SELECT * INTO was FROM map_point WHERE report_id = OLD.id FOR UPDATE;
    END IF;
    IF TG_OP <> 'DELETE' AND is_shown(NEW.visibility, NEW.is_restricted, NEW.status) THEN
        mx := mercator_x(ST_X(NEW.public_geom));
        my := mercator_y(ST_Y(NEW.public_geom));
        INSERT INTO map_point AS stored (report_id, code, category_code, unit_code, status,
            is_coarse, is_overdue, is_urgent, created_at, created_us, day, geom, x, y, key)
        VALUES (NEW.id, NEW.code, NEW.category_code, NEW.unit_code, NEW.status,
            is_rough(NEW.is_sensitive, NEW.accuracy_metres), NEW.is_overdue, NEW.is_urgent, NEW.created_at,
            (extract(epoch FROM NEW.created_at) * 1000000)::bigint,
            (NEW.created_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::date,
            ST_SetSRID(ST_MakePoint(mx, my), 3857), round(mx * 10)::integer,
            round(my * 10)::integer, mercator_key(mx, my))
        ON CONFLICT (report_id) DO UPDATE SET category_code = excluded.category_code,
            unit_code = excluded.unit_code, status = excluded.status,
            is_coarse = excluded.is_coarse, is_overdue = excluded.is_overdue,
            is_urgent = excluded.is_urgent, geom = excluded.geom, x = excluded.x, y = excluded.y,
            key = excluded.key
        RETURNING * INTO made;
    ELSE
        DELETE FROM map_point WHERE report_id = OLD.id;
    END IF;
    IF was.number IS NOT NULL AND (made.number IS NULL OR (was.x, was.y) <> (made.x, made.y)
            OR was.is_coarse <> made.is_coarse) THEN
        INSERT INTO map_gone (report_id, code) VALUES (was.report_id, was.code);
    END IF;
    IF (was.key, was.x, was.y, was.category_code, was.status)
            IS NOT DISTINCT FROM (made.key, made.x, made.y, made.category_code, made.status) THEN
        RETURN NULL;
    END IF;
    IF was.number IS NOT NULL THEN
        INSERT INTO map_delta (key, category_code, status, month, reports, number_sum, x_sum, y_sum)
        VALUES (was.key, was.category_code, was.status, date_trunc('month', was.day::timestamp),
            -1, -was.number, -was.x, -was.y);
    END IF;
    IF made.number IS NOT NULL THEN
        INSERT INTO map_delta (key, category_code, status, month, reports, number_sum, x_sum, y_sum)
        VALUES (made.key, made.category_code, made.status, date_trunc('month', made.day::timestamp),
            1, made.number, made.x, made.y);
    END IF;
    RETURN NULL;
END $$;
"""

# What is on the map already; files of open data made before leave these out.
STORED = """
WITH changed AS (
    UPDATE map_point p SET is_coarse = true FROM report r
    WHERE r.id = p.report_id AND r.accuracy_metres >= 500 AND NOT p.is_coarse
    RETURNING p.report_id, p.code)
INSERT INTO map_gone (report_id, code) SELECT report_id, code FROM changed;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="caunoi", description=DESCRIPTION)

    async def run() -> None:
        connection = engine_finder().current_transaction.get().connection
        for statements in (TIMEOUTS, RULE, VIEW, MAP, STORED):
            await connection.execute(statements)

    manager.add_raw(run)
    return manager
