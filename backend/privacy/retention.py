"""Applying the periods for which things are kept: in bounded batches, by index, on the record.

The periods are a document with a version (`caunoi retention`), as the law asks for "no longer than
the purpose needs" and leaves the number of days to whoever is responsible.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from backend.clock import day_of
from backend.database import Connection, Database
from backend.practice import store as practice_store
from backend.practice.changes import Change, check_change, tell_change
from backend.privacy import store
from backend.privacy.erase import delete_person, strip_report
from backend.privacy.errors import BadRetention
from backend.reports.rulebook import Rulebooks

BATCH: Final = 500
# Of one run of the worker; what is left waits for the next, so that nothing else has to wait.
_BATCHES_MOST: Final = 20
_COUNTED_MOST: Final = 1_000_000

_Days = Annotated[int, Meta(ge=0, le=36_500)]


class Periods(Struct, frozen=True, forbid_unknown_fields=True):
    """How many days each kind of thing is kept."""

    contacts_after_closing_days: _Days
    sign_in_codes_after_expiry_days: _Days
    sessions_after_end_days: _Days
    devices_after_dropping_days: _Days
    devices_unseen_days: Annotated[int, Meta(ge=30, le=36_500)]
    idempotency_keys_days: Annotated[int, Meta(ge=1, le=36_500)]
    quarantined_photos_days: Annotated[int, Meta(ge=1, le=36_500)]
    notifications_days: Annotated[int, Meta(ge=1, le=36_500)]
    idle_accounts_days: Annotated[int, Meta(ge=30, le=36_500)]
    consents_after_closing_days: _Days


@dataclass(frozen=True)
class Removed:
    """How much of each kind was removed, or would be."""

    version: int
    counts: dict[str, int]


def read_periods(document: bytes) -> Periods:
    """The periods of a TOML or JSON document; raises BadRetention."""
    try:
        if document.lstrip().startswith(b"{"):
            return msgspec.json.decode(document, type=Periods)
        return msgspec.toml.decode(document, type=Periods)
    except (msgspec.DecodeError, UnicodeError, ValueError) as error:
        raise BadRetention(
            f"Quy định thời hạn lưu trữ không hợp lệ: {error}",
            f"These retention periods are not valid: {error}",
        ) from None


async def current_periods(connection: Connection, *, now: datetime) -> tuple[int, Periods]:
    """The periods in force and their version."""
    version, body = await store.find_periods(connection, day_of(now))
    return version, msgspec.convert(body, Periods)


async def load_periods(
    connection: Connection, periods: Periods, change: Change, *, now: datetime
) -> int:
    """Put these periods in force from the day on, in the owner's transaction; their version.

    Who, why and what are an event, as of all rules of practice. Raises BadPractice.
    """
    check_change(change, now=now)
    await practice_store.take_turn(connection)
    body = msgspec.to_builtins(periods)
    version = await store.insert_periods(
        connection,
        body,
        effective_on=change.effective_on,
        loaded_by=change.by,
        note=change.why,
    )
    await tell_change(connection, "retention", version, body, change, now=now)
    return version


async def apply_retention(
    database: Database, rulebooks: Rulebooks, *, now: datetime, batches: int = _BATCHES_MOST
) -> Removed:
    """Remove what has been kept long enough, at most so many batches of each kind."""
    version, periods = await current_periods(database.app, now=now)
    counts: dict[str, int] = {}
    for kind, before in moments(periods, now).items():
        removed = 0
        for _ in range(batches):
            gone = await store.purge(database.app, kind, before=before, limit=BATCH)
            removed += gone
            if gone < BATCH:
                break
        counts[kind] = removed
    counts["contacts"] = await _erase_contacts(
        database, rulebooks, before=_before(now, periods.contacts_after_closing_days), now=now
    )
    counts["idle_accounts"] = await _close_idle(
        database, rulebooks, before=_before(now, periods.idle_accounts_days), now=now
    )
    for kind, removed in counts.items():
        if removed:
            await store.insert_run(
                database.app, version=version, kind=kind, removed=removed, at=now
            )
    return Removed(version, counts)


async def plan_retention(connection: Connection, *, now: datetime) -> Removed:
    """What a run would remove if it went on to the end; changes nothing."""
    version, periods = await current_periods(connection, now=now)
    counts = {
        kind: await store.count_old(connection, kind, before=before, limit=_COUNTED_MOST)
        for kind, before in moments(periods, now).items()
    }
    before, after = _before(now, periods.contacts_after_closing_days), uuid.UUID(int=0)
    counts["contacts"] = 0
    while page := await store.list_old_contacts(
        connection, before=before, after=after, limit=BATCH
    ):
        after = page[-1][0]
        counts["contacts"] += sum(is_over for _, is_over in page)
    idle = await store.list_idle_accounts(
        connection, before=_before(now, periods.idle_accounts_days), limit=_COUNTED_MOST
    )
    counts["idle_accounts"] = len(idle)
    return Removed(version, counts)


def moments(periods: Periods, now: datetime) -> dict[str, datetime]:
    """Up to which moment each kind that goes by itself may go."""
    return {
        "sign_in_codes": _before(now, periods.sign_in_codes_after_expiry_days),
        "oidc_attempts": _before(now, periods.sign_in_codes_after_expiry_days),
        "sessions": _before(now, periods.sessions_after_end_days),
        "dropped_devices": _before(now, periods.devices_after_dropping_days),
        "unseen_devices": _before(now, periods.devices_unseen_days),
        "idempotency_keys": _before(now, periods.idempotency_keys_days),
        "quarantined_photos": _before(now, periods.quarantined_photos_days),
        "notifications": _before(now, periods.notifications_days),
        "consents": _before(now, periods.consents_after_closing_days),
    }


async def _erase_contacts(
    database: Database, rulebooks: Rulebooks, *, before: datetime, now: datetime
) -> int:
    """Erase contacts of reports closed long ago, each with an event on its chain.

    The walk passes over contacts of old reports that are still open; there are few of them.
    """
    erased, after = 0, uuid.UUID(int=0)
    while page := await store.list_old_contacts(
        database.app, before=before, after=after, limit=BATCH
    ):
        after = page[-1][0]
        rulebook = await rulebooks.current()
        for report_id in (found for found, is_over in page if is_over):
            async with database.transaction() as connection:
                await strip_report(connection, rulebook, report_id, what="contact_erased", at=now)
            erased += 1
            if erased >= _BATCHES_MOST * BATCH:
                return erased
    return erased


async def _close_idle(
    database: Database, rulebooks: Rulebooks, *, before: datetime, now: datetime
) -> int:
    idle = await store.list_idle_accounts(database.app, before=before, limit=BATCH)
    for account_id in idle:
        await delete_person(database, rulebooks, account_id, now=now)
    return len(idle)


def _before(now: datetime, days: int) -> datetime:
    return now - timedelta(days=days)
