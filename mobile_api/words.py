"""Words that a reporter must give: something has to be left once invisible marks are gone."""

from backend.errors import FieldFault, Unprocessable
from backend.web.texts import clean_text


def needed_words(text: str | None, *, field: str, longest: int = 2000) -> str:
    """The text made fit to be stored; raises Unprocessable when nothing, or too much, is left."""
    words = clean_text(text or "", field=field)
    if not words:
        raise Unprocessable(
            faults=(FieldFault(field, "Hãy nhập nội dung.", "Write something here."),)
        )
    return short_enough(words, field=field, longest=longest)


def short_enough(words: str, *, field: str, longest: int) -> str:
    """The words; raises Unprocessable when they have grown too long (NFC takes letters apart)."""
    if len(words) > longest:
        raise Unprocessable(
            faults=(FieldFault(field, f"Tối đa {longest} ký tự.", f"At most {longest} letters."),)
        )
    return words
