"""How Vietnamese words are compared as people really type them: pure.

Phones write "hoả" and "hỏa", "kỹ" and "kĩ", NFC and NFD; people leave accents out, mix up hỏi and
ngã, stretch words ("cháyyyy") and use shorthand ("ko", "dc"). A word is compared by a key that has
the letters and the tone but not where the tone stands; a word without any mark stands for every
word it could be.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from backend.reports.folding import without_accents

# Grave, acute, tilde, hook above, dot below; ngã (tilde) is written for hỏi (hook) and back.
_TONES: Final = {"\u0300": "2", "\u0301": "5", "\u0303": "3", "\u0309": "3", "\u0323": "6"}
_WORD: Final = re.compile(r"[^\W_]+")
_STRETCHED: Final = re.compile(r"(.)\1{2,}")
_LONE_Y: Final = re.compile(r"(?<![aeoiuâêôơư])y(?=\d?$)")
# A text with fewer marked words than this is one typed without accents. Of the words of ordinary
# Vietnamese some seven in ten carry a mark.
_PLAIN_SHARE: Final = 0.15


@dataclass(frozen=True)
class Word:
    """A word as it is compared: `key` with its letters and tone, `fold` without any mark."""

    key: str
    fold: str

    @property
    def is_plain(self) -> bool:
        """Whether it was typed without marks, so that it may stand for a word with some."""
        return self.key == self.fold


@dataclass(frozen=True)
class Words:
    """A text as a row of words; `is_plain`: all of it was typed without accents."""

    words: tuple[Word, ...]
    is_plain: bool


def read_words(text: str, shorthand: Mapping[str, Sequence[Word]] | None = None) -> Words:
    """The words of a text, shorthand written out."""
    found: list[Word] = []
    for typed in _WORD.findall(unicodedata.normalize("NFC", text).lower()):
        written_out = shorthand.get(typed) if shorthand else None
        if written_out is not None:
            found.extend(written_out)
        else:
            found.append(read_word(typed))
    marked = sum(not word.is_plain for word in found)
    return Words(tuple(found), is_plain=marked < _PLAIN_SHARE * len(found))


@lru_cache(maxsize=8192)
def read_word(typed: str) -> Word:
    """One word in small letters, without white space, as it is compared."""
    typed = _STRETCHED.sub(r"\1", typed)
    tone, letters = "", []
    for letter in unicodedata.normalize("NFD", typed):
        if letter in _TONES:
            tone = _TONES[letter]
        else:
            letters.append(letter)
    bare = unicodedata.normalize("NFC", "".join(letters))
    key, fold = bare + tone, without_accents(typed)
    return Word(_LONE_Y.sub("i", key), _LONE_Y.sub("i", fold))
