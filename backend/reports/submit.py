"""The action at the heart of it: a citizen's report is stored once and only once.

Unit, routing and promise are computed in this process from the rulebook (pure functions); then one
statement stores key, report, photos announced, event, counts and work, or nothing at all.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg

from backend.clock import now as clock_now
from backend.counts.deltas import deltas_between
from backend.database import CONNECTION_ERRORS, Database
from backend.errors import FieldFault, Unprocessable
from backend.events.chain import GENESIS, Actor, make_event
from backend.identifiers import hash_token, new_report_code, new_uuid7, tracking_secret
from backend.reports.errors import KeyReused, OutsideProvince, SubmitUnsettled
from backend.reports.lifecycle import Status
from backend.reports.report import Report, standing
from backend.reports.rulebook import Rulebook, Rulebooks
from backend.reports.store import (
    Contact,
    NewPhoto,
    NewReport,
    find_earlier_submit,
    insert_report,
)
from backend.reports.timers import next_timer
from backend.settings import Settings
from geo.units import UnitAt

_TRIES: Final = 4
# Phones' clocks run ahead; anything further off is a mistake.
_HAPPENED_AHEAD: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Submission:
    """A report as its reporter gave it, checked in form; positions WGS84 degrees, moments UTC."""

    category_code: str
    text: str
    lon: float
    lat: float
    accuracy_metres: float | None = None
    address: str | None = None
    answers: dict[str, Any] | None = None
    happened_at: datetime | None = None
    is_anonymous: bool = True
    contact: Contact | None = None
    photos: tuple[NewPhoto, ...] = ()
    source: str = "citizen"
    source_ref: str | None = None
    account_id: uuid.UUID | None = None


@dataclass(frozen=True)
class Submitted:
    """The acknowledgement; the same key and content give the same one again."""

    id: uuid.UUID
    code: str
    tracking_secret: str
    created_at: datetime
    is_new: bool
    status: str
    unit: dict[str, Any]
    agency: dict[str, Any] | None
    accept_by: str | None
    resolve_by: str | None
    photos: list[dict[str, Any]]


async def submit_report(
    database: Database,
    rulebooks: Rulebooks,
    *,
    settings: Settings,
    submission: Submission,
    principal: str,
    key: uuid.UUID,
    payload_hash: bytes,
    actor: Actor = Actor("citizen"),  # noqa: B008  a frozen value
    at: datetime | None = None,
) -> Submitted:
    """Store the submission and acknowledge it.

    Raises UnknownCategory, OutsideProvince, KeyReused (same key, other content), Unavailable.
    """
    rulebook = await rulebooks.current()
    for _ in range(_TRIES):
        new = prepare_report(
            rulebook, submission, settings=settings, actor=actor, at=at or clock_now()
        )
        try:
            outcome = await insert_report(
                database.app,
                new,
                epoch=rulebook.epoch,
                principal=principal,
                key=key,
                payload_hash=payload_hash,
            )
        except asyncpg.UniqueViolationError as error:
            if error.constraint_name != "report_code_key":
                raise
            continue  # one in 5·10^11: draw another code
        if outcome.is_new:
            return _acknowledge(settings, new.report.id, new.report.code, new.report.created_at,
                                body=_first_body(new), is_new=True)
        if not outcome.is_current:
            rulebook = await rulebooks.renewed(rulebook)
            continue
        return await _repeat(database, settings, principal, key, payload_hash=payload_hash)
    raise SubmitUnsettled(retry_after_seconds=2)


async def _repeat(
    database: Database, settings: Settings, principal: str, key: uuid.UUID, *, payload_hash: bytes
) -> Submitted:
    earlier = await find_earlier_submit(database.app, principal, key)
    if earlier is None:
        raise SubmitUnsettled(retry_after_seconds=1)
    if earlier.payload_hash != payload_hash:
        raise KeyReused()
    return _acknowledge(
        settings, earlier.case_id, earlier.code, earlier.created_at, body=earlier.body, is_new=False
    )


def prepare_report(
    rulebook: Rulebook, submission: Submission, *, settings: Settings, actor: Actor, at: datetime
) -> NewReport:
    """Everything that will be stored of a submission received at `at`; pure but for fresh ids."""
    if submission.happened_at and submission.happened_at > at + _HAPPENED_AHEAD:
        raise Unprocessable(
            faults=(FieldFault("happened_at", "Thời điểm ở tương lai.", "This is in the future."),)
        )
    category = rulebook.get_category(submission.category_code)
    unit = rulebook.units.locate(submission.lon, submission.lat, "commune")
    if unit is None:
        raise OutsideProvince()
    facts = rulebook.facts(category, unit, lon=submission.lon, lat=submission.lat, at=at)
    decision = rulebook.decide(facts)
    terms = rulebook.terms(category)
    promise = calendar_code = None
    if decision.lead is not None:
        calendar = rulebook.calendar_of(decision.lead)
        calendar_code = calendar.code
        promise = make_promise_for(rulebook, terms, decision.lead, at)
    report_id = new_uuid7()
    body = {
        "status": (Status.RECEIVED if decision.lead else Status.CLASSIFYING).value,
        "category": category.code,
        "unit": unit.code,
        "unit_name": unit.name,
        "unit_level": unit.level,
        "unit_parent": unit.parent,
        "unit_valid_from": unit.valid_from.isoformat(),
        "agency": decision.lead,
        "agency_name": rulebook.agencies[decision.lead].name_vi if decision.lead else None,
        "accept_by": promise.accept_by.isoformat() if promise else None,
        "resolve_by": promise.resolve_by.isoformat() if promise else None,
        "overdue": False,
        "rule": decision.rule_id,
        "rule_version": decision.version,
        "promise_version": terms.version,
        "photos": [photo.sha256 for photo in submission.photos],
    }
    report = _first_state(report_id, rulebook, submission, settings=settings, at=at, unit=unit,
                          decision=decision, promise=promise, calendar_code=calendar_code)
    event = make_event(
        "report", report_id, seq=1, kind="submitted", at=at, actor=actor,
        agency_code=decision.lead, is_public=True, body=body, prev_hash=GENESIS,
    )
    return NewReport(
        report=report,
        tracking_hash=hash_token(tracking_secret(settings.secret_key, report_id)),
        source_ref=submission.source_ref,
        text=submission.text,
        address=submission.address,
        answers=submission.answers or {},
        happened_at=submission.happened_at,
        lon=submission.lon,
        lat=submission.lat,
        accuracy_metres=submission.accuracy_metres,
        contact=submission.contact,
        photos=submission.photos,
        event=event,
        deltas=tuple(deltas_between(None, standing(report))),
    )
