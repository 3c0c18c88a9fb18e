"""Words without their accents, for comparing what people type with and without them."""

import re
import unicodedata
from typing import Final

_D: Final = str.maketrans({"đ": "d", "Đ": "d"})
_GAP: Final = re.compile(r"[^a-z0-9]+")


def without_accents(text: str) -> str:
    """The text in small letters without marks: "Đèn ĐƯỜNG" and "den duong" are the same."""
    spread = unicodedata.normalize("NFD", text.translate(_D).lower())
    return "".join(letter for letter in spread if not unicodedata.combining(letter))


def folded(text: str) -> str:
    """What the database's function of this name makes of a text: folded words between spaces."""
    return f" {_GAP.sub(' ', without_accents(text)).strip()} "
