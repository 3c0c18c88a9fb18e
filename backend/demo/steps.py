"""Steps in the life of a demo report: each is a move of the product's own rules, at its own moment.

What time alone would have done by then (due soon, overdue, parent called, closed) is done first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

from backend.calendars.working_time import (
    WorkCalendar,
    add_working_minutes,
    next_working_moment,
    working_minutes_between,
)
from backend.demo.pictures.album import Pair
from backend.demo.places import Place
from backend.demo.words import Writer
from backend.events.chain import Actor, Event, Note
from backend.reports.actions import next_change
from backend.reports.lifecycle import Move, Role
from backend.reports.moves import Change, apply_move
from backend.reports.report import Report
from backend.reports.rulebook import Rulebook
from backend.reports.store import NewReport
from backend.reports.transitions import MoveOrder

_MOVES_AT_MOST: Final = 60
# A worker looks every second; rows fire a moment after they are due.
_RING_DELAY: Final = timedelta(seconds=1)


@dataclass(frozen=True)
class Staff:
    """Who acts for an agency in the demo; None where it has no login of its own."""

    officer: UUID | None = None
    key_holder: UUID | None = None


@dataclass(frozen=True)
class Scene:
    """What the lives are played against."""

    rulebook: Rulebook
    now: datetime
    staff: Mapping[str, Staff]
    moderator: UUID | None


@dataclass
class Life:
    """One report while it is being played: its state, and what has happened so far.

    `told` is which of its story's happenings it tells; `pair` are its pictures, the second of
    them used from `answered_at` on.
    """

    new: NewReport
    place: Place
    story: Mapping[str, Any]
    report: Report
    events: list[Event]
    notes: list[tuple[int, Note]] = field(default_factory=list)
    told: int = 0
    pair: Pair | None = None
    answered_at: datetime | None = None
    supporters: int = 0


class Ended(Exception):
    """The next step would lie in the future."""


def begin(new: NewReport, place: Place, story: Mapping[str, Any]) -> Life:
    """A life as it starts."""
    return Life(new, place, story, report=new.report, events=[new.event])


class Steps:
    """Takes lives forward, one step at a time; Ended when the step lies in the future."""

    def __init__(self, scene: Scene, rng: Random, writer: Writer) -> None:
        self.scene = scene
        self.rng = rng
        self.writer = writer

    def accept(self, life: Life) -> None:
        window = self._minutes(life, life.report.accept_by)
        at = self.office(life, window * self.rng.betavariate(1.6, 4.5))
        internal = self.writer.phrase("internal") if self.rng.random() < 0.15 else None
        self.do(life, MoveOrder(Move.ACCEPT, internal_note=internal), "officer", at=at)

    def assign(self, life: Life) -> None:
        officer = self._staff(life).officer
        if officer is not None and self.rng.random() < 0.6:
            at = self.office(life, self.rng.uniform(2, 25))
            self.do(life, MoveOrder(Move.ASSIGN, officer=officer), "key_holder", at=at)

    def start(self, life: Life) -> None:
        at = self.office(life, self.left(life) * self.rng.uniform(0.02, 0.2))
        self.do(life, MoveOrder(Move.START), "officer", at=at)

    def resolve(self, life: Life, *, pace: float) -> None:
        """Answer after that share of the promise, counted from its beginning."""
        report = life.report
        total = self._minutes(life, report.resolve_by, since=self._promised_at(life))
        gone = working_minutes_between(
            self._calendar(life), self._promised_at(life), end=report.updated_at
        )
        at = self.office(life, max(6.0, total * pace - gone))
        agency = self.scene.rulebook.agencies[report.agency_code or ""].name_vi
        answer = self.writer.answer(life.story, life.place, told=life.told, agency=agency, at=at)
        photos = (life.pair.after.sha256,) if life.pair else ()
        reason = None if photos else self.writer.phrase("no_photo")
        order = MoveOrder(Move.RESOLVE, public_note=answer, reason=reason, photos=photos)
        self.do(life, order, "officer", at=at)
        life.answered_at = life.answered_at or at

    def rate(self, life: Life, *, score: int | None = None, surely: bool = False) -> None:
        if not surely and self.rng.random() < 0.42:
            return
        was_late = life.report.is_overdue
        chances = (14, 22, 40, 24) if was_late else (3, 6, 37, 54)
        score = score or self.rng.choices((1, 2, 3, 4), chances)[0]
        comment = self.writer.rating_comment(score)
        at = life.report.updated_at + timedelta(hours=self.rng.uniform(0.4, 44))
        order = MoveOrder(Move.RATE, score=score, comment=comment)
        self.do(life, order, "citizen", at=awake(at))

    def do(self, life: Life, order: MoveOrder, role: str, *, at: datetime) -> None:
        at = max(at, life.report.updated_at + timedelta(seconds=20))
        if at > self.scene.now:
            raise Ended
        self.ring(life, at)
        at = max(at, life.report.updated_at + timedelta(seconds=1))
        if at > self.scene.now:
            raise Ended
        change = apply_move(
            self.scene.rulebook,
            life.report,
            order,
            actor=self._actor(life, role),
            roles={Role(role)},
            at=at,
        )
        _take(life, change)

    def ring(self, life: Life, until: datetime) -> None:
        """Do what time alone does up to that moment."""
        for _ in range(_MOVES_AT_MOST):
            due = life.report.next_timer_at
            if due is None or due + _RING_DELAY > until:
                return
            at = max(due + _RING_DELAY, life.report.updated_at)
            change = next_change(self.scene.rulebook, life.report, now=at)
            if change is None:
                return
            _take(life, change)

    def _actor(self, life: Life, role: str) -> Actor:
        staff = self._staff(life)
        match role:
            case "citizen":
                return Actor("citizen", life.report.account_id)
            case "moderator":
                return Actor("moderator", self.scene.moderator)
            case "key_holder":
                return Actor("key_holder", staff.key_holder)
            case _:
                return Actor("officer", staff.officer)

    def _staff(self, life: Life) -> Staff:
        return self.scene.staff.get(life.report.agency_code or "", Staff())

    def _calendar(self, life: Life) -> WorkCalendar:
        """Of the agency that leads; while there is none, intake keeps office hours."""
        if life.report.agency_code is None:
            return next(iter(self.scene.rulebook.calendars.values()))
        return self.scene.rulebook.calendar_of(life.report.agency_code)

    def office(self, life: Life, minutes: float) -> datetime:
        """That much working time after the last thing that happened, while the office is open."""
        calendar = self._calendar(life)
        start = next_working_moment(calendar, life.report.updated_at)
        at = add_working_minutes(calendar, start, minutes=max(1.0, minutes))
        return at + timedelta(seconds=self.rng.randint(0, 50))

    def _minutes(
        self, life: Life, until: datetime | None, *, since: datetime | None = None
    ) -> float:
        start = since or life.report.created_at
        if until is None:
            return 60.0
        return max(10.0, working_minutes_between(self._calendar(life), start, end=until))

    def left(self, life: Life) -> float:
        return self._minutes(life, life.report.resolve_by, since=life.report.updated_at)

    def _promised_at(self, life: Life) -> datetime:
        again = [e.at for e in life.events if e.kind == "reopen"]
        return again[-1] if again else life.report.created_at


def _take(life: Life, change: Change) -> None:
    life.report = change.after
    life.events.append(change.event)
    life.notes += [(change.event.seq, note) for note in change.notes]


def awake(at: datetime) -> datetime:
    """The moment, or the next morning if it lies between 23 and 6 o'clock there (UTC+7)."""
    local_hour = (at.hour + 7) % 24
    if 6 <= local_hour < 23:
        return at
    return at + timedelta(hours=(30 - local_hour) % 24)
