"""Citizens sign in, prove further addresses, and let go of them."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from backend.accounts import sessions
from backend.accounts.citizens import store
from backend.accounts.citizens.codes import guess_code
from backend.accounts.citizens.store import Identity
from backend.accounts.errors import AddressTaken, LastAddress, UnknownAddress, WrongCode
from backend.accounts.sessions import Tokens
from backend.database import Connection, Database
from backend.identifiers import AccountId, new_uuid7
from backend.settings import Settings


@dataclass(frozen=True)
class Typed:
    """What came back of a code: the token of the request and the digits."""

    request: str = field(repr=False)
    code: str = field(repr=False)


async def sign_in_program(
    database: Database, typed: Typed, *, settings: Settings, now: datetime
) -> Tokens:
    """Tokens for a citizen's app; the account is made at the first sign-in. Raises WrongCode."""
    async with database.transaction() as connection:
        account_id = await _account_by_code(connection, typed, settings=settings, now=now)
        if account_id is not None:
            return await sessions.issue_citizen_tokens(
                connection, account_id, settings=settings, now=now
            )
    raise WrongCode()


async def sign_in_browser(
    database: Database, typed: Typed, *, settings: Settings, now: datetime
) -> str:
    """The token for a citizen's cookie; as sign_in_program otherwise."""
    async with database.transaction() as connection:
        account_id = await _account_by_code(connection, typed, settings=settings, now=now)
        if account_id is not None:
            return await sessions.issue_citizen_cookie(
                connection, account_id, settings=settings, now=now
            )
    raise WrongCode()


async def sign_in_identity(
    database: Database,
    identity: Identity,
    *,
    name: str,
    language: str,
    settings: Settings,
    now: datetime,
) -> str | None:
    """The token for the cookie of whom an identity provider vouches for; None if switched off."""
    async with database.transaction() as connection:
        account_id = await _open_account(
            connection, identity, name=name, language=language, now=now
        )
        if account_id is None:
            return None
        return await sessions.issue_citizen_cookie(
            connection, account_id, settings=settings, now=now
        )


async def add_address(
    database: Database,
    typed: Typed,
    *,
    account_id: AccountId,
    settings: Settings,
    now: datetime,
) -> None:
    """Note a further address of this account; raises WrongCode or AddressTaken."""
    async with database.transaction() as connection:
        code = await guess_code(connection, typed.request, typed.code, settings=settings, now=now)
        is_own = code is not None and code.account_id == account_id
        is_taken = False
        if code is not None and is_own:
            identity = Identity(code.address.kind, code.address.value)
            if not await store.insert_identity(
                connection, new_uuid7(), account_id=account_id, identity=identity, now=now
            ):
                owner = await store.find_account_of(connection, identity)
                is_taken = owner is None or owner.id != account_id
    # after the transaction: a guess counts whatever came of it
    if not is_own:
        raise WrongCode()
    if is_taken:
        raise AddressTaken()


async def drop_address(
    database: Database, identity_id: uuid.UUID, *, account_id: AccountId
) -> None:
    """Forget an address; raises UnknownAddress, and LastAddress for the only one."""
    async with database.transaction() as connection:
        ids = await store.lock_identities(connection, account_id)
        if identity_id not in ids:
            raise UnknownAddress()
        if len(ids) == 1:
            raise LastAddress()
        await store.delete_identity(connection, identity_id)


async def _account_by_code(
    connection: Connection, typed: Typed, *, settings: Settings, now: datetime
) -> uuid.UUID | None:
    code = await guess_code(connection, typed.request, typed.code, settings=settings, now=now)
    if code is None or code.account_id is not None:
        return None
    identity = Identity(code.address.kind, code.address.value)
    return await _open_account(connection, identity, name="", language=code.language, now=now)


async def _open_account(
    connection: Connection, identity: Identity, *, name: str, language: str, now: datetime
) -> uuid.UUID | None:
    """The account with this identity, made if there is none; None when it is switched off."""
    found = await store.find_account_of(connection, identity)
    if found is None:
        account_id = new_uuid7()
        await store.insert_citizen(connection, account_id, name=name, language=language, now=now)
        if await store.insert_identity(
            connection, new_uuid7(), account_id=account_id, identity=identity, now=now
        ):
            return account_id
        # signed in twice at the same moment: the other one's account it is
        await store.close_account(connection, account_id, now=now)
        found = await store.find_account_of(connection, identity)
    if found is None or not found.is_active:
        return None
    await store.note_sign_in(connection, found.id, now=now)
    return found.id
