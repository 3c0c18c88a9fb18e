"""The action at the heart of it: a citizen's report is stored once and only once.

Unit, routing and promise are computed in this process from the rulebook (pure functions); then one
statement stores key, report, photos announced, event, counts and work, or nothing at all.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg
import msgspec

from backend.clock import now as clock_now
from backend.counts.deltas import deltas_between
from backend.database import Database
from backend.errors import FieldFault, Unprocessable
from backend.events.chain import GENESIS, Actor, make_event, words_digest
from backend.identifiers import hash_token, new_report_code, new_uuid7, tracking_secret
from backend.reports.errors import KeyReused, NotTakenHere, OutsideProvince, SubmitUnsettled
from backend.reports.lifecycle import Status
from backend.reports.moves import snapshot
from backend.reports.promises import make_promise
from backend.reports.report import Report, standing
from backend.reports.routing import Decision
from backend.reports.rulebook import Rulebook, Rulebooks
from backend.reports.screening import Finding, Level
from backend.reports.store import (
    Contact,
    NewPhoto,
    NewReport,
    Screening,
    find_earlier_submit,
    insert_report,
)
from backend.reports.timers import first_timer
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
    """The same for the same key and content; only `owned` (by an account) changes by a claim."""

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
    owned: bool


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

    Raises UnknownCategory, OutsideProvince, NotTakenHere, KeyReused (other content), Unavailable.
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
            return _acknowledge(new)
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
    return _answer(
        earlier.case_id,
        earlier.code,
        secret=tracking_secret(settings.secret_key, earlier.case_id),
        created_at=earlier.created_at,
        body=earlier.body,
        owned=earlier.owned,
    )


def _acknowledge(new: NewReport) -> Submitted:
    return _answer(
        new.report.id,
        new.report.code,
        secret=new.tracking_secret,
        created_at=new.report.created_at,
        body=msgspec.json.decode(new.event.body),
        owned=new.report.account_id is not None,
        is_new=True,
    )


def _answer(
    report_id: uuid.UUID,
    code: str,
    *,
    secret: str,
    created_at: datetime,
    body: dict[str, Any],
    owned: bool,
    is_new: bool = False,
) -> Submitted:
    """The acknowledgement, told from the first event alone, so that it never changes."""
    agency = {"code": body["agency"], "name": body["agency_name"]} if body["agency"] else None
    return Submitted(
        id=report_id,
        code=code,
        tracking_secret=secret,
        created_at=created_at,
        is_new=is_new,
        status=body["status"],
        unit={
            "code": body["unit"],
            "name": body["unit_name"],
            "level": body["unit_level"],
            "parent": body["unit_parent"],
            "valid_from": body["unit_valid_from"],
        },
        agency=agency,
        accept_by=_zulu(body["accept_by"]),
        resolve_by=_zulu(body["resolve_by"]),
        photos=[{"sha256": sha256, "state": "expected"} for sha256 in body["photos"]],
        owned=owned,
    )


def _zulu(moment: str | None) -> str | None:
    return moment.replace("+00:00", "Z") if moment else None


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
    said = words_to_screen(submission.text, submission.address)
    findings = screened(rulebook, said, category.code)
    facts = rulebook.facts(category, unit, lon=submission.lon, lat=submission.lat, at=at)
    decision = _kept_for_intake(rulebook.decide(facts), findings)
    report_id = new_uuid7()
    report = _first_state(
        report_id,
        rulebook,
        submission,
        settings=settings,
        at=at,
        unit=unit,
        decision=decision,
        findings=findings,
    )
    secret = tracking_secret(settings.secret_key, report_id)
    agency = rulebook.agencies[report.agency_code] if report.agency_code else None
    body = {
        **snapshot(report),
        "text_sha256": words_digest(hash_token(secret), submission.text),
        "unit_name": unit.name,
        "unit_level": unit.level,
        "unit_parent": unit.parent,
        "agency_name": agency.name_vi if agency else None,
        "rule": decision.rule_id,
        "rule_version": decision.version,
        "promise_version": report.promise_version,
        "photos": [photo.sha256 for photo in submission.photos],
    }
    event = make_event(
        "report",
        report_id,
        seq=1,
        kind="submitted",
        at=at,
        actor=actor,
        agency_code=report.agency_code,
        is_public=True,
        body=body,
        prev_hash=GENESIS,
    )
    return NewReport(
        report=replace(report, head_hash=event.hash),
        tracking_secret=secret,
        tracking_hash=hash_token(secret),
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
        screening=screening_of(rulebook, findings),
    )


def words_to_screen(text: str, address: str | None) -> str:
    """All that is shown of what a reporter wrote: an accusation fits into an address as well."""
    return f"{text}.\n{address}" if address else text


def screened(rulebook: Rulebook, text: str, category_code: str) -> tuple[Finding, ...]:
    """What screening finds in the words of a report; raises NotTakenHere where the law says so."""
    findings = rulebook.screen(text, category_code)
    for finding in findings:
        if finding.level is Level.NOT_TAKEN:
            raise NotTakenHere(finding.kind)
    return findings


def screening_of(rulebook: Rulebook, findings: tuple[Finding, ...]) -> Screening | None:
    """What is kept of findings: kinds, levels and rules, none of the words; None without any."""
    if not findings or rulebook.screening is None:
        return None
    return Screening(
        rulebook.screening.version,
        tuple(
            {"kind": found.kind.code, "level": found.level.value, "rules": found.rules}
            for found in findings
        ),
    )


def is_held(findings: tuple[Finding, ...]) -> bool:
    """Whether a report with these findings is published only when somebody says so."""
    return any(found.kind.is_held for found in findings if found.level is not Level.ADVISE)


def is_kept_close(findings: tuple[Finding, ...]) -> bool:
    """Whether a report with these findings is for cleared staff only: it names who denounces."""
    return any(found.kind.is_restricted for found in findings if found.level is not Level.ADVISE)


def asks_a_look(rulebook: Rulebook, kinds: Iterable[str]) -> bool:
    """Whether findings of these kinds keep acceptance from publishing unless somebody says so."""
    known = rulebook.screening.kinds if rulebook.screening else {}
    return any(known[kind].look_first for kind in kinds if kind in known)


def is_emergency(findings: tuple[Finding, ...]) -> bool:
    """Whether a report with these findings comes before all others."""
    return any(found.kind.is_urgent for found in findings if found.level is not Level.ADVISE)


def _kept_for_intake(decision: Decision, findings: tuple[Finding, ...]) -> Decision:
    """The decision, or none: what may be no report goes to the moderators, not to an agency.

    An agency's officers could be those it is about.
    """
    for found in findings:
        if found.kind.to_intake and found.level is not Level.ADVISE:
            return replace(
                decision,
                rule_id=None,
                lead=None,
                co_agencies=(),
                officer_group=None,
                reason_vi=f"sàng lọc: {found.kind.title_vi.lower()}; bộ phận tiếp nhận xem trước",
                reason_en=f"screening: {found.kind.title_en.lower()}; intake looks at it first",
            )
    return decision


def _first_state(
    report_id: uuid.UUID,
    rulebook: Rulebook,
    submission: Submission,
    *,
    settings: Settings,
    at: datetime,
    unit: UnitAt,
    decision: Decision,
    findings: tuple[Finding, ...],
) -> Report:
    category = rulebook.get_category(submission.category_code)
    terms = rulebook.terms(category, is_emergency=is_emergency(findings))
    calendar = rulebook.calendar_of(decision.lead) if decision.lead else None
    promise = make_promise(terms, calendar, received_at=at) if calendar else None
    return Report(
        id=report_id,
        code=new_report_code(settings.code_prefix),
        source=submission.source,
        account_id=submission.account_id,
        is_anonymous=submission.is_anonymous,
        category_code=category.code,
        unit_code=unit.code,
        unit_valid_from=unit.valid_from,
        status=Status.RECEIVED if decision.lead else Status.CLASSIFYING,
        status_before=None,
        visibility="pending",
        is_restricted=category.is_restricted or is_kept_close(findings),
        is_sensitive=category.is_sensitive,
        is_urgent=category.is_urgent or is_emergency(findings),
        agency_code=decision.lead,
        co_agencies=decision.co_agencies,
        officer_group=decision.officer_group,
        officer_id=None,
        routing={
            "rule": decision.rule_id,
            "version": decision.version,
            "reason_vi": decision.reason_vi,
            "reason_en": decision.reason_en,
        },
        promise_version=terms.version,
        calendar_code=calendar.code if calendar else None,
        accept_by=promise.accept_by if promise else None,
        resolve_by=promise.resolve_by if promise else None,
        paused_at=None,
        remaining_minutes=None,
        extensions=0,
        accepted_at=None,
        resolved_at=None,
        closed_at=None,
        is_overdue=False,
        timers_fired=(),
        next_timer_at=first_timer(promise, terms, calendar),
        escalations=0,
        reopened=0,
        rating=None,
        rating_comment=None,
        merged_into=None,
        version=1,
        head_hash=GENESIS,
        created_at=at,
        updated_at=at,
        is_held=is_held(findings),
        is_emergency=is_emergency(findings),
    )
