"""Photos that come after a report was published wait until somebody has looked at them."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-22T05:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "photos held back until they are looked at"

TIMEOUTS = "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '60s';"

# Who publishes a report has seen its words and the photos of then. A photo announced with it or
# added to it afterwards has been seen by nobody: it is held until the next accept or publish.
HELD = """
ALTER TABLE report_photo ADD COLUMN is_held boolean NOT NULL DEFAULT false;

CREATE OR REPLACE VIEW public_photo AS
SELECT p.report_id, p.sha256, p.purpose, p.position, p.width, p.height
FROM report_photo p
JOIN report r ON r.id = p.report_id
WHERE p.state = 'ready' AND NOT p.is_held
  AND is_shown(r.visibility, r.is_restricted, r.status);
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="caunoi", description=DESCRIPTION)

    async def run() -> None:
        connection = engine_finder().current_transaction.get().connection
        for statements in (TIMEOUTS, HELD):
            await connection.execute(statements)

    manager.add_raw(run)
    return manager
