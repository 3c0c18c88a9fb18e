"""A report as the rules see it: one frozen value, and what it contributes to the figures."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from backend.clock import day_of
from backend.counts.deltas import (
    UNROUTED,
    Cell,
    Measures,
    Standing,
    bucket_of,
    resolution_minutes,
    unit_key,
)
from backend.reports.lifecycle import Status, is_open
from backend.reports.promises import Promise


@dataclass(frozen=True)
class Report:
    """The state of one report; words, contact and photos are stored beside it.

    Moments are aware UTC. `version` is the number of its newest event and its ETag; `head_hash`
    that event's hash. `timers_fired` names the moments of its promise already acted on.
    """

    id: uuid.UUID
    code: str
    source: str
    account_id: uuid.UUID | None
    is_anonymous: bool
    category_code: str
    unit_code: str
    unit_valid_from: date
    status: Status
    status_before: Status | None
    visibility: str
    is_restricted: bool
    is_sensitive: bool
    is_urgent: bool
    agency_code: str | None
    co_agencies: tuple[str, ...]
    officer_group: str | None
    officer_id: uuid.UUID | None
    routing: Mapping[str, object]
    promise_version: int
    calendar_code: str | None
    accept_by: datetime | None
    resolve_by: datetime | None
    paused_at: datetime | None
    remaining_minutes: float | None
    extensions: int
    accepted_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    is_overdue: bool
    timers_fired: tuple[str, ...]
    next_timer_at: datetime | None
    escalations: int
    reopened: int
    rating: int | None
    rating_comment: str | None
    merged_into: uuid.UUID | None
    version: int
    head_hash: bytes
    created_at: datetime
    updated_at: datetime
    # found by screening: published only when somebody says so, never by being accepted
    is_held: bool = False
    # by its words; is_urgent then too
    is_emergency: bool = False

    @property
    def promise(self) -> Promise | None:
        """The promise as it stands; None while no agency has been found."""
        if self.accept_by is None or self.resolve_by is None:
            return None
        return Promise(
            accept_by=self.accept_by,
            resolve_by=self.resolve_by,
            paused_at=self.paused_at,
            remaining_minutes=self.remaining_minutes,
            extensions=self.extensions,
        )


COLUMNS = tuple(f.name for f in fields(Report))


def report_from_row(row: Mapping[str, Any]) -> Report:
    """The value a store's row stands for; the row has every name in COLUMNS."""
    values = {name: row[name] for name in COLUMNS}
    values["status"] = Status(row["status"])
    values["status_before"] = Status(row["status_before"]) if row["status_before"] else None
    values["co_agencies"] = tuple(row["co_agencies"])
    values["timers_fired"] = tuple(row["timers_fired"])
    return Report(**values)


def standing(report: Report) -> Standing:
    """What this report contributes to the figures, and where."""
    resolved = report.resolved_at is not None
    minutes = (
        resolution_minutes(report.created_at, report.resolved_at)
        if report.resolved_at is not None
        else 0
    )
    on_time = bool(
        report.resolved_at is not None
        and (report.resolve_by is None or report.resolved_at <= report.resolve_by)
    )
    still_open = is_open(report.status) and not resolved
    return Standing(
        cell=Cell(
            day=day_of(report.created_at),
            unit_key=unit_key(report.unit_code, report.unit_valid_from),
            category_code=report.category_code,
            agency_code=report.agency_code or UNROUTED,
        ),
        measures=Measures(
            received=1,
            accepted=int(report.accepted_at is not None),
            resolved=int(resolved),
            open=int(still_open),
            on_time=int(on_time),
            late=int(resolved and not on_time),
            overdue_open=int(still_open and report.is_overdue),
            reopened=int(report.reopened > 0),
            declined=int(report.status in (Status.DECLINED, Status.REDIRECTED)),
            rated=int(report.rating is not None),
            satisfied=int(report.rating is not None and report.rating >= 3),
            minutes=minutes,
        ),
        bucket=bucket_of(minutes) if resolved else None,
    )
