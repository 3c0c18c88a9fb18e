"""Words without their accents, for comparing what people type with and without them."""

import re
import unicodedata
from typing import Final

# Code points that show nothing, for use within a character class: Default_Ignorable_Code_Point of
# Unicode 16 (DerivedCoreProperties.txt), soft hyphen, Hangul fillers and tags among them.
INVISIBLE: Final = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
_D: Final = str.maketrans({"đ": "d", "Đ": "d"})
_GAP: Final = re.compile(r"[^a-z0-9]+")


def without_accents(text: str) -> str:
    """The text in small letters without marks: "Đèn ĐƯỜNG" and "den duong" are the same."""
    spread = unicodedata.normalize("NFD", text.translate(_D).lower())
    return "".join(letter for letter in spread if not unicodedata.combining(letter))


def folded(text: str) -> str:
    """What the database's function of this name makes of a text: folded words between spaces."""
    return f" {_GAP.sub(' ', without_accents(text)).strip()} "
