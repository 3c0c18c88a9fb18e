"""Roles of the application, and what an operator configures: agencies, taxonomy, rules, accounts."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-22T00:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "roles, agencies, categories, rule sets, calendars, accounts"

# Roles belong to the whole cluster, so another database may be creating them this very moment.
ROLES = """
SET LOCAL lock_timeout = '5s';
SET LOCAL statement_timeout = '60s';
DO $$
DECLARE wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['caunoi_app', 'caunoi_desk', 'caunoi_public'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS', wanted);
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- created by the other database: that is what was wanted
        END;
        IF NOT pg_has_role(current_user, wanted, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO CURRENT_USER', wanted);
        END IF;
    END LOOP;
END $$;
GRANT USAGE ON SCHEMA public TO caunoi_app, caunoi_desk, caunoi_public;
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
"""

TABLES = """
-- Every cached copy of configuration carries the epoch it was read at; the submit statement
-- refuses to store anything computed from another epoch, and the process reads anew.
CREATE TABLE IF NOT EXISTS config_epoch (
    only_row boolean PRIMARY KEY DEFAULT true CONSTRAINT config_epoch_one_row CHECK (only_row),
    epoch bigint NOT NULL
);
INSERT INTO config_epoch (epoch) VALUES (1) ON CONFLICT DO NOTHING;

CREATE FUNCTION bump_config_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE config_epoch SET epoch = epoch + 1;
    RETURN NULL;
END $$;

CREATE TABLE calendar (
    code text CONSTRAINT calendar_pkey PRIMARY KEY,
    version integer NOT NULL,
    body jsonb NOT NULL
);

CREATE TABLE agency (
    code text CONSTRAINT agency_pkey PRIMARY KEY
        CONSTRAINT agency_code_form CHECK (code ~ '^[a-z0-9][a-z0-9-]{1,60}$'),
    name_vi text NOT NULL,
    name_en text NOT NULL,
    kind text NOT NULL,
    unit_code text,
    parent_code text CONSTRAINT agency_parent_fkey REFERENCES agency ON DELETE RESTRICT,
    calendar_code text NOT NULL CONSTRAINT agency_calendar_fkey REFERENCES calendar ON DELETE RESTRICT,
    phone text,
    is_active boolean NOT NULL DEFAULT true
);
CREATE UNIQUE INDEX agency_unit_kind_key ON agency (unit_code, kind) WHERE unit_code IS NOT NULL;
CREATE INDEX agency_parent_idx ON agency (parent_code);

CREATE TABLE category (
    code text CONSTRAINT category_pkey PRIMARY KEY
        CONSTRAINT category_code_form CHECK (code ~ '^[a-z0-9][a-z0-9-]{1,60}$'),
    field_code text CONSTRAINT category_field_fkey REFERENCES category ON DELETE RESTRICT,
    name_vi text NOT NULL,
    name_en text NOT NULL,
    position smallint NOT NULL DEFAULT 0,
    is_restricted boolean NOT NULL DEFAULT false,
    is_sensitive boolean NOT NULL DEFAULT false,
    is_urgent boolean NOT NULL DEFAULT false,
    questions jsonb NOT NULL DEFAULT '[]',
    is_active boolean NOT NULL DEFAULT true
);

-- What law or practice leaves open: routing rules and promises, as versioned documents.
CREATE TABLE rule_set (
    kind text NOT NULL CONSTRAINT rule_set_kind CHECK (kind IN ('routing', 'promises')),
    version integer NOT NULL CONSTRAINT rule_set_version CHECK (version > 0),
    body jsonb NOT NULL,
    is_active boolean NOT NULL DEFAULT false,
    loaded_at timestamptz NOT NULL DEFAULT now(),
    note text NOT NULL DEFAULT '',
    CONSTRAINT rule_set_pkey PRIMARY KEY (kind, version)
);
CREATE UNIQUE INDEX rule_set_one_active ON rule_set (kind) WHERE is_active;

CREATE TRIGGER calendar_epoch AFTER INSERT OR UPDATE OR DELETE ON calendar
    FOR EACH STATEMENT EXECUTE FUNCTION bump_config_epoch();
CREATE TRIGGER agency_epoch AFTER INSERT OR UPDATE OR DELETE ON agency
    FOR EACH STATEMENT EXECUTE FUNCTION bump_config_epoch();
CREATE TRIGGER category_epoch AFTER INSERT OR UPDATE OR DELETE ON category
    FOR EACH STATEMENT EXECUTE FUNCTION bump_config_epoch();
CREATE TRIGGER rule_set_epoch AFTER INSERT OR UPDATE OR DELETE ON rule_set
    FOR EACH STATEMENT EXECUTE FUNCTION bump_config_epoch();

CREATE TABLE account (
    id uuid CONSTRAINT account_pkey PRIMARY KEY,
    username text NOT NULL CONSTRAINT account_username_key UNIQUE
        CONSTRAINT account_username_form CHECK (username = lower(username)),
    role text NOT NULL CONSTRAINT account_role CHECK (
        role IN ('citizen', 'officer', 'key_holder', 'moderator', 'leader', 'admin', 'wall')),
    name text NOT NULL,
    password_hash text,
    totp_secret text,
    agency_code text CONSTRAINT account_agency_fkey REFERENCES agency ON DELETE RESTRICT,
    unit_code text,
    sees_restricted boolean NOT NULL DEFAULT false,
    is_active boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT account_officer_has_agency
        CHECK (role NOT IN ('officer', 'key_holder') OR agency_code IS NOT NULL)
);

CREATE TABLE session (
    token_hash bytea CONSTRAINT session_pkey PRIMARY KEY,
    account_id uuid NOT NULL CONSTRAINT session_account_fkey REFERENCES account ON DELETE CASCADE,
    kind text NOT NULL CONSTRAINT session_kind CHECK (kind IN ('access', 'refresh', 'page', 'wall')),
    family uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz
);
CREATE INDEX session_account_idx ON session (account_id);
CREATE INDEX session_family_idx ON session (family);
CREATE INDEX session_expires_idx ON session (expires_at);

-- Limits of sign-in and other costly things, shared by every web process (GCRA: one moment a key).
CREATE UNLOGGED TABLE rate_limit (
    key text CONSTRAINT rate_limit_pkey PRIMARY KEY,
    allowed_at timestamptz NOT NULL
);

GRANT SELECT ON config_epoch, calendar, agency, category, rule_set TO caunoi_app, caunoi_desk;
GRANT SELECT ON agency, category TO caunoi_public;
GRANT SELECT ON account TO caunoi_app, caunoi_desk;
GRANT INSERT, UPDATE ON account TO caunoi_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON session, rate_limit TO caunoi_app;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="caunoi", description=DESCRIPTION)

    async def run() -> None:
        connection = engine_finder().current_transaction.get().connection
        await connection.execute(ROLES)
        await connection.execute(TABLES)

    manager.add_raw(run)
    return manager
