"""What an operator does with accounts: add, change the password, switch off and on."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

import asyncpg

from backend.accounts import codes, passwords, store
from backend.accounts.errors import AccountMissing, AccountRefused, NameTaken
from backend.accounts.principals import ROLES, Role
from backend.accounts.sessions import issue_wall_token, normal_username
from backend.accounts.tables import Account
from backend.database import Connection, Database
from backend.errors import FieldFault
from backend.identifiers import AccountId, new_uuid7

_NEEDS_AGENCY: Final = frozenset(("officer", "key_holder"))
WALL_TOKEN_DAYS: Final = 3650


@dataclass(frozen=True)
class NewAccount:
    """An account to add; `password` None for a wall, which signs in by its link alone."""

    username: str
    role: Role
    name: str
    password: str | None = field(default=None, repr=False)
    agency_code: str | None = None
    unit_code: str | None = None
    sees_restricted: bool = False


async def add_account(database: Database, new: NewAccount, *, now: datetime) -> AccountId:
    """Store the account; raises WeakPassword, AccountRefused or NameTaken."""
    username = normal_username(new.username)
    _check(new, username)
    if new.password is not None:
        passwords.check_strength(new.password, username=username)
        password_hash = await passwords.hash_password(new.password)
    else:
        password_hash = None
    account_id = AccountId(new_uuid7())
    row = Account(
        id=account_id,
        username=username,
        role=new.role,
        name=new.name.strip(),
        password_hash=password_hash,
        agency_code=new.agency_code,
        unit_code=new.unit_code,
        sees_restricted=new.sees_restricted,
        created_at=now,
    )
    async with database.transaction():
        try:
            await Account.insert(row)
        except asyncpg.UniqueViolationError:
            raise NameTaken() from None
        except asyncpg.ForeignKeyViolationError:
            raise _refused("agency", "Không có cơ quan này.", "There is no such agency.") from None
    return account_id


async def change_password(database: Database, username: str, password: str) -> None:
    """Set a new password and end every session; raises AccountMissing or WeakPassword."""
    name = normal_username(username)
    passwords.check_strength(password, username=name)
    password_hash = await passwords.hash_password(password)
    async with database.transaction() as connection:
        account_id = await _lock(connection, name)
        await Account.update({Account.password_hash: password_hash}).where(Account.id == account_id)
        await store.delete_sessions_of(connection, account_id)


async def set_active(database: Database, username: str, *, is_active: bool) -> int:
    """Switch an account on or off; off ends its sessions at once. How many sessions ended."""
    async with database.transaction() as connection:
        account_id = await _lock(connection, normal_username(username))
        await Account.update({Account.is_active: is_active}).where(Account.id == account_id)
        return 0 if is_active else await store.delete_sessions_of(connection, account_id)


async def set_up_codes(database: Database, username: str) -> str:
    """Ask this account for one-time codes from now on; what its authenticator app must read."""
    name = normal_username(username)
    secret = codes.new_secret()
    async with database.transaction() as connection:
        account_id = await _lock(connection, name)
        await Account.update({Account.totp_secret: secret}).where(Account.id == account_id)
    return codes.enrolment_uri(secret, name)


async def drop_codes(database: Database, username: str) -> None:
    """Ask this account for no codes any more: its phone is lost or new."""
    async with database.transaction() as connection:
        account_id = await _lock(connection, normal_username(username))
        await Account.update({Account.totp_secret: None}).where(Account.id == account_id)


async def add_wall(
    database: Database, username: str, *, name: str, unit_code: str | None, now: datetime
) -> str:
    """A new screen with a token for its link; raises NameTaken."""
    account_id = await add_account(
        database, NewAccount(username, "wall", name, unit_code=unit_code), now=now
    )
    async with database.transaction() as connection:
        return await issue_wall_token(connection, account_id, now=now, days=WALL_TOKEN_DAYS)


async def issue_wall_link(database: Database, username: str, *, now: datetime) -> str:
    """One more token for a screen that is there; raises AccountMissing."""
    async with database.transaction() as connection:
        account_id = await store.find_wall(connection, normal_username(username))
        if account_id is None:
            raise AccountMissing()
        return await issue_wall_token(connection, account_id, now=now, days=WALL_TOKEN_DAYS)


async def _lock(connection: Connection, username: str) -> UUID:
    account_id = await store.lock_account(connection, username)
    if account_id is None:
        raise AccountMissing()
    return account_id


def _check(new: NewAccount, username: str) -> None:
    if not username or not username.isprintable() or any(letter.isspace() for letter in username):
        raise _refused("username", "Tên đăng nhập không hợp lệ.", "Not a valid user name.")
    if new.role not in ROLES:
        raise _refused("role", "Không có vai trò này.", "There is no such role.")
    if not new.name.strip():
        raise _refused("name", "Thiếu họ tên.", "The name is missing.")
    if new.role in _NEEDS_AGENCY and new.agency_code is None:
        raise _refused("agency", "Cán bộ phải thuộc một cơ quan.", "An officer needs an agency.")
    if (new.password is None) != (new.role == "wall"):
        raise _refused(
            "password",
            "Mọi tài khoản trừ màn hình đều cần mật khẩu.",
            "Every account has a password, except screens.",
        )


def _refused(field_name: str, vi: str, en: str) -> AccountRefused:
    return AccountRefused(vi, en, faults=(FieldFault(field_name, vi, en),))
