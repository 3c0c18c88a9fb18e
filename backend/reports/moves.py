"""How a move changes a report: pure. The action that stores it is in actions.py.

`apply_move` checks the move against the lifecycle, moves the promise by its rules, and gives the
new state with its event, the words that go with it, and what it changes of the figures.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from backend.accounts.principals import Principal
from backend.counts.deltas import Delta, deltas_between
from backend.events.chain import Actor, Event, Note, NoteKind, make_event, write_note
from backend.reports.hiding import check_hiding
from backend.reports.lifecycle import (
    CaseState,
    CheckedMove,
    Move,
    MoveRequest,
    ReopenTerms,
    Role,
    Status,
    check_move,
    is_public_stage,
)
from backend.reports.report import Report, standing
from backend.reports.rulebook import Rulebook
from backend.reports.terms import TermsBook
from backend.reports.timers import entered, next_timer
from backend.reports.transitions import MoveOrder, moved

__all__ = [
    "Change",
    "MoveOrder",
    "apply_move",
    "finish_change",
    "is_rating_final",
    "rating_change_ends",
    "roles_for",
    "snapshot",
]

# Steps that only the staff see in the history; all others stand in the public timeline.
_INTERNAL: Final = frozenset({Move.ASSIGN, Move.HIDE, Move.PUBLISH, Move.EDIT})
# Moves after which strangers may read what they could not before.
_MAY_PUBLISH: Final = frozenset({Move.ACCEPT, Move.PUBLISH, Move.UNMERGE, Move.REOPEN})
_EVENT_NAMES: Final = {Move.MARK_OVERDUE: "overdue"}


@dataclass(frozen=True)
class Change:
    """One change of one report, ready to be stored."""

    before: Report
    after: Report
    event: Event
    notes: tuple[Note, ...]
    deltas: tuple[Delta, ...]


def roles_for(principal: Principal, report: Report) -> frozenset[Role]:
    """What this person is for this report; empty when it is none of theirs to move.

    Once a case is assigned, only its officer and the key-holders of its agency advance it.
    """
    match principal.role:
        case "officer" if principal.agency_code == report.agency_code:
            if report.officer_id in (None, principal.account_id):
                return frozenset({Role.OFFICER})
            return frozenset()
        case "key_holder" if principal.agency_code == report.agency_code:
            return frozenset({Role.KEY_HOLDER, Role.OFFICER})
        case "moderator":
            return frozenset({Role.MODERATOR})
        case "leader":
            return frozenset({Role.LEADER})
        case "admin":
            return frozenset({Role.ADMIN})
        case _:
            return frozenset()


def apply_move(
    rulebook: Rulebook,
    report: Report,
    order: MoveOrder,
    *,
    actor: Actor,
    roles: Collection[str],
    at: datetime,
    evidence: int = 0,
) -> Change:
    """The change this order makes at `at`; `evidence` counts after photos already on the case.

    Raises what check_move raises, UnknownAgency, PromiseFixed and its kin.
    """
    book = rulebook.terms_books[report.promise_version]
    if order.move is Move.HIDE:
        check_hiding(rulebook.hiding, code=order.reason_code, words=order.public_note)
    checked = check_move(
        CaseState(
            status=report.status,
            status_before=report.status_before,
            agency_code=report.agency_code,
            entered=entered(report),
            reopened=report.reopened,
            is_rating_final=is_rating_final(report, book, at),
        ),
        MoveRequest(
            move=order.move,
            reason=order.reason,
            note=order.public_note,
            agency=order.agency,
            officer=str(order.officer) if order.officer else None,
            report=str(order.report) if order.report else None,
            photos=len(order.photos) + evidence,
            score=order.score,
        ),
        roles=roles,
        reopen=ReopenTerms(at_most=book.reopenings_at_most),
    )
    terms = book.terms_for(
        rulebook.categories[report.category_code], is_emergency=report.is_emergency
    )
    after = moved(
        rulebook, replace(report, status=checked.to), order, before=report, terms=terms, at=at
    )
    return finish_change(
        rulebook,
        report,
        after,
        at=at,
        actor=actor,
        kind=_EVENT_NAMES.get(order.move, order.move.value),
        is_public=order.move not in _INTERNAL,
        notes=_notes(order, checked, actor),
        extra=_extra(report, after, order),
    )


def is_rating_final(report: Report, book: TermsBook, at: datetime) -> bool:
    """Whether the citizen has rated, and may not rate anew: so long after the last change."""
    if report.rating is None or report.status is not Status.CLOSED:
        return False
    return at >= rating_change_ends(report, book)


def rating_change_ends(report: Report, book: TermsBook) -> datetime:
    """Until when a closed report's rating may be changed; every change of it begins anew."""
    return report.updated_at + timedelta(hours=book.rating_change_hours)


def finish_change(
    rulebook: Rulebook,
    before: Report,
    after: Report,
    *,
    at: datetime,
    actor: Actor,
    kind: str,
    is_public: bool,
    notes: tuple[Note, ...] = (),
    extra: dict[str, Any] | None = None,
) -> Change:
    """Complete a new state: version, next timer, event on the chain, deltas of the figures."""
    book = rulebook.terms_books[after.promise_version]
    terms = book.terms_for(rulebook.categories[after.category_code])
    calendar = rulebook.calendars.get(after.calendar_code or "")
    after = replace(after, version=before.version + 1, updated_at=at)
    after = replace(after, next_timer_at=next_timer(after, terms, calendar))
    event = make_event(
        "report",
        before.id,
        seq=after.version,
        kind=kind,
        at=at,
        actor=actor,
        agency_code=after.agency_code,
        is_public=is_public,
        body={**snapshot(after), **(extra or {})},
        prev_hash=before.head_hash,
        notes=notes,
    )
    after = replace(after, head_hash=event.hash)
    deltas = deltas_between(standing(before), standing(after))
    return Change(before, after, event, notes, tuple(deltas))


def snapshot(report: Report) -> dict[str, Any]:
    """What every event says of the state after it; figures can be recounted from these alone."""
    return {
        "status": report.status.value,
        "category": report.category_code,
        "unit": report.unit_code,
        "unit_valid_from": report.unit_valid_from.isoformat(),
        "agency": report.agency_code,
        "accept_by": report.accept_by.isoformat() if report.accept_by else None,
        "resolve_by": report.resolve_by.isoformat() if report.resolve_by else None,
        "paused": report.paused_at is not None,
        "overdue": report.is_overdue,
    }


def _notes(order: MoveOrder, checked: CheckedMove, actor: Actor) -> tuple[Note, ...]:
    notes = []

    def say(kind: NoteKind, text: str | None, *, is_public: bool) -> None:
        if text and text.strip():
            notes.append(write_note(kind, text.strip(), is_public=is_public))

    # Nobody has looked at a citizen's own words: they are for the agency, not for the public.
    is_own = actor.kind == "citizen"
    say("reason", checked.reason, is_public=order.move is not Move.HIDE and not is_own)
    match order.move:
        case Move.ASK:
            say("question", checked.note, is_public=True)
        case Move.ANSWER:
            say("answer", checked.note, is_public=False)
        case _:
            # who hides explains it to the reporter alone
            say("public", checked.note, is_public=order.move is not Move.HIDE)
    say("internal", order.internal_note, is_public=False)
    say("comment", order.comment, is_public=False)
    return tuple(notes)


def _extra(before: Report, after: Report, order: MoveOrder) -> dict[str, Any]:
    extra: dict[str, Any] = {}
    if before.agency_code != after.agency_code:
        extra["from_agency"] = before.agency_code
    if order.move is Move.ASSIGN:
        extra["officer"] = str(order.officer)
    if order.photos:
        extra["photos"] = list(order.photos)
    if order.move in (Move.MERGE, Move.UNMERGE):
        extra["other_report"] = str(after.merged_into or before.merged_into)
    if order.move is Move.RATE:
        extra["score"] = order.score
    if order.move is Move.EXTEND:
        extra["duration"] = order.duration
    if order.text_digest is not None:
        extra["text_sha256"] = order.text_digest
    if order.move in (Move.HIDE, Move.PUBLISH) or before.visibility != after.visibility:
        extra["visibility"] = after.visibility
    if order.move is Move.HIDE and order.reason_code:
        extra["reason_code"] = order.reason_code
    if order.move in _MAY_PUBLISH and _is_shown(before):
        # photos that were released, work that is taken up again: not news to those around
        extra["was_shown"] = True
    return extra


def _is_shown(report: Report) -> bool:
    """As the database has it in is_shown()."""
    is_public = report.visibility == "public" and not report.is_restricted
    return is_public and is_public_stage(report.status)
