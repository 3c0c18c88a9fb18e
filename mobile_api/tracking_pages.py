"""Pages on which a report is followed: its public part, and for its reporter all of it."""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from backend.database import Database
from backend.errors import CaunoiError
from backend.identifiers import normal_report_code
from backend.reports.errors import UnknownReport
from backend.reports.rulebook import Rulebooks
from backend.settings import Settings
from backend.web.language import Language, page_language
from backend.web.policies import ANYONE
from backend.web.problems import status_of
from mobile_api.own import read_own_view
from mobile_api.ownership import get_own_report_here, kept_secret
from mobile_api.reports import read_tracking
from mobile_api.words import reopen_reasons

OPT: Final = {"policy": ANYONE}
# What changes by itself with every second; the page counts it on without asking.
_TICKING: Final = frozenset({"server_time", "remaining_minutes", "remaining_text"})
_NOTHING_TYPED: Final = {"do": None, "text": "", "address": ""}
_DESCRIPTION_LONGEST: Final = 200


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
) -> Response[Any] | Template:
    """A report's page; 304 to a page that asks again while nothing has changed."""
    normal = normal_report_code(code) or ""
    return await tracking_page(
        request,
        database,
        rulebooks,
        settings,
        code=normal,
        is_new=bool(moi),
        done=xong,
        lost_photos=whole(request.query_params.get("anh-loi")),
    )


def whole(text: str | None) -> int:
    """A small number that a form or an address holds; 0 for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 3 else 0


async def tracking_page(
    request: Request[Any, Any, Any],
    database: Database,
    rulebooks: Rulebooks,
    settings: Settings,
    *,
    code: str,
    secret: str | None = None,
    is_new: bool = False,
    done: str = "",
    lost_photos: int = 0,
    problem: CaunoiError | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response[Any] | Template:
    """The page of a report, with what went wrong (`problem`) and what had been typed, if anything.

    `secret`: one that was typed just now; what this browser keeps opens the page as well.

    Whoever is not its reporter sees the public part; nobody sees more of what is hidden.
    """
    language = page_language(request)
    try:
        report_id = await get_own_report_here(request, database, code, secret=secret)
    except UnknownReport:
        try:
            view = await read_tracking(database, rulebooks, code=code, language=language)
        except UnknownReport as unknown:
            return Template(
                "citizen/track.html",
                context={"typed": code, "problem": unknown},
                status_code=404,
            )
    else:
        view = await read_own_view(request, database, rulebooks, settings, report_id=report_id)
    etag = etag_of(view, language)
    if problem is None and request.headers.get("if-none-match") == etag:
        return Response(b"", status_code=304, headers={"ETag": etag})
    mine = view.get("mine")
    return Template(
        "citizen/report_page.html",
        context={
            "view": view,
            "mine": mine,
            "moves": {move["move"] for move in mine["moves"]} if mine else set(),
            "reasons": reopen_reasons(view["status"], language),
            "secret": kept_secret(request, code) if mine else None,
            "is_new": is_new,
            "done": done,
            "lost_photos": lost_photos,
            "problem": problem,
            "faults": problem.faults if problem else (),
            "typed": {**_NOTHING_TYPED, **(typed or {})},
            "etag": etag,
            "photos_most": settings.photos_per_report,
            "tiles_url": settings.map_tiles_url,
            "tiles_credit": settings.map_tiles_credit,
            **_shared(view, language, settings),
        },
        status_code=status_of(problem) if problem else 200,
        headers={"ETag": etag},
    )


def etag_of(view: Mapping[str, Any], language: Language) -> str:
    """A mark of everything on the page that does not change by the passing of time alone."""
    promise = {name: value for name, value in view["promise"].items() if name not in _TICKING}
    digest = hashlib.sha256(msgspec.json.encode([language, {**view, "promise": promise}]))
    return f'"{digest.hexdigest()[:20]}"'


def _shared(view: Mapping[str, Any], language: Language, settings: Settings) -> dict[str, Any]:
    """What a link to this page shows elsewhere; words and photo only of a published report."""
    url = f"{settings.public_url}/theo-doi/{view['code']}"
    words = " ".join((view["text"] or view["next_step"]["text"]).split())
    if len(words) > _DESCRIPTION_LONGEST:
        words = f"{words[: _DESCRIPTION_LONGEST - 1].rstrip()}…"
    photos = [*view["photos"]["after"], *view["photos"]["before"]]
    return {
        "share_url": url,
        "share_words": words,
        "share_image": settings.public_url + photos[0]["full_url"] if photos else None,
        "share_locale": "en_GB" if language == "en" else "vi_VN",
        "is_indexed": view["is_published"],
    }
