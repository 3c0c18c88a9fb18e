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
from backend.web.policies import principal_of

SECRET_HEADER = "X-Tracking-Secret"  # noqa: S105  a header's name
# Whose the idempotency keys of people are: everybody's alike. A phone without an answer tries again
# after its owner has signed in, or out; by key and content it is the same report all the same.
CITIZEN_KEYS: Final = "citizen"
_LONGEST: Final = 100


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
) -> uuid.UUID:
    if found is None:
        raise UnknownReport()
    given = secret or request.headers.get(SECRET_HEADER)
    if given and len(given) <= _LONGEST and _opens(given, found.tracking_hash):
        return found.report_id
    principal = principal_of(request.scope)
    if principal is not None and principal.account_id == found.account_id:
        return found.report_id
    raise UnknownReport()


def _opens(given: str, tracking_hash: bytes) -> bool:
    return hmac.compare_digest(hash_token(normal_secret(given)), tracking_hash)


def tied_to_account(
    request: ASGIConnection[Any, Any, Any, Any], submission: Submission
) -> tuple[Submission, Actor]:
    """A submission as its sender's own, and who acts.

    Only citizens own reports: an official who reports a pothole does so as anybody else.
    """
    principal = principal_of(request.scope)
    if principal is None or principal.role != "citizen":
        return submission, Actor("citizen")
    account_id = principal.account_id
    return replace(submission, account_id=account_id), Actor("citizen", account_id)


def secret_cookie(code: str) -> str:
    """The cookie that keeps a report's secret on the phone that sent it."""
    return f"phan-anh-{code}"


def keep_secret(code: str, secret: str, settings: Settings) -> Cookie:
    """Let this phone open its report again without typing the secret; for a bit over a year."""
    return Cookie(
        key=secret_cookie(code),
        value=normal_secret(secret),
        path="/theo-doi",
        max_age=400 * 86400,
        httponly=True,
        samesite="lax",
        secure=settings.public_url.startswith("https://"),
    )


def normal_secret(typed: str) -> str:
    """A secret as it is written, from what a person typed."""
    return typed.strip().upper().replace("-", "").replace(" ", "")
