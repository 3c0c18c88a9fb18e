"""Names of people as Vietnamese write them in a text: a hint and no more; pure.

Streets, schools, wards and bridges carry people's names, and who writes in small letters names
people without a capital. What stands after a word for a place, after a house number or beside
another street is taken for a place. The words are in person_names.json; what all this finds is
measured on texts of our own (tests/screening/test_names.py).
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final

from backend.reports.folding import without_accents

_WORDS: Final[dict[str, Any]] = json.loads(
    (files("backend.reports") / "person_names.json").read_text(encoding="utf-8")
)
_FAMILIES: Final = frozenset(_WORDS["families"])
_WEAK: Final = frozenset(_WORDS["weak_families"])
_LOWER: Final = frozenset(_WORDS["lower_families"])
_LOWER_PLAIN: Final = frozenset(_WORDS["plain_families"])
_MIDDLES: Final = frozenset(_WORDS["middles"])
_TITLES: Final = frozenset(_WORDS["titles"])
_FOLDED_TITLES: Final = frozenset(map(without_accents, _TITLES))
_SEATS: Final = frozenset(_WORDS["seats"])
_PLAIN_TITLES: Final = frozenset(_WORDS["plain_titles"])
_LONG_TITLES: Final = frozenset(tuple(title.split()) for title in _WORDS["long_titles"])
_GROUPS: Final = frozenset(_WORDS["groups"])
_OFFICES: Final = frozenset(tuple(office.split()) for office in _WORDS["offices"])
_PLACES: Final = frozenset(_WORDS["places"]) | frozenset(map(without_accents, _WORDS["places"]))
_BODIES: Final = frozenset(_WORDS["bodies"])
_LINKS: Final = frozenset(_WORDS["links"])
_HONOURED: Final = frozenset(_WORDS["honoured"])

_TOKEN: Final = re.compile(r"[^\W_]+(?:/[^\W_]+)*|[^\w\s]|\n")
_LONGEST: Final = 5


def find_name(text: str) -> bool:
    """Whether a text seems to name a person."""
    tokens = _TOKEN.findall(unicodedata.normalize("NFC", text))
    return any(_is_person(tokens, run) for run in _runs(tokens)) or _has_lower_name(tokens)


@dataclass(frozen=True)
class _Run:
    """Capitalised words in a row, `tokens[start:end]`; `is_place`: what stands before says so."""

    start: int
    end: int
    is_place: bool


def _runs(tokens: Sequence[str]) -> Iterator[_Run]:
    """The rows of capitalised words, an honorific in front left out of its row."""
    at, ended, was_place = 0, 0, False
    while at < len(tokens):
        if not _is_capital(tokens[at]):
            at += 1
            continue
        start = at
        while at < len(tokens) and _is_capital(tokens[at]):
            at += 1
        between = [token.lower() for token in tokens[ended:start]]
        is_linked = bool(between) and all(token in _LINKS for token in between)
        is_place = _is_after_place(tokens, start) or (was_place and is_linked)
        is_place = is_place or _begins_as_place(tokens[start:at])
        if _begins_with_title(tokens[start:at]):
            start += 1
        if not _is_office(tokens, start, at):
            yield _Run(start, at, is_place)
        ended, was_place = at, is_place


def _begins_with_title(run: Sequence[str]) -> bool:
    """Whether its first word is an honorific: it has a capital at the beginning of a sentence."""
    if len(run) < 2 or " ".join(_folded(run)) in _HONOURED:
        return False
    first = run[0].lower()
    if first.isascii() and first not in _PLAIN_TITLES:
        # "Ba Tran Thi B": without accents only before a family name
        return first in _FOLDED_TITLES and _folded(run)[1] in _FAMILIES
    return first in _TITLES or (first,) in _OFFICES


def _is_office(tokens: Sequence[str], start: int, end: int) -> bool:
    """Whether a row is an office in capitals and no more: "ông Chủ tịch xã", "bà Chủ Tịch Xã"."""
    words = [token.lower() for token in tokens[start : start + 2]]
    if tuple(words) not in _OFFICES:
        return False
    return all(token.lower() in _SEATS for token in tokens[start + 2 : end])


def _begins_as_place(run: Sequence[str]) -> bool:
    """Whether its first word is one for a place ("Đường Bà Triệu"), and no family ("Hồ Văn Ka")."""
    return run[0].lower() in _PLACES and _folded(run)[0] not in _FAMILIES - {"duong"}


def _is_person(tokens: Sequence[str], run: _Run) -> bool:
    words = _folded(tokens[run.start : run.end])
    before = tuple(token.lower() for token in tokens[max(0, run.start - 3) : run.start])
    has_family = words[0] in _FAMILIES and len(words) > 1
    is_short = len(words) <= _LONGEST
    # "trưởng thôn Hồ Văn Ka", "chủ tịch xã Võ Minh Tâm": the office goes before the place
    if has_family and is_short and len(words) > 2 and _has_office(before):
        return True
    if run.is_place:
        return False
    if before[-2:] in _OFFICES and tokens[run.start].lower() in _BODIES:
        return False
    if _is_titled(before) and is_short:
        return any(token.lower() not in _TITLES for token in tokens[run.start : run.end])
    if not has_family:
        return False
    if is_short and (before[-1:] in _OFFICES or before[-2:] in _OFFICES):
        return True
    if words[1] in _MIDDLES and len(words) > 2:
        return " ".join(words[:3]) not in _HONOURED
    is_name = 3 <= len(words) <= _LONGEST and words[0] not in _WEAK
    return is_name and " ".join(words[:3]) not in _HONOURED


def _has_office(before: tuple[str, ...]) -> bool:
    """Whether words for an office stand right before, perhaps with whose it is."""
    is_seated = before[-1:] != () and before[-1] in _SEATS and before[:2] in _OFFICES
    return before[-2:] in _OFFICES or is_seated


def _is_titled(before: tuple[str, ...]) -> bool:
    """Whether an honorific for one person stands right before."""
    if before[-2:] in _LONG_TITLES:
        return True
    # "ông Chủ tịch Hùng"; the seat of an office is no name (_BODIES)
    if len(before) == 3 and before[0] in _TITLES | _PLAIN_TITLES and before[1:] in _OFFICES:
        return True
    if not before or before[-1] not in _TITLES | _PLAIN_TITLES:
        return False
    return len(before) < 2 or before[-2] not in _TITLES | _FOLDED_TITLES | _GROUPS


def _has_lower_name(tokens: Sequence[str]) -> bool:
    """Whether a name stands there in small letters, or among nothing but capitals."""
    words = _folded(tokens)
    for at in range(len(words) - 2):
        family, middle, given = words[at : at + 3]
        known = _LOWER_PLAIN if tokens[at].isascii() else _LOWER
        if family not in known or middle not in _MIDDLES or not given.isalpha():
            continue
        # with accents it must be written as a name is: no "trần van"
        if not tokens[at].isascii() and tokens[at + 1].lower() not in ("văn", "thị"):
            continue
        is_place = _is_after_place(tokens, at) or f"{family} {middle} {given}" in _HONOURED
        if not is_place:
            return True
    return False


def _is_after_place(tokens: Sequence[str], at: int) -> bool:
    """Whether a word for a place, or a house number, stands right before."""
    if at == 0:
        return False
    word = tokens[at - 1].lower()
    if word in (".", ",", "-", ":") and at > 1 and tokens[at - 2].lower() in ("p", "đ", "tp", "tx"):
        return True
    return word in _PLACES or word[:1].isdigit()


def _is_capital(token: str) -> bool:
    """Whether a word is written as one of a name: "Nguyễn", "A"; not "UBND", "QL24"."""
    return token[0].isupper() and token.isalpha() and (len(token) == 1 or token[1:].islower())


def _folded(tokens: Sequence[str]) -> list[str]:
    return [without_accents(token) for token in tokens]
