"""The queue shows urgent cases first: they have an index of their own."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-22T12:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "open urgent cases by time left"

TIMEOUTS = "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '60s';"

# Few at any time; whose they are is checked row by row. Written as report_open_idx is.
URGENT = """
CREATE INDEX report_urgent_idx
    ON report (coalesce(resolve_by, '9999-01-01 00:00+00'::timestamptz), id)
    WHERE is_urgent
      AND status IN ('received', 'classifying', 'assigned', 'in_progress', 'awaiting_citizen');
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="caunoi", description=DESCRIPTION)

    async def run() -> None:
        connection = engine_finder().current_transaction.get().connection
        for statements in (TIMEOUTS, URGENT):
            await connection.execute(statements)

    manager.add_raw(run)
    return manager
