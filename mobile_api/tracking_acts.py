"""What is done on a report's page: answered, rated, reopened, withdrawn, corrected, supported."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from litestar import Request, Response, post
from litestar.datastructures import FormMultiDict
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from backend.database import Database
from backend.errors import CaunoiError, FieldFault, Unprocessable
from backend.identifiers import normal_report_code
from backend.photos.objects import ObjectStore
from backend.reports.moves import MoveOrder
from backend.reports.rulebook import Rulebooks
from backend.settings import Settings
from backend.web.forms import read_form
from backend.web.limits import Limit
from backend.web.policies import ANYONE
from mobile_api.form_photos import FORM_LIMIT, announced, files_of, store_photos
from mobile_api.own import support_report
from mobile_api.own_deeds import (
    answer_order,
    edit_own,
    move_own,
    rate_order,
    reopen_order,
    withdraw_order,
)
from mobile_api.ownership import get_own_report_here, secret_cookies
from mobile_api.tracking_pages import tracking_page, whole

_WRITE: Final = {"policy": ANYONE, "limit": Limit("citizen_page", per_minute=20, burst=20)}


@post(
    "/theo-doi/{code:str}",
    opt=_WRITE,
    include_in_schema=False,
    status_code=200,
    request_max_body_size=FORM_LIMIT,
)
async def act(
    request: Request[Any, Any, Any],
    code: FromPath[str],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    objects: NamedDependency[ObjectStore],
    settings: NamedDependency[Settings],
) -> Response[Any] | Template:
    """One deed of the reporter, or the support of somebody else; then back to the page.

    Without a deed the secret alone is checked, and kept by this browser from now on.
    """
    normal = normal_report_code(code) or ""

    async def admit(words: Sequence[tuple[str, str]], _: int) -> bool:
        """Files are kept of somebody who has been seen to be the reporter."""
        await get_own_report_here(request, database, normal, secret=dict(words).get("secret"))
        return True

    async with read_form(request, admit=admit) as form:
        secret = str(form.get("secret") or "")
        deed = str(form.get("do") or "")
        done = f"?xong={deed}" if deed in _DEEDS else ""
        try:
            if deed == "support":
                await support_report(request, database, settings, code=normal)
                return Redirect(f"/theo-doi/{normal}{done}", status_code=303)
            report_id = await get_own_report_here(request, database, normal, secret=secret)
            if deed == "photo":
                lost = await _add_photos(form, report_id, database, objects, settings)
                done = f"?anh-loi={lost}" if lost else done
            elif deed == "edit":
                await edit_own(
                    request,
                    database,
                    rulebooks,
                    settings,
                    report_id=report_id,
                    text=_typed(form, "text"),
                    address=_typed(form, "address"),
                )
            elif (order := _order(deed, form)) is not None:
                await move_own(request, database, rulebooks, report_id=report_id, order=order)
        except CaunoiError as problem:
            return await tracking_page(
                request,
                database,
                rulebooks,
                settings,
                code=normal,
                secret=secret,
                problem=problem,
                typed={name: str(form.get(name) or "") for name in ("do", "text", "address")},
            )
        cookies = await secret_cookies(request, database, settings, code=normal, secret=secret)
        return Redirect(f"/theo-doi/{normal}{done}", status_code=303, cookies=cookies)


_DEEDS: Final = frozenset({"answer", "rate", "reopen", "withdraw", "edit", "photo", "support"})


def _order(deed: str, form: Mapping[str, Any]) -> MoveOrder | None:
    words = _typed(form, "text")
    match deed:
        case "answer":
            return answer_order(words)
        case "rate":
            return rate_order(whole(_typed(form, "score")), words)
        case "reopen":
            return reopen_order(_typed(form, "reason"), words)
        case "withdraw":
            return withdraw_order(words)
        case _:
            return None


def _typed(form: Mapping[str, Any], name: str) -> str:
    return str(form.get(name) or "").strip()


async def _add_photos(
    form: FormMultiDict,
    report_id: uuid.UUID,
    database: Database,
    objects: ObjectStore,
    settings: Settings,
) -> int:
    """Take photos anew, or more of them while that is allowed; how many could not be taken."""
    files = files_of(form)
    if not files:
        vi, en = "Hãy chọn ảnh.", "Choose a photo."
        raise Unprocessable(faults=(FieldFault("photos", vi, en),))
    if len(files) > settings.photos_per_report:
        most = settings.photos_per_report
        vi, en = f"Tối đa {most} ảnh.", f"At most {most} photos."
        raise Unprocessable(faults=(FieldFault("photos", vi, en),))
    photos = [(file, (await announced(file))["sha256"]) for file in files]
    lost = await store_photos(photos, report_id, database, objects, settings)
    if len(lost) == len(photos):
        raise lost[0]
    return len(lost)
