"""The two cookies: the session of a browser, and the language its reader chose."""

from typing import Final

from litestar.datastructures import Cookie

from backend.settings import Settings
from backend.web.language import COOKIE as LANGUAGE_COOKIE
from backend.web.language import Language

_YEAR_SECONDS: Final = 365 * 24 * 3600


def is_https(settings: Settings) -> bool:
    """Whether people reach us by https only."""
    return settings.public_url.startswith("https://")


def session_cookie_name(settings: Settings) -> str:
    """The session cookie's name; the `__Host-` prefix makes browsers hold it to this host."""
    return "__Host-caunoi" if is_https(settings) else "caunoi-session"


def session_cookie(settings: Settings, token: str, *, seconds: int | None = None) -> Cookie:
    """The cookie that carries a page's or a wall's token; `seconds` None: as long as a session."""
    return Cookie(
        key=session_cookie_name(settings),
        value=token,
        max_age=settings.session_hours * 3600 if seconds is None else seconds,
        path="/",
        secure=is_https(settings),
        httponly=True,
        samesite="lax",
    )


def no_session_cookie(settings: Settings) -> Cookie:
    """What makes the browser forget the session."""
    return session_cookie(settings, "", seconds=0)


def language_cookie(settings: Settings, language: Language) -> Cookie:
    """Remembers the reader's language for a year."""
    return Cookie(
        key=LANGUAGE_COOKIE,
        value=language,
        max_age=_YEAR_SECONDS,
        path="/",
        secure=is_https(settings),
        httponly=True,
        samesite="lax",
    )
