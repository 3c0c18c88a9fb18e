"""Words taken apart or run together so that no rule knows them, put back as they are read: pure.

People read `t.ố c.á.o`, `t ố c á o` and `tốcáo` as what they are, and letters that show nothing not
at all. What is put together here is a second reading beside the text as it stands, which is judged
by itself: a single letter before a dot is mostly an ordinary one (`P.Nghĩa Lộ`, `TP.Quảng Ngãi`).
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from backend.reports.folding import INVISIBLE, without_accents

# Stands for whatever shows nothing; Hangul's fillers are letters to a regular expression.
_NOTHING: Final = "\u00ad"
_BLANKED: Final = re.compile(f"[{INVISIBLE}\u2800]+")
_FRAGMENTS: Final = re.compile(r"(?<![^\W_])[^\W_]++(?:(?:[^\w\s]|_){1,3}+[^\W_]++)++")
_SPACED: Final = re.compile(r"(?<![^\W_])[^\W\d_](?:[\W_]{1,3}[^\W\d_](?![^\W_])){3,}")
_GAP: Final = re.compile(r"[\W_]+")
_WORD: Final = re.compile(r"[^\W_]+")
_SHORTEST: Final = 4


@dataclass(frozen=True)
class Compounds:
    """Phrases of several words by their letters run together: as written, and without marks."""

    written: Mapping[str, str]
    plain: Mapping[str, str]


def without_invisible(text: str) -> str:
    """The text in NFKC without what shows nothing."""
    return _BLANKED.sub("", unicodedata.normalize("NFKC", text))


def rejoin(text: str, compounds: Compounds) -> str:
    """The text with its words put together; in small letters, as words are compared."""
    shown = _BLANKED.sub(_NOTHING, unicodedata.normalize("NFKC", text).lower())
    shown = _SPACED.sub(lambda found: _apart(_GAP.sub("", found[0]), compounds), shown)
    shown = _FRAGMENTS.sub(lambda found: _joined(found[0], compounds), shown)
    return _WORD.sub(lambda found: _known(found[0], compounds), shown)


def _joined(fragments: str, compounds: Compounds) -> str:
    whole = fragments.replace(_NOTHING, "")
    parts = _GAP.split(whole)
    if any(len(part) == 1 and part.isalpha() for part in parts):
        return _apart("".join(parts), compounds)
    return whole


def _known(word: str, compounds: Compounds) -> str:
    """A word that is all of one phrase run together, with its marks; plain ones are names."""
    return compounds.written.get(word, word) if not word.isascii() else word


def _apart(letters: str, compounds: Compounds) -> str:
    """Letters without their gaps, with the phrases in them taken apart into words again."""
    known = compounds.plain if without_accents(letters) == letters else compounds.written
    longest = max(map(len, known), default=0)
    words, at, began = [], 0, 0
    while at < len(letters):
        for size in range(min(longest, len(letters) - at), _SHORTEST - 1, -1):
            phrase = known.get(letters[at : at + size])
            if phrase is not None:
                words += [letters[began:at], phrase]
                at = began = at + size
                break
        else:
            at += 1
    return " ".join(filter(None, [*words, letters[began:]]))
