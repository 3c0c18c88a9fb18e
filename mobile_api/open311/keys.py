"""Keys of programs that send reports: an operator issues them, only their digest is stored."""

import re
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg

from backend.clock import day_of, now
from backend.database import Database
from backend.errors import FieldFault, Unprocessable
from backend.identifiers import hash_token, new_token, new_uuid7
from backend.settings import Settings
from backend.web.limits import Limit, hold_in_database
from mobile_api.open311 import store
from mobile_api.open311.errors import KeyNameTaken, KeyRefused, UnknownKeyName, WritingOff

# Ours are 43 characters; nothing much longer is worth hashing.
_LONGEST: Final = 100
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,59}")
_MINUTES_A_DAY: Final = 24 * 60


@dataclass(frozen=True)
class Sender:
    """Who sends a report: the program whose key it was, or (`key_id` None) anybody."""

    key_id: uuid.UUID | None

    @property
    def principal(self) -> str:
        """Under whose name idempotency keys are kept apart."""
        return f"open311:{self.key_id or 'anyone'}"


async def find_sender(database: Database, settings: Settings, api_key: str | None) -> Sender:
    """Whose key this is, without counting the question; raises KeyRefused, WritingOff."""
    key = await _key_of(database, settings, api_key)
    return Sender(key.id if key else None)


async def admit_sender(database: Database, settings: Settings, api_key: str | None) -> Sender:
    """Whose key this is, counted against its limits; raises KeyRefused, WritingOff, TooMany."""
    key = await _key_of(database, settings, api_key)
    if key is None:
        return Sender(None)
    moment = now()
    for limit in (
        Limit("open311_minute", per_minute=key.per_minute, burst=key.per_minute),
        Limit("open311_day", per_minute=key.per_day / _MINUTES_A_DAY, burst=key.per_day),
    ):
        await hold_in_database(database.app, limit, str(key.id), settings=settings, now=moment)
    if key.last_used_on != day_of(moment):
        await store.touch_key(database.app, key.id, day_of(moment))
    return Sender(key.id)


async def _key_of(database: Database, settings: Settings, api_key: str | None) -> store.Key | None:
    """The live key; None for a sender without one where none is needed."""
    if settings.open311_write == "off":
        raise WritingOff()
    if not api_key and settings.open311_write == "open":
        return None
    if not api_key or len(api_key) > _LONGEST:
        raise KeyRefused()
    key = await store.find_key(database.app, hash_token(api_key))
    if key is None:
        raise KeyRefused()
    return key


async def add_key(
    database: Database,
    name: str,
    *,
    contact: str,
    per_minute: int,
    per_day: int,
    at: datetime,
) -> str:
    """Store a new key and return it, the only time that it is known; raises KeyNameTaken."""
    if not _NAME.fullmatch(name):
        fault = FieldFault(
            "name",
            "Tên khóa gồm chữ thường a–z, số, dấu chấm, gạch nối.",
            "A key's name is small letters a-z, digits, dots and dashes.",
        )
        raise Unprocessable(fault.vi, fault.en, faults=(fault,))
    api_key = new_token()
    try:
        await store.insert_key(
            database.app,
            store.Key(new_uuid7(), name, contact, per_minute, per_day, at, None, None),
            hash_token(api_key),
        )
    except asyncpg.UniqueViolationError:
        raise KeyNameTaken() from None
    return api_key


async def revoke_key(database: Database, name: str, *, at: datetime) -> None:
    """Refuse this key from now on; raises UnknownKeyName."""
    if not await store.revoke_key(database.app, name, at):
        raise UnknownKeyName()
