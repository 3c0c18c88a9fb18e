"""Whether somebody is the reporter of a report: by its tracking secret, or by the account."""

import hmac
import uuid
from dataclasses import replace
from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from backend.database import Database
from backend.events.chain import Actor
from backend.identifiers import hash_token, normal_report_code
from backend.reports.errors import UnknownReport
from backend.reports.reporter import store
from backend.reports.submit import Submission
from backend.settings import Settings
from backend.web.cookies import mark_of, secret_cookie, secret_cookie_name
from backend.web.policies import principal_of

# The mark of the sign-in under which a report was written (backend/web/cookies.py); empty: none.
SIGN_IN_HEADER: Final = "X-Sign-In"
SECRET_HEADER = "X-Tracking-Secret"  # noqa: S105  a header's name
# Whose the idempotency keys of people are: everybody's alike. A phone without an answer tries again
# after its owner has signed in, or out; by key and content it is the same report all the same.
CITIZEN_KEYS: Final = "citizen"
_LONGEST: Final = 100
# Before the secret of an account's report in its cookie: somebody typed it here, not long ago.
_TYPED: Final = "tam."
_TYPED_SECONDS: Final = 30 * 60


async def get_own_report(
    request: ASGIConnection[Any, Any, Any, Any],
    database: Database,
    code: str,
    *,
    secret: str | None = None,
) -> uuid.UUID:
    """The id of the caller's own report; raises UnknownReport, whoever else asks."""
    normal = normal_report_code(code)
    found = await store.find_owner(database.app, normal) if normal else None
    return _checked(request, found, secret=secret)


async def get_own_report_here(
    request: ASGIConnection[Any, Any, Any, Any],
    database: Database,
    code: str,
    *,
    secret: str | None = None,
) -> uuid.UUID:
    """As get_own_report, on a page: by what this browser keeps of the report, too."""
    normal = normal_report_code(code)
    found = await store.find_owner(database.app, normal) if normal else None
    kept = request.cookies.get(secret_cookie_name(normal or ""))
    return _checked(request, found, secret=secret, kept=kept)


async def check_own_report(
    request: ASGIConnection[Any, Any, Any, Any], database: Database, report_id: uuid.UUID
) -> None:
    """Raise UnknownReport unless the caller is the reporter of this report."""
    _checked(request, await store.find_owner_by_id(database.app, report_id), secret=None)


def _checked(
    request: ASGIConnection[Any, Any, Any, Any],
    found: store.Owner | None,
    *,
    secret: str | None,
    kept: str | None = None,
) -> uuid.UUID:
    if found is None or found.is_gone:
        raise UnknownReport()
    given = secret or request.headers.get(SECRET_HEADER)
    if given and len(given) <= _LONGEST and _opens(given, found.tracking_hash):
        return found.report_id
    if _is_owner(request, found):
        return found.report_id
    # the phone may be somebody else's by now (decision 0014)
    if kept and (found.account_id is None or kept.startswith(_TYPED)):
        plain = kept.removeprefix(_TYPED)
        if len(plain) <= _LONGEST and _opens(plain, found.tracking_hash):
            return found.report_id
    raise UnknownReport()


def _is_owner(request: ASGIConnection[Any, Any, Any, Any], found: store.Owner) -> bool:
    principal = principal_of(request.scope)
    return principal is not None and principal.account_id == found.account_id


def _opens(given: str, tracking_hash: bytes) -> bool:
    return hmac.compare_digest(hash_token(normal_secret(given)), tracking_hash)


def tied_to_account(
    request: ASGIConnection[Any, Any, Any, Any], submission: Submission
) -> tuple[Submission, Actor]:
    """A submission as its sender's own, and who acts.

    Only citizens own reports: an official who reports a pothole does so as anybody else. What
    waited on a phone is its writer's: sent under another sign-in it belongs to nobody.
    """
    principal = principal_of(request.scope)
    if principal is None or principal.role != "citizen":
        return submission, Actor("citizen")
    written_under = request.headers.get(SIGN_IN_HEADER)
    if written_under is not None and written_under != mark_of(principal.session_hash):
        return submission, Actor("citizen")
    account_id = principal.account_id
    return replace(submission, account_id=account_id), Actor("citizen", account_id)


def keep_secret(code: str, secret: str, settings: Settings) -> Cookie:
    """Let this phone open its report again without typing the secret; for a bit over a year.

    Opens it only while it belongs to no account.
    """
    return secret_cookie(settings, code, normal_secret(secret), seconds=400 * 86400)


def kept_secret(request: ASGIConnection[Any, Any, Any, Any], code: str) -> str | None:
    """The secret that this browser keeps of a report."""
    kept = request.cookies.get(secret_cookie_name(code))
    return kept.removeprefix(_TYPED) if kept else None


async def secret_cookies(
    request: ASGIConnection[Any, Any, Any, Any],
    database: Database,
    settings: Settings,
    *,
    code: str,
    secret: str | None = None,
) -> list[Cookie]:
    """What this browser keeps of a report that has just been opened with this typed secret.

    Nothing for the account it belongs to: the session opens it, and must take that along when it
    ends. To anybody else the typed secret of an account's report opens it for half an hour.
    """
    kept = request.cookies.get(secret_cookie_name(code), "")
    found = await store.find_owner(database.app, code)
    if found is None:
        return []
    if _is_owner(request, found):
        return [secret_cookie(settings, code, "", seconds=0)] if kept else []
    plain = next(
        (
            normal_secret(one)
            for one in (secret, kept.removeprefix(_TYPED))
            if one and len(one) <= _LONGEST and _opens(one, found.tracking_hash)
        ),
        None,
    )
    if plain is None:
        return []
    if found.account_id is None:
        return [keep_secret(code, plain, settings)]
    return [secret_cookie(settings, code, f"{_TYPED}{plain}", seconds=_TYPED_SECONDS)]


def normal_secret(typed: str) -> str:
    """A secret as it is written, from what a person typed."""
    return typed.strip().upper().replace("-", "").replace(" ", "")
