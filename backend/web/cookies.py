"""Cookies: the session of a browser and its mark, secrets of reports, the reader's language."""

import hashlib
from typing import Final

from litestar.datastructures import Cookie

from backend.identifiers import hash_token
from backend.settings import Settings
from backend.web.language import COOKIE as LANGUAGE_COOKIE
from backend.web.language import Language

MARK_COOKIE: Final = "caunoi-lan-dang-nhap"
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


def mark_of(session_hash: bytes) -> str:
    """What tells one sign-in from another and opens nothing; from the hash of its token."""
    return hashlib.sha256(b"sign-in mark\0" + session_hash).hexdigest()[:32]


def mark_cookie(settings: Settings, token: str, *, seconds: int | None = None) -> Cookie:
    """The mark of the sign-in with this session's token, for the app to read; see decision 0014."""
    return Cookie(
        key=MARK_COOKIE,
        value=mark_of(hash_token(token)),
        max_age=settings.session_hours * 3600 if seconds is None else seconds,
        path="/",
        secure=is_https(settings),
        httponly=False,
        samesite="lax",
    )


def no_mark_cookie(settings: Settings) -> Cookie:
    """What makes the browser forget the mark."""
    return mark_cookie(settings, "", seconds=0)


def secret_cookie_name(code: str) -> str:
    """The cookie that keeps a report's secret in the browser that sent it."""
    return f"phan-anh-{code}"


def secret_cookie(settings: Settings, code: str, value: str, *, seconds: int) -> Cookie:
    """The cookie of one report, sent to pages of reports only."""
    return Cookie(
        key=secret_cookie_name(code),
        value=value,
        path="/theo-doi",
        max_age=seconds,
        httponly=True,
        samesite="lax",
        secure=is_https(settings),
    )


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
