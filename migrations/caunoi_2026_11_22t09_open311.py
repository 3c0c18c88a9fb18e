"""Open311: the keys of programs that send reports, and how their lists are found."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-22T09:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "keys of Open311 clients, lists by status and by change"

# An index over a province's reports takes seconds a million rows.
TIMEOUTS = "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '10min';"

# Only a digest of a key is kept: it cannot be shown again. A revoked key stays, because the reports
# that came with it name it (report.source_ref begins with its id).
KEYS = """
CREATE TABLE open311_key (
    id uuid CONSTRAINT open311_key_pkey PRIMARY KEY,
    name text NOT NULL CONSTRAINT open311_key_name_key UNIQUE
        CONSTRAINT open311_key_name_form CHECK (name ~ '^[a-z0-9][a-z0-9.-]{1,59}$'),
    contact text NOT NULL,
    key_hash bytea NOT NULL CONSTRAINT open311_key_hash_key UNIQUE
        CONSTRAINT open311_key_hash_length CHECK (length(key_hash) = 32),
    per_minute integer NOT NULL CONSTRAINT open311_key_per_minute CHECK (per_minute > 0),
    per_day integer NOT NULL CONSTRAINT open311_key_per_day CHECK (per_day > 0),
    created_at timestamptz NOT NULL,
    last_used_on date,
    revoked_at timestamptz
);
GRANT SELECT, INSERT, UPDATE ON open311_key TO caunoi_app;
"""

# Lists newest first are found on the map's points, which have a walk for each category and status;
# this one is for a status alone. Whoever asks what has changed since the last time is answered from
# the reports themselves, in the order of the changes.
INDEXES = """
CREATE INDEX map_point_status_idx ON map_point (status, created_us DESC, report_id DESC);
CREATE INDEX report_public_updated_idx ON report (updated_at, id)
    WHERE visibility = 'public' AND NOT is_restricted;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="caunoi", description=DESCRIPTION)

    async def run() -> None:
        connection = engine_finder().current_transaction.get().connection
        for statements in (TIMEOUTS, KEYS, INDEXES):
            await connection.execute(statements)

    manager.add_raw(run)
    return manager
