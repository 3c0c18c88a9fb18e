"""Who takes a step is told to the public as a kind; emergencies stand in front of the queue."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-22T14:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "authors of public steps, reports whose words tell of an emergency"

TIMEOUTS = "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '60s';"

# A kind and an agency, never a person. Steps that are a citizen's by their nature stay a citizen's
# when an official writes them down (an answer by telephone): who held the pen is the office's own.
AUTHORS = """
CREATE FUNCTION event_author(kind text, actor_kind text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN kind IN ('submitted', 'answer', 'rate', 'withdraw', 'edit') THEN 'citizen'
        WHEN actor_kind = 'citizen' THEN 'citizen'
        WHEN actor_kind IN ('officer', 'key_holder') THEN 'agency'
        WHEN actor_kind = 'system' THEN 'system'
        ELSE 'administration'
    END
$$;

-- An event names the agency after it; who hands a report over is the agency before.
CREATE FUNCTION event_author_agency(
    kind text, actor_kind text, agency_code text, body json
) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN event_author(kind, actor_kind) = 'agency'
        THEN coalesce(body ->> 'from_agency', agency_code) END
$$;

CREATE OR REPLACE VIEW public_event AS
SELECT e.case_id AS report_id, e.seq, e.kind, e.at, e.agency_code, e.body,
       event_author(e.kind, e.actor_kind) AS author,
       event_author_agency(e.kind, e.actor_kind, e.agency_code, e.body) AS author_agency
FROM event e
JOIN report r ON r.id = e.case_id
WHERE e.case_kind = 'report' AND e.is_public AND NOT r.is_restricted AND r.visibility <> 'hidden';
"""

# The column has a constant default, so that no row is rewritten; the index reads the table once
# (some seconds at a million reports) and keeps nobody from reading.
EMERGENCIES = """
ALTER TABLE report ADD COLUMN is_emergency boolean NOT NULL DEFAULT false;
CREATE INDEX report_emergency_idx
    ON report (coalesce(resolve_by, '9999-01-01 00:00+00'::timestamptz), id)
    WHERE is_emergency
      AND status IN ('received', 'classifying', 'assigned', 'in_progress', 'awaiting_citizen');
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="caunoi", description=DESCRIPTION)

    async def run() -> None:
        connection = engine_finder().current_transaction.get().connection
        for statements in (TIMEOUTS, AUTHORS, EMERGENCIES):
            await connection.execute(statements)

    manager.add_raw(run)
    return manager
