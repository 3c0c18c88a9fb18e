"""What is declined, referred elsewhere, merged or not yet classified is not shown to strangers."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-22T04:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "public views show only public stages"

TIMEOUTS = "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '60s';"

# One place says what strangers may read of a report: published, and in a stage that is for them. A
# declined report may be a denunciation, a merged one is shown by the other, a withdrawn one is
# taken back. The names of the stages are those of the lifecycle (a test compares them).
VIEWS = """
CREATE FUNCTION is_shown(visibility text, is_restricted boolean, status text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT visibility = 'public' AND NOT is_restricted AND status IN ('received', 'assigned',
        'in_progress', 'awaiting_citizen', 'resolved', 'awaiting_confirmation', 'closed')
$$;

CREATE OR REPLACE VIEW public_report WITH (security_barrier) AS
SELECT r.id, r.code, r.category_code, r.text,
       CASE WHEN r.is_sensitive THEN NULL ELSE r.address END AS address,
       CASE WHEN r.is_sensitive THEN NULL ELSE r.happened_at END AS happened_at,
       CASE WHEN r.is_sensitive THEN u.label_point ELSE r.geom END AS geom,
       r.is_sensitive AS is_coarse, r.unit_code, r.unit_valid_from, u.name AS unit_name,
       r.status, r.agency_code, r.accept_by, r.resolve_by, r.paused_at, r.accepted_at,
       r.resolved_at, r.closed_at, r.is_overdue, r.is_urgent, r.rating, r.reopened, r.supporters,
       r.created_at, r.updated_at
FROM report r
JOIN unit u ON u.code = r.unit_code AND u.valid_from = r.unit_valid_from
WHERE is_shown(r.visibility, r.is_restricted, r.status);

CREATE OR REPLACE VIEW public_tracking WITH (security_barrier) AS
SELECT r.id, r.code, r.category_code, r.unit_code, r.unit_valid_from, u.name AS unit_name, r.status,
       is_shown(r.visibility, r.is_restricted, r.status) AS is_published, r.agency_code,
       r.accept_by, r.resolve_by, r.paused_at, r.accepted_at, r.resolved_at, r.closed_at,
       r.is_overdue, r.rating, r.reopened, r.created_at, r.updated_at
FROM report r
JOIN unit u ON u.code = r.unit_code AND u.valid_from = r.unit_valid_from
WHERE NOT r.is_restricted AND r.visibility <> 'hidden';

CREATE OR REPLACE VIEW public_note WITH (security_barrier) AS
SELECT n.case_id AS report_id, n.seq, n.kind, n.text
FROM note n
JOIN report r ON r.id = n.case_id
WHERE n.case_kind = 'report' AND n.is_public AND n.text IS NOT NULL
  AND is_shown(r.visibility, r.is_restricted, r.status);

CREATE OR REPLACE VIEW public_photo WITH (security_barrier) AS
SELECT p.report_id, p.sha256, p.purpose, p.position, p.width, p.height
FROM report_photo p
JOIN report r ON r.id = p.report_id
WHERE p.state = 'ready' AND is_shown(r.visibility, r.is_restricted, r.status);
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="caunoi", description=DESCRIPTION)

    async def run() -> None:
        connection = engine_finder().current_transaction.get().connection
        for statements in (TIMEOUTS, VIEWS):
            await connection.execute(statements)

    manager.add_raw(run)
    return manager
