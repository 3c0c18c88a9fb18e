"""Practice with versions: notices, open data, retention; letters that may have been taken."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-22T15:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "rules of practice with versions, letters handed over without an answer"

TIMEOUTS = "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '60s';"

# How often a letter was handed over without our hearing what became of it (decision 0013).
LETTERS = "ALTER TABLE notification ADD COLUMN unsure smallint NOT NULL DEFAULT 0;"

# What law or practice leaves open (decision 0020): never changed, only followed by a version that
# holds from a day on. Who changed what, and why, is an event on the chain of its kind as well.
RULES = """
CREATE TABLE practice_rule (
    kind text NOT NULL CONSTRAINT practice_rule_kind CHECK (kind IN ('notices', 'open_data')),
    version integer NOT NULL CONSTRAINT practice_rule_version CHECK (version > 0),
    body jsonb NOT NULL,
    effective_on date NOT NULL,
    loaded_by text NOT NULL CONSTRAINT practice_rule_loaded_by CHECK (loaded_by <> ''),
    note text NOT NULL CONSTRAINT practice_rule_note CHECK (note <> ''),
    loaded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT practice_rule_pkey PRIMARY KEY (kind, version)
);
CREATE TRIGGER practice_rule_append_only BEFORE UPDATE OR DELETE ON practice_rule
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER practice_rule_no_truncate BEFORE TRUNCATE ON practice_rule
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

ALTER TABLE retention_rule
    ADD COLUMN effective_on date NOT NULL DEFAULT '2000-01-01',
    ADD COLUMN loaded_by text NOT NULL DEFAULT 'caunoi'
        CONSTRAINT retention_rule_loaded_by CHECK (loaded_by <> '');
ALTER TABLE retention_rule ALTER COLUMN effective_on SET DEFAULT CURRENT_DATE;

GRANT SELECT ON practice_rule TO caunoi_app;
GRANT SELECT (kind, version, body, effective_on) ON practice_rule TO caunoi_public;
"""

# The first versions, in force until an operator loads others (caunoi practice).
FIRST = """
INSERT INTO practice_rule (kind, version, body, effective_on, loaded_by, note) VALUES
('notices', 1, '{
    "quiet_hours": "21:00-06:30",
    "area_batch_at": "18:00",
    "push_news_hours": 24,
    "held_news_hours": 48,
    "characters_most": 180
}', '2000-01-01', 'caunoi', 'Mặc định khi cài đặt'),
('open_data', 1, '{
    "licence_vi": "Dữ liệu mở của cơ quan nhà nước theo Nghị định 47/2020/NĐ-CP: được tự do sử dụng, chia sẻ, kể cả vào mục đích thương mại; phải ghi nguồn “Cầu Nối – Quảng Ngãi” và ngày của tệp; không được dùng để nhận ra hoặc liên hệ người phản ánh.",
    "licence_en": "Open data of state agencies under Decree 47/2020/NĐ-CP: free to use and share, commercially too; name the source “Cầu Nối – Quảng Ngãi” and the file’s day; do not use it to find out or contact who reported.",
    "licence_url": "",
    "least": 5,
    "kept_days": 7
}', '2000-01-01', 'caunoi', 'Mặc định khi cài đặt');
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="caunoi", description=DESCRIPTION)

    async def run() -> None:
        connection = engine_finder().current_transaction.get().connection
        for statements in (TIMEOUTS, LETTERS, RULES, FIRST):
            await connection.execute(statements)

    manager.add_raw(run)
    return manager
