"""Folding: the worker's step from appended deltas to the rollups that leaders read."""

from backend.counts.store import fold_batch
from backend.database import Connection


async def fold_counts(connection: Connection, limit: int = 20_000) -> int:
    """Move up to `limit` of the oldest deltas into the rollups; how many there were.

    One statement, so all or nothing, and a pool serves as well as a transaction. Any number of
    workers may fold at once: they take turns, and none takes a row twice. A caller that gets
    `limit` back has more to do.
    """
    return await fold_batch(connection, limit)
