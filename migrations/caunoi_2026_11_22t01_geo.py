"""Administrative units in generations, their cells for point search, and what became of them."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-22T01:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "units in generations, cells, successors"

STATEMENTS = (
    "SET LOCAL lock_timeout = '5s'",
    "SET LOCAL statement_timeout = '60s'",
    """
    CREATE TABLE IF NOT EXISTS config_epoch (
        only_row boolean PRIMARY KEY DEFAULT true CONSTRAINT config_epoch_one_row CHECK (only_row),
        epoch bigint NOT NULL
    )
    """,
    "INSERT INTO config_epoch (epoch) VALUES (1) ON CONFLICT DO NOTHING",
    # On any day at most one generation of a level is in force. One constraint for each level,
    # because equality of text in a GiST index would need the btree_gist extension.
    """
    CREATE TABLE unit_generation (
        level text NOT NULL CONSTRAINT unit_generation_level
            CHECK (level IN ('province', 'district', 'commune')),
        valid_from date NOT NULL,
        valid_to date,
        state text NOT NULL CONSTRAINT unit_generation_state CHECK (state IN ('loaded', 'active')),
        is_approximate boolean NOT NULL,
        source text NOT NULL,
        imported_at timestamptz NOT NULL DEFAULT now(),
        CONSTRAINT unit_generation_pkey PRIMARY KEY (level, valid_from),
        CONSTRAINT unit_generation_period CHECK (valid_to > valid_from),
        CONSTRAINT unit_generation_one_province
            EXCLUDE USING gist (daterange(valid_from, valid_to) WITH &&)
            WHERE (state = 'active' AND level = 'province'),
        CONSTRAINT unit_generation_one_district
            EXCLUDE USING gist (daterange(valid_from, valid_to) WITH &&)
            WHERE (state = 'active' AND level = 'district'),
        CONSTRAINT unit_generation_one_commune
            EXCLUDE USING gist (daterange(valid_from, valid_to) WITH &&)
            WHERE (state = 'active' AND level = 'commune')
    )
    """,
    """
    CREATE TABLE unit (
        code text NOT NULL CONSTRAINT unit_code_form
            CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$'),
        valid_from date NOT NULL,
        level text NOT NULL,
        name text NOT NULL CONSTRAINT unit_name_length CHECK (char_length(name) BETWEEN 1 AND 200)
            CONSTRAINT unit_name_nfc CHECK (name IS NFC NORMALIZED),
        kind text NOT NULL,
        parent_code text,
        is_approximate boolean NOT NULL,
        geom geometry(MultiPolygon, 4326) NOT NULL
            CONSTRAINT unit_geom_valid CHECK (NOT ST_IsEmpty(geom) AND ST_IsValid(geom)),
        label_point geometry(Point, 4326) NOT NULL,
        area_km2 double precision NOT NULL CONSTRAINT unit_area CHECK (area_km2 > 0),
        CONSTRAINT unit_pkey PRIMARY KEY (code, valid_from),
        CONSTRAINT unit_generation_fkey FOREIGN KEY (level, valid_from)
            REFERENCES unit_generation (level, valid_from) ON DELETE RESTRICT
    )
    """,
    "CREATE INDEX unit_level_idx ON unit (level, valid_from, code)",
    "CREATE INDEX unit_geom_idx ON unit USING gist (geom)",
    # Large shapes cut in pieces: finding the piece costs an index look-up and 128 corners.
    """
    CREATE TABLE unit_cell (
        code text NOT NULL,
        valid_from date NOT NULL,
        level text NOT NULL,
        geom geometry(Polygon, 4326) NOT NULL,
        CONSTRAINT unit_cell_unit_fkey FOREIGN KEY (code, valid_from)
            REFERENCES unit (code, valid_from) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX unit_cell_geom_idx ON unit_cell USING gist (geom)",
    "CREATE INDEX unit_cell_unit_idx ON unit_cell (code, valid_from)",
    """
    CREATE TABLE unit_successor (
        old_code text NOT NULL,
        old_valid_from date NOT NULL,
        new_code text NOT NULL,
        new_valid_from date NOT NULL,
        relation text NOT NULL CONSTRAINT unit_successor_relation
            CHECK (relation IN ('full', 'partial')),
        CONSTRAINT unit_successor_pkey
            PRIMARY KEY (old_code, old_valid_from, new_code, new_valid_from),
        CONSTRAINT unit_successor_forward CHECK (new_valid_from > old_valid_from),
        CONSTRAINT unit_successor_old_fkey FOREIGN KEY (old_code, old_valid_from)
            REFERENCES unit (code, valid_from) ON DELETE CASCADE,
        CONSTRAINT unit_successor_new_fkey FOREIGN KEY (new_code, new_valid_from)
            REFERENCES unit (code, valid_from) ON DELETE CASCADE
    )
    """,
    "CREATE INDEX unit_successor_new_idx ON unit_successor (new_code, new_valid_from)",
    """
    GRANT SELECT ON config_epoch, unit_generation, unit, unit_cell, unit_successor
        TO caunoi_app, caunoi_desk, caunoi_public
    """,
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="caunoi", description=DESCRIPTION)

    async def run() -> None:
        connection = engine_finder().current_transaction.get().connection
        for statement in STATEMENTS:
            await connection.execute(statement)

    manager.add_raw(run)
    return manager
