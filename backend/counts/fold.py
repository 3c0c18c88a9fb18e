"""Folding: the worker's step from appended deltas to the rollups that leaders read."""

from typing import Final

from backend.counts.store import fold_batch
from backend.database import Connection

# So many take half a second, on a machine with much else to do three; the pool's statements may
# take fifteen.
BATCH: Final = 5_000


async def fold_counts(connection: Connection, limit: int = BATCH) -> int:
    """Move up to `limit` of the oldest deltas into the rollups; how many were moved.

    One statement, so all or nothing, and a pool serves as well as a transaction. Any number of
    workers may call it at once: one folds, the others get 0 without waiting, and no row is taken
    twice. A caller that gets `limit` back has more to do.
    """
    return await fold_batch(connection, limit)
