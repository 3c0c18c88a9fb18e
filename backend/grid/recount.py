"""Proof that the public map is right: look at every report again, and compare."""

from dataclasses import dataclass

from backend.database import OwnerConnection
from backend.grid import store
from backend.grid.store import Difference


@dataclass(frozen=True)
class Recount:
    """How many reports are on the map, and where it says something else than they do."""

    points: int
    differences: tuple[Difference, ...]


async def recount(connection: OwnerConnection, *, limit: int = 50) -> Recount:
    """Compare points, sums and waiting deltas with the reports themselves, in one snapshot.

    `connection` is the owner's, outside a transaction; at most `limit` differences of each kind.
    """
    async with connection.transaction(isolation="repeatable_read"):
        points = await store.count_points(connection)
        differences = await store.list_differences(connection, limit)
    return Recount(points, tuple(differences))


async def rebuild(connection: OwnerConnection) -> int:
    """Sum all points afresh in the place of what was folded; how many points there are.

    Reports may change meanwhile: their deltas wait for the end. Readers wait too.
    """
    # Not repeatable read: deltas that came while the turn was waited for must be seen.
    async with connection.transaction(isolation="read_committed"):
        await store.take_grid_turn(connection)
        await store.hold_points(connection)
        points = await store.count_points(connection)
        await store.replace_cells(connection)
    return points
