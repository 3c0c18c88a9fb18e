"""How often one sender may do one thing: the generic cell rate algorithm (GCRA).

A key holds a single moment, the one from which the next request would be "on time"; a burst may
run ahead of it by a given tolerance. Two keepings of that moment, each with a declared failure:

- `Limit` on a handler: in this process's memory, by client address; **fails open** (when memory
  for keys is full, or after a restart, requests pass). For cheap writes and searches.
- `hold_in_database`: in PostgreSQL, shared by all processes; **fails closed** (no database, no
  entry). For sign-in, where guessing is the danger.
"""

import hashlib
import hmac
import math
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from litestar.connection import ASGIConnection

from backend.database import Connection
from backend.errors import TooMany
from backend.settings import Settings
from backend.web import store
from backend.web.clients import client_address, limit_key
from backend.web.state import parts_of

_KEYS_MAX: Final = 50_000


@dataclass(frozen=True)
class Limit:
    """At most `burst` at once and `per_minute` in the long run, each client address by itself."""

    name: str
    per_minute: float
    burst: int

    @property
    def spacing_seconds(self) -> float:
        return 60.0 / self.per_minute


_moments: dict[tuple[str, str], float] = {}


async def hold_to_limit(connection: ASGIConnection[Any, Any, Any, Any], limit: object) -> None:
    """Count this request against the handler's `limit`, if it has one; raises TooMany."""
    if limit is None:
        return
    if not isinstance(limit, Limit):
        raise TypeError(f"opt['limit'] is a Limit, not {type(limit).__name__}")
    parts = parts_of(connection.app.state)
    if not parts.settings.limits_on:
        return
    key = (limit.name, limit_key(client_address(connection, parts.trusted)))
    wait_seconds = _pass(key, limit, time.monotonic())
    if wait_seconds > 0:
        raise TooMany(retry_after_seconds=math.ceil(wait_seconds))


def forget_limits() -> None:
    """Start counting anew in this process; for tests and for an operator's emergency."""
    _moments.clear()


def _pass(key: tuple[str, str], limit: Limit, now: float) -> float:
    """Let one request through (0) or say how many seconds are missing."""
    spacing = limit.spacing_seconds
    on_time_at = max(_moments.get(key, 0.0), now)
    too_early = on_time_at - now - spacing * (limit.burst - 1)
    if too_early > 0:
        return too_early
    if key not in _moments and len(_moments) >= _KEYS_MAX:
        _drop_past(now)
        if len(_moments) >= _KEYS_MAX:
            return 0.0
    _moments[key] = on_time_at + spacing
    return 0.0


def _drop_past(now: float) -> None:
    for key in [key for key, moment in _moments.items() if moment <= now]:
        del _moments[key]


async def hold_in_database(
    connection: Connection, limit: Limit, key: str, *, settings: Settings, now: datetime
) -> None:
    """Count one attempt of `key` in the shared table; raises TooMany, and fails closed."""
    if not settings.limits_on:
        return
    spacing = timedelta(seconds=limit.spacing_seconds)
    allowed_at = await store.pass_limit(
        connection,
        _stored_key(limit, key, settings),
        now=now,
        spacing=spacing,
        tolerance=spacing * (limit.burst - 1),
    )
    if allowed_at is not None:
        raise TooMany(retry_after_seconds=math.ceil((allowed_at - now).total_seconds()))


async def forgive(connection: Connection, limit: Limit, key: str, *, settings: Settings) -> None:
    """Forget the attempts of `key`: it has proved who it is."""
    await store.forget_limit(connection, _stored_key(limit, key, settings))


def _stored_key(limit: Limit, key: str, settings: Settings) -> str:
    """Neither names nor addresses are stored, only a keyed digest of them."""
    digest = hmac.new(settings.secret_key, f"{limit.name}:{key}".encode(), hashlib.sha256)
    return f"{limit.name}:{digest.hexdigest()[:32]}"
