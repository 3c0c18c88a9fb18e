"""Which category a text is about: a few words with weights for each, added up; pure.

Deterministic and small enough to explain, to check by hand and to be served whole to a browser
that is offline and adds up the same numbers itself. A keyword is one to four folded words (without
accents); a text's score for a category is the sum of the weights of the keywords it has, each
counted once.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from backend.reports.folding import folded

SUGGESTIONS_MOST: Final = 3
KEYWORD_WORDS_MOST: Final = 4
# Below this nothing is suggested: a wrong guess costs a reader more than none.
_LEAST_SCORE: Final = 20
# What lies so far below the best is no alternative to it.
_SHARE_OF_BEST: Final = 0.35


@dataclass(frozen=True)
class Suggestion:
    """A category with its score, and the keywords that speak for it, the weightiest first."""

    category: str
    score: int
    because: tuple[str, ...]


@dataclass(frozen=True)
class KeywordSet:
    """The keywords of one version: for each category, folded words and their weight from 1."""

    version: int
    keywords: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    @cached_property
    def by_word(self) -> Mapping[str, Sequence[tuple[str, int]]]:
        """For each keyword the categories it speaks for."""
        found: dict[str, list[tuple[str, int]]] = {}
        for category, weights in self.keywords.items():
            for word, weight in weights.items():
                found.setdefault(word, []).append((category, weight))
        return found


def suggest(
    keywords: KeywordSet,
    text: str,
    *,
    most: int = SUGGESTIONS_MOST,
    among: Collection[str] | None = None,
) -> tuple[Suggestion, ...]:
    """The likeliest categories of a text, best first; none when nothing speaks clearly.

    `among` are those that may be chosen, as a browser knows only these; None: any. The form does
    the same without asking (web/src/report/folding.js).
    """
    scores: dict[str, int] = {}
    because: dict[str, list[tuple[int, str]]] = {}
    for word in phrases_of(text):
        for category, weight in keywords.by_word.get(word, ()):
            if among is not None and category not in among:
                continue
            scores[category] = scores.get(category, 0) + weight
            because.setdefault(category, []).append((-weight, word))
    ranked = sorted(scores, key=lambda category: (-scores[category], category))
    if not ranked:
        return ()
    least = max(_LEAST_SCORE, _SHARE_OF_BEST * scores[ranked[0]])
    return tuple(
        Suggestion(
            category, scores[category], tuple(word for _, word in sorted(because[category])[:5])
        )
        for category in ranked[:most]
        if scores[category] >= least
    )


def phrases_of(text: str, *, most: int = KEYWORD_WORDS_MOST) -> list[str]:
    """Every one to `most` folded words in a row that the text has, each once, in order."""
    words = folded(text).split()
    found = {
        " ".join(words[start : start + length]): None
        for length in range(1, most + 1)
        for start in range(len(words) - length + 1)
    }
    return list(found)


@dataclass(frozen=True)
class Searchable:
    """A category as it is looked for: its names folded, and its keywords."""

    code: str
    names: str
    keywords: tuple[str, ...]


def find_categories(categories: Iterable[Searchable], typed: str) -> list[str]:
    """The codes of the categories that what was typed leads to, the nearest first.

    Every word typed must begin a word of the name or of a keyword; accents do not matter, and a
    match in the name comes before one in the keywords.
    """
    words = folded(typed).split()
    if not words:
        return []
    ranked = []
    for order, category in enumerate(categories):
        in_name = all(_begins_word(word, category.names) for word in words)
        in_both = f"{category.names} {' '.join(category.keywords)} "
        if in_name or all(_begins_word(word, in_both) for word in words):
            whole = folded(typed).strip() in category.names
            ranked.append((not (in_name and whole), not in_name, order, category.code))
    return [code for *_, code in sorted(ranked)]


def _begins_word(word: str, text: str) -> bool:
    return re.search(rf"\b{re.escape(word)}", text) is not None
