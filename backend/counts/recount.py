"""Proof that the figures are right: count every case again from its events, and compare."""

from dataclasses import dataclass

from backend.counts.recounting import store
from backend.counts.recounting.store import Difference
from backend.database import OwnerConnection


@dataclass(frozen=True)
class Recount:
    """How many cases the events tell of, and where the stored figures say something else."""

    cases: int
    differences: tuple[Difference, ...]


async def recount(connection: OwnerConnection, *, limit: int = 50) -> Recount:
    """Compare rollups and waiting deltas with a count from the events, cell by cell.

    `connection` is the owner's, outside a transaction; the comparison is of one snapshot, while
    reports come in and are folded. At most `limit` differences of each kind are named.
    """
    async with connection.transaction(isolation="repeatable_read"):
        cases = await store.count_events(connection)
        differences = await store.list_differences(connection, limit)
    return Recount(cases, tuple(differences))


async def rebuild(connection: OwnerConnection) -> int:
    """Put a count from the events in the place of the rollups; how many cases there are.

    `connection` is the owner's, outside a transaction. Reports may come in meanwhile (their
    deltas wait), folding stands still, and readers see the old figures until the new are there.
    """
    await store.take_rollup_turn(connection)
    try:
        async with connection.transaction(isolation="repeatable_read"):
            cases = await store.count_events(connection)
            await store.replace_rollups(connection)
    finally:
        await store.give_rollup_turn(connection)
    return cases
