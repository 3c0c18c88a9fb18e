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
_MARK_REPORTS: Final = """
CREATE TEMPORARY TABLE doomed ON COMMIT DROP AS
SELECT r.id FROM report r WHERE r.source = 'demo' AND NOT EXISTS (
    SELECT FROM report other WHERE other.merged_into = r.id AND other.source <> 'demo')
"""
_LEAVE: Final = (
    """
    CREATE TEMPORARY TABLE doomed_event ON COMMIT DROP AS
    SELECT e.id, e.xact, e.hash FROM event e
    JOIN doomed d ON e.case_kind = 'report' AND e.case_id = d.id
    """,
    """
    INSERT INTO event_removed (id, xact, hash, reason)
    SELECT id, xact, hash, 'demo province removed' FROM doomed_event
    """,
    "DELETE FROM notification n USING doomed_event e WHERE n.event_id = e.id",
    "DELETE FROM follow f USING doomed d WHERE f.case_kind = 'report' AND f.case_id = d.id",
    "DELETE FROM note n USING doomed d WHERE n.case_kind = 'report' AND n.case_id = d.id",
    "DELETE FROM idempotency_key k USING doomed d WHERE k.case_id = d.id",
    "DELETE FROM event e USING doomed_event d WHERE e.id = d.id",
    "DELETE FROM report r USING doomed d WHERE r.id = d.id",
)
_REMOVE_CATEGORIES: Final = """
DELETE FROM category c WHERE c.code = ANY ($1::text[])
    AND NOT EXISTS (SELECT FROM category child WHERE child.field_code = c.code)
RETURNING c.code
"""
_REMOVE_AGENCIES: Final = """
DELETE FROM agency a WHERE a.code = ANY ($1::text[])
    AND NOT EXISTS (SELECT FROM agency child WHERE child.parent_code = a.code)
    AND NOT EXISTS (SELECT FROM account WHERE account.agency_code = a.code)
RETURNING a.code
"""
_REMOVE_CALENDARS: Final = """
DELETE FROM calendar c WHERE c.code = ANY ($1::text[])
    AND NOT EXISTS (SELECT FROM agency WHERE agency.calendar_code = c.code)
RETURNING c.code
"""


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


async def list_photos(connection: Connection) -> list[tuple[uuid.UUID, str]]:
    """The photos of the demo's reports: report and SHA-256."""
    rows = await connection.fetch(
        """
        SELECT p.report_id, p.sha256 FROM report_photo p
        JOIN report r ON r.id = p.report_id
        WHERE r.source = 'demo' ORDER BY 1, 2 LIMIT 100000
        """
    )
    return [(row["report_id"], row["sha256"]) for row in rows]


async def remove_reports(connection: Connection) -> tuple[int, int]:
    """Remove the demo's reports with all that belongs to them; how many, and how many events.

    One into which a real report was merged stays. The events leave their record behind.
    """
    await connection.execute(_MARK_REPORTS)
    for statement in _LEAVE:
        await connection.execute(statement)
    events: int = await connection.fetchval("SELECT count(*) FROM doomed_event")
    reports: int = await connection.fetchval("SELECT count(*) FROM doomed")
    return reports, events


async def remove_accounts(connection: Connection, names: Sequence[str]) -> tuple[int, int]:
    """Remove these accounts, or lock out those that real cases name; how many of either."""
    removed = await connection.fetch(
        """
        DELETE FROM account a WHERE a.username = ANY ($1::text[]) AND NOT EXISTS (
            SELECT FROM report r WHERE r.account_id = a.id OR r.officer_id = a.id)
        RETURNING a.id
        """,
        names,
    )
    kept = await connection.fetch(
        """
        UPDATE account SET is_active = false, password_hash = NULL, totp_secret = NULL
        WHERE username = ANY ($1::text[]) RETURNING id
        """,
        names,
    )
    await connection.execute(
        "DELETE FROM session WHERE account_id = ANY ($1::uuid[])", [row["id"] for row in kept]
    )
    return len(removed), len(kept)


async def remove_configuration(
    connection: Connection,
    *,
    agencies: Sequence[str],
    categories: Sequence[str],
    calendars: Sequence[str],
) -> int:
    """Remove the demo's rules, categories, agencies and calendars that nothing else uses.

    The caller knows that no report is left; how many rows went.
    """
    total = len(
        await connection.fetch("DELETE FROM rule_set WHERE note = $1 RETURNING version", DEMO_NOTE)
    )
    # Leaves first, as parents are held by their children.
    for statement, codes in (
        (_REMOVE_CATEGORIES, categories),
        (_REMOVE_AGENCIES, agencies),
        (_REMOVE_CALENDARS, calendars),
    ):
        while gone := await connection.fetch(statement, codes):
            total += len(gone)
    return total
