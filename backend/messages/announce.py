"""Tell people of an event: rows first, then the wire.

The rows (one per event and device, whatever happens) are written in one statement before anything
is sent, so a job that is killed and run again sends what is not yet marked as sent. What was sent
and not marked goes out twice with the same collapse key: it is seen once. Decision 0007.
"""

from typing import Final

import structlog

from backend.database import Database
from backend.jobs.errors import BadPayload, Later
from backend.messages import store, wording
from backend.messages.letters import Letter, Outcome, Push
from backend.messages.store import Happening, Waiting

_NEWS_HOURS: Final = 24
_DELAY_SECONDS: Final = 5.0
_LONGEST_DELAY_SECONDS: Final = 600.0

_log = structlog.get_logger("caunoi.push")


async def announce(database: Database, push: Push, *, payload: bytes) -> None:
    """Tell of the event whose id the payload is. Raises BadPayload, and Later while FCM is busy."""
    if not payload.isdigit():
        raise BadPayload()
    event_id = int(payload)
    happening = await store.find_happening(database.app, event_id)
    if happening is None:
        raise BadPayload()
    if not wording.is_announced(happening.kind):
        return
    await store.insert_notifications(
        database.app,
        event_id,
        collapse_key=f"ev-{event_id}",
        # what is kept from the public is kept from those who only follow, too
        to_citizens=happening.is_public and happening.kind in wording.CITIZEN,
        to_officers=happening.kind in wording.OFFICER,
    )
    await store.drop_stale_notifications(database.app, event_id, hours=_NEWS_HOURS)
    await _deliver(database, push, happening)


async def _deliver(database: Database, push: Push, happening: Happening) -> None:
    beyond = 0
    delay = 0.0
    while waiting := await store.list_waiting(database.app, happening.event_id, beyond=beyond):
        beyond = waiting[-1].id
        outcomes = await push.send([_letter(happening, one) for one in waiting])
        await store.record_outcomes(database.app, waiting, outcomes)
        delay = max(delay, _delay(outcomes))
        if any(outcome.fate == "later" for outcome in outcomes):
            break  # what is busy for these is busy for the rest
    if left := await store.count_waiting(database.app, happening.event_id):
        _log.warning("push postponed", event_id=happening.event_id, notifications=left)
        raise Later(delay or _DELAY_SECONDS, "Some notifications wait for the push service.")


def _letter(happening: Happening, waiting: Waiting) -> Letter:
    """In the words for officers if the device is an officer's and they are told of such events."""
    audience: wording.Audience = (
        "officer"
        if happening.kind in wording.OFFICER
        and (waiting.is_officer or happening.kind not in wording.CITIZEN)
        else "citizen"
    )
    body = wording.sentence(happening.kind, audience, waiting.language)
    return Letter(
        notification_id=waiting.id,
        device_kind=waiting.device_kind,
        device_value=waiting.device_value,
        collapse_key=waiting.collapse_key,
        title=wording.TITLE,
        body=body or wording.TITLE,
        link=wording.link(audience, happening.code),
        code=happening.code,
    )


def _delay(outcomes: list[Outcome]) -> float:
    asked = [one.retry_after_seconds or _DELAY_SECONDS for one in outcomes if one.fate == "later"]
    return min(max(asked, default=0.0), _LONGEST_DELAY_SECONDS)
