"""Taking a person out of what they left: the account closes, reports stay without them.

The chain of events stays whole (decision 0005): words go from beside it, and an event of its own
says that they went. Decision 0014.
"""

import uuid
from dataclasses import replace
from datetime import datetime
from typing import Final, Literal, TypeAlias

from backend.accounts.citizens.store import close_account
from backend.database import Connection, Database
from backend.errors import NotSignedIn
from backend.events.chain import SYSTEM, Actor
from backend.events.store import insert_jobs
from backend.jobs.errors import BadPayload
from backend.privacy import store
from backend.privacy.errors import ReportClaimed
from backend.reports import store as reports_store
from backend.reports.errors import UnknownReport
from backend.reports.moves import finish_change
from backend.reports.reporter.store import find_owner_by_id
from backend.reports.rulebook import Rulebook, Rulebooks

BATCH: Final = 50
# What is not done while the person waits is done by the worker; this much is.
_BATCHES_AT_ONCE: Final = 4

Erasure: TypeAlias = Literal["person_erased", "contact_erased"]


async def delete_person(
    database: Database, rulebooks: Rulebooks, account_id: uuid.UUID, *, now: datetime
) -> None:
    """Close the account at once and for good, and take the person out of their reports.

    The work is in the queue before the first report is touched, so that a fault leaves nothing.
    """
    async with database.transaction() as connection:
        if not await close_account(connection, account_id, now=now):
            return
        await insert_jobs(connection, [("erase_person", str(account_id).encode())])
    for _ in range(_BATCHES_AT_ONCE):
        if await erase_batch(database, rulebooks, account_id, now=now) < BATCH:
            return


async def erase_person(
    database: Database, rulebooks: Rulebooks, *, payload: bytes, now: datetime
) -> None:
    """Take whom the payload names out of every report; raises BadPayload. May run twice."""
    try:
        account_id = uuid.UUID(payload.decode("ascii", "replace"))
    except ValueError:
        raise BadPayload() from None
    if not await store.is_closed(database.app, account_id):
        raise BadPayload()
    while await erase_batch(database, rulebooks, account_id, now=now) >= BATCH:
        pass


async def erase_batch(
    database: Database, rulebooks: Rulebooks, account_id: uuid.UUID, *, now: datetime
) -> int:
    """Take the person out of the next reports, each in its own transaction; how many there were."""
    ids = await store.list_reports_of(database.app, account_id, limit=BATCH)
    rulebook = await rulebooks.current() if ids else None
    for report_id in ids:
        async with database.transaction() as connection:
            if rulebook is not None:
                await strip_report(connection, rulebook, report_id, what="person_erased", at=now)
    return len(ids)


async def strip_report(
    connection: Connection,
    rulebook: Rulebook,
    report_id: uuid.UUID,
    *,
    what: Erasure,
    at: datetime,
) -> None:
    """Erase the contact of a report, or the whole person, and say so on its chain, once."""
    report = await reports_store.find_report(connection, report_id, for_update=True)
    if report is None or (what == "person_erased" and report.account_id is None):
        return
    if not await store.delete_contact(connection, report_id) and what == "contact_erased":
        return
    after = replace(report, rating_comment=None) if what == "person_erased" else report
    change = finish_change(rulebook, report, after, at=at, actor=SYSTEM, kind=what, is_public=False)
    await reports_store.change_report(
        connection,
        change.before,
        change.after,
        event=change.event,
        notes=change.notes,
        deltas=change.deltas,
    )
    if what == "person_erased":
        await store.erase_words(connection, report_id, now=at)
        await store.detach_person(connection, report_id)


async def claim_report(
    database: Database,
    rulebooks: Rulebooks,
    report_id: uuid.UUID,
    *,
    account_id: uuid.UUID,
    now: datetime,
) -> None:
    """Tie a report to the account of whoever has its secret (who checks that is the door).

    Raises ReportClaimed when it belongs to somebody else, UnknownReport when its person was taken
    out, NotSignedIn when the account was closed meanwhile. Claiming twice changes nothing.
    """
    rulebook = await rulebooks.current()
    async with database.transaction() as connection:
        report = await reports_store.find_report(connection, report_id, for_update=True)
        if report is None:
            raise UnknownReport()
        if report.account_id == account_id:
            return
        if report.account_id is not None:
            raise ReportClaimed()
        owner = await find_owner_by_id(connection, report_id)
        if owner is None or owner.is_gone:
            raise UnknownReport()
        if not await store.hold_open(connection, account_id):
            raise NotSignedIn()
        change = finish_change(
            rulebook,
            report,
            report,
            at=now,
            actor=Actor("citizen", account_id),
            kind="claimed",
            is_public=False,
        )
        await reports_store.change_report(
            connection,
            change.before,
            change.after,
            event=change.event,
            notes=change.notes,
            deltas=change.deltas,
        )
        await store.attach_person(connection, report_id, account_id)
