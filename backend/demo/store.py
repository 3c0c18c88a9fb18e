"""The SQL of the demo: what is there of it, and what goes when it is removed."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from backend.database import Connection
from backend.demo.configuration import DEMO_NOTE
from backend.reports.bulk.store import OwnerConnection as CopyConnection
from geo.imports import OwnerConnection as UnitsConnection

# One number for "somebody loads or removes the demo of this database now".
_DEMO_LOCK: Final = 0x0CA0_0004


class OwnerConnection(CopyConnection, UnitsConnection, Protocol):
    """An asyncpg connection of the tables' owner, for units, COPY and transactions."""


@dataclass(frozen=True)
class Presence:
    """What a database holds: reports of the demo and others, and whose rules are in force."""

    demo_reports: int
    other_reports: int
    demo_rules: bool
    other_rules: bool


async def take_turn(connection: Connection) -> None:
    """Wait until nobody else loads or removes the demo; held until give_turn or the end."""
    await connection.execute("SELECT pg_advisory_lock($1)", _DEMO_LOCK)


async def give_turn(connection: Connection) -> None:
    """Let the next one have its turn."""
    await connection.execute("SELECT pg_advisory_unlock($1)", _DEMO_LOCK)


async def look(connection: Connection) -> Presence:
    """What there is of the demo, and beside it."""
    row = await connection.fetchrow(
        """
        SELECT (SELECT count(*) FROM report WHERE source = 'demo') AS demo_reports,
               (SELECT count(*) FROM (SELECT FROM report WHERE source <> 'demo'
                   LIMIT 1000) AS found)
                   AS other_reports,
               EXISTS (SELECT FROM rule_set WHERE note = $1) AS demo_rules,
               EXISTS (SELECT FROM rule_set WHERE note <> $1) AS other_rules
        """,
        DEMO_NOTE,
    )
    if row is None:
        raise RuntimeError("a statement without FROM always answers one row")
    return Presence(**row)


async def find_accounts(connection: Connection, names: Sequence[str]) -> dict[str, uuid.UUID]:
    """The accounts of these names."""
    rows = await connection.fetch(
        "SELECT username, id FROM account WHERE username = ANY ($1::text[]) ORDER BY username",
        names,
    )
    return {row["username"]: row["id"] for row in rows}
