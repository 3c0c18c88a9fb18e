"""What a browser is told when somebody signs out on it or deletes their account."""

import uuid
from typing import Final

from litestar.datastructures import Cookie

from backend.database import Database
from backend.privacy.store import list_codes_of
from backend.settings import Settings
from backend.web.cookies import no_mark_cookie, no_session_cookie, secret_cookie

# Headers have room for so many; a cookie that stays opens no report of an account (decision 0014).
_REPORTS_MOST: Final = 20


async def leaving_cookies(
    database: Database, settings: Settings, account_id: uuid.UUID
) -> list[Cookie]:
    """What ends session, mark and secrets of the account's newest reports in this browser.

    To be asked before the account is closed: afterwards nobody knows which reports were its own.
    """
    codes = await list_codes_of(database.app, account_id, limit=_REPORTS_MOST)
    return [
        no_session_cookie(settings),
        no_mark_cookie(settings),
        *(secret_cookie(settings, code, "", seconds=0) for code in codes),
    ]
