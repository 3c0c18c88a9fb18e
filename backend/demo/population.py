"""Who reports what, when and where in the demo's ninety days, and what becomes of it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

from backend.demo import lives
from backend.demo.configuration import read_document, read_stories
from backend.demo.pictures.album import Pair
from backend.demo.places import Land, Place, choose_place, near
from backend.demo.reporters import choose_answers, choose_contact
from backend.demo.steps import Ended, Life, Scene, Steps, begin
from backend.demo.words import Writer
from backend.events.chain import Actor
from backend.reports.rulebook import Rulebook
from backend.reports.store import NewPhoto
from backend.reports.submit import Submission, prepare_report
from backend.settings import Settings

_DAYS: Final = 90
# How many of each fate; all others go the usual way.
_USUAL: Final = 352
_FATES: Final = {
    "asked": 24,
    "waiting": 7,
    "handed_on": 24,
    "called_up": 8,
    "extended": 13,
    "late": 36,
    "neglected": 15,
    "unseen": 8,
    "reopened": 17,
    "withdrawn": 8,
    "merged": 10,
    "unrouted": 7,
}
# The citizens with logins wrote these many of them.
_OWN: Final = 14
# Reports by local hour, 0 to 23: before work, at noon, and most of all in the evening.
_HOURS: Final = (1, 1, 0, 0, 1, 3, 8, 12, 11, 9, 8, 7, 6, 5, 6, 7, 8, 11, 12, 13, 12, 9, 5, 2)
# What communes lead and may be too much for one.
_HEAVY: Final = (
    "giao-thong-o-ga",
    "cap-thoat-nuoc-ngap",
    "xay-dung-dat-dai-lan-dat-cong",
    "trat-tu-do-thi-cho-tu-phat",
)


@dataclass(frozen=True)
class World:
    """What a population grows in; `citizens` are the accounts of citizens with logins."""

    settings: Settings
    scene: Scene
    lands: Sequence[Land]
    album: Mapping[str, tuple[Pair, ...]]
    citizens: Sequence[UUID]

    @property
    def rulebook(self) -> Rulebook:
        return self.scene.rulebook


def grow(world: World, rng: Random) -> list[Life]:
    """Every report of the demo as it stands now, in the order of arrival."""
    return _Population(world, rng).grow()


class _Population:
    def __init__(self, world: World, rng: Random) -> None:
        self._world = world
        self._rng = rng
        self._stories = read_stories()
        self._writer = Writer(rng)
        self._steps = Steps(world.scene, rng, self._writer)
        self._lives: list[Life] = []
        self._own = 0

    def grow(self) -> list[Life]:
        phrases = read_document("phrases")
        for kind, tell in (("declined", lives.declined), ("redirected", lives.redirected)):
            for entry in phrases[kind]:
                life = self._born(entry["category"], self._moment(3, 80), text=entry["text"])
                self._play(life, tell, reason=entry["reason"])
        for fate, count in _FATES.items():
            for _ in range(count):
                getattr(self, f"_live_{fate}")()
        for number in range(_USUAL):
            # one in seven came in the last two days: the queue of an ordinary morning
            oldest = 2.0 if number % 7 == 0 else _DAYS
            self._play(self._born(self._topic(), self._moment(0.02, oldest)), lives.usual)
        return sorted(self._lives, key=lambda life: life.report.created_at)

    def _live_asked(self) -> None:
        self._play(self._born(self._topic("ask"), self._moment(2, 85)), lives.asked)

    def _live_waiting(self) -> None:
        life = self._born(self._topic("ask"), self._moment(0.5, 4))
        self._play(life, lives.asked, is_answered=False)

    def _live_handed_on(self) -> None:
        life = self._born(self._topic(), self._moment(0.5, 80))
        others = [code for code in life.report.co_agencies if code != life.report.agency_code]
        unit = self._world.rulebook.unit_agencies.get(life.report.unit_code, {})
        target = next(iter(others), unit.get("ubnd"))
        if target in (None, life.report.agency_code):
            target = "so-xay-dung"
        self._play(life, lives.handed_on, agency=target)

    def _live_called_up(self) -> None:
        """Beyond a commune's means: its People's Committee calls the province's."""
        life = self._born(self._rng.choice(_HEAVY), self._moment(3, 80))
        self._play(life, lives.called_up, agency="ubnd-tinh")

    def _live_extended(self) -> None:
        life = self._born(self._topic(is_urgent=False), self._moment(1.5, 80))
        self._play(life, lives.extended)

    def _live_late(self) -> None:
        self._play(self._born(self._topic(), self._moment(4, 88)), lives.late)

    def _live_neglected(self) -> None:
        self._play(self._born(self._topic(), self._moment(5, 26)), lives.neglected)

    def _live_unseen(self) -> None:
        self._play(self._born(self._topic(is_urgent=False), self._moment(2, 12)), lives.unseen)

    def _live_reopened(self) -> None:
        self._play(self._born(self._topic(), self._moment(2, 80)), lives.reopened)

    def _live_withdrawn(self) -> None:
        self._play(self._born(self._topic(), self._moment(1, 80)), lives.withdrawn)

    def _live_merged(self) -> None:
        """Somebody else reports the same thing a few hours later."""
        first = self._born(self._topic(), self._moment(0.6, 80))
        self._play(first, lives.usual)
        at = first.report.created_at + timedelta(hours=self._rng.uniform(0.5, 9))
        place = near(self._rng, first.place, self._world.lands)
        category = first.report.category_code
        second = self._born(category, min(at, self._world.scene.now), place=place)
        if second.report.agency_code == first.report.agency_code:
            self._play(second, lives.merged, into=first)
        else:
            self._play(second, lives.usual)

    def _live_unrouted(self) -> None:
        """As reports arrive in the weeks when a commune's agencies are not entered yet."""
        is_waiting = sum(life.report.agency_code is None for life in self._lives) < 4
        at = self._moment(0.2, 2.5) if is_waiting else self._moment(20, 85)
        blank = replace(self._world.rulebook, unit_agencies={})
        category = self._rng.choice(
            ["trat-tu-do-thi-vat-nuoi", "cay-xanh-canh-nguy-hiem", "trat-tu-do-thi-rao-vat"]
        )
        life = self._born(category, at, rulebook=blank)
        agencies = self._world.rulebook.unit_agencies.get(life.report.unit_code, {})
        target = None if is_waiting else agencies.get("ubnd")
        self._play(life, lives.unrouted, agency=target)

    def _play(self, life: Life, tell: Callable[..., None], **details: Any) -> None:
        with suppress(Ended):
            tell(self._steps, life, **details)
        self._steps.ring(life, self._world.scene.now)

    def _born(
        self,
        code: str,
        at: datetime,
        *,
        text: str | None = None,
        place: Place | None = None,
        rulebook: Rulebook | None = None,
    ) -> Life:
        rng, world = self._rng, self._world
        story = self._stories[code]
        place = place or choose_place(rng, world.lands, story["where"])
        pair = self._pair(story) if text is None else None
        owner = self._owner()
        contact = choose_contact(rng) if owner or rng.random() < 0.45 else None
        told = 0
        given = text
        if text is None:
            text, told = self._writer.report_text(story, place)
        submission = Submission(
            category_code=code,
            text=text,
            lon=place.lon,
            lat=place.lat,
            accuracy_metres=round(rng.uniform(4, 40), 1),
            address=self._writer.address(place),
            answers=choose_answers(rng, world.rulebook.categories[code]) if given is None else {},
            happened_at=at - timedelta(minutes=rng.randint(5, 900)) if rng.random() < 0.3 else None,
            is_anonymous=contact is None,
            contact=contact,
            photos=(_announced(pair),) if pair else (),
            source="demo",
            source_ref=f"demo-{len(self._lives) + 1:04d}",
            account_id=owner,
        )
        new = prepare_report(
            rulebook or world.rulebook,
            submission,
            settings=world.settings,
            actor=Actor("citizen", owner),
            at=at,
        )
        life = begin(new, place, story)
        life.pair, life.told = pair, told
        self._lives.append(life)
        return life

    def _topic(self, has: str = "what", *, is_urgent: bool | None = None) -> str:
        categories = self._world.rulebook.categories
        codes = [
            code
            for code, story in self._stories.items()
            if has in story and is_urgent in (None, categories[code].is_urgent)
        ]
        return self._rng.choices(codes, [self._stories[code]["weight"] for code in codes])[0]

    def _moment(self, newest_days: float, oldest_days: float) -> datetime:
        """A moment so many days ago, at an hour when people write."""
        now = self._world.scene.now
        newest = now - timedelta(days=newest_days)
        for _ in range(60):
            at = now - timedelta(days=self._rng.uniform(newest_days, oldest_days))
            local_hour = (at.hour + 7) % 24
            # in the city life goes on at the weekend, only with fewer reports
            keep = _HOURS[local_hour] / 13 * (0.7 if at.weekday() >= 5 else 1)
            if at <= newest and self._rng.random() < keep:
                break
        return at

    def _pair(self, story: Mapping[str, Any]) -> Pair | None:
        if "photo" in story and self._rng.random() < 0.62:
            return self._rng.choice(self._world.album[story["photo"]])
        return None

    def _owner(self) -> UUID | None:
        citizens = self._world.citizens
        if citizens and self._own < _OWN and self._rng.random() < 0.04:
            self._own += 1
            return self._rng.choice(citizens)
        return None


def _announced(pair: Pair) -> NewPhoto:
    return NewPhoto(pair.before.sha256, pair.before.original_bytes, "image/jpeg")
