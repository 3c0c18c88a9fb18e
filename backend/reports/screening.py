"""What must not be taken, or not only taken, as a report: recognised by words and category; pure.

A complaint against a decision, a denunciation, a state secret, a case before a court or an
inspection, an emergency: each belongs to another office, which the finding names. Nothing here
refuses, stores or logs; what follows from a finding is decided in submit.py. The rules are a
versioned document (screening_rules.py), because laws change and practice differs.
"""

import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Final

from backend.reports.disguises import Compounds, rejoin
from backend.reports.folding import without_accents
from backend.reports.hiding import HIDING, HidingReason
from backend.reports.screening_numbers import find_details
from backend.reports.spelling import Word, Words, read_words

_NEGATED_WITHIN: Final = 3
_SPAN: Final = 14


class Level(StrEnum):
    """How sure a rule is, and so what it asks for; the last is the gravest."""

    ADVISE = "advise"  # say where else to go; nothing else follows
    MUST_CONFIRM = "must_confirm"  # ask before sending; what is sent all the same is held back
    NOT_TAKEN = "not_taken"  # the law leaves no choice: refused, with the office to go to

    @property
    def gravity(self) -> int:
        return list(Level).index(self)


class Ground(StrEnum):
    """What a finding rests on: the words themselves, or only the field that was chosen."""

    WORDS = "words"
    CATEGORY = "category"


class Spelled(StrEnum):
    """How closely a phrase must be written as the rules have it."""

    EXACTLY = "="  # with its accents: without them it is too many other words
    USUALLY = ""  # without accents too, where the text has none or a neighbour tells which
    LOOSELY = "~"  # whatever the accents: nothing else is written with these letters


@dataclass(frozen=True, eq=False)
class Phrase:
    """Words in a row; `text` is how the rules write them. One phrase is one object."""

    text: str
    words: tuple[Word, ...]
    spelled: Spelled = Spelled.USUALLY


@dataclass(frozen=True)
class Office:
    """Who is to be turned to; `agency` is a code or a role of the scene's unit (`unit:congan`)."""

    name_vi: str
    name_en: str
    phone: str | None = None
    url: str | None = None
    agency: str | None = None
    address: str | None = None


@dataclass(frozen=True)
class Kind:
    """One kind of thing that is no ordinary report, and what is done about it.

    From `MUST_CONFIRM` on, `is_held` keeps a report from being published by its acceptance,
    `to_intake` sends it to the moderators instead of an agency, and `is_restricted` shows it, with
    who sent it, to nobody but staff cleared for that, `is_urgent` puts it on top of the queue.
    At any level, `look_first` keeps acceptance from publishing unless somebody says so.
    """

    code: str
    title_vi: str
    title_en: str
    advice_vi: str
    advice_en: str
    offices: tuple[Office, ...]
    is_held: bool = True
    to_intake: bool = True
    is_restricted: bool = False
    is_urgent: bool = False
    look_first: bool = False


@dataclass(frozen=True)
class ScreeningRule:
    """Fits when each group has a phrase in the text, near the others, and no `unless` is there.

    `groups` empty: the category alone decides. `categories` empty: any. `details`: one of these
    personal details is written in the text.
    """

    id: str
    kind: str
    level: Level
    groups: tuple[tuple[Phrase, ...], ...] = ()
    unless: tuple[Phrase, ...] = ()
    categories: frozenset[str] = frozenset()
    span: int = _SPAN
    may_be_negated: bool = True
    details: tuple[str, ...] = ()

    @property
    def ground(self) -> Ground:
        return Ground.WORDS if self.groups or self.details else Ground.CATEGORY


@dataclass(frozen=True)
class ScreeningSet:
    """The rules of one version; build it with screening_from_document, which checks them."""

    version: int
    kinds: Mapping[str, Kind]
    rules: tuple[ScreeningRule, ...]
    shorthand: Mapping[str, tuple[Word, ...]] = field(default_factory=dict)
    negations: tuple[Phrase, ...] = ()
    hiding: Mapping[str, HidingReason] = field(default_factory=lambda: HIDING)

    @cached_property
    def by_first_word(self) -> Mapping[str, tuple[Phrase, ...]]:
        """Every phrase the rules name, by the bare letters of its first word."""
        found: dict[str, dict[Phrase, None]] = {}
        for phrase in self._phrases():
            found.setdefault(phrase.words[0].fold, {})[phrase] = None
        return {first: tuple(phrases) for first, phrases in found.items()}

    @cached_property
    def by_first_group(self) -> Mapping[Phrase, tuple[int, ...]]:
        """The rules, by their number, that a phrase may lead to."""
        found: dict[Phrase, list[int]] = {}
        for number, rule in enumerate(self.rules):
            for phrase in rule.groups[0] if rule.groups else ():
                found.setdefault(phrase, []).append(number)
        return {phrase: tuple(numbers) for phrase, numbers in found.items()}

    @cached_property
    def without_words(self) -> tuple[int, ...]:
        """The rules, by their number, that a category or a detail alone may lead to."""
        return tuple(number for number, rule in enumerate(self.rules) if not rule.groups)

    @cached_property
    def compounds(self) -> Compounds:
        """The phrases of several words, by their letters run together."""
        written: dict[str, str] = {}
        plain: dict[str, str] = {}
        for phrase in self._phrases():
            text = unicodedata.normalize("NFC", phrase.text.lower())
            if len(phrase.words) > 1:
                written["".join(text.split())] = text
            if len(phrase.words) > 1 and phrase.spelled is not Spelled.EXACTLY:
                bare = without_accents(text)
                plain["".join(bare.split())] = bare
        return Compounds(written, plain)

    def ground_of(self, rules: Collection[str]) -> Ground:
        """What the rules of these ids rest on; words, where one is not known any more."""
        grounds = {rule.id: rule.ground for rule in self.rules}
        by_words = any(grounds.get(rule) is not Ground.CATEGORY for rule in rules)
        return Ground.WORDS if by_words or not rules else Ground.CATEGORY

    def _phrases(self) -> Iterator[Phrase]:
        yield from self.negations
        for rule in self.rules:
            yield from rule.unless
            for group in rule.groups:
                yield from group


@dataclass(frozen=True)
class Finding:
    """What was recognised, how surely, by which rules and words (the rules', not the text's)."""

    kind: Kind
    level: Level
    rules: tuple[str, ...]
    because: tuple[str, ...]
    ground: Ground = Ground.WORDS


Places = Mapping[Phrase, Sequence[int]]


class _Reading:
    """What of the rules stands in a text, read in one way."""

    def __init__(self, rules: ScreeningSet, text: str) -> None:
        self.places = _places(rules, read_words(text, rules.shorthand))
        self.negated = _negated(rules, self.places)
        self.possible = {
            number for phrase in self.places for number in rules.by_first_group.get(phrase, ())
        }


def screen(
    rules: ScreeningSet, text: str, *, category: str | None = None, field: str | None = None
) -> tuple[Finding, ...]:
    """What a text in a category (and its field) is recognised as, the gravest first."""
    seen = _Reading(rules, text)
    joined = rejoin(text, rules.compounds)
    second = _Reading(rules, joined) if joined != text.lower() else None
    possible = seen.possible | (second.possible if second else set())
    fitting: dict[str, list[tuple[ScreeningRule, tuple[str, ...]]]] = {}
    for number in sorted(possible.union(rules.without_words)):
        rule = rules.rules[number]
        if rule.categories and not rule.categories & {category, field}:
            continue
        because = _fit(rule, seen.places, seen.negated)
        if because is None and second is not None:
            because = _fit_disguised(rule, seen, second)
        if because is not None and rule.details:
            found = find_details(text, rule.details)
            because = (*because, *found) if found else None
        if because is not None:
            fitting.setdefault(rule.kind, []).append((rule, because))
    order = list(rules.kinds)
    findings = [_finding(rules.kinds[kind], fits) for kind, fits in fitting.items()]
    return tuple(
        sorted(findings, key=lambda found: (-found.level.gravity, order.index(found.kind.code)))
    )


def _finding(kind: Kind, fits: list[tuple[ScreeningRule, tuple[str, ...]]]) -> Finding:
    level = max((rule.level for rule, _ in fits), key=lambda level: level.gravity)
    said = dict.fromkeys(word for _, because in fits for word in because)
    by_words = any(rule.ground is Ground.WORDS for rule, _ in fits)
    return Finding(
        kind,
        level,
        rules=tuple(rule.id for rule, _ in fits),
        because=tuple(said),
        ground=Ground.WORDS if by_words else Ground.CATEGORY,
    )


def _places(rules: ScreeningSet, words: Words) -> Places:
    """Where each phrase of the rules stands in the text, by the number of its first word."""
    found: dict[Phrase, list[int]] = {}
    for number, word in enumerate(words.words):
        for phrase in rules.by_first_word.get(word.fold, ()):
            if _stands_at(phrase, words, number):
                found.setdefault(phrase, []).append(number)
    return found


def _stands_at(phrase: Phrase, words: Words, number: int) -> bool:
    there = words.words[number : number + len(phrase.words)]
    if len(there) < len(phrase.words):
        return False
    lenient = words.is_plain or len(phrase.words) > 1
    for meant, typed in zip(phrase.words, there, strict=True):
        if typed.key == meant.key:
            continue
        if typed.fold != meant.fold or phrase.spelled is Spelled.EXACTLY:
            return False
        if phrase.spelled is not Spelled.LOOSELY and not (typed.is_plain and lenient):
            return False
    return True


def _negated(rules: ScreeningSet, places: Places) -> frozenset[int]:
    """The numbers of the words that a "không" just before takes back."""
    taken_back: set[int] = set()
    for phrase in rules.negations:
        for number in places.get(phrase, ()):
            after = number + len(phrase.words)
            taken_back.update(range(after, after + _NEGATED_WITHIN))
    return frozenset(taken_back)


def _fit(rule: ScreeningRule, places: Places, negated: frozenset[int]) -> tuple[str, ...] | None:
    """The phrases by which the rule fits; None when it does not."""
    if any(phrase in places for phrase in rule.unless):
        return None
    if not rule.groups:
        return ()
    # Only what the rule is about can be taken back: its first group.
    first = [
        (number, phrase)
        for phrase in rule.groups[0]
        for number in places.get(phrase, ())
        if not (rule.may_be_negated and number in negated)
    ]
    for number, phrase in sorted(first, key=lambda place: place[0]):
        near = [_nearest(group, places, number, span=rule.span) for group in rule.groups[1:]]
        if all(found is not None for found in near):
            return (phrase.text, *(found.text for found in near if found is not None))
    return None


def _fit_disguised(rule: ScreeningRule, seen: _Reading, second: _Reading) -> tuple[str, ...] | None:
    """The phrases by which the rule fits the second reading, by one that only it has."""
    if any(phrase in seen.places for phrase in rule.unless):
        return None
    because = _fit(rule, second.places, second.negated)
    plainly = {phrase.text for phrase in seen.places}
    return None if because is None or plainly.issuperset(because) else because


def _nearest(group: tuple[Phrase, ...], places: Places, number: int, *, span: int) -> Phrase | None:
    found = [
        (abs(place - number), phrase)
        for phrase in group
        for place in places.get(phrase, ())
        if abs(place - number) <= span
    ]
    return min(found, key=lambda near: near[0])[1] if found else None
