"""The SQL of rules of practice."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec

from backend.database import Connection, Record


@dataclass(frozen=True)
class Version:
    """One version of one kind; it holds from a day on until another one does."""

    version: int
    body: dict[str, Any]
    effective_on: date
    loaded_by: str
    note: str
    loaded_at: datetime


async def find_in_force(
    connection: Connection, kind: str, on: date
) -> tuple[int, dict[str, Any]] | None:
    """Version and document in force on a day; strangers may ask it, too."""
    row = await connection.fetchrow(
        """
        SELECT version, body FROM practice_rule WHERE kind = $1 AND effective_on <= $2
        ORDER BY effective_on DESC, version DESC LIMIT 1
        """,
        kind,
        on,
    )
    return (row["version"], msgspec.json.decode(row["body"])) if row else None


async def find_last_change(connection: Connection, kind: str, on: date) -> datetime:
    """When a version that holds on this day, or held before, was loaded or began to hold, last."""
    found: datetime = await connection.fetchval(
        """
        SELECT max(greatest(loaded_at, effective_on::timestamp AT TIME ZONE 'Asia/Ho_Chi_Minh'))
        FROM practice_rule WHERE kind = $1 AND effective_on <= $2
        """,
        kind,
        on,
    )
    return found


async def list_versions(connection: Connection, kind: str) -> list[Version]:
    """Every version there ever was of a kind, the newest first."""
    rows = await connection.fetch(
        """
        SELECT version, body, effective_on, loaded_by, note, loaded_at FROM practice_rule
        WHERE kind = $1 ORDER BY version DESC LIMIT 1000
        """,
        kind,
    )
    return [_version(row) for row in rows]


async def insert_version(
    connection: Connection,
    kind: str,
    body: dict[str, Any],
    *,
    effective_on: date,
    loaded_by: str,
    note: str,
) -> int:
    """Add the next version of a kind, as the database's owner, in its transaction; its number."""
    version: int = await connection.fetchval(
        """
        INSERT INTO practice_rule (kind, version, body, effective_on, loaded_by, note)
        SELECT $1, coalesce(max(version), 0) + 1, $2::jsonb, $3, $4, $5 FROM practice_rule
        WHERE kind = $1
        RETURNING version
        """,
        kind,
        msgspec.json.encode(body).decode(),
        effective_on,
        loaded_by,
        note,
    )
    return version


async def take_turn(connection: Connection) -> None:
    """Let nobody else change any rules until this transaction ends."""
    await connection.execute("LOCK TABLE practice_rule IN SHARE ROW EXCLUSIVE MODE")


def _version(row: Record) -> Version:
    fields = dict(row)
    fields["body"] = msgspec.json.decode(fields["body"])
    return Version(**fields)
