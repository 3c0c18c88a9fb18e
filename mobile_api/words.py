"""Words that a reporter must give: something has to be left once invisible marks are gone."""

from backend.errors import FieldFault, Unprocessable
from backend.web.texts import clean_text


def needed_words(text: str | None, *, field: str) -> str:
    """The text made fit to be stored; raises Unprocessable when nothing of it is left."""
    words = clean_text(text or "", field=field)
    if not words:
        raise Unprocessable(
            faults=(FieldFault(field, "Hãy nhập nội dung.", "Write something here."),)
        )
    return words
