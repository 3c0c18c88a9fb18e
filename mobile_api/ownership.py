"""Whether somebody is the reporter of a report: by its tracking secret, or by the account."""

import hmac
import uuid
from typing import Any

from litestar.connection import ASGIConnection

from backend.database import Database
from backend.identifiers import hash_token, normal_report_code
from backend.reports.errors import UnknownReport
from backend.reports.reporter import store
from backend.web.policies import principal_of

SECRET_HEADER = "X-Tracking-Secret"  # noqa: S105  a header's name
_LONGEST = 100


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
    if given and len(given) <= _LONGEST:
        normal = given.strip().upper().replace("-", "").replace(" ", "")
        if hmac.compare_digest(hash_token(normal), found.tracking_hash):
            return found.report_id
    principal = principal_of(request.scope)
    if principal is not None and principal.account_id == found.account_id:
        return found.report_id
    raise UnknownReport()
