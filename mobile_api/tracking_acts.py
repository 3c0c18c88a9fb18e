"""What is done on a report's page: answered, rated, reopened, withdrawn, corrected, supported."""

import uuid
from collections.abc import Mapping
from datetime import timedelta
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
from backend.reports.actions import edit_own_report, move_own_report
from backend.reports.lifecycle import Move
from backend.reports.moves import MoveOrder
from backend.reports.rulebook import Rulebooks
from backend.settings import Settings
from backend.web.forms import read_form
from backend.web.limits import Limit
from backend.web.policies import ANYONE
from backend.web.texts import clean_text
from mobile_api.form_photos import FORM_LIMIT, announced, files_of, store_photos
from mobile_api.intake import TEXT_LONGEST
from mobile_api.own import support_report
from mobile_api.ownership import get_own_report, keep_secret, secret_cookie
from mobile_api.tracking_pages import tracking_page, whole
from mobile_api.words import needed_words, short_enough

_WRITE: Final = {"policy": ANYONE, "limit": Limit("citizen_page", per_minute=20, burst=20)}
_ADDRESS_LONGEST: Final = 300


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
    async with read_form(request) as form:
        secret = str(form.get("secret") or "") or request.cookies.get(secret_cookie(normal))
        deed = str(form.get("do") or "")
        done = f"?xong={deed}" if deed in _DEEDS else ""
        try:
            if deed == "support":
                await support_report(request, database, settings, code=normal)
                return Redirect(f"/theo-doi/{normal}{done}", status_code=303)
            report_id = await get_own_report(request, database, normal, secret=secret)
            if deed == "photo":
                lost = await _add_photos(form, report_id, database, objects, settings)
                done = f"?anh-loi={lost}" if lost else done
            elif deed == "edit":
                await _edit(form, report_id, database, rulebooks, settings)
            elif (order := _order(deed, form)) is not None:
                await move_own_report(database, rulebooks, report_id=report_id, order=order)
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
        cookies = [keep_secret(normal, secret, settings)] if secret else []
        return Redirect(f"/theo-doi/{normal}{done}", status_code=303, cookies=cookies)


_DEEDS: Final = frozenset({"answer", "rate", "reopen", "withdraw", "edit", "photo", "support"})


def _order(deed: str, form: Mapping[str, Any]) -> MoveOrder | None:
    text = str(form.get("text") or "").strip()
    words = clean_text(text, field="text") if text else None
    match deed:
        case "answer":
            return MoveOrder(move=Move.ANSWER, public_note=needed_words(words, field="text"))
        case "rate":
            score = whole(str(form.get("score") or ""))
            return MoveOrder(move=Move.RATE, score=score, comment=words)
        case "reopen":
            tapped = clean_text(str(form.get("reason") or "").strip(), field="text")
            return MoveOrder(
                move=Move.REOPEN, reason="\n".join(filter(None, (tapped, words))) or None
            )
        case "withdraw":
            return MoveOrder(move=Move.WITHDRAW, reason=words)
        case _:
            return None


async def _edit(
    form: Mapping[str, Any],
    report_id: uuid.UUID,
    database: Database,
    rulebooks: Rulebooks,
    settings: Settings,
) -> None:
    """Correct the words within the edit window, as PATCH /api/v1/reports/{code} does."""
    address = clean_text(str(form.get("address") or "").strip(), field="address")
    await edit_own_report(
        database,
        rulebooks,
        report_id=report_id,
        text=needed_words(str(form.get("text") or ""), field="text", longest=TEXT_LONGEST),
        address=short_enough(address, field="address", longest=_ADDRESS_LONGEST) or None,
        window=timedelta(minutes=settings.edit_window_minutes),
    )


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
