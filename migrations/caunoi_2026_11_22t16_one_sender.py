"""A phone sends again under the same key, signed in or not: its keys are of one kind, kept longer.

Until now a key belonged to the account or to nobody. Who signed in, or whose session ended, between
a lost answer and the next try would have had two reports.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.engine.finder import engine_finder

ID = "2026-11-22T16:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "idempotency keys of citizens are one kind"

TIMEOUTS = "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '60s';"

# Random keys of 122 bits: two of them are never the same by chance.
KEYS = """
UPDATE idempotency_key k SET principal = 'citizen'
WHERE operation = 'submit_report' AND (principal = 'anonymous' OR principal LIKE 'account:%')
  AND NOT EXISTS (
      SELECT FROM idempotency_key other
      WHERE other.operation = k.operation AND other.key = k.key AND other.principal <> k.principal);
"""

# A phone may lie in a drawer for months before it sends again. Periods that somebody has set stay.
RETENTION = """
WITH first AS (
    UPDATE retention_rule SET is_active = false
    WHERE version = 1 AND is_active AND NOT EXISTS (SELECT FROM retention_rule WHERE version > 1)
    RETURNING body)
INSERT INTO retention_rule (version, body, note, is_active)
SELECT 2, body || '{"idempotency_keys_days": 400}', 'Chống gửi trùng trong 400 ngày', true FROM first;
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="caunoi", description=DESCRIPTION)

    async def run() -> None:
        connection = engine_finder().current_transaction.get().connection
        for statements in (TIMEOUTS, KEYS, RETENTION):
            await connection.execute(statements)

    manager.add_raw(run)
    return manager
