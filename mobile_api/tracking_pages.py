"""Pages on which a report is followed, answered and rated, and public ones are looked through."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from backend.database import Database
from backend.errors import CaunoiError
from backend.identifiers import normal_report_code
from backend.reports.actions import move_own_report
from backend.reports.errors import UnknownReport
from backend.reports.lifecycle import Move
from backend.reports.moves import MoveOrder
from backend.reports.rulebook import Rulebooks
from backend.settings import Settings
from backend.web.cursors import read_cursor, write_cursor
from backend.web.forms import read_form
from backend.web.language import page_language
from backend.web.limits import Limit
from backend.web.policies import ANYONE
from backend.web.problems import status_of
from backend.web.texts import clean_text
from mobile_api import store
from mobile_api.choices import category_options, list_communes
from mobile_api.own import read_own_view
from mobile_api.ownership import get_own_report, keep_secret, secret_cookie
from mobile_api.reports import read_tracking
from mobile_api.views import list_item
from mobile_api.words import needed_words

OPT: Final = {"policy": ANYONE}
_WRITE: Final = {"policy": ANYONE, "limit": Limit("citizen_page", per_minute=20, burst=20)}


@get("/theo-doi", opt=OPT, include_in_schema=False)
async def track_form(ma: FromQuery[str] = "") -> Response[Any] | Template:
    """Ask for a code; a code that can be one leads on."""
    if ma:
        code = normal_report_code(ma)
        if code:
            return Redirect(f"/theo-doi/{code}", status_code=303)
    return Template("citizen/track.html", context={"typed": ma, "problem": None})


@get("/theo-doi/{code:str}", opt=OPT, include_in_schema=False)
async def track(
    request: Request[Any, Any, Any],
    code: FromPath[str],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    settings: NamedDependency[Settings],
    moi: FromQuery[str] = "",
    xong: FromQuery[str] = "",
) -> Template:
    """A report's page: for everybody the public part, for its reporter everything."""
    normal = normal_report_code(code) or ""
    secret = request.cookies.get(secret_cookie(normal))
    return await _tracking_page(
        request,
        database,
        rulebooks,
        settings,
        code=normal,
        secret=secret,
        is_new=bool(moi),
        done=xong,
        lost_photos=_whole(request.query_params.get("anh-loi")),
    )


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 3 else 0


async def _tracking_page(
    request: Request[Any, Any, Any],
    database: Database,
    rulebooks: Rulebooks,
    settings: Settings,
    *,
    code: str,
    secret: str | None,
    is_new: bool = False,
    done: str = "",
    lost_photos: int = 0,
    problem: CaunoiError | None = None,
) -> Template:
    view: dict[str, Any] | None = None
    try:
        report_id = await get_own_report(request, database, code, secret=secret)
    except UnknownReport:
        secret = None
        try:
            view = await read_tracking(
                database, rulebooks, code=code, language=page_language(request)
            )
        except UnknownReport as unknown:
            return Template(
                "citizen/track.html",
                context={"typed": code, "problem": unknown},
                status_code=404,
            )
    else:
        view = await read_own_view(request, database, rulebooks, settings, report_id=report_id)
    return Template(
        "citizen/report_page.html",
        context={
            "view": view,
            "mine": view.get("mine"),
            "moves": {move["move"] for move in view.get("mine", {}).get("moves", ())},
            "secret": secret,
            "is_new": is_new,
            "done": done,
            "lost_photos": lost_photos,
            "problem": problem,
            "faults": problem.faults if problem else (),
        },
        status_code=status_of(problem) if problem else 200,
    )


@post("/theo-doi/{code:str}", opt=_WRITE, include_in_schema=False, status_code=200)
async def act(
    request: Request[Any, Any, Any],
    code: FromPath[str],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    settings: NamedDependency[Settings],
) -> Response[Any] | Template:
    """What the reporter does here: open it with the secret, answer, rate, reopen, withdraw."""
    normal = normal_report_code(code) or ""
    async with read_form(request) as form:
        secret = str(form.get("secret") or "") or request.cookies.get(secret_cookie(normal))
        try:
            report_id = await get_own_report(request, database, normal, secret=secret)
            order = _order(form)
            if order is not None:
                await move_own_report(database, rulebooks, report_id=report_id, order=order)
        except CaunoiError as problem:
            return await _tracking_page(
                request, database, rulebooks, settings, code=normal, secret=secret, problem=problem
            )
        cookies = [keep_secret(normal, secret, settings)] if secret else []
        done = f"?xong={order.move}" if order is not None else ""
        return Redirect(f"/theo-doi/{normal}{done}", status_code=303, cookies=cookies)


def _order(form: Mapping[str, Any]) -> MoveOrder | None:
    text = str(form.get("text") or "").strip()
    words = clean_text(text, field="text") if text else None
    match str(form.get("do") or ""):
        case "answer":
            return MoveOrder(move=Move.ANSWER, public_note=needed_words(words, field="text"))
        case "rate":
            score = _whole(str(form.get("score") or ""))
            return MoveOrder(move=Move.RATE, score=score, comment=words)
        case "reopen":
            return MoveOrder(move=Move.REOPEN, reason=words)
        case "withdraw":
            return MoveOrder(move=Move.WITHDRAW, reason=words)
        case _:
            return None


@get("/ban-do", opt=OPT, include_in_schema=False)
async def look_around(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    unit: FromQuery[str] = "",
    category: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Template:
    """Published reports as a list, newest first, by commune and field."""
    limit = 20
    rows = await store.list_public(
        database.public,
        store.ListFilter(
            unit=unit or None,
            category=category or None,
            after=read_cursor(after) if after else None,
            limit=limit,
        ),
    )
    rulebook, language = await rulebooks.current(), page_language(request)
    page = rows[:limit]
    following = write_cursor(page[-1]["created_at"], page[-1]["id"]) if len(rows) > limit else None
    return Template(
        "citizen/public_list.html",
        context={
            "items": [list_item(row, rulebook, language) for row in page],
            "units": [(row.unit.code, row.unit.name) for row in await list_communes(database)],
            "categories": category_options(rulebook, language),
            "unit": unit,
            "category": category,
            "is_first": not after,
            "following": following,
        },
    )
