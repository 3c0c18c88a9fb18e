"""Sets of keywords: how a document becomes one, and how one is made from texts.

    {"version": 1, "keywords": {"giao-thong-o-ga": {"o ga": 40, "mat duong": 22}}}

Weights are whole numbers from 1 to 100; at most KEYWORDS_MOST a category, so that all of it can be
sent to a phone.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from backend.reports.documents import read_mapping, read_text, read_version
from backend.reports.errors import BadRules
from backend.reports.folding import folded
from backend.reports.suggesting import KEYWORD_WORDS_MOST, KeywordSet, phrases_of

KEYWORDS_MOST: Final = 24
_WEIGHT_LEAST, _WEIGHT_MOST = 5, 100
_SET_KEYS: Final = frozenset({"version", "name", "note", "keywords"})


def keywords_from_document(
    document: object, *, categories: Collection[str] | None = None
) -> KeywordSet:
    """Read a document of keywords (see the module); raises BadRules where it is wrong."""
    root = read_mapping(document, "suggesting", _SET_KEYS)
    version = read_version(root)
    given = root.get("keywords")
    if not isinstance(given, Mapping):
        raise BadRules("keywords", "phải là đối tượng", "must be an object")
    found: dict[str, Mapping[str, int]] = {}
    for code, weights in given.items():
        where = f"keywords.{code}"
        if categories is not None and code not in categories:
            raise BadRules(where, "không có lĩnh vực này", "no such category")
        if not isinstance(weights, Mapping) or len(weights) > KEYWORDS_MOST:
            raise BadRules(where, "thiếu hoặc quá nhiều từ", f"at most {KEYWORDS_MOST} keywords")
        found[str(code)] = {
            _keyword(word, where): _weight(weight, where) for word, weight in weights.items()
        }
    return KeywordSet(version, found)


def _keyword(value: object, where: str) -> str:
    word = read_text(value, where, longest=60)
    if folded(word).strip() != word or len(word.split()) > KEYWORD_WORDS_MOST:
        raise BadRules(
            where, "từ khóa phải không dấu, tối đa bốn tiếng", "folded, at most four words"
        )
    return word


def _weight(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= _WEIGHT_MOST:
        raise BadRules(where, "trọng số phải từ 1 đến 100", "a weight must be 1 to 100")
    return value


def keywords_from_texts(
    version: int,
    *,
    names: Mapping[str, str],
    synonyms: Mapping[str, Iterable[str]],
    texts: Mapping[str, Iterable[str]],
) -> dict[str, Any]:
    """A document of keywords made from what is known of each category; the same for the same input.

    Synonyms, which a person has chosen, weigh most; then the words of the name; then what the
    texts of a category have and those of the others have not (the logarithm of the odds).
    """
    seen = {code: _counted(examples) for code, examples in texts.items()}
    everywhere = Counter(word for counts in seen.values() for word in counts)
    found: dict[str, dict[str, int]] = {}
    for code, name in names.items():
        weights: dict[str, int] = {}
        for word, count in seen.get(code, Counter()).items():
            weights[word] = _from_odds(count, everywhere[word], len(seen), word)
        for word in phrases_of(name, most=2):
            shared = sum(f" {word} " in folded(other) for other in names.values())
            weights[word] = max(weights.get(word, 0), round(_by_length(word) * 14 / shared))
        for synonym in synonyms.get(code, ()):
            word = folded(synonym).strip()
            weights[word] = max(
                weights.get(word, 0), min(_WEIGHT_MOST, 16 + 12 * len(word.split()))
            )
        strongest = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
        found[code] = {
            word: weight for word, weight in strongest[:KEYWORDS_MOST] if weight >= _WEIGHT_LEAST
        }
    return {"version": version, "keywords": found}


def _counted(texts: Iterable[str]) -> Counter[str]:
    return Counter(word for text in texts for word in phrases_of(text, most=2))


def _from_odds(count: int, categories: int, of: int, word: str) -> int:
    """The weight of a word that `count` texts of a category and so many categories have."""
    rarity = math.log(of / categories) / math.log(of) if of > 1 else 1.0
    if rarity < 0.5:
        return 0
    return round(rarity * _by_length(word) * min(count, 3) * 3)


def _by_length(word: str) -> float:
    """Words in a row say more than one alone; a single short syllable says next to nothing."""
    count = len(word.split())
    return (0.5 if len(word) < 4 else 0.8) if count == 1 else 1.0 + 0.25 * count
