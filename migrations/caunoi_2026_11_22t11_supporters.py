"""Followers who are not the reporter: "tôi cũng gặp" subscribes, in words of its own."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-22T11:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "followers who only support a report"

TIMEOUTS = "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '60s';"

# Until now only a reporter could follow. Who supports a report is told only while strangers may
# read it, and is asked for nothing.
SUPPORTERS = """
ALTER TABLE follow ADD COLUMN is_reporter boolean NOT NULL DEFAULT true;
GRANT UPDATE ON follow TO caunoi_app;
ALTER TABLE notification DROP CONSTRAINT notification_audience;
ALTER TABLE notification ADD CONSTRAINT notification_audience
    CHECK (audience IN ('case', 'support', 'area'));
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="caunoi", description=DESCRIPTION)

    async def run() -> None:
        connection = engine_finder().current_transaction.get().connection
        for statements in (TIMEOUTS, SUPPORTERS):
            await connection.execute(statements)

    manager.add_raw(run)
    return manager
