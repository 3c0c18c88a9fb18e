"""Send what is due: bundled by address, pushes and e-mail each in work of their own.

A loop of the worker queues the work when something is due; the work goes through all addresses and
may be killed at any moment. A push that was sent and not recorded goes out again under its key and
replaces itself on the screen. An e-mail that may have been taken goes out again as the very same
letter, with the same Message-ID, by which mailboxes know a repeat; it is written down beforehand
what it holds. Decision 0013.
"""

import time
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

import structlog

from backend.database import Database
from backend.messages import store as notifications
from backend.messages.announce import Terms
from backend.messages.choices.mailboxes import mailbox_of
from backend.messages.held import store
from backend.messages.held.bundles import Bundle, bundle
from backend.messages.held.store import Due
from backend.messages.letters import Letter, Outcome, Push
from backend.messages.quiet import Timing, is_quiet

# Fewer than a lane lets a job take: what is left is queued again.
_SECONDS: Final = 25.0
_PUSHES_AT_ONCE: Final = 50
_MAILS_AT_ONCE: Final = 8
# Longer than the job takes: until then nobody else hands the same letter over.
_LEASE: Final = timedelta(seconds=90)
# A letter that ends its worker, or a server that takes and never says so, must not go on for ever.
_UNSURE_MOST: Final = 4
_PUSH_KINDS: Final = ("fid", "token", "webpush")

# No connection, no login: the server never saw the letter.
_NOT_TAKEN: Final = frozenset(
    {
        *("SMTPConnectError", "SMTPConnectTimeoutError", "SMTPConnectResponseError"),
        *("SMTPAuthenticationError", "SMTPNotSupported", "SMTPHeloError"),
        *("ConnectionRefusedError", "gaierror", "PermissionError", "FileNotFoundError", "OSError"),
    }
)

_log = structlog.get_logger("caunoi.push")


class _Seen:
    """The addresses that were gone through: what stays due for them waits for the next time."""

    def __init__(self) -> None:
        self._devices: set[uuid.UUID] = set()

    def has_new(self, devices: Sequence[uuid.UUID]) -> bool:
        before = len(self._devices)
        self._devices.update(devices)
        return len(self._devices) > before


async def queue_due(database: Database, timing: Timing, *, now: datetime) -> None:
    """Queue the work of sending what is due now."""
    quiet = is_quiet(now, timing.quiet)
    await store.queue_due_pushes(database.app, now, quiet=quiet)
    await store.queue_due_mail(database.app, now, quiet=quiet)


async def deliver_pushes(database: Database, push: Push, terms: Terms, *, now: datetime) -> None:
    """Send every push that is due."""
    quiet, seen, started = is_quiet(now, terms.timing.quiet), _Seen(), time.monotonic()
    while time.monotonic() - started < _SECONDS:
        devices = await store.list_due_devices(
            database.app, _PUSH_KINDS, now, quiet=quiet, limit=_PUSHES_AT_ONCE
        )
        if not seen.has_new(devices):
            return
        bundles = await _bundles(database, devices, terms.timing, now=now, quiet=quiet)
        outcomes = await push.send([one.letter(terms.characters_most) for one in bundles])
        await _record(database, bundles, outcomes)


async def deliver_mail(database: Database, mail: Push, terms: Terms, *, now: datetime) -> None:
    """Send every e-mail that is due, to the address its owner agreed to."""
    quiet, seen, started = is_quiet(now, terms.timing.quiet), _Seen(), time.monotonic()
    while time.monotonic() - started < _SECONDS:
        devices = await store.list_due_devices(
            database.app, ("email",), now, quiet=quiet, limit=_MAILS_AT_ONCE
        )
        if not seen.has_new(devices):
            return
        if given_up := await store.give_up_unsure(database.app, devices, most=_UNSURE_MOST):
            _log.error("mail was handed over without an answer", notifications=given_up)
        bundles = await _bundles(database, devices, terms.timing, now=now, quiet=quiet)
        ready = [(one, _addressed(one, terms)) for one in bundles]
        lost = [row.id for one, letter in ready if letter is None for row in one.rows]
        await store.drop_notifications(database.app, lost, error="no-address")
        going = [(row.id, _name(one)) for one, letter in ready if letter for row in one.rows]
        claimed = await store.claim(
            database.app,
            [number for number, _ in going],
            [name for _, name in going],
            now=now,
            until=now + _LEASE,
        )
        sure = [(one, letter) for one, letter in ready if letter and one.rows[0].id in claimed]
        sent = await mail.send([letter for _, letter in sure]) if sure else []
        outcomes = [
            _still_named(outcome, _name(one)) for (one, _), outcome in zip(sure, sent, strict=True)
        ]
        await _record(database, [one for one, _ in sure], outcomes)


async def _bundles(
    database: Database,
    devices: Sequence[uuid.UUID],
    timing: Timing,
    *,
    now: datetime,
    quiet: bool,
) -> list[Bundle]:
    """What is due for these addresses; for all but a reporter only if it is still public."""
    await store.drop_unwanted(database.app, devices, now, news_hours=timing.held_news_hours)
    due = await store.list_due(database.app, devices, now, quiet=quiet)
    asked = {row.case_id for row in due if row.audience != "case"}
    public = await store.list_published(database.public, asked) if asked else set()
    hidden = {row.id for row in due if row.audience != "case" and row.case_id not in public}
    if hidden:
        await store.drop_notifications(database.app, sorted(hidden), error="not-public")
    return list(bundle(row for row in due if row.id not in hidden))


def _addressed(one: Bundle, terms: Terms) -> Letter | None:
    """The letter with its address instead of its mailbox; None if nobody agrees to it any more."""
    for row in one.rows:
        for address in row.addresses:
            if mailbox_of(terms.secret_key, address) == row.device_value:
                letter = one.letter(terms.characters_most)
                return replace(letter, device_value=address, mailbox=row.device_value)
    return None


def _name(one: Bundle) -> str:
    """The letter's own name, which its Message-ID follows from."""
    return f"letter-{one.rows[0].id}"


def _still_named(outcome: Outcome, name: str) -> Outcome:
    """What may have been taken keeps its name, so that it goes out as the same letter again."""
    word = outcome.error or ""
    if outcome.fate != "later" or word.startswith("smtp-") or word in _NOT_TAKEN:
        return outcome
    _log.warning("mail may have been taken", error=word)
    return replace(outcome, wire_id=name, error=f"unknown-{word}")


async def _record(
    database: Database, bundles: Sequence[Bundle], outcomes: Sequence[Outcome]
) -> None:
    pairs: list[tuple[Due, Outcome]] = [
        (row, outcome) for one, outcome in zip(bundles, outcomes, strict=True) for row in one.rows
    ]
    if pairs:
        await notifications.record_outcomes(
            database.app, [row for row, _ in pairs], [outcome for _, outcome in pairs]
        )
