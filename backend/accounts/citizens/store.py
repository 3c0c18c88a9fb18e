"""The SQL of citizens' accounts, their identities, one-time codes and sign-ins under way."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from backend.accounts.addresses import Address, AddressKind
from backend.database import Connection

IdentityKind: TypeAlias = Literal["phone", "email", "oidc"]
GUESSES_MOST = 5


@dataclass(frozen=True)
class NewCode:
    """A code that was asked for; `account_id` is the account an address is added to, else None."""

    id: uuid.UUID
    request_hash: bytes = field(repr=False)
    address: Address
    language: str
    account_id: uuid.UUID | None
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class SentCode:
    """A code as far as sending it or guessing at it goes."""

    id: uuid.UUID
    address: Address
    language: str
    account_id: uuid.UUID | None
    expires_at: datetime
    is_sent: bool
    is_used: bool


@dataclass(frozen=True)
class Identity:
    """What a citizen has proved: an address, or a subject of an identity provider."""

    kind: IdentityKind
    value: str = field(repr=False)
    issuer: str = ""


@dataclass(frozen=True)
class CitizenAccount:
    """Whose identity it is, and whether they may still sign in."""

    id: uuid.UUID
    is_active: bool


async def insert_code(connection: Connection, new: NewCode) -> None:
    """Keep a code that was asked for, and give the worker the work of sending it."""
    await connection.execute(
        """
        WITH kept AS (
            INSERT INTO sign_in_code (id, request_hash, kind, address, language, account_id,
                created_at, expires_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
            RETURNING id
        )
        INSERT INTO pgqueuer (priority, entrypoint, payload, status)
        SELECT 0, 'send_sign_in_code', convert_to(id::text, 'UTF8'), 'queued' FROM kept
        """,
        new.id,
        new.request_hash,
        new.address.kind,
        new.address.value,
        new.language,
        new.account_id,
        new.created_at,
        new.expires_at,
    )


_CODE = "id, kind, address, language, account_id, expires_at, sent_at, used_at"


async def find_code(connection: Connection, code_id: uuid.UUID) -> SentCode | None:
    """The code with this id."""
    row = await connection.fetchrow(
        f"SELECT {_CODE} FROM sign_in_code WHERE id = $1",  # noqa: S608  own column names
        code_id,
    )
    return _sent_code(row) if row else None


async def find_requested_address(
    connection: Connection, request_hash: bytes, *, now: datetime
) -> Address | None:
    """Where the code of this request goes, as long as it can be used."""
    row = await connection.fetchrow(
        """
        SELECT kind, address FROM sign_in_code
        WHERE request_hash = $1 AND used_at IS NULL AND expires_at > $2
        """,
        request_hash,
        now,
    )
    return Address(row["kind"], row["address"]) if row else None


async def mark_sent(connection: Connection, code_id: uuid.UUID, at: datetime) -> None:
    """Note that the code was handed over."""
    await connection.execute("UPDATE sign_in_code SET sent_at = $2 WHERE id = $1", code_id, at)


async def count_guess(
    connection: Connection, request_hash: bytes, *, now: datetime
) -> SentCode | None:
    """Count one guess at the code of this request, before it is compared.

    None when there is nothing (left) to guess at. The row stays locked until the transaction ends,
    so that of simultaneous guesses each is counted.
    """
    row = await connection.fetchrow(
        f"""
        UPDATE sign_in_code SET guesses = guesses + 1
        WHERE request_hash = $1 AND guesses < {GUESSES_MOST} AND used_at IS NULL
          AND expires_at > $2
        RETURNING {_CODE}
        """,  # noqa: S608  own column names and number
        request_hash,
        now,
    )
    return _sent_code(row) if row else None


async def spend_codes(connection: Connection, address: Address, *, now: datetime) -> None:
    """End every open code of this address: one has been used."""
    await connection.execute(
        """
        UPDATE sign_in_code SET used_at = $3 WHERE address = $1 AND kind = $2 AND used_at IS NULL
        """,
        address.value,
        address.kind,
        now,
    )


async def find_account_of(connection: Connection, identity: Identity) -> CitizenAccount | None:
    """The account that proved this identity."""
    row = await connection.fetchrow(
        """
        SELECT a.id, a.is_active FROM account_identity i JOIN account a ON a.id = i.account_id
        WHERE i.kind = $1 AND i.issuer = $2 AND i.value = $3
        """,
        identity.kind,
        identity.issuer,
        identity.value,
    )
    return CitizenAccount(**row) if row else None


async def insert_citizen(
    connection: Connection, account_id: uuid.UUID, *, name: str, language: str, now: datetime
) -> None:
    """A new account of a citizen, with no way in but the identities it is given next."""
    await connection.execute(
        """
        INSERT INTO account (id, username, role, name, language, created_at, last_sign_in_at)
        VALUES ($1, $2, 'citizen', $3, $4, $5, $5)
        """,
        account_id,
        f"dan.{account_id.hex}",
        name,
        language,
        now,
    )


async def insert_identity(
    connection: Connection,
    identity_id: uuid.UUID,
    *,
    account_id: uuid.UUID,
    identity: Identity,
    now: datetime,
) -> bool:
    """Note that the account has proved this identity; False if any account had it already."""
    done = await connection.execute(
        """
        INSERT INTO account_identity (id, account_id, kind, issuer, value, verified_at)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING
        """,
        identity_id,
        account_id,
        identity.kind,
        identity.issuer,
        identity.value,
        now,
    )
    return done == "INSERT 0 1"


async def note_sign_in(connection: Connection, account_id: uuid.UUID, *, now: datetime) -> None:
    """Remember when somebody last signed in: an account nobody uses is closed one day."""
    await connection.execute(
        "UPDATE account SET last_sign_in_at = $2 WHERE id = $1", account_id, now
    )


@dataclass(frozen=True)
class OidcAttempt:
    """A sign-in under way at an identity provider."""

    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    goes_to: str


async def insert_attempt(
    connection: Connection,
    attempt: OidcAttempt,
    *,
    state_hash: bytes,
    browser_hash: bytes,
    expires_at: datetime,
) -> None:
    """Remember a browser that is sent to the provider."""
    await connection.execute(
        """
        INSERT INTO oidc_attempt (state_hash, browser_hash, nonce, verifier, goes_to, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        state_hash,
        browser_hash,
        attempt.nonce,
        attempt.verifier,
        attempt.goes_to,
        expires_at,
    )


async def take_attempt(
    connection: Connection, state_hash: bytes, browser_hash: bytes, *, now: datetime
) -> OidcAttempt | None:
    """The attempt that this browser began with this state, once."""
    row = await connection.fetchrow(
        """
        DELETE FROM oidc_attempt WHERE state_hash = $1 AND browser_hash = $2 AND expires_at > $3
        RETURNING nonce, verifier, goes_to
        """,
        state_hash,
        browser_hash,
        now,
    )
    return OidcAttempt(**row) if row else None


@dataclass(frozen=True)
class Particulars:
    """What is kept of a citizen beside what they did."""

    id: uuid.UUID
    name: str
    language: str
    created_at: datetime
    last_sign_in_at: datetime | None


async def find_particulars(connection: Connection, account_id: uuid.UUID) -> Particulars | None:
    """The particulars of an open account."""
    row = await connection.fetchrow(
        """
        SELECT id, name, language, created_at, last_sign_in_at FROM account
        WHERE id = $1 AND closed_at IS NULL
        """,
        account_id,
    )
    return Particulars(**row) if row else None


async def update_particulars(
    connection: Connection, account_id: uuid.UUID, *, name: str | None, language: str | None
) -> None:
    """Correct the name or the language; None leaves it."""
    await connection.execute(
        "UPDATE account SET name = coalesce($2, name), language = coalesce($3, language)"
        " WHERE id = $1",
        account_id,
        name,
        language,
    )


async def list_identities(connection: Connection, account_id: uuid.UUID) -> list[dict[str, Any]]:
    """What the account has proved, the oldest first."""
    rows = await connection.fetch(
        """
        SELECT id, kind, issuer, value, verified_at FROM account_identity
        WHERE account_id = $1 ORDER BY verified_at, id LIMIT 50
        """,
        account_id,
    )
    return [dict(row) for row in rows]


async def lock_identities(connection: Connection, account_id: uuid.UUID) -> list[uuid.UUID]:
    """The identities of an account, which nobody else adds or removes meanwhile."""
    await connection.execute("SELECT FROM account WHERE id = $1 FOR UPDATE", account_id)
    rows = await connection.fetch(
        "SELECT id FROM account_identity WHERE account_id = $1 ORDER BY id LIMIT 100", account_id
    )
    return [row["id"] for row in rows]


async def delete_identity(connection: Connection, identity_id: uuid.UUID) -> None:
    """Forget one identity, with the codes that were sent there."""
    await connection.execute(
        """
        WITH gone AS (DELETE FROM account_identity WHERE id = $1 RETURNING kind, value)
        DELETE FROM sign_in_code c USING gone WHERE c.address = gone.value AND c.kind = gone.kind
        """,
        identity_id,
    )


async def list_sessions(connection: Connection, account_id: uuid.UUID) -> list[dict[str, Any]]:
    """The sign-ins that are open, the newest first; nothing by which one could be used."""
    rows = await connection.fetch(
        """
        SELECT family AS id, min(created_at) AS created_at, max(last_seen_at) AS last_seen_at,
               max(expires_at) AS expires_at, bool_or(kind = 'page') AS is_browser
        FROM session WHERE account_id = $1 GROUP BY family
        ORDER BY min(created_at) DESC, family LIMIT 100
        """,
        account_id,
    )
    return [dict(row) for row in rows]


async def close_account(connection: Connection, account_id: uuid.UUID, *, now: datetime) -> bool:
    """End an account for good: nothing of the person stays in its row; False if it was closed.

    Everything by which somebody could sign in or be reached goes with it.
    """
    row = await connection.fetchrow(
        """
        WITH closed AS (
            UPDATE account SET username = 'da-xoa.' || replace(id::text, '-', ''), name = '',
                password_hash = NULL, totp_secret = NULL, unit_code = NULL, is_active = false,
                last_sign_in_at = NULL, closed_at = $2
            WHERE id = $1 AND role = 'citizen' AND closed_at IS NULL
            RETURNING id
        ), ended AS (
            DELETE FROM session WHERE account_id IN (SELECT id FROM closed)
        ), unproved AS (
            DELETE FROM account_identity WHERE account_id IN (SELECT id FROM closed)
            RETURNING kind, value
        ), uncoded AS (
            DELETE FROM sign_in_code c
            WHERE c.account_id IN (SELECT id FROM closed)
                OR (c.kind, c.address) IN (SELECT kind, value FROM unproved)
        ), unreachable AS (
            DELETE FROM device WHERE account_id IN (SELECT id FROM closed)
        ), unasked AS (
            DELETE FROM notice_choice WHERE account_id IN (SELECT id FROM closed)
        ), unalerted AS (
            DELETE FROM area_alert WHERE account_id IN (SELECT id FROM closed)
        )
        SELECT id FROM closed
        """,
        account_id,
        now,
    )
    return row is not None


def _sent_code(row: Any) -> SentCode:
    kind: AddressKind = row["kind"]
    return SentCode(
        id=row["id"],
        address=Address(kind, row["address"]),
        language=row["language"],
        account_id=row["account_id"],
        expires_at=row["expires_at"],
        is_sent=row["sent_at"] is not None,
        is_used=row["used_at"] is not None,
    )
