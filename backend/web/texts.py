"""Text as people type it, made fit to be stored and shown."""

import re
import unicodedata
from typing import Final

from backend.errors import FieldFault, Malformed

# Everything but tab, newline and carriage return that a terminal or a log would act upon.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\ufffe\uffff]")
# Marks that turn the reading direction or hide text: harmless to drop, dangerous to show.
_INVISIBLE: Final = re.compile(r"[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def clean_text(text: str, *, field: str) -> str:
    """Text in NFC without invisible marks and outer space; Malformed for control characters."""
    if _CONTROL.search(text):
        raise Malformed(
            faults=(
                FieldFault(
                    field, "Có ký tự điều khiển không được phép.", "Has control characters."
                ),
            )
        )
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text)).strip()
