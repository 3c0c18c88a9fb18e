"""The walls: row-level security behind the desk, and the only views a stranger's query can read."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-22T03:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "row-level security and public views"

TIMEOUTS = "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '60s';"

# caunoi_app (intake, worker, counts) sees all rows. caunoi_desk sees what the transaction's
# settings say: caunoi.scope 'agency' (with caunoi.agency) or 'all', caunoi.restricted 'on'.
# current_setting(…, true) is NULL when unset, and NULL admits nothing.
SECURITY = """
ALTER TABLE report ENABLE ROW LEVEL SECURITY;
ALTER TABLE report_contact ENABLE ROW LEVEL SECURITY;
ALTER TABLE report_photo ENABLE ROW LEVEL SECURITY;
ALTER TABLE event ENABLE ROW LEVEL SECURITY;
ALTER TABLE note ENABLE ROW LEVEL SECURITY;

CREATE POLICY report_app ON report TO caunoi_app USING (true) WITH CHECK (true);
CREATE POLICY report_contact_app ON report_contact TO caunoi_app USING (true) WITH CHECK (true);
CREATE POLICY report_photo_app ON report_photo TO caunoi_app USING (true) WITH CHECK (true);
CREATE POLICY event_app ON event TO caunoi_app USING (true) WITH CHECK (true);
CREATE POLICY note_app ON note TO caunoi_app USING (true) WITH CHECK (true);

CREATE FUNCTION desk_sees(agency text, co text[], restricted boolean) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        (current_setting('caunoi.scope', true) = 'all'
            OR (current_setting('caunoi.scope', true) = 'agency'
                AND (agency = current_setting('caunoi.agency', true)
                     OR current_setting('caunoi.agency', true) = ANY (co))))
        AND (NOT restricted OR current_setting('caunoi.restricted', true) = 'on'), false)
$$;

CREATE POLICY report_desk_select ON report FOR SELECT TO caunoi_desk
    USING (desk_sees(agency_code, co_agencies, is_restricted));
-- A hand-over moves the row out of its own agency's sight: the new row is not checked.
CREATE POLICY report_desk_update ON report FOR UPDATE TO caunoi_desk
    USING (desk_sees(agency_code, co_agencies, is_restricted)) WITH CHECK (true);
CREATE POLICY report_contact_desk ON report_contact FOR SELECT TO caunoi_desk
    USING (EXISTS (SELECT FROM report r WHERE r.id = report_id));
CREATE POLICY report_photo_desk ON report_photo TO caunoi_desk
    USING (EXISTS (SELECT FROM report r WHERE r.id = report_id))
    WITH CHECK (EXISTS (SELECT FROM report r WHERE r.id = report_id));
CREATE POLICY event_desk_select ON event FOR SELECT TO caunoi_desk
    USING (case_kind = 'report' AND EXISTS (SELECT FROM report r WHERE r.id = case_id));
CREATE POLICY event_desk_insert ON event FOR INSERT TO caunoi_desk WITH CHECK (case_kind = 'report');
CREATE POLICY note_desk_select ON note FOR SELECT TO caunoi_desk
    USING (case_kind = 'report' AND EXISTS (SELECT FROM report r WHERE r.id = case_id));
CREATE POLICY note_desk_insert ON note FOR INSERT TO caunoi_desk WITH CHECK (case_kind = 'report');
"""

# What a stranger may know. A sensitive report is shown at its unit's label point, which is the same
# for every report there, so that no number of queries brings one nearer to the place. Words and
# photos appear only once the report is public; its stage and promise may be followed by its code.
# One function says what is published, and in a stage that is for strangers: a declined report may be
# a denunciation, a merged one is shown by the other, a withdrawn one is taken back. The names of the
# stages are those of the lifecycle (a test compares them).
# No security barriers: strangers send values, never SQL, and a barrier would keep every spatial
# index from being used.
VIEWS = """
CREATE FUNCTION is_shown(visibility text, is_restricted boolean, status text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT visibility = 'public' AND NOT is_restricted AND status IN ('received', 'assigned',
        'in_progress', 'awaiting_citizen', 'resolved', 'awaiting_confirmation', 'closed')
$$;

CREATE VIEW public_report AS
SELECT r.id, r.code, r.category_code, r.text,
       CASE WHEN r.is_sensitive THEN NULL ELSE r.address END AS address,
       CASE WHEN r.is_sensitive THEN NULL ELSE r.happened_at END AS happened_at,
       r.public_geom AS geom,
       r.is_sensitive AS is_coarse, r.unit_code, r.unit_valid_from, u.name AS unit_name,
       r.status, r.agency_code, r.accept_by, r.resolve_by, r.paused_at, r.accepted_at,
       r.resolved_at, r.closed_at, r.is_overdue, r.is_urgent, r.rating, r.reopened, r.supporters,
       r.created_at, r.updated_at
FROM report r
JOIN unit u ON u.code = r.unit_code AND u.valid_from = r.unit_valid_from
WHERE is_shown(r.visibility, r.is_restricted, r.status);

CREATE VIEW public_tracking AS
SELECT r.id, r.code, r.category_code, r.unit_code, r.unit_valid_from, u.name AS unit_name, r.status,
       is_shown(r.visibility, r.is_restricted, r.status) AS is_published, r.agency_code,
       r.accept_by, r.resolve_by, r.paused_at, r.accepted_at, r.resolved_at, r.closed_at,
       r.is_overdue, r.rating, r.reopened, r.created_at, r.updated_at
FROM report r
JOIN unit u ON u.code = r.unit_code AND u.valid_from = r.unit_valid_from
WHERE NOT r.is_restricted AND r.visibility <> 'hidden';

CREATE VIEW public_event AS
SELECT e.case_id AS report_id, e.seq, e.kind, e.at, e.agency_code, e.body
FROM event e
JOIN report r ON r.id = e.case_id
WHERE e.case_kind = 'report' AND e.is_public AND NOT r.is_restricted AND r.visibility <> 'hidden';

CREATE VIEW public_note AS
SELECT n.case_id AS report_id, n.seq, n.kind, n.text
FROM note n
JOIN report r ON r.id = n.case_id
WHERE n.case_kind = 'report' AND n.is_public AND n.text IS NOT NULL
  AND is_shown(r.visibility, r.is_restricted, r.status);

CREATE VIEW public_photo AS
SELECT p.report_id, p.sha256, p.purpose, p.position, p.width, p.height
FROM report_photo p
JOIN report r ON r.id = p.report_id
WHERE p.state = 'ready' AND is_shown(r.visibility, r.is_restricted, r.status);

GRANT SELECT ON public_report, public_tracking, public_event, public_note, public_photo
    TO caunoi_public;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="caunoi", description=DESCRIPTION)

    async def run() -> None:
        connection = engine_finder().current_transaction.get().connection
        for statements in (TIMEOUTS, SECURITY, VIEWS):
            await connection.execute(statements)

    manager.add_raw(run)
    return manager
