"""The SQL of accounts and sessions."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypeAlias
from uuid import UUID

from backend.accounts.principals import Principal, Role, Via
from backend.database import Connection

SessionKind: TypeAlias = Literal["access", "refresh", "page", "wall"]

# `last_seen_at` is written at most once a minute, so that reading a page does not write a row.
# Idleness ends the sessions of staff only: a citizen's telephone is their own.
_FIND_PRINCIPAL = """
WITH seen AS (
    UPDATE session s SET last_seen_at = $3
    FROM account a
    WHERE s.token_hash = $1 AND s.last_seen_at < $3::timestamptz - interval '1 minute'
      AND a.id = s.account_id AND s.expires_at > $3
      AND (a.role IN ('wall', 'citizen') OR s.last_seen_at > $4)
)
SELECT a.id, a.role, a.name, a.agency_code, a.unit_code, a.sees_restricted
FROM session s
JOIN account a ON a.id = s.account_id
WHERE s.token_hash = $1 AND s.kind = ANY ($2) AND s.expires_at > $3 AND a.is_active
  AND (a.role IN ('wall', 'citizen') OR s.last_seen_at > $4)
"""

# A cookie never opens what was issued as a bearer token, nor the other way round; a wall's
# token may come as either, because a screen is opened with a link.
_KINDS: dict[Via, list[str]] = {"bearer": ["access", "wall"], "cookie": ["page", "wall"]}


async def find_principal(
    connection: Connection,
    session_hash: bytes,
    *,
    via: Via,
    now: datetime,
    idle: timedelta,
) -> Principal | None:
    """Who holds the live session with this hash, in one statement; None when there is no such."""
    row = await connection.fetchrow(_FIND_PRINCIPAL, session_hash, _KINDS[via], now, now - idle)
    if row is None:
        return None
    return Principal(
        account_id=row["id"],
        role=row["role"],
        name=row["name"],
        agency_code=row["agency_code"],
        unit_code=row["unit_code"],
        sees_restricted=row["sees_restricted"],
        session_hash=session_hash,
        via=via,
    )


@dataclass(frozen=True)
class SignInAccount:
    """What must be known of an account to let somebody in."""

    id: UUID
    role: Role
    password_hash: str | None = field(repr=False)
    totp_secret: str | None = field(repr=False)
    is_active: bool


@dataclass(frozen=True)
class NewSession:
    """A session to store."""

    token_hash: bytes
    account_id: UUID
    kind: SessionKind
    family: UUID
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class UsedToken:
    """A refresh token that has just been used up."""

    account_id: UUID
    family: UUID
    expires_at: datetime


async def find_for_sign_in(connection: Connection, username: str) -> SignInAccount | None:
    """The account of this name, walls excepted; None when there is none."""
    row = await connection.fetchrow(
        """
        SELECT id, role, password_hash, totp_secret, is_active FROM account
        WHERE username = $1 AND role <> 'wall'
        """,
        username,
    )
    return None if row is None else SignInAccount(**row)


async def insert_session(connection: Connection, session: NewSession) -> None:
    """Store one session by its token's hash."""
    await connection.execute(
        """
        INSERT INTO session (token_hash, account_id, kind, family, created_at, last_seen_at,
            expires_at)
        VALUES ($1, $2, $3, $4, $5, $5, $6)
        """,
        session.token_hash,
        session.account_id,
        session.kind,
        session.family,
        session.created_at,
        session.expires_at,
    )


async def use_refresh_token(
    connection: Connection, token_hash: bytes, *, now: datetime, idle: timedelta
) -> UsedToken | None:
    """Use the token up; None when it is unknown, used, expired, idle too long or its owner gone.

    Of two simultaneous uses the row's lock lets one through.
    """
    row = await connection.fetchrow(
        """
        UPDATE session s SET used_at = $2
        FROM account a
        WHERE s.token_hash = $1 AND s.kind = 'refresh' AND s.used_at IS NULL
          AND s.expires_at > $2 AND a.id = s.account_id AND a.is_active
          AND (s.created_at > $3 OR a.role = 'citizen')
        RETURNING s.account_id, s.family, s.expires_at
        """,
        token_hash,
        now,
        now - idle,
    )
    return None if row is None else UsedToken(**row)


async def delete_access_tokens(connection: Connection, family: UUID) -> None:
    """End the access tokens of a family; its refresh tokens stay known."""
    await connection.execute("DELETE FROM session WHERE family = $1 AND kind = 'access'", family)


async def delete_family_of_used(connection: Connection, token_hash: bytes) -> None:
    """End the whole family of a token that was used before."""
    await connection.execute(
        """
        DELETE FROM session WHERE family =
            (SELECT family FROM session WHERE token_hash = $1 AND used_at IS NOT NULL)
        """,
        token_hash,
    )


async def delete_family(connection: Connection, token_hash: bytes) -> None:
    """End a session and all that was issued along with it."""
    await connection.execute(
        "DELETE FROM session WHERE family = (SELECT family FROM session WHERE token_hash = $1)",
        token_hash,
    )


async def delete_sessions_of(connection: Connection, account_id: UUID) -> int:
    """End every session of an account; how many there were."""
    rows = await connection.fetch(
        "DELETE FROM session WHERE account_id = $1 RETURNING token_hash", account_id
    )
    return len(rows)


async def spend_code(connection: Connection, account_id: UUID, step: int, *, now: datetime) -> bool:
    """Take a one-time code; False when it has been taken before (RFC 6238 §5.2).

    Kept beside the limits, where it is cleared away once its time is over.
    """
    taken = await connection.fetchval(
        """
        INSERT INTO rate_limit (key, allowed_at) VALUES ($1, $2)
        ON CONFLICT (key) DO NOTHING RETURNING key
        """,
        f"code:{account_id}:{step}",
        now + timedelta(minutes=3),
    )
    return taken is not None


async def lock_account(connection: Connection, username: str) -> UUID | None:
    """The id of this account, held until the transaction ends; None when there is none."""
    account_id: UUID | None = await connection.fetchval(
        "SELECT id FROM account WHERE username = $1 FOR UPDATE", username
    )
    return account_id


async def revoke_wall(connection: Connection, username: str) -> int:
    """End every token of this screen; how many there were."""
    rows = await connection.fetch(
        """
        DELETE FROM session s USING account a
        WHERE a.id = s.account_id AND a.username = $1 AND a.role = 'wall'
        RETURNING s.token_hash
        """,
        username,
    )
    return len(rows)


async def find_wall(connection: Connection, username: str) -> UUID | None:
    """The id of the active screen of this name; None when there is none."""
    account_id: UUID | None = await connection.fetchval(
        "SELECT id FROM account WHERE username = $1 AND role = 'wall' AND is_active", username
    )
    return account_id
