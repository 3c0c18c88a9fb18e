"""Vietnamese or English: pages follow the reader's switch, API answers Accept-Language."""

import re
from typing import Any, Final, Literal, TypeAlias

from litestar.connection import ASGIConnection

Language: TypeAlias = Literal["vi", "en"]
COOKIE: Final = "lang"

_RANGE = re.compile(
    r"\s*(\*|[A-Za-z]{1,8})(?:-[A-Za-z0-9]{1,8})*\s*(?:;\s*q=([01](?:\.\d{0,3})?))?\s*"
)


def page_language(connection: ASGIConnection[Any, Any, Any, Any]) -> Language:
    """What the reader chose by `?lang=` or the switch's cookie; else Vietnamese.

    Accept-Language is not asked: officials' browsers are often set to English, the people are not.
    """
    chosen = connection.query_params.get("lang") or connection.cookies.get(COOKIE)
    return "en" if chosen == "en" else "vi"


def api_language(connection: ASGIConnection[Any, Any, Any, Any]) -> Language:
    """The language that Accept-Language prefers (RFC 9110 §12.5.4); Vietnamese when in doubt."""
    weights = {"vi": 0.0, "en": 0.0}
    for part in connection.headers.get("accept-language", "")[:200].split(","):
        match = _RANGE.fullmatch(part)
        if match and match[1].lower() in weights:
            tag = match[1].lower()
            weights[tag] = max(weights[tag], float(match[2] or 1))
    return "en" if weights["en"] > weights["vi"] else "vi"


def wants_page(connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
    """Whether the answer is for a person's browser window rather than for a program."""
    return "text/html" in connection.headers.get("accept", "")


def language_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Language:
    """The language to answer this request in."""
    return page_language(connection) if wants_page(connection) else api_language(connection)
