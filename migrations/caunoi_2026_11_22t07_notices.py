"""Notices: e-mail beside push, what each person wants, quiet hours, alerts of an area."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-22T07:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "choices, held notices, area alerts"

TIMEOUTS = "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '60s';"

# A mailbox is an address like the others. Its value is a keyed digest: the address itself stays
# where consent to it lies (account, contact of a report), and is looked up when something is sent.
ADDRESSES = """
ALTER TABLE device DROP CONSTRAINT device_kind;
ALTER TABLE device ADD CONSTRAINT device_kind
    CHECK (kind IN ('fid', 'token', 'webpush', 'email'));

-- What differs from the default: of an account, or of one address (which then goes first).
CREATE TABLE notice_choice (
    account_id uuid CONSTRAINT notice_choice_account_fkey REFERENCES account ON DELETE CASCADE,
    device_id uuid CONSTRAINT notice_choice_device_fkey REFERENCES device ON DELETE CASCADE,
    channel text NOT NULL CONSTRAINT notice_choice_channel CHECK (channel IN ('push', 'email')),
    kind text NOT NULL CONSTRAINT notice_choice_kind CHECK (char_length(kind) BETWEEN 1 AND 40),
    is_wanted boolean NOT NULL,
    CONSTRAINT notice_choice_one_owner CHECK (num_nonnulls(account_id, device_id) = 1),
    CONSTRAINT notice_choice_key UNIQUE NULLS NOT DISTINCT (account_id, device_id, channel, kind)
);
CREATE INDEX notice_choice_device_idx ON notice_choice (device_id) WHERE device_id IS NOT NULL;

-- Who has clicked on "no more e-mail": kept apart from the mailbox, and longer than it.
CREATE TABLE mail_stop (
    mailbox text CONSTRAINT mail_stop_pkey PRIMARY KEY,
    stopped_at timestamptz NOT NULL DEFAULT now()
);
"""

# due_at NULL: the job of the event sends it. Otherwise it is held: for the end of the quiet hours,
# for the day's batch of an area, or until a mail server answers again; what is due together for one
# address goes out as one.
HELD = """
ALTER TABLE notification
    ADD COLUMN audience text NOT NULL DEFAULT 'case'
        CONSTRAINT notification_audience CHECK (audience IN ('case', 'area')),
    ADD COLUMN is_urgent boolean NOT NULL DEFAULT false,
    ADD COLUMN due_at timestamptz,
    -- of 'area' only: the report that is news there
    ADD COLUMN case_id uuid,
    ADD CONSTRAINT notification_area_has_case CHECK ((audience = 'area') = (case_id IS NOT NULL));
CREATE INDEX notification_due_idx ON notification (due_at)
    WHERE state = 'waiting' AND due_at IS NOT NULL;
CREATE INDEX notification_held_idx ON notification (device_id, id)
    WHERE state = 'waiting' AND due_at IS NOT NULL;
-- published, hidden, published again: news once
CREATE UNIQUE INDEX notification_area_once_key ON notification (device_id, case_id)
    WHERE audience = 'area';
"""

ALERTS = """
CREATE TABLE area_alert (
    id uuid CONSTRAINT area_alert_pkey PRIMARY KEY,
    account_id uuid CONSTRAINT area_alert_account_fkey REFERENCES account ON DELETE CASCADE,
    device_id uuid CONSTRAINT area_alert_device_fkey REFERENCES device ON DELETE CASCADE,
    unit_code text,
    centre geometry(Point, 4326),
    radius_metres integer CONSTRAINT area_alert_radius CHECK (radius_metres BETWEEN 100 AND 5000),
    -- the circle with a margin, for the index; the distance decides
    area geometry(Polygon, 4326),
    category_code text,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT area_alert_one_owner CHECK (num_nonnulls(account_id, device_id) = 1),
    CONSTRAINT area_alert_unit_or_circle CHECK (
        (unit_code IS NOT NULL AND num_nonnulls(centre, radius_metres, area) = 0)
        OR (unit_code IS NULL AND num_nonnulls(centre, radius_metres, area) = 3))
);
CREATE INDEX area_alert_account_idx ON area_alert (account_id, id) WHERE account_id IS NOT NULL;
CREATE INDEX area_alert_device_idx ON area_alert (device_id, id) WHERE device_id IS NOT NULL;
CREATE INDEX area_alert_unit_idx ON area_alert (unit_code) WHERE unit_code IS NOT NULL;
CREATE INDEX area_alert_area_idx ON area_alert USING gist (area) WHERE area IS NOT NULL;
"""

GRANTS = """
GRANT SELECT, INSERT, UPDATE, DELETE ON notice_choice, mail_stop, area_alert TO caunoi_app;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="caunoi", description=DESCRIPTION)

    async def run() -> None:
        connection = engine_finder().current_transaction.get().connection
        for statements in (TIMEOUTS, ADDRESSES, HELD, ALERTS, GRANTS):
            await connection.execute(statements)

    manager.add_raw(run)
    return manager
