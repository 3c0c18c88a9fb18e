"""Text as people type it, made fit to be stored and shown."""

import re
import unicodedata
from typing import Final

from backend.errors import FieldFault, Malformed
from backend.reports.folding import INVISIBLE

# Everything but tab, newline and carriage return that a terminal or a log would act upon, and the
# halves of UTF-16's pairs, which JSON can spell and UTF-8 cannot hold.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\ud800-\udfff\ufffe\uffff]")
# Marks that turn the reading direction or hide text: harmless to drop, dangerous to show. Joiners,
# and what chooses a variant, stay: pictures and other scripts are written with them.
_INVISIBLE: Final = re.compile(rf"(?![\u200c\u200d\ufe00-\ufe0f])[{INVISIBLE}]")
_JOINERS_ALONE: Final = re.compile(r"[\s\u200c\u200d\ufe00-\ufe0f]*")


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
    cleaned = unicodedata.normalize("NFC", _INVISIBLE.sub("", text)).strip()
    return "" if _JOINERS_ALONE.fullmatch(cleaned) else cleaned
