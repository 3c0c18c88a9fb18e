"""Cases: reports with their photos, texts and promises; events; work; counts."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-22T02:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "reports, events, photos, notes, messages, jobs, counts"

TIMEOUTS = "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '60s';"

REPORTS = """
-- No foreign keys from report to agency and category: their rows are never deleted (is_active), and
-- a key-share lock on the same few rows by every submit costs more than the check is worth.
CREATE TABLE report (
    id uuid CONSTRAINT report_pkey PRIMARY KEY,
    code text NOT NULL CONSTRAINT report_code_key UNIQUE,
    tracking_hash bytea NOT NULL,
    source text NOT NULL CONSTRAINT report_source
        CHECK (source IN ('citizen', 'staff', 'open311', 'import', 'demo')),
    source_ref text,
    account_id uuid CONSTRAINT report_account_fkey REFERENCES account ON DELETE SET NULL,
    is_anonymous boolean NOT NULL DEFAULT true,
    category_code text NOT NULL,
    text text NOT NULL CONSTRAINT report_text_length CHECK (char_length(text) BETWEEN 1 AND 8000),
    address text CONSTRAINT report_address_length CHECK (char_length(address) <= 500),
    answers jsonb NOT NULL DEFAULT '{}',
    happened_at timestamptz,
    geom geometry(Point, 4326) NOT NULL,
    -- where strangers are shown it: a sensitive report at its unit's label point (trigger below)
    public_geom geometry(Point, 4326) NOT NULL,
    accuracy_metres real,
    unit_code text NOT NULL,
    unit_valid_from date NOT NULL,
    status text NOT NULL CONSTRAINT report_status CHECK (status IN (
        'received', 'classifying', 'assigned', 'in_progress', 'awaiting_citizen', 'resolved',
        'awaiting_confirmation', 'closed', 'declined', 'redirected', 'withdrawn', 'merged')),
    status_before text,
    visibility text NOT NULL CONSTRAINT report_visibility
        CHECK (visibility IN ('pending', 'public', 'hidden')),
    is_restricted boolean NOT NULL DEFAULT false,
    is_sensitive boolean NOT NULL DEFAULT false,
    is_urgent boolean NOT NULL DEFAULT false,
    agency_code text,
    co_agencies text[] NOT NULL DEFAULT '{}',
    officer_group text,
    officer_id uuid CONSTRAINT report_officer_fkey REFERENCES account ON DELETE SET NULL,
    routing jsonb NOT NULL,
    promise_version integer NOT NULL,
    calendar_code text,
    accept_by timestamptz,
    resolve_by timestamptz,
    paused_at timestamptz,
    remaining_minutes double precision,
    extensions smallint NOT NULL DEFAULT 0,
    accepted_at timestamptz,
    resolved_at timestamptz,
    closed_at timestamptz,
    is_overdue boolean NOT NULL DEFAULT false,
    timers_fired text[] NOT NULL DEFAULT '{}',
    next_timer_at timestamptz,
    escalations smallint NOT NULL DEFAULT 0,
    reopened smallint NOT NULL DEFAULT 0,
    rating smallint CONSTRAINT report_rating CHECK (rating BETWEEN 1 AND 4),
    rating_comment text,
    merged_into uuid CONSTRAINT report_merged_fkey REFERENCES report ON DELETE RESTRICT,
    supporters integer NOT NULL DEFAULT 0,
    version integer NOT NULL,
    head_hash bytea NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT report_pause_has_rest CHECK (paused_at IS NULL OR remaining_minutes IS NOT NULL
        OR resolve_by IS NULL)
);
CREATE UNIQUE INDEX report_source_ref_key ON report (source, source_ref) WHERE source_ref IS NOT NULL;
CREATE INDEX report_created_idx ON report (created_at DESC, id DESC);
-- The queue is read by time left; what has no agency yet has no promise and comes last.
CREATE INDEX report_queue_idx
    ON report (agency_code, coalesce(resolve_by, '9999-01-01 00:00+00'::timestamptz), id)
    WHERE status IN ('received', 'classifying', 'assigned', 'in_progress', 'awaiting_citizen');
CREATE INDEX report_open_idx
    ON report (coalesce(resolve_by, '9999-01-01 00:00+00'::timestamptz), id)
    WHERE status IN ('received', 'classifying', 'assigned', 'in_progress', 'awaiting_citizen');
CREATE INDEX report_agency_created_idx ON report (agency_code, created_at DESC, id DESC);
CREATE INDEX report_timer_idx ON report (next_timer_at) WHERE next_timer_at IS NOT NULL;
CREATE INDEX report_public_geom_idx ON report USING gist (public_geom)
    WHERE visibility = 'public' AND NOT is_restricted;
CREATE INDEX report_public_created_idx ON report (created_at DESC, id DESC)
    WHERE visibility = 'public' AND NOT is_restricted;
CREATE INDEX report_public_unit_idx ON report (unit_code, created_at DESC, id DESC)
    WHERE visibility = 'public' AND NOT is_restricted;
CREATE INDEX report_public_category_idx ON report (category_code, created_at DESC, id DESC)
    WHERE visibility = 'public' AND NOT is_restricted;
CREATE INDEX report_account_idx ON report (account_id, created_at DESC) WHERE account_id IS NOT NULL;
-- Nothing is looked up by these: sampling people's words and exact places on every ANALYZE would hold
-- a core for a second while reports come in.
ALTER TABLE report
    ALTER text SET STATISTICS 0, ALTER address SET STATISTICS 0, ALTER answers SET STATISTICS 0,
    ALTER routing SET STATISTICS 0, ALTER rating_comment SET STATISTICS 0,
    ALTER geom SET STATISTICS 0, ALTER co_agencies SET STATISTICS 0, ALTER tracking_hash SET STATISTICS 0,
    ALTER head_hash SET STATISTICS 0, ALTER remaining_minutes SET STATISTICS 0;

CREATE FUNCTION place_for_strangers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.public_geom := NEW.geom;
    IF NEW.is_sensitive THEN
        SELECT label_point INTO STRICT NEW.public_geom FROM unit
        WHERE code = NEW.unit_code AND valid_from = NEW.unit_valid_from;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER report_public_geom
    BEFORE INSERT OR UPDATE OF geom, is_sensitive, unit_code, unit_valid_from ON report
    FOR EACH ROW EXECUTE FUNCTION place_for_strangers();

CREATE TABLE report_contact (
    report_id uuid CONSTRAINT report_contact_pkey PRIMARY KEY
        CONSTRAINT report_contact_report_fkey REFERENCES report ON DELETE CASCADE,
    name text,
    phone text,
    email text,
    consent jsonb NOT NULL DEFAULT '{}'
);

CREATE TABLE report_photo (
    report_id uuid NOT NULL CONSTRAINT report_photo_report_fkey REFERENCES report ON DELETE CASCADE,
    sha256 text NOT NULL CONSTRAINT report_photo_sha256_form CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    purpose text NOT NULL CONSTRAINT report_photo_purpose CHECK (purpose IN ('before', 'after')),
    position smallint NOT NULL,
    bytes integer NOT NULL CONSTRAINT report_photo_bytes CHECK (bytes > 0),
    content_type text NOT NULL,
    state text NOT NULL CONSTRAINT report_photo_state
        CHECK (state IN ('expected', 'stored', 'ready', 'refused')),
    refused_reason text,
    width integer,
    height integer,
    uploaded_at timestamptz,
    ready_at timestamptz,
    CONSTRAINT report_photo_pkey PRIMARY KEY (report_id, sha256)
);
CREATE INDEX report_photo_waiting_idx ON report_photo (uploaded_at) WHERE state = 'stored';

CREATE TABLE idempotency_key (
    principal text NOT NULL,
    operation text NOT NULL,
    key uuid NOT NULL,
    payload_hash bytea NOT NULL,
    case_id uuid NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idempotency_key_pkey PRIMARY KEY (principal, operation, key)
);
CREATE INDEX idempotency_key_created_idx ON idempotency_key USING brin (created_at);

CREATE TABLE support (
    report_id uuid NOT NULL CONSTRAINT support_report_fkey REFERENCES report ON DELETE CASCADE,
    supporter text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT support_pkey PRIMARY KEY (report_id, supporter)
);
"""

EVENTS = """
-- History, audit trail and outbox at once. Rows are never changed. Words people write are kept
-- beside (note) and only their salted digest is chained, so that erasing personal data leaves the
-- chain whole. `body` is json, not jsonb: the hash covers its exact text.
CREATE TABLE event (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT event_pkey PRIMARY KEY,
    case_kind text NOT NULL,
    case_id uuid NOT NULL,
    seq integer NOT NULL CONSTRAINT event_seq_positive CHECK (seq > 0),
    kind text NOT NULL,
    at timestamptz NOT NULL,
    actor_kind text NOT NULL CONSTRAINT event_actor_kind CHECK (
        actor_kind IN ('citizen', 'officer', 'key_holder', 'moderator', 'leader', 'admin', 'system')),
    actor_id uuid,
    agency_code text,
    is_public boolean NOT NULL,
    body json NOT NULL,
    prev_hash bytea NOT NULL CONSTRAINT event_prev_hash_length CHECK (length(prev_hash) = 32),
    hash bytea NOT NULL CONSTRAINT event_hash_length CHECK (length(hash) = 32),
    -- the committing transaction: readers that follow the log skip no late committer
    xact xid8 NOT NULL DEFAULT pg_current_xact_id(),
    CONSTRAINT event_case_seq_key UNIQUE (case_kind, case_id, seq)
);
CREATE INDEX event_xact_idx ON event (xact, id);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME USING ERRCODE = '55000';
END $$;
CREATE TRIGGER event_append_only BEFORE UPDATE OR DELETE ON event
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER event_no_truncate BEFORE TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE note (
    case_kind text NOT NULL,
    case_id uuid NOT NULL,
    seq integer NOT NULL,
    kind text NOT NULL CONSTRAINT note_kind CHECK (
        kind IN ('reason', 'public', 'internal', 'question', 'answer', 'comment')),
    text text,
    salt bytea NOT NULL,
    is_public boolean NOT NULL,
    erased_at timestamptz,
    CONSTRAINT note_pkey PRIMARY KEY (case_kind, case_id, seq, kind),
    CONSTRAINT note_text_or_erased CHECK (text IS NOT NULL OR erased_at IS NOT NULL)
);

CREATE TABLE audit_anchor (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT audit_anchor_pkey PRIMARY KEY,
    at timestamptz NOT NULL,
    from_xact xid8 NOT NULL,
    below_xact xid8 NOT NULL,
    events bigint NOT NULL,
    prev_digest bytea NOT NULL,
    digest bytea NOT NULL
);
CREATE TRIGGER audit_anchor_append_only BEFORE UPDATE OR DELETE ON audit_anchor
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
"""

MESSAGES = """
CREATE TABLE device (
    id uuid CONSTRAINT device_pkey PRIMARY KEY,
    kind text NOT NULL CONSTRAINT device_kind CHECK (kind IN ('fid', 'token', 'webpush')),
    value text NOT NULL,
    value_hash bytea NOT NULL CONSTRAINT device_value_key UNIQUE,
    account_id uuid CONSTRAINT device_account_fkey REFERENCES account ON DELETE CASCADE,
    language text NOT NULL DEFAULT 'vi',
    registered_at timestamptz NOT NULL DEFAULT now(),
    dropped_at timestamptz,
    drop_reason text
);
CREATE INDEX device_account_idx ON device (account_id) WHERE account_id IS NOT NULL;

CREATE TABLE follow (
    case_kind text NOT NULL,
    case_id uuid NOT NULL,
    device_id uuid NOT NULL CONSTRAINT follow_device_fkey REFERENCES device ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT follow_pkey PRIMARY KEY (case_kind, case_id, device_id)
);
CREATE INDEX follow_device_idx ON follow (device_id);

-- One row per event, device and channel, whatever happens on the wire.
CREATE TABLE notification (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT notification_pkey PRIMARY KEY,
    event_id bigint NOT NULL CONSTRAINT notification_event_fkey REFERENCES event,
    device_id uuid NOT NULL CONSTRAINT notification_device_fkey REFERENCES device ON DELETE CASCADE,
    collapse_key text NOT NULL,
    state text NOT NULL CONSTRAINT notification_state
        CHECK (state IN ('waiting', 'sent', 'failed', 'dropped')),
    attempts smallint NOT NULL DEFAULT 0,
    sent_at timestamptz,
    wire_id text,
    error text,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT notification_once_key UNIQUE (event_id, device_id)
);
CREATE INDEX notification_waiting_idx ON notification (id) WHERE state = 'waiting';
CREATE INDEX notification_device_idx ON notification (device_id);
"""

COUNTS = """
-- Append-only deltas, folded by the worker into narrow rollups. All figures belong to the day (in
-- Vietnam) on which the case was received.
CREATE TABLE count_delta (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT count_delta_pkey PRIMARY KEY,
    case_kind text NOT NULL,
    day date NOT NULL,
    unit_key text NOT NULL,
    category_code text NOT NULL,
    agency_code text NOT NULL,
    received smallint NOT NULL DEFAULT 0,
    accepted smallint NOT NULL DEFAULT 0,
    resolved smallint NOT NULL DEFAULT 0,
    open smallint NOT NULL DEFAULT 0,
    on_time smallint NOT NULL DEFAULT 0,
    late smallint NOT NULL DEFAULT 0,
    overdue_open smallint NOT NULL DEFAULT 0,
    reopened smallint NOT NULL DEFAULT 0,
    declined smallint NOT NULL DEFAULT 0,
    rated smallint NOT NULL DEFAULT 0,
    satisfied smallint NOT NULL DEFAULT 0,
    minutes bigint NOT NULL DEFAULT 0,
    bucket smallint
);
ALTER TABLE count_delta SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
-- FOR UPDATE needs the right to update some column; this one refuses to be updated.
GRANT UPDATE (id) ON count_delta TO caunoi_app;

-- Marginals: one dimension each (all, unit, category, agency), by day, month and year, so that any
-- range of days is a few dozen rows a key.
CREATE TABLE rollup (
    case_kind text NOT NULL,
    dimension text NOT NULL CONSTRAINT rollup_dimension
        CHECK (dimension IN ('all', 'unit', 'category', 'agency')),
    grain text NOT NULL CONSTRAINT rollup_grain CHECK (grain IN ('day', 'month', 'year')),
    period date NOT NULL,
    key text NOT NULL,
    received integer NOT NULL,
    accepted integer NOT NULL,
    resolved integer NOT NULL,
    open integer NOT NULL,
    on_time integer NOT NULL,
    late integer NOT NULL,
    overdue_open integer NOT NULL,
    reopened integer NOT NULL,
    declined integer NOT NULL,
    rated integer NOT NULL,
    satisfied integer NOT NULL,
    minutes bigint NOT NULL,
    CONSTRAINT rollup_pkey PRIMARY KEY (case_kind, dimension, grain, period, key)
) WITH (fillfactor = 70);

-- Crossings of dimensions, sparse, read with at least one dimension given. A day's rows are split by
-- how long resolution took (bucket, -1: not said); those of months and years are not (always -1).
-- Each pair of dimensions leads an index.
CREATE TABLE rollup_cell (
    case_kind text NOT NULL,
    grain text NOT NULL CONSTRAINT rollup_cell_grain
        CHECK (grain IN ('day', 'month', 'year')),
    unit_key text NOT NULL,
    category_code text NOT NULL,
    agency_code text NOT NULL,
    period date NOT NULL,
    bucket smallint NOT NULL CONSTRAINT rollup_cell_bucket CHECK (bucket = -1 OR grain = 'day'),
    received integer NOT NULL,
    accepted integer NOT NULL,
    resolved integer NOT NULL,
    open integer NOT NULL,
    on_time integer NOT NULL,
    late integer NOT NULL,
    overdue_open integer NOT NULL,
    reopened integer NOT NULL,
    declined integer NOT NULL,
    rated integer NOT NULL,
    satisfied integer NOT NULL,
    minutes bigint NOT NULL,
    CONSTRAINT rollup_cell_pkey
        PRIMARY KEY (case_kind, grain, unit_key, category_code, period, agency_code, bucket)
) WITH (fillfactor = 80);
CREATE INDEX rollup_cell_category_idx
    ON rollup_cell (case_kind, grain, category_code, agency_code, period);
CREATE INDEX rollup_cell_agency_idx ON rollup_cell (case_kind, grain, agency_code, unit_key, period);

-- How long resolution took: a histogram with buckets 5 % wide, from which the median is read. By
-- day only over all cases: the days of one unit, category or agency are read from rollup_cell.
CREATE TABLE rollup_hours (
    case_kind text NOT NULL,
    dimension text NOT NULL CONSTRAINT rollup_hours_dimension
        CHECK (dimension IN ('all', 'unit', 'category', 'agency')),
    grain text NOT NULL CONSTRAINT rollup_hours_grain
        CHECK (grain IN ('month', 'year') OR grain = 'day' AND dimension = 'all'),
    period date NOT NULL,
    key text NOT NULL,
    bucket smallint NOT NULL,
    cases integer NOT NULL,
    CONSTRAINT rollup_hours_pkey PRIMARY KEY (case_kind, dimension, key, grain, period, bucket)
) WITH (fillfactor = 70);
"""

# pgqueuer 1.6's own tables (`pgq install --dry-run`), less its NOTIFY trigger: a NOTIFY takes a
# lock of the whole database at commit and so undoes group commit for every submit. Workers poll.
JOBS = """
CREATE TYPE pgqueuer_status AS ENUM
    ('queued', 'picked', 'successful', 'exception', 'canceled', 'deleted', 'failed');
CREATE TABLE pgqueuer (
    id bigserial NOT NULL PRIMARY KEY,
    priority integer NOT NULL,
    queue_manager_id uuid,
    created timestamptz NOT NULL DEFAULT now(),
    updated timestamptz NOT NULL DEFAULT now(),
    heartbeat timestamptz NOT NULL DEFAULT now(),
    execute_after timestamptz NOT NULL DEFAULT now(),
    status pgqueuer_status NOT NULL,
    entrypoint text NOT NULL,
    dedupe_key text,
    payload bytea,
    headers jsonb,
    attempts integer NOT NULL DEFAULT 0,
    slot bigint
);
CREATE TABLE pgqueuer_log (
    id bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL PRIMARY KEY,
    created timestamptz NOT NULL DEFAULT now(),
    job_id bigint NOT NULL,
    status pgqueuer_status NOT NULL,
    priority integer NOT NULL,
    entrypoint text NOT NULL,
    traceback jsonb,
    aggregated boolean DEFAULT false
);
CREATE TABLE pgqueuer_schedules (
    id bigserial NOT NULL PRIMARY KEY,
    expression text NOT NULL,
    entrypoint text NOT NULL,
    heartbeat timestamptz NOT NULL DEFAULT now(),
    created timestamptz NOT NULL DEFAULT now(),
    updated timestamptz NOT NULL DEFAULT now(),
    next_run timestamptz NOT NULL DEFAULT now(),
    last_run timestamptz,
    status pgqueuer_status DEFAULT 'queued'::pgqueuer_status,
    UNIQUE (expression, entrypoint)
);
CREATE TABLE pgqueuer_statistics (
    id bigserial NOT NULL PRIMARY KEY,
    created timestamptz NOT NULL DEFAULT date_trunc('sec'::text, now()),
    count bigint NOT NULL,
    priority integer NOT NULL,
    status pgqueuer_status NOT NULL,
    entrypoint text NOT NULL
);
CREATE INDEX pgqueuer_ep_ea_idx ON pgqueuer (entrypoint, execute_after) WHERE status = 'queued';
CREATE INDEX pgqueuer_ep_prio_id_idx ON pgqueuer (entrypoint, priority DESC, id)
    WHERE status = 'queued';
CREATE INDEX pgqueuer_log_created ON pgqueuer_log (created);
CREATE INDEX pgqueuer_log_job_id_status ON pgqueuer_log (job_id, created DESC);
CREATE INDEX pgqueuer_log_not_aggregated ON pgqueuer_log ((1)) WHERE NOT aggregated;
CREATE INDEX pgqueuer_log_status ON pgqueuer_log (status);
CREATE INDEX pgqueuer_picked_heartbeat_idx ON pgqueuer (heartbeat) WHERE status = 'picked';
CREATE UNIQUE INDEX pgqueuer_picked_slot_idx ON pgqueuer (entrypoint, slot)
    WHERE status = 'picked' AND slot IS NOT NULL;
CREATE INDEX pgqueuer_priority_id_id1_idx ON pgqueuer (priority, id DESC) INCLUDE (id)
    WHERE status = 'queued';
CREATE INDEX pgqueuer_queue_manager_id_idx ON pgqueuer (queue_manager_id)
    WHERE queue_manager_id IS NOT NULL;
CREATE UNIQUE INDEX pgqueuer_statistics_unique_count ON pgqueuer_statistics
    (priority, date_trunc('sec'::text, timezone('UTC'::text, created)), status, entrypoint);
CREATE UNIQUE INDEX pgqueuer_unique_dedupe_key ON pgqueuer (dedupe_key)
    WHERE status = ANY (ARRAY['queued'::pgqueuer_status, 'picked'::pgqueuer_status])
        AND dedupe_key IS NOT NULL;
CREATE INDEX pgqueuer_updated_id_id1_idx ON pgqueuer (updated, id DESC) INCLUDE (id)
    WHERE status = 'picked';
ALTER TABLE pgqueuer SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
"""

GRANTS = """
GRANT SELECT, INSERT, UPDATE ON report, report_contact, report_photo, note, device, notification
    TO caunoi_app, caunoi_desk;
GRANT SELECT, INSERT ON event, audit_anchor, idempotency_key, count_delta, support, follow
    TO caunoi_app, caunoi_desk;
GRANT DELETE ON count_delta, idempotency_key, support, follow, device, report_contact TO caunoi_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON rollup, rollup_cell, rollup_hours TO caunoi_app;
GRANT SELECT ON rollup, rollup_cell, rollup_hours TO caunoi_desk;
GRANT SELECT, INSERT, UPDATE, DELETE ON pgqueuer, pgqueuer_log, pgqueuer_schedules,
    pgqueuer_statistics TO caunoi_app;
GRANT SELECT, INSERT ON pgqueuer TO caunoi_desk;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO caunoi_app, caunoi_desk;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="caunoi", description=DESCRIPTION)

    async def run() -> None:
        connection = engine_finder().current_transaction.get().connection
        for statements in (TIMEOUTS, REPORTS, EVENTS, MESSAGES, COUNTS, JOBS, GRANTS):
            await connection.execute(statements)

    manager.add_raw(run)
    return manager
