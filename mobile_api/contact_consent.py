"""Consent to use a reporter's contact, on the plain form: asked for, and kept with its version."""

from typing import Any, Final

from backend.accounts.consents.store import ConsentText, list_texts
from backend.database import Database

_PURPOSE: Final = "handle_report"
CONSENT_WANTED: Final = (
    "Hãy đánh dấu đồng ý dùng thông tin liên hệ, hoặc xóa thông tin đó.",
    "Tick that your contact may be used, or take it out.",
)


async def find_contact_consent(database: Database) -> ConsentText | None:
    """The words people agree to when they leave their contact; None if there are none in force."""
    texts = await list_texts(database.public)
    return next((text for text in texts if text.purpose == _PURPOSE), None)


def contact_consent(version: str) -> dict[str, Any]:
    """What is kept with the contact: that they agreed, and to which version of the words."""
    # the tick's value; a page from before there were versions sends 0
    number = int(version) if version.isascii() and version.isdecimal() and len(version) < 6 else 0
    return {_PURPOSE: True, **({f"{_PURPOSE}_version": number} if number else {})}
