"""Citizens sign in on pages, without any script: an address, then the code that came there."""

from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Redirect, Template

from backend import clock
from backend.accounts import sessions
from backend.accounts.addresses import Address
from backend.accounts.citizens.actions import Typed, sign_in_browser
from backend.accounts.citizens.store import find_requested_address
from backend.accounts.principals import Principal
from backend.database import Database
from backend.errors import CaunoiError
from backend.identifiers import hash_token
from backend.settings import Settings
from backend.web.cookies import mark_cookie, session_cookie
from backend.web.forms import read_form
from backend.web.policies import ANYONE
from backend.web.problems import status_of
from backend.web.sign_in import landing, local_path
from mobile_api.sign_in import REQUEST_COOKIE, ask_typed, hold_guess, request_cookie

_OPT: Final = {"policy": ANYONE}
_ENTRY: Final = "/dang-nhap/nguoi-dan"
_CODE_PAGE: Final = f"{_ENTRY}/ma"


@get(_ENTRY, opt=_OPT, include_in_schema=False)
async def ask_page(
    settings: NamedDependency[Settings],
    principal: NamedDependency[Principal | None],
    tiep: FromQuery[str] = "",
    xong: FromQuery[str] = "",
) -> Response[Any]:
    """Ask for a telephone number or e-mail address; whoever is signed in is taken further."""
    if principal is not None and principal.role == "citizen":
        return Redirect("/toi", status_code=303)
    return _ask_again(settings, tiep=tiep, done=xong)


@post(_ENTRY, opt=_OPT, include_in_schema=False, status_code=200)
async def ask(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Have a code sent and go on to where it is typed."""
    async with read_form(request) as form:
        typed, wanted = str(form.get("address") or "").strip(), str(form.get("tiep") or "")
    try:
        asked = await ask_typed(request, typed, database=database, settings=settings)
    except CaunoiError as problem:
        return _ask_again(settings, tiep=wanted, typed=typed, problem=problem)
    answer = Redirect(_CODE_PAGE, query_params=_onward(wanted), status_code=303)
    answer.set_cookie(request_cookie(settings, asked.request))
    return answer


@get(_CODE_PAGE, opt=_OPT, include_in_schema=False)
async def code_page(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
    tiep: FromQuery[str] = "",
) -> Response[Any]:
    """Ask for the code; without one under way, for the address first."""
    address = await _requested(request, database)
    if address is None:
        return _ask_again(settings, tiep=tiep)
    return _code_again(settings, address, tiep=tiep)


@post(_CODE_PAGE, opt=_OPT, include_in_schema=False, status_code=200)
async def enter(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
    principal: NamedDependency[Principal | None],
) -> Response[Any]:
    """Sign in with the code, and go on to where the visitor wanted to be."""
    async with read_form(request) as form:
        code, wanted = str(form.get("code") or "")[:12], str(form.get("tiep") or "")
    token = request.cookies.get(REQUEST_COOKIE, "")[:100]
    try:
        await hold_guess(request, database=database, settings=settings)
        session = await sign_in_browser(
            database, Typed(token, code), settings=settings, now=clock.now()
        )
    except CaunoiError as problem:
        address = await _requested(request, database)
        return _code_again(settings, address, tiep=wanted, problem=problem)
    if principal is not None:
        await sessions.close_session(database, principal)
    answer = Redirect(landing(request.app, "citizen", wanted), status_code=303)
    answer.set_cookie(session_cookie(settings, session, seconds=seconds_signed_in(settings)))
    answer.set_cookie(mark_cookie(settings, session, seconds=seconds_signed_in(settings)))
    answer.set_cookie(request_cookie(settings, "", seconds=0))
    return answer


def seconds_signed_in(settings: Settings) -> int:
    """How long a citizen's cookie lives."""
    return settings.citizen_session_days * 86_400


async def _requested(request: Request[Any, Any, Any], database: Database) -> Address | None:
    """The address to which this browser has had a code sent."""
    token = request.cookies.get(REQUEST_COOKIE, "")
    if not token or len(token) > 100:
        return None
    return await find_requested_address(database.app, hash_token(token), now=clock.now())


def _onward(wanted: str) -> dict[str, Any]:
    path = local_path(wanted)
    return {"tiep": path} if path else {}


def _ask_again(
    settings: Settings,
    *,
    tiep: str,
    typed: str = "",
    done: str = "",
    problem: CaunoiError | None = None,
) -> Template:
    return Template(
        "citizen/sign_in.html",
        context={
            "tiep": local_path(tiep) or "",
            "typed": typed[:254],
            "done": done,
            "problem": problem,
            "provider": settings.oidc.name if settings.oidc else None,
        },
        status_code=status_of(problem) if problem else 200,
        headers=_retry(problem),
    )


def is_in_outbox(settings: Settings, kind: str) -> bool:
    """Whether no server takes these letters, as while developing: they become files."""
    return (settings.smtp if kind == "email" else settings.sms) is None


def _code_again(
    settings: Settings,
    address: Address | None,
    *,
    tiep: str,
    problem: CaunoiError | None = None,
) -> Template:
    return Template(
        "citizen/sign_in_code.html",
        context={
            "tiep": local_path(tiep) or "",
            "sent_to": address.masked if address else None,
            "sent_by": address.kind if address else None,
            "is_in_outbox": address is not None and is_in_outbox(settings, address.kind),
            "problem": problem,
        },
        status_code=status_of(problem) if problem else 200,
        headers=_retry(problem),
    )


def _retry(problem: CaunoiError | None) -> dict[str, str]:
    seconds = problem.retry_after_seconds if problem else None
    return {"Retry-After": str(seconds)} if seconds is not None else {}
