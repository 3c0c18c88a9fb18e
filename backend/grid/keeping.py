"""What the worker does for the public map: fold deltas, put old reports on it, tidy."""

from typing import Final

from backend.database import Connection, Database
from backend.grid import store

BATCH: Final = 5_000
_FILL_BATCH: Final = 2_000
# Files of the open data are kept for a week (mobile_api/open_data); departures a little longer.
_KEPT_DEPARTURES_DAYS: Final = 10


async def fold_map(connection: Connection, limit: int = BATCH) -> int:
    """Move up to `limit` of the oldest deltas into the sums; how many were moved.

    One statement, so all or nothing. Any number of workers may call it at once: one folds, the
    others get 0 without waiting. A caller that gets `limit` back has more to do.
    """
    return await store.fold_batch(connection, limit)


async def fill_map(database: Database) -> bool:
    """Put the next old reports on the map; whether there may be more.

    Reports of before this version are not on it until the worker has come to them.
    """
    async with database.transaction() as connection:
        after = await store.find_filling(connection)
        if after is None:
            return False
        last = await store.fill_batch(connection, after, _FILL_BATCH)
        await store.say_filled(connection, last)
        return last is not None


async def tidy_map(connection: Connection) -> None:
    """Forget empty sums, and departures that no kept file is older than."""
    await store.drop_empty_cells(connection)
    await store.drop_old_departures(connection, days=_KEPT_DEPARTURES_DAYS)
