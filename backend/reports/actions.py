"""Actions on reports: each opens the one transaction, asks the rules, and stores the change."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from backend.accounts.principals import Principal
from backend.clock import now as clock_now
from backend.database import Connection, Database
from backend.errors import FieldFault, StaleVersion, Unprocessable
from backend.events.chain import SYSTEM, Actor, words_digest
from backend.reports import store
from backend.reports.errors import EditOver, UnknownReport
from backend.reports.evidence import store as evidence_store
from backend.reports.lifecycle import Move, Role, Status
from backend.reports.moves import Change, MoveOrder, apply_move, finish_change, roles_for
from backend.reports.promises import Coming
from backend.reports.report import Report
from backend.reports.reporter import store as reporter_store
from backend.reports.rulebook import Rulebook, Rulebooks
from backend.reports.screening import Finding
from backend.reports.store import Sight
from backend.reports.submit import (
    asks_a_look,
    is_emergency,
    is_held,
    is_kept_close,
    screened,
    screening_of,
    words_to_screen,
)
from backend.reports.timers import AWAIT_CONFIRMATION, coming, next_timer

_TIMER_BATCH: Final = 200
_CITIZEN: Final = frozenset({Role.CITIZEN})
# What is merged into one of these would wait for an answer that never comes.
_NEVER_ANSWERED: Final = frozenset(
    {Status.MERGED, Status.DECLINED, Status.REDIRECTED, Status.WITHDRAWN}
)


def sight_of(principal: Principal) -> Sight:
    """What a member of staff may see: officers their agency, the others every agency."""
    if principal.role in ("officer", "key_holder"):
        return Sight(principal.agency_code or "", principal.sees_restricted)
    return Sight(None, principal.sees_restricted)


async def move_report(
    database: Database,
    rulebooks: Rulebooks,
    *,
    principal: Principal,
    report_id: uuid.UUID,
    expected_version: int,
    order: MoveOrder,
    at: datetime | None = None,
) -> Report:
    """A member of staff moves a report; the state after it.

    Raises UnknownReport (also for what is out of sight), StaleVersion, and what apply_move raises.
    """
    rulebook = await rulebooks.current()
    async with database.transaction() as connection:
        if order.move in (Move.MERGE, Move.UNMERGE):
            await evidence_store.lock_both(connection, report_id, order.report)
        await store.enter_sight(connection, sight_of(principal))
        report = await store.find_report(connection, report_id, for_update=True)
        if report is None:
            raise UnknownReport()
        if report.version != expected_version:
            raise StaleVersion()
        if order.move is Move.ACCEPT and order.publish is None:
            kinds = await reporter_store.list_screened_kinds(connection, report_id)
            order = replace(order, publish=False if asks_a_look(rulebook, kinds) else None)
        await _check_targets(connection, report, order)
        change = apply_move(
            rulebook,
            report,
            order,
            actor=Actor(principal.role, principal.account_id),  # type: ignore[arg-type]  # staff only
            roles=roles_for(principal, report),
            at=at or clock_now(),
            evidence=await evidence_store.count_evidence(connection, report_id),
        )
        # What may be seen and done is decided, and the row is locked. A hand-over takes it out of
        # its agency's sight, and PostgreSQL stores no row that the role could not then select.
        await store.leave_sight(connection)
        await _store(connection, change, seen_until=order.photos_seen_until, evidence=order.photos)
    return change.after


async def move_own_report(
    database: Database,
    rulebooks: Rulebooks,
    *,
    report_id: uuid.UUID,
    order: MoveOrder,
    account_id: uuid.UUID | None = None,
    at: datetime | None = None,
) -> Report:
    """The reporter moves their own report (who it is has been checked); the state after it."""
    rulebook = await rulebooks.current()
    async with database.transaction() as connection:
        report = await store.find_report(connection, report_id, for_update=True)
        if report is None:
            raise UnknownReport()
        change = apply_move(
            rulebook,
            report,
            order,
            actor=Actor("citizen", account_id),
            roles=_CITIZEN,
            at=at or clock_now(),
        )
        await _store(connection, change)
    return change.after


async def edit_own_report(
    database: Database,
    rulebooks: Rulebooks,
    *,
    report_id: uuid.UUID,
    text: str | None,
    address: str | None,
    window: timedelta,
    account_id: uuid.UUID | None = None,
    at: datetime | None = None,
) -> Report:
    """The reporter corrects the words within the edit window; the report waits for review again.

    Raises EditOver when the window has closed, IllegalMove once an agency has accepted it,
    NotTakenHere for words that the law keeps from being sent.
    """
    rulebook, moment = await rulebooks.current(), at or clock_now()
    async with database.transaction() as connection:
        report = await store.find_report(connection, report_id, for_update=True)
        owner = await reporter_store.find_owner_by_id(connection, report_id)
        if report is None or owner is None or owner.is_gone:
            raise UnknownReport()
        if moment > report.created_at + window:
            raise EditOver()
        own = await reporter_store.get_own_view(connection, report_id)
        said = words_to_screen(text or own.text, address or own.address)
        findings = screened(rulebook, said, report.category_code)
        change = apply_move(
            rulebook,
            _screened_anew(rulebook, report, findings),
            MoveOrder(
                move=Move.EDIT, text_digest=words_digest(owner.tracking_hash, text or own.text)
            ),
            actor=Actor("citizen", account_id),
            roles=_CITIZEN,
            at=moment,
        )
        await _store(connection, change)
        await reporter_store.update_words(connection, report_id, text=text, address=address)
        screening = screening_of(rulebook, findings)
        await reporter_store.put_screening(
            connection,
            report_id,
            kinds=screening.kinds if screening else (),
            findings=screening.findings if screening else (),
            version=screening.version if screening else None,
            at=moment,
        )
    return change.after


def _screened_anew(rulebook: Rulebook, report: Report, findings: tuple[Finding, ...]) -> Report:
    """The report as its new words have it: whom it is for, and whether acceptance publishes it."""
    category = rulebook.categories[report.category_code]
    return replace(
        report,
        is_held=is_held(findings),
        is_restricted=category.is_restricted or is_kept_close(findings),
        is_urgent=category.is_urgent or is_emergency(findings),
        is_emergency=is_emergency(findings),
    )


async def fire_due(database: Database, rulebooks: Rulebooks, now: datetime) -> int:
    """Do what time alone does to reports whose moment has come; how many reports were moved.

    Each report in its own transaction, locked, so that any number of workers may do this at once
    and each moment is acted on once.
    """
    due = await store.list_due(database.app, now, limit=_TIMER_BATCH)
    rulebook = await rulebooks.current() if due else None
    fired = 0
    for report_id in due:
        if rulebook is not None and await _fire(database, rulebook, report_id, now=now):
            fired += 1
    return fired


async def _fire(
    database: Database, rulebook: Rulebook, report_id: uuid.UUID, *, now: datetime
) -> bool:
    async with database.transaction() as connection:
        report = await store.find_report(connection, report_id, for_update=True, skip_locked=True)
        if report is None or report.next_timer_at is None or report.next_timer_at > now:
            return False
        # One thing may bring the next (resolved → awaiting confirmation → closed); never endless.
        for _ in range(len(Coming) + 1):
            change = next_change(rulebook, report, now=now)
            if change is None:
                # A calendar may have changed since the moment was set: set it anew.
                await store.set_timer(connection, report_id, next_moment(rulebook, report))
                break
            await _store(connection, change)
            report = change.after
    return True


def next_moment(rulebook: Rulebook, report: Report) -> datetime | None:
    """When time alone does something to this report next, by the calendars of today."""
    category = rulebook.categories[report.category_code]
    terms = rulebook.terms(category, report.promise_version)
    return next_timer(report, terms, rulebook.calendars.get(report.calendar_code or ""))


def next_change(rulebook: Rulebook, report: Report, *, now: datetime) -> Change | None:
    """The change the oldest due moment makes, at `now`; None when nothing is due. Pure."""
    category = rulebook.categories[report.category_code]
    terms = rulebook.terms(category, report.promise_version)
    calendar = rulebook.calendars.get(report.calendar_code or "")
    due = [(at, what) for at, what in coming(report, terms, calendar) if at <= now]
    if not due:
        return None
    due_at, what = due[0]
    return _timed_change(rulebook, report, what, due_at=due_at, now=now)


def _timed_change(
    rulebook: Rulebook, report: Report, what: str, *, due_at: datetime, now: datetime
) -> Change:
    noted = replace(report, timers_fired=(*report.timers_fired, what))
    if what == AWAIT_CONFIRMATION:
        order = MoveOrder(move=Move.AWAIT_CONFIRMATION)
        return apply_move(rulebook, report, order, actor=SYSTEM, roles={Role.SYSTEM}, at=now)
    match Coming(what):
        case Coming.AUTO_CLOSE:
            order = MoveOrder(move=Move.AUTO_CLOSE)
            return apply_move(rulebook, noted, order, actor=SYSTEM, roles={Role.SYSTEM}, at=now)
        case Coming.RESOLVE_OVERDUE:
            order = MoveOrder(move=Move.MARK_OVERDUE)
            return apply_move(rulebook, noted, order, actor=SYSTEM, roles={Role.SYSTEM}, at=now)
        case Coming.ESCALATE:
            return _called_for(rulebook, report, noted, due_at=due_at, now=now)
        case Coming.ACCEPT_DUE_SOON | Coming.RESOLVE_DUE_SOON | Coming.ACCEPT_OVERDUE:
            return finish_change(
                rulebook,
                report,
                noted,
                at=now,
                actor=SYSTEM,
                kind=what,
                is_public=False,
                extra={"due_at": due_at.isoformat()},
            )


def _called_for(
    rulebook: Rulebook, report: Report, noted: Report, *, due_at: datetime, now: datetime
) -> Change:
    """Call the parent agency to an overdue report: it sees it and is told, the lead stays.

    Taking the work away would reward delay; handing it up is a move of its own (decision 0009).
    """
    agency = rulebook.agencies.get(report.agency_code or "")
    parent = agency.parent_code if agency else None
    after = noted
    if parent is not None:
        after = replace(
            noted,
            co_agencies=tuple(dict.fromkeys((*noted.co_agencies, parent))),
            escalations=noted.escalations + 1,
        )
    return finish_change(
        rulebook,
        report,
        after,
        at=now,
        actor=SYSTEM,
        kind="called_parent",
        is_public=parent is not None,
        extra={"due_at": due_at.isoformat(), "parent": parent},
    )


async def _check_targets(connection: Connection, report: Report, order: MoveOrder) -> None:
    """Officer, evidence and duplicate named in an order exist and may be named."""
    if order.officer is not None and report.agency_code is not None:
        known = await store.is_officer_of(connection, order.officer, report.agency_code)
        if not known:
            raise _fault(
                "officer", "Cán bộ không thuộc cơ quan này.", "Not an officer of the agency."
            )
    if order.photos:
        missing = await evidence_store.list_missing_evidence(connection, report.id, order.photos)
        if missing:
            raise _fault("photos", "Có ảnh chưa được tải lên.", "A photo has not been uploaded.")
    if order.report is not None:
        target = await store.find_report(connection, order.report)
        if target is None or target.id == report.id or target.status in _NEVER_ANSWERED:
            raise _fault(
                "report", "Không gộp được vào phản ánh này.", "Cannot be merged into this."
            )


async def _store(
    connection: Connection,
    change: Change,
    *,
    seen_until: datetime | None = None,
    evidence: Sequence[str] = (),
) -> None:
    await store.change_report(
        connection,
        change.before,
        change.after,
        event=change.event,
        notes=change.notes,
        deltas=change.deltas,
    )
    if change.event.kind in ("accept", "publish"):
        await evidence_store.release_photos(connection, change.after.id, seen_until=seen_until)
    if change.event.kind == "resolve":
        await evidence_store.release_evidence(connection, change.after.id, evidence)
    if change.event.kind in ("merge", "unmerge"):
        other = change.after.merged_into or change.before.merged_into
        if other is not None:
            await store.add_supporters(connection, other, 1 if change.event.kind == "merge" else -1)


def _fault(field: str, vi: str, en: str) -> Unprocessable:
    return Unprocessable(faults=(FieldFault(field, vi, en),))
