"""Tell people of an event: rows first, then the wire.

The rows (one per event and address, whatever happens) are written before anything is sent, so a job
that is killed and run again sends what is not yet marked as sent. What was sent and not marked goes
out twice with the same collapse key: it is seen once. Decision 0007. What is not to be sent now
(quiet hours, the day's batch of an area, e-mail) is held: backend/messages/held sends it.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import msgspec
import structlog

from backend.database import Connection, Database
from backend.jobs.errors import BadPayload, Later
from backend.messages import store, wording
from backend.messages.areas.alerts import tell_areas
from backend.messages.choices.kinds import chosen_as, is_by_default
from backend.messages.choices.mailboxes import open_mailboxes
from backend.messages.choices.store import list_recipients
from backend.messages.letters import Letter, Outcome, Push
from backend.messages.quiet import Timing, quiet_until, timing_of
from backend.messages.store import Happening, Told, Waiting
from backend.practice.changes import notices_in_force
from backend.practice.rules import Notices
from backend.settings import Settings

_DELAY_SECONDS: Final = 5.0
_LONGEST_DELAY_SECONDS: Final = 600.0
# Fewer than a lane lets a job take.
_SECONDS: Final = 60.0
_FIREBASE: Final = ("fid", "token")

_log = structlog.get_logger("caunoi.push")


@dataclass(frozen=True)
class Terms:
    """When notices go out, how long they are, and the key under which mailboxes are kept."""

    timing: Timing
    secret_key: bytes = field(repr=False)
    characters_most: int = 180


async def terms_now(connection: Connection, settings: Settings, now: datetime) -> Terms:
    """The terms of the rules in force; a setting goes before them."""
    rules = await rules_now(connection, settings, now)
    return Terms(timing_of(rules), settings.secret_key, rules.characters_most)


async def rules_now(connection: Connection, settings: Settings, now: datetime) -> Notices:
    """The rules of notices in force; the hours of the settings, where given, go before theirs."""
    rules = await notices_in_force(connection, now)
    return msgspec.structs.replace(
        rules,
        quiet_hours=settings.quiet_hours or rules.quiet_hours,
        area_batch_at=settings.area_batch_at or rules.area_batch_at,
    )


async def announce(
    database: Database, push: Push, terms: Terms, *, payload: bytes, now: datetime
) -> None:
    """Tell of the event whose id the payload is.

    Raises BadPayload, and Later while a push service is busy.
    """
    if not payload.isdigit():
        raise BadPayload()
    event_id = int(payload)
    happening = await store.find_happening(database.app, event_id)
    if happening is None:
        raise BadPayload()
    await _write_down(database, terms, happening, now=now)
    await store.drop_stale_notifications(database.app, event_id, hours=terms.timing.push_news_hours)
    await _deliver(database, push, terms, happening)


async def _write_down(
    database: Database, terms: Terms, happening: Happening, *, now: datetime
) -> None:
    event_id, kind = happening.event_id, happening.kind
    if wording.is_announced(kind):
        # what is kept from the public is kept from those who only follow, too
        to_citizens = happening.is_public and kind in wording.CITIZEN
        recipients = await list_recipients(database.app, event_id) if to_citizens else []
        told = Told(
            to_citizens=to_citizens,
            to_supporters=happening.is_public and kind in wording.SUPPORTER,
            to_officers=kind in wording.OFFICER,
            mailboxes=await open_mailboxes(database.app, recipients, secret_key=terms.secret_key),
            chosen_as=chosen_as(kind),
            by_email=is_by_default(kind, "email"),
            now=now,
        )
        await store.insert_notifications(
            database.app, event_id, collapse_key=f"ev-{event_id}", told=told
        )
    if not happening.was_shown:
        await tell_areas(database, event_id, kind, happening.case_id, timing=terms.timing, now=now)
    until = quiet_until(now, terms.timing.quiet)
    if until is not None:
        await store.hold_notifications(
            database.app, event_id, until=until, collapse_key=f"quiet-{int(until.timestamp())}"
        )


async def _deliver(database: Database, push: Push, terms: Terms, happening: Happening) -> None:
    beyond, delay, started = 0, 0.0, time.monotonic()
    kinds = [*_FIREBASE, "webpush"]
    while kinds and (
        waiting := await store.list_waiting(
            database.app, happening.event_id, beyond=beyond, kinds=kinds
        )
    ):
        beyond = waiting[-1].id
        letters = [_letter(happening, one, terms.characters_most) for one in waiting]
        outcomes = await push.send(letters)
        await store.record_outcomes(database.app, waiting, outcomes)
        delay = max(delay, _delay(outcomes))
        busy = {
            one.device_kind
            for one, outcome in zip(waiting, outcomes, strict=True)
            if outcome.fate == "later"
        }
        # Busy for one of Firebase's is busy for all of them; browsers have several services, and
        # webpush.py leaves those alone that are busy.
        if busy & set(_FIREBASE):
            kinds = [kind for kind in kinds if kind not in _FIREBASE]
        if time.monotonic() - started > _SECONDS:
            break
    if left := await store.count_waiting(database.app, happening.event_id):
        _log.warning("push postponed", event_id=happening.event_id, notifications=left)
        raise Later(delay or _DELAY_SECONDS, "Some notifications wait for the push service.")


def _letter(happening: Happening, waiting: Waiting, characters_most: int) -> Letter:
    """In the words for officers if the device is an officer's and they are told of such events."""
    audience = wording.audience(
        happening.kind, is_officer=waiting.is_officer, is_supporter=waiting.audience == "support"
    )
    body = wording.sentence(happening.kind, audience, waiting.language)
    if waiting.audience == "area":
        audience = "citizen"
        body = wording.AREA_URGENT.in_language(waiting.language)
    return Letter(
        notification_id=waiting.id,
        device_kind=waiting.device_kind,
        device_value=waiting.device_value,
        collapse_key=waiting.collapse_key,
        title=wording.TITLE,
        body=wording.fit(body or wording.TITLE, characters_most),
        link=wording.link(audience, happening.code),
        code=happening.code,
        is_urgent=waiting.is_urgent,
    )


def _delay(outcomes: list[Outcome]) -> float:
    asked = [one.retry_after_seconds or _DELAY_SECONDS for one in outcomes if one.fate == "later"]
    return min(max(asked, default=0.0), _LONGEST_DELAY_SECONDS)
