"""What people write in the demo: citizens in their many ways, offices in one.

Sentences stand in `province/stories`; here they are joined and their slots filled. Nothing names
a person, a house or a business.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from backend.demo.configuration import read_document
from backend.demo.places import Place
from geo.units import fold_accents

_ZONE: Final = ZoneInfo("Asia/Ho_Chi_Minh")
_SLOT: Final = re.compile(r"\{(\w+)\}")
# Where a slot repeats the word before it ("đoạn {at}" with "đoạn qua cầu").
_TWICE: Final = re.compile(r"\b(đoạn|chỗ|ngay|gần|trước|sau|ở|khu|đường) \1\b")
_STYLES: Final = ("full", "short", "bare", "shorthand")
_STYLE_WEIGHTS: Final = (62, 22, 8, 8)


class Writer:
    """Draws words so that no two reports of a demo read alike; one per demo, not kept."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._phrases: dict[str, Any] = read_document("phrases")
        self._used: set[str] = set()
        self._decks: defaultdict[int, list[str]] = defaultdict(list)

    def report_text(self, story: Mapping[str, Any], place: Place) -> tuple[str, int]:
        """A citizen's words, unlike any before, and which of the story's happenings they tell."""
        for _ in range(30):
            what = self._draw(story["what"])
            text = self._report_text(what, story, place)
            if text not in self._used:
                break
        self._used.add(text)
        return text, story["what"].index(what)

    def phrase(self, name: str) -> str:
        """One of the general phrases of this name."""
        return self._draw(self._phrases[name])

    def rating_comment(self, score: int) -> str | None:
        """What somebody adds to a rating; often nothing."""
        return self._rng.choice(self._phrases["ratings"][str(score)]) or None

    def answer(
        self, story: Mapping[str, Any], place: Place, *, told: int, agency: str, at: datetime
    ) -> str:
        """The office's answer to what was `told`: what was found, what was done, when."""
        fitting = story["answers_for"][told] if "answers_for" in story else None
        answers = [story["answers"][n] for n in fitting] if fitting else story["answers"]
        filled = {"agency": agency, "day": day_text(at)}
        start = self._draw(self._phrases["answer_starts"])
        end = self._draw(self._phrases["answer_ends"])
        body = self._fill(self._rng.choice(answers), place, filled, hours="done_hour")
        return _tidy(self._fill(start, place, filled) + body + end)

    def asked(self, story: Mapping[str, Any]) -> tuple[str, str]:
        """A question to the citizen, and what they reply."""
        if "ask" in story and self._rng.random() < 0.85:
            return self._draw(story["ask"]), self._draw(story["reply"])
        return self.phrase("asks"), self.phrase("replies")

    def address(self, place: Place) -> str | None:
        """What stands in the address line; many leave it empty."""
        if self._rng.random() < 0.3:
            return None
        unit = place.unit.name[:1].lower() + place.unit.name[1:]
        spot = place.road if self._rng.random() < 0.7 else place.hamlet
        return f"{_capital(spot)}, {unit}"

    def _report_text(self, what: str, story: Mapping[str, Any], place: Place) -> str:
        style = self._rng.choices(_STYLES, _STYLE_WEIGHTS)[0]
        parts = [what]
        if style != "short":
            many = self._rng.choices((0, 1, 2), (25, 50, 25))[0]
            parts += self._rng.sample(story["more"], min(many, len(story["more"])))
        parts = [_capital(self._fill(part, place, {})) for part in parts]
        text = " ".join(parts)
        if style == "full":
            if self._rng.random() < 0.35:
                opening = self._fill(self._draw(self._phrases["openings"]), place, {})
                text = opening + (text if opening.endswith(". ") else text[:1].lower() + text[1:])
            if self._rng.random() < 0.5:
                text += " " + self._draw(self._phrases["wishes"])
        return self._in_style(_tidy(text), style)

    def _in_style(self, text: str, style: str) -> str:
        if style == "bare":
            return fold_accents(text).rstrip(".")
        if style == "shorthand":
            for word, short in self._phrases["shorthand"].items():
                text = re.sub(rf"\b{word}\b", short, text)
            return text[:1].lower() + text[1:].rstrip(".")
        if style == "short" and self._rng.random() < 0.4:
            return text.rstrip(".")
        return text

    def _fill(
        self, text: str, place: Place, given: Mapping[str, str], *, hours: str = "hour"
    ) -> str:
        rng = self._rng

        def word(match: re.Match[str]) -> str:
            name = match[1]
            if name in given:
                return given[name]
            if name == "n":
                return str(rng.randint(2, 6))
            if name == "big":
                return str(rng.choice((10, 12, 15, 20, 25, 30, 35, 40, 50)))
            if name in ("since", "when_seen", "weather", "night"):
                return str(rng.choice(self._phrases[name]))
            if name == "hour":
                return str(rng.choice(self._phrases[hours]))
            return str(getattr(place, name))

        return _SLOT.sub(word, text)

    def _draw(self, among: Sequence[str]) -> str:
        """Deal from a shuffled deck, so that every sentence comes before one comes again."""
        deck = self._decks[id(among)]
        if not deck:
            deck.extend(self._rng.sample(list(among), len(among)))
        return deck.pop()


def day_text(at: datetime) -> str:
    """A date in an official answer: 5/9/2026."""
    local = at.astimezone(_ZONE)
    return f"{local.day}/{local.month}/{local.year}"


def _tidy(text: str) -> str:
    text = _TWICE.sub(r"\1", text)
    text = re.sub(r"([.!?]) (\w)", lambda m: f"{m[1]} {m[2].upper()}", text)
    return unicodedata.normalize("NFC", " ".join(text.split()))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
