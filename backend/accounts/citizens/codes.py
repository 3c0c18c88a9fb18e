"""One-time codes by text message or e-mail: asked for, sent by the worker, guessed at five times.

The code is not stored, not even hashed (a million possibilities are no secret): it is derived from
the installation's key and the row's id, so that a copy of the database opens nothing. It opens only
together with the random token that whoever asked for it was given.
"""

import hmac
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

from backend.accounts.addresses import Address
from backend.accounts.citizens import store
from backend.accounts.citizens.store import NewCode, SentCode
from backend.clock import now as clock_now
from backend.database import Connection, Database
from backend.identifiers import hash_token, new_token, new_uuid7
from backend.jobs.errors import BadPayload
from backend.settings import Settings

LIFETIME: Final = timedelta(minutes=10)
_DIGITS: Final = 6
_log = structlog.get_logger("caunoi.sign_in")


@dataclass(frozen=True)
class AskedCode:
    """What whoever asked for a code is given: without `request` the code opens nothing."""

    request: str = field(repr=False)
    expires_at: datetime


async def ask_code(
    database: Database,
    address: Address,
    *,
    language: str,
    now: datetime,
    account_id: uuid.UUID | None = None,
) -> AskedCode:
    """Have a code sent to this address, whether anybody has an account with it or not."""
    request = new_token()
    asked = NewCode(
        id=new_uuid7(),
        request_hash=hash_token(request),
        address=address,
        language=language,
        account_id=account_id,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    async with database.transaction() as connection:
        await store.insert_code(connection, asked)
    return AskedCode(request, asked.expires_at)


async def guess_code(
    connection: Connection, request: str, typed: str, *, settings: Settings, now: datetime
) -> SentCode | None:
    """The request's code if `typed` is it, which spends it; else None, and the guess is counted.

    The caller's transaction must be committed either way, or the guess would not count.
    """
    found = await store.count_guess(connection, hash_token(request), now=now)
    if found is None:
        return None
    digits = "".join(typed.split())
    if not hmac.compare_digest(code_of(settings, found.id).encode(), digits.encode()):
        return None
    await store.spend_codes(connection, found.address, now=now)
    return found


def code_of(settings: Settings, code_id: uuid.UUID) -> str:
    """The six digits that belong to this row."""
    digest = hmac.digest(settings.secret_key, b"sign-in-code:" + code_id.bytes, "sha256")
    # 64 bits over a million: no digit is measurably likelier than another
    return f"{int.from_bytes(digest[:8], 'big') % 10**_DIGITS:0{_DIGITS}d}"


async def find_code_to_send(database: Database, payload: bytes) -> SentCode | None:
    """The code that a job is to send; None when it is sent, used, over or gone.

    Raises BadPayload.
    """
    try:
        code_id = uuid.UUID(payload.decode("ascii", "replace"))
    except ValueError:
        raise BadPayload() from None
    found = await store.find_code(database.app, code_id)
    if found is None or found.is_sent or found.is_used:
        return None
    if found.expires_at <= clock_now():
        _log.warning("sign-in code came too late to be sent", kind=found.address.kind)
        return None
    return found
