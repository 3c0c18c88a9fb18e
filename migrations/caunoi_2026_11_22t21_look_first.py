"""What intake is to read before anybody works on it has an index: few, and counted on each page."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-22T21:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "held cases that wait for intake, by time left"

TIMEOUTS = "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '60s';"

# Reads the table once (some seconds at a million reports) and keeps nobody from reading; writing
# waits for it. Written as report_open_idx is.
HELD = """
CREATE INDEX report_held_idx
    ON report (coalesce(resolve_by, '9999-01-01 00:00+00'::timestamptz), id)
    WHERE is_held AND status = 'classifying';
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="caunoi", description=DESCRIPTION)

    async def run() -> None:
        connection = engine_finder().current_transaction.get().connection
        for statements in (TIMEOUTS, HELD):
            await connection.execute(statements)

    manager.add_raw(run)
    return manager
