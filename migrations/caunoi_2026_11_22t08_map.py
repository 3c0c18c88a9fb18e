"""The public map: a narrow row for each published report, and clusters kept as sums of deltas."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-22T08:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "points and clusters of the public map, open data releases"

TIMEOUTS = "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '60s';"

# Spherical Mercator (EPSG:3857) by its formula, clamped where it ends: a pole must not keep a report
# from being published. A key is the quadtree cell of level 24 (2.4 m wide) in Morton order, so all
# that lies in one tile of any zoom is one range of keys. The masks are 0x0000FFFF0000FFFF,
# 0x00FF00FF00FF00FF, 0x0F0F…, 0x3333…, 0x5555….
PLACES = """
CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE FUNCTION mercator_x(lon double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT lon * 111319.49079327358
$$;

CREATE FUNCTION mercator_y(lat double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT ln(tan(pi() / 4 + radians(least(greatest(lat, -85.051128779806), 85.051128779806)) / 2))
        * 6378137.0
$$;

CREATE FUNCTION mercator_key(x double precision, y double precision) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    half CONSTANT double precision := 20037508.342789244;
    most CONSTANT bigint := (1 << 24) - 1;
    a bigint := least(greatest(floor((x + half) / (2 * half) * (1 << 24))::bigint, 0), most);
    b bigint := least(greatest(floor((half - y) / (2 * half) * (1 << 24))::bigint, 0), most);
BEGIN
    a := (a | (a << 16)) & 281470681808895;
    a := (a | (a << 8)) & 71777214294589695;
    a := (a | (a << 4)) & 1085102592571150095;
    a := (a | (a << 2)) & 3689348814741910323;
    a := (a | (a << 1)) & 6148914691236517205;
    b := (b | (b << 16)) & 281470681808895;
    b := (b | (b << 8)) & 71777214294589695;
    b := (b | (b << 4)) & 1085102592571150095;
    b := (b | (b << 2)) & 3689348814741910323;
    b := (b | (b << 1)) & 6148914691236517205;
    RETURN a | (b << 1);
END $$;
"""

# x and y are decimetres, so that sums of them are whole numbers; created_us are microseconds since
# 1970, whose distances GiST computes exactly. A GiST index over place and time finds the newest of
# any box, however full it is, in a few pages (decision on the public map).
POINTS = """
CREATE TABLE map_point (
    number bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT map_point_pkey PRIMARY KEY,
    report_id uuid NOT NULL CONSTRAINT map_point_report_key UNIQUE,
    code text NOT NULL,
    category_code text NOT NULL,
    unit_code text NOT NULL,
    status text NOT NULL,
    is_coarse boolean NOT NULL,
    is_overdue boolean NOT NULL,
    is_urgent boolean NOT NULL,
    created_at timestamptz NOT NULL,
    created_us bigint NOT NULL,
    day date NOT NULL,
    geom geometry(Point, 3857) NOT NULL,
    x integer NOT NULL,
    y integer NOT NULL,
    key bigint NOT NULL
);
CREATE INDEX map_point_key_idx ON map_point (key)
    INCLUDE (category_code, status, day, x, y, number);
CREATE INDEX map_point_category_key_idx ON map_point (category_code, key)
    INCLUDE (status, day, x, y, number);
CREATE INDEX map_point_day_key_idx ON map_point (day, key)
    INCLUDE (category_code, status, x, y, number);
CREATE INDEX map_point_created_idx ON map_point (created_us DESC, report_id DESC);
CREATE INDEX map_point_category_idx
    ON map_point (category_code, status, created_us DESC, report_id DESC);
CREATE INDEX map_point_unit_idx ON map_point (unit_code, created_us DESC, report_id DESC);
CREATE INDEX map_point_unit_category_idx
    ON map_point (unit_code, category_code, status, created_us DESC, report_id DESC);
-- By thirty days first, so that a page of the index spans little time and those after any moment are
-- found as quickly as the newest. Three for three questions: a box, a box and a category, a box and a
-- unit. Two are written with expressions, so that a plan made without knowing the box takes the
-- index that its statement names.
CREATE INDEX map_point_newest_idx ON map_point
    USING gist ((created_us / 2592000000000), status, geom, created_us);
CREATE INDEX map_point_newest_of_category_idx ON map_point
    USING gist (category_code, (created_us / 2592000000000), status, ST_SetSRID(geom, 3857),
        (created_us + 0));
CREATE INDEX map_point_newest_of_unit_idx ON map_point
    USING gist (unit_code, (created_us / 2592000000000), status, ST_Force2D(geom),
        (created_us - 0));
CREATE INDEX map_point_open_idx ON map_point USING gist (geom)
    WHERE NOT is_coarse
        AND status IN ('received', 'classifying', 'assigned', 'in_progress', 'awaiting_citizen');
CREATE INDEX map_point_open_category_idx ON map_point USING gist (category_code, geom)
    WHERE NOT is_coarse
        AND status IN ('received', 'classifying', 'assigned', 'in_progress', 'awaiting_citizen');
-- Tiles are answered from indexes alone as long as their pages are known to be visible to all.
ALTER TABLE map_point SET (autovacuum_vacuum_insert_scale_factor = 0.02,
    autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
ALTER TABLE map_point ALTER code SET STATISTICS 0;

-- What has left the map, so that files made before can leave it out when they are read.
CREATE TABLE map_gone (
    report_id uuid NOT NULL,
    code text NOT NULL,
    gone_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT map_gone_pkey PRIMARY KEY (gone_at, report_id)
);

CREATE TABLE map_delta (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT map_delta_pkey PRIMARY KEY,
    key bigint NOT NULL,
    category_code text NOT NULL,
    status text NOT NULL,
    month date NOT NULL,
    reports smallint NOT NULL CONSTRAINT map_delta_one CHECK (reports IN (-1, 1)),
    number_sum bigint NOT NULL,
    x_sum bigint NOT NULL,
    y_sum bigint NOT NULL
);
ALTER TABLE map_delta SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);

-- Sums over a quadtree cell; '' is any category or stage, and 1000-01-01 any month. While a cell
-- counts one report, the sum of numbers is that report's number.
CREATE TABLE map_cell (
    level smallint NOT NULL,
    category_code text NOT NULL,
    status text NOT NULL,
    cell bigint NOT NULL,
    month date NOT NULL,
    reports integer NOT NULL,
    number_sum bigint NOT NULL,
    x_sum bigint NOT NULL,
    y_sum bigint NOT NULL,
    CONSTRAINT map_cell_pkey PRIMARY KEY (level, category_code, status, cell, month)
) WITH (fillfactor = 70);

-- How far the worker has come in putting reports of before this version on the map.
CREATE TABLE map_filling (
    only_row boolean CONSTRAINT map_filling_pkey PRIMARY KEY DEFAULT true
        CONSTRAINT map_filling_one_row CHECK (only_row),
    after_id uuid NOT NULL,
    is_done boolean NOT NULL
);
INSERT INTO map_filling (after_id, is_done)
SELECT '00000000-0000-0000-0000-000000000000', NOT EXISTS (SELECT FROM report);
"""

# In the transaction of the change itself: what is hidden is off the map when the hiding is answered,
# whichever version of the software does it. Definer: the desk's role may not write here by itself.
TRIGGERS = """
CREATE FUNCTION keep_map() RETURNS trigger
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
        VALUES (NEW.id, NEW.code, NEW.category_code, NEW.unit_code, NEW.status, NEW.is_sensitive,
            NEW.is_overdue, NEW.is_urgent, NEW.created_at,
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

-- Words that were changed after they were published: files made before leave the report out.
CREATE FUNCTION leave_out_changed_words() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO map_gone (report_id, code) VALUES (OLD.id, OLD.code);
    RETURN NULL;
END $$;

CREATE TRIGGER report_map_insert AFTER INSERT ON report FOR EACH ROW
    WHEN (is_shown(NEW.visibility, NEW.is_restricted, NEW.status)) EXECUTE FUNCTION keep_map();
CREATE TRIGGER report_map_update AFTER UPDATE ON report FOR EACH ROW
    WHEN ((is_shown(OLD.visibility, OLD.is_restricted, OLD.status)
            OR is_shown(NEW.visibility, NEW.is_restricted, NEW.status))
        AND (OLD.visibility, OLD.is_restricted, OLD.status, OLD.category_code, OLD.unit_code,
            OLD.is_sensitive, OLD.is_overdue, OLD.is_urgent, OLD.public_geom::bytea)
        -- as bytes: pg_restore works without a search path, where geometries cannot be compared
        IS DISTINCT FROM (NEW.visibility, NEW.is_restricted, NEW.status, NEW.category_code,
            NEW.unit_code, NEW.is_sensitive, NEW.is_overdue, NEW.is_urgent,
            NEW.public_geom::bytea))
    EXECUTE FUNCTION keep_map();
CREATE TRIGGER report_map_delete AFTER DELETE ON report FOR EACH ROW
    WHEN (is_shown(OLD.visibility, OLD.is_restricted, OLD.status)) EXECUTE FUNCTION keep_map();
CREATE TRIGGER report_map_words AFTER UPDATE OF text, address ON report FOR EACH ROW
    WHEN (is_shown(OLD.visibility, OLD.is_restricted, OLD.status)
        AND (OLD.text, OLD.address) IS DISTINCT FROM (NEW.text, NEW.address))
    EXECUTE FUNCTION leave_out_changed_words();
"""

# Files of the open data, made once a day by the worker and kept in the object store.
OPEN_DATA = """
CREATE TABLE open_data_file (
    name text NOT NULL CONSTRAINT open_data_file_name CHECK (name ~ '^[a-z0-9-]+\\.[a-z]+$'),
    released_on date NOT NULL,
    as_of timestamptz NOT NULL,
    lines bigint NOT NULL,
    bytes bigint NOT NULL,
    sha256 text NOT NULL CONSTRAINT open_data_file_sha256_form CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    object_key text NOT NULL,
    CONSTRAINT open_data_file_pkey PRIMARY KEY (released_on, name)
);
"""

# Published is what strangers may read: each view names its columns, and nothing else of the table.
GRANTS = """
CREATE VIEW public_map_point AS
SELECT number, report_id, code, category_code, unit_code, status, is_coarse, is_overdue, is_urgent,
    created_at, created_us, day, geom, x, y, key
FROM map_point;
CREATE VIEW public_map_cell AS
SELECT level, category_code, status, cell, month, reports, number_sum, x_sum, y_sum FROM map_cell;
CREATE VIEW public_map_delta AS
SELECT key, category_code, status, month, reports, number_sum, x_sum, y_sum FROM map_delta;
CREATE VIEW public_map_gone AS
SELECT code, gone_at FROM map_gone;
CREATE VIEW public_open_data AS
SELECT name, released_on, as_of, lines, bytes, sha256, object_key FROM open_data_file;
GRANT SELECT ON public_map_point, public_map_cell, public_map_delta, public_map_gone,
    public_open_data TO caunoi_public;
GRANT SELECT ON map_point, map_gone TO caunoi_app;
GRANT INSERT ON map_point, map_delta TO caunoi_app;
GRANT SELECT, DELETE, UPDATE (id) ON map_delta TO caunoi_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON map_cell, open_data_file TO caunoi_app;
GRANT SELECT, UPDATE ON map_filling TO caunoi_app;
GRANT DELETE ON map_gone TO caunoi_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO caunoi_app;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="caunoi", description=DESCRIPTION)

    async def run() -> None:
        connection = engine_finder().current_transaction.get().connection
        for statements in (TIMEOUTS, PLACES, POINTS, TRIGGERS, OPEN_DATA, GRANTS):
            await connection.execute(statements)

    manager.add_raw(run)
    return manager
