"""Events may leave the log only by record: what they were to the anchors stays behind."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-22T04:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "records of removed events"

TIMEOUTS = "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '60s';"

# An anchor is a digest over number, transaction and hash of events. These three stay behind of each
# event that is removed (a demo, a case past its retention), so that every anchor ever made can
# still be proved, and what is gone is known to be gone, when and why. Decision 0008.
RECORDS = """
CREATE TABLE event_removed (
    id bigint CONSTRAINT event_removed_pkey PRIMARY KEY,
    xact xid8 NOT NULL,
    hash bytea NOT NULL CONSTRAINT event_removed_hash_length CHECK (length(hash) = 32),
    reason text NOT NULL CONSTRAINT event_removed_reason CHECK (reason <> ''),
    removed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX event_removed_xact_idx ON event_removed (xact, id);
CREATE TRIGGER event_removed_append_only BEFORE UPDATE OR DELETE ON event_removed
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER event_removed_no_truncate BEFORE TRUNCATE ON event_removed
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION refuse_change_of_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND EXISTS (
        SELECT FROM event_removed r
        WHERE r.id = OLD.id AND r.xact = OLD.xact AND r.hash = OLD.hash
    ) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME USING ERRCODE = '55000';
END $$;
CREATE OR REPLACE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON event
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_event();

GRANT SELECT ON event_removed TO caunoi_app;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="caunoi", description=DESCRIPTION)

    async def run() -> None:
        connection = engine_finder().current_transaction.get().connection
        for statements in (TIMEOUTS, RECORDS):
            await connection.execute(statements)

    manager.add_raw(run)
    return manager
