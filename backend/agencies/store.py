"""The SQL of agencies, categories, calendars and rule sets; all small, read whole."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from backend.agencies.catalogue import Agency, Category
from backend.database import Connection

# More would not be a catalogue any more; the limit keeps a mistake from filling a process.
_MOST = 20_000


async def list_agencies(connection: Connection) -> list[Agency]:
    """Every agency, inactive ones too, by code."""
    rows = await connection.fetch(
        """
        SELECT code, name_vi, name_en, kind, unit_code, parent_code, calendar_code, phone, is_active
        FROM agency ORDER BY code LIMIT $1
        """,
        _MOST,
    )
    return [Agency(**row) for row in rows]


async def list_categories(connection: Connection) -> list[Category]:
    """Every category, inactive ones too, in the order in which people see them."""
    rows = await connection.fetch(
        """
        SELECT code, field_code, name_vi, name_en, position, is_restricted, is_sensitive, is_urgent,
               questions, is_active
        FROM category ORDER BY position, code LIMIT $1
        """,
        _MOST,
    )
    return [Category(**{**row, "questions": msgspec.json.decode(row["questions"])}) for row in rows]


async def list_calendar_documents(connection: Connection) -> list[dict[str, Any]]:
    """The calendar documents in force."""
    rows = await connection.fetch("SELECT body FROM calendar ORDER BY code LIMIT $1", _MOST)
    return [msgspec.json.decode(row["body"]) for row in rows]


async def find_active_rule_set(connection: Connection, kind: str) -> dict[str, Any] | None:
    """The document in force of this kind ('routing' or 'promises'); None before setup."""
    body = await connection.fetchval(
        "SELECT body FROM rule_set WHERE kind = $1 AND is_active", kind
    )
    return msgspec.json.decode(body) if body else None


async def list_rule_sets(connection: Connection, kind: str) -> list[dict[str, Any]]:
    """The documents of this kind, newest first: promises of older versions are still running."""
    rows = await connection.fetch(
        "SELECT body FROM rule_set WHERE kind = $1 ORDER BY version DESC LIMIT 100", kind
    )
    return [msgspec.json.decode(row["body"]) for row in rows]


async def get_epoch(connection: Connection) -> int:
    """The number of the configuration as it stands; it grows with every change."""
    epoch: int = await connection.fetchval("SELECT epoch FROM config_epoch")
    return epoch


async def add_rule_set(
    connection: Connection, kind: str, document: Mapping[str, Any], *, note: str
) -> None:
    """Store a checked document as the next version in force; its `version` must be new."""
    await connection.execute(
        "UPDATE rule_set SET is_active = false WHERE kind = $1 AND is_active", kind
    )
    await connection.execute(
        "INSERT INTO rule_set (kind, version, body, is_active, note) VALUES ($1, $2, $3, true, $4)",
        kind,
        document["version"],
        msgspec.json.encode(document).decode(),
        note,
    )


async def put_calendar(connection: Connection, document: Mapping[str, Any]) -> None:
    """Store a checked calendar document, replacing the one with its code."""
    await connection.execute(
        """
        INSERT INTO calendar (code, version, body) VALUES ($1, $2, $3)
        ON CONFLICT (code) DO UPDATE SET version = excluded.version, body = excluded.body
        """,
        document["code"],
        document["version"],
        msgspec.json.encode(document).decode(),
    )


async def put_agencies(connection: Connection, agencies: Sequence[Agency]) -> None:
    """Store agencies, replacing those with the same code; parents come first in the sequence."""
    for agency in agencies:
        await connection.execute(
            """
            INSERT INTO agency (code, name_vi, name_en, kind, unit_code, parent_code, calendar_code,
                phone, is_active)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            ON CONFLICT (code) DO UPDATE SET name_vi = excluded.name_vi, name_en = excluded.name_en,
                kind = excluded.kind, unit_code = excluded.unit_code,
                parent_code = excluded.parent_code, calendar_code = excluded.calendar_code,
                phone = excluded.phone, is_active = excluded.is_active
            """,
            agency.code,
            agency.name_vi,
            agency.name_en,
            agency.kind,
            agency.unit_code,
            agency.parent_code,
            agency.calendar_code,
            agency.phone,
            agency.is_active,
        )


async def put_categories(connection: Connection, categories: Sequence[Category]) -> None:
    """Store categories, replacing those with the same code; fields come before sub-fields."""
    for category in categories:
        await connection.execute(
            """
            INSERT INTO category (code, field_code, name_vi, name_en, position, is_restricted,
                is_sensitive, is_urgent, questions, is_active)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            ON CONFLICT (code) DO UPDATE SET field_code = excluded.field_code,
                name_vi = excluded.name_vi, name_en = excluded.name_en,
                position = excluded.position, is_restricted = excluded.is_restricted,
                is_sensitive = excluded.is_sensitive, is_urgent = excluded.is_urgent,
                questions = excluded.questions, is_active = excluded.is_active
            """,
            category.code,
            category.field_code,
            category.name_vi,
            category.name_en,
            category.position,
            category.is_restricted,
            category.is_sensitive,
            category.is_urgent,
            msgspec.json.encode(category.questions).decode(),
            category.is_active,
        )
