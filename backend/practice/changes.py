"""Which rules are in force, and putting others in force: each change is an event on a chain."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import msgspec

from backend import clock
from backend.database import Connection
from backend.events import store as events
from backend.events.chain import GENESIS, Actor, make_event
from backend.practice import store
from backend.practice.errors import BadPractice
from backend.practice.rules import SHIPPED, Kind, Notices, OpenData, Rules, digest_of

# The chain of a kind is the case of this name (UUIDv5), the same in every installation.
_CHAINS: Final = uuid.UUID("5c6f0d6e-7a3b-5f0e-9f50-b1d6a0c3e815")


@dataclass(frozen=True)
class Change:
    """Who puts rules in force, why, and from which day on."""

    by: str
    why: str
    effective_on: date


async def notices_in_force(connection: Connection, now: datetime) -> Notices:
    """The rules of notices that hold now."""
    return msgspec.convert((await in_force(connection, "notices", now))[1], Notices)


async def open_data_in_force(connection: Connection, now: datetime) -> OpenData:
    """The rules of open data that hold now."""
    return msgspec.convert((await in_force(connection, "open_data", now))[1], OpenData)


async def in_force(connection: Connection, kind: Kind, now: datetime) -> tuple[int, dict[str, Any]]:
    """Version and document that hold today, in Vietnam."""
    found = await store.find_in_force(connection, kind, clock.day_of(now))
    if found is None:
        raise RuntimeError(f"no rules of {kind} are in force; the migration puts the first")
    return found


async def rules_loaded_at(connection: Connection, kind: Kind) -> datetime:
    """When rules of this kind that hold today were last loaded, or began to hold."""
    return await store.find_last_change(connection, kind, clock.day_of(clock.now()))


async def load_rules(
    connection: Connection, kind: Kind, rules: Rules, change: Change, *, now: datetime
) -> int:
    """Put these in force from the day on, in the owner's transaction; their version.

    Raises BadPractice for a day that is over: what held then has been acted upon.
    """
    check_change(change, now=now)
    await store.take_turn(connection)
    body = msgspec.to_builtins(rules)
    version = await store.insert_version(
        connection,
        kind,
        body,
        effective_on=change.effective_on,
        loaded_by=change.by,
        note=change.why,
    )
    await tell_change(connection, kind, version, body, change, now=now)
    return version


def check_change(change: Change, *, now: datetime) -> None:
    """Raise BadPractice unless somebody is named, a reason given and the day not over."""
    if change.by.strip() in ("", SHIPPED) or not change.why.strip():
        raise BadPractice(
            "Cần ghi rõ ai thay đổi (--by) và lý do (--why).",
            "Say who changes it (--by) and why (--why).",
        )
    if change.effective_on < clock.day_of(now):
        raise BadPractice(
            "Ngày có hiệu lực không được là ngày đã qua.",
            "The day from which it holds must not be over.",
        )


async def tell_change(
    connection: Connection,
    kind: str,
    version: int,
    body: object,
    change: Change,
    *,
    now: datetime,
) -> None:
    """Append to the chain of this kind who put which version in force, why, and its digest."""
    case_id = chain_of(kind)
    last = await events.find_last(connection, "practice", case_id)
    seq, prev_hash = last if last is not None else (0, GENESIS)
    event = make_event(
        "practice",
        case_id,
        seq=seq + 1,
        kind="rules_changed",
        at=now,
        actor=Actor("admin"),
        agency_code=None,
        is_public=False,
        body={
            "rules": kind,
            "version": version,
            "effective_on": change.effective_on.isoformat(),
            "by": change.by,
            "why": change.why,
            "sha256": digest_of(body),
        },
        prev_hash=prev_hash,
    )
    await events.insert_event(connection, event, [])


def chain_of(kind: str) -> uuid.UUID:
    """The case under which changes of this kind of rules are chained."""
    return uuid.uuid5(_CHAINS, kind)
