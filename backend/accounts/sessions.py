"""Signing in, staying in, signing out. Decision 0004: opaque tokens, kept by their hash."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from backend.accounts import codes, passwords, store
from backend.accounts.errors import CodeNeeded, SessionEnded, SignInFailed
from backend.accounts.principals import Principal, Role
from backend.accounts.store import NewSession, SessionKind, SignInAccount
from backend.database import Connection, Database
from backend.identifiers import hash_token, new_token, new_uuid7
from backend.settings import Settings

ACCESS_MINUTES: Final = 15


@dataclass(frozen=True)
class Tokens:
    """A pair for a program: one opens for `expires_in` seconds, the other renews the pair once."""

    access_token: str
    refresh_token: str
    expires_in: int


@dataclass(frozen=True)
class Credentials:
    """What somebody typed to prove who they are."""

    username: str
    password: str
    code: str | None = None


async def open_program_session(
    database: Database, credentials: Credentials, *, settings: Settings, now: datetime
) -> Tokens:
    """Sign a program in; raises SignInFailed or CodeNeeded."""
    account = await _check_password(database.app, credentials)
    ends_at = now + timedelta(hours=settings.session_hours)
    async with database.transaction() as connection:
        await _check_code(connection, account, credentials.code, now=now)
        return await _issue_pair(connection, account.id, new_uuid7(), now=now, ends_at=ends_at)


async def open_page_session(
    database: Database, credentials: Credentials, *, settings: Settings, now: datetime
) -> tuple[str, Role]:
    """Sign a browser in: the cookie's token and the role; raises SignInFailed or CodeNeeded."""
    account = await _check_password(database.app, credentials)
    ends_at = now + timedelta(hours=settings.session_hours)
    async with database.transaction() as connection:
        await _check_code(connection, account, credentials.code, now=now)
        token = await _issue(connection, account.id, new_uuid7(), "page", now=now, ends_at=ends_at)
    return token, account.role


async def issue_citizen_tokens(
    connection: Connection, account_id: UUID, *, settings: Settings, now: datetime
) -> Tokens:
    """A pair for the app of a citizen who has proved an identity of theirs."""
    ends_at = now + timedelta(days=settings.citizen_session_days)
    return await _issue_pair(connection, account_id, new_uuid7(), now=now, ends_at=ends_at)


async def issue_citizen_cookie(
    connection: Connection, account_id: UUID, *, settings: Settings, now: datetime
) -> str:
    """A cookie's token for the browser of a citizen who has proved an identity of theirs."""
    ends_at = now + timedelta(days=settings.citizen_session_days)
    return await _issue(connection, account_id, new_uuid7(), "page", now=now, ends_at=ends_at)


async def renew_program_session(
    database: Database, refresh_token: str, *, settings: Settings, now: datetime
) -> Tokens:
    """Trade a refresh token for a new pair; raises SessionEnded.

    A refresh token works once. Used twice, it has been copied: nobody can tell the thief from the
    owner, so the whole family of tokens ends (RFC 9700 §4.14.2).
    """
    token_hash = hash_token(refresh_token)
    async with database.transaction() as connection:
        idle = timedelta(minutes=settings.session_idle_minutes)
        used = await store.use_refresh_token(connection, token_hash, now=now, idle=idle)
        if used is not None:
            await store.delete_access_tokens(connection, used.family)
            return await _issue_pair(
                connection, used.account_id, used.family, now=now, ends_at=used.expires_at
            )
        await store.delete_family_of_used(connection, token_hash)
    raise SessionEnded()


async def close_session(database: Database, principal: Principal) -> None:
    """End the session the principal came with, and everything issued along with it."""
    await store.delete_family(database.app, principal.session_hash)


async def issue_wall_token(
    connection: Connection, account_id: UUID, *, now: datetime, days: int
) -> str:
    """A token for one screen: it reads what walls may see, for so long or until it is revoked."""
    return await _issue(
        connection,
        account_id,
        new_uuid7(),
        "wall",
        now=now,
        ends_at=now + timedelta(days=days),
    )


async def _check_password(connection: Connection, given: Credentials) -> SignInAccount:
    """Whose name and password these are; no connection is held while the hash is computed."""
    account = await store.find_for_sign_in(connection, normal_username(given.username))
    stored = account.password_hash if account is not None and account.is_active else None
    if not await passwords.is_password(given.password, stored) or account is None:
        raise SignInFailed()
    return account


async def _check_code(
    connection: Connection, account: SignInAccount, code: str | None, *, now: datetime
) -> None:
    """After the password only, so that nothing is told to whoever does not have that."""
    if account.totp_secret is None:
        return
    if not code:
        raise CodeNeeded()
    step = codes.find_step(account.totp_secret, code, now)
    if step is None or not await store.spend_code(connection, account.id, step, now=now):
        raise SignInFailed()


async def _issue_pair(
    connection: Connection, account_id: UUID, family: UUID, *, now: datetime, ends_at: datetime
) -> Tokens:
    access_until = min(now + timedelta(minutes=ACCESS_MINUTES), ends_at)
    access = await _issue(connection, account_id, family, "access", now=now, ends_at=access_until)
    refresh = await _issue(connection, account_id, family, "refresh", now=now, ends_at=ends_at)
    return Tokens(access, refresh, int((access_until - now).total_seconds()))


async def _issue(
    connection: Connection,
    account_id: UUID,
    family: UUID,
    kind: SessionKind,
    *,
    now: datetime,
    ends_at: datetime,
) -> str:
    token = new_token()
    await store.insert_session(
        connection, NewSession(hash_token(token), account_id, kind, family, now, ends_at)
    )
    return token


def normal_username(typed: str) -> str:
    """The stored form of a typed user name."""
    return typed.strip().lower()
