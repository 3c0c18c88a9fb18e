"""The SQL of consent texts and of what people agreed to."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend.database import Connection


@dataclass(frozen=True)
class ConsentText:
    """One version of what people are asked to agree to, for one purpose."""

    purpose: str
    version: int
    title_vi: str
    title_en: str
    text_vi: str
    text_en: str
    law: str
    position: int
    renews: bool
    is_active: bool


@dataclass(frozen=True)
class Standing:
    """What a person last said of a purpose; `is_valid`: they agree, and to words still in force."""

    purpose: str
    version: int
    is_given: bool
    at: datetime
    is_valid: bool


_TEXT = "purpose, version, title_vi, title_en, text_vi, text_en, law, position, renews, is_active"
# A consent counts until it is taken back, or a later version says that it renews consent.
_IS_VALID = """
    c.is_given AND NOT EXISTS (
        SELECT FROM consent_text t
        WHERE t.purpose = c.purpose AND t.version > c.version AND t.renews)
    AND EXISTS (SELECT FROM consent_text t WHERE t.purpose = c.purpose AND t.is_active)
"""


async def list_texts(connection: Connection, *, with_history: bool = False) -> list[ConsentText]:
    """The texts in force; with history every version there ever was, the newest first."""
    rows = await connection.fetch(
        f"SELECT {_TEXT} FROM consent_text WHERE is_active OR $1"  # noqa: S608  own column names
        " ORDER BY position, purpose, version DESC LIMIT 500",
        with_history,
    )
    return [ConsentText(**row) for row in rows]


async def list_standings(connection: Connection, account_id: uuid.UUID) -> list[Standing]:
    """What a person last said, purpose by purpose."""
    rows = await connection.fetch(
        f"""
        SELECT DISTINCT ON (c.purpose) c.purpose, c.version, c.is_given, c.at,
            ({_IS_VALID}) AS is_valid
        FROM consent c WHERE c.account_id = $1
        ORDER BY c.purpose, c.id DESC LIMIT 200
        """,  # noqa: S608  own condition
        account_id,
    )
    return [Standing(**row) for row in rows]


async def has_consent(connection: Connection, account_id: uuid.UUID, purpose: str) -> bool:
    """Whether this person agrees to this purpose now."""
    found: bool | None = await connection.fetchval(
        f"""
        SELECT ({_IS_VALID}) FROM consent c WHERE c.account_id = $1 AND c.purpose = $2
        ORDER BY c.id DESC LIMIT 1
        """,  # noqa: S608  own condition
        account_id,
        purpose,
    )
    return bool(found)


async def insert_consents(
    connection: Connection,
    account_id: uuid.UUID,
    said: Sequence[tuple[str, int, bool]],
    *,
    now: datetime,
) -> None:
    """Note what a person says now: (purpose, version, whether they agree) each."""
    await connection.execute(
        """
        INSERT INTO consent (account_id, purpose, version, is_given, at)
        SELECT $1, s.purpose, s.version, s.is_given, $5
        FROM unnest($2::text[], $3::integer[], $4::boolean[]) AS s (purpose, version, is_given)
        """,
        account_id,
        [purpose for purpose, _, _ in said],
        [version for _, version, _ in said],
        [is_given for _, _, is_given in said],
        now,
    )


async def list_history(connection: Connection, account_id: uuid.UUID) -> list[dict[str, Any]]:
    """Everything a person ever said of consents, the oldest first."""
    rows = await connection.fetch(
        """
        SELECT purpose, version, is_given AS given, at FROM consent
        WHERE account_id = $1 ORDER BY id LIMIT 5000
        """,
        account_id,
    )
    return [dict(row) for row in rows]


async def insert_text(connection: Connection, text: ConsentText) -> None:
    """Put a new version of a text in force; only the owner of the database may."""
    await connection.execute(
        "UPDATE consent_text SET is_active = false WHERE purpose = $1 AND is_active", text.purpose
    )
    await connection.execute(
        f"INSERT INTO consent_text ({_TEXT})"  # noqa: S608  own column names
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        text.purpose,
        text.version,
        text.title_vi,
        text.title_en,
        text.text_vi,
        text.text_en,
        text.law,
        text.position,
        text.renews,
        text.is_active,
    )


async def retire_text(connection: Connection, purpose: str) -> None:
    """Ask for this purpose no more; consents to it no longer count."""
    await connection.execute(
        "UPDATE consent_text SET is_active = false WHERE purpose = $1 AND is_active", purpose
    )
