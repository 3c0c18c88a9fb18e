"""Signing in and out: for programs under /api/v1/sessions, for people at /dang-nhap."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

import msgspec
from litestar import Litestar, Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody, URLEncodedBody
from litestar.response import Redirect, Template

from backend import clock
from backend.accounts import sessions
from backend.accounts.actions import WALL_TOKEN_DAYS
from backend.accounts.errors import CodeNeeded, SessionEnded
from backend.accounts.principals import Principal, Role
from backend.accounts.sessions import Credentials
from backend.database import Database
from backend.errors import CaunoiError, NotSignedIn, TooMany
from backend.settings import Settings
from backend.web.clients import client_address, limit_key
from backend.web.cookies import (
    language_cookie,
    mark_cookie,
    no_mark_cookie,
    no_session_cookie,
    session_cookie,
)
from backend.web.language import Language
from backend.web.leaving import leaving_cookies
from backend.web.limits import Limit, forgive, hold_in_database
from backend.web.policies import ANYONE, NOBODY_ASKED, admit_wall, list_policies, signed_in
from backend.web.problems import status_of
from backend.web.state import parts_of

# Ten guesses at once, then one a minute for a name; an office behind one address has more people.
_BY_NAME: Final = Limit("sign-in-name", per_minute=1, burst=10)
_BY_ADDRESS: Final = Limit("sign-in-address", per_minute=12, burst=40)

HOMES: Final[dict[Role, str]] = {
    "citizen": "/toi",
    "officer": "/can-bo",
    "key_holder": "/can-bo",
    "moderator": "/can-bo",
    "leader": "/ioc",
    "admin": "/can-bo",
    "wall": "/ioc",
}

_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
_Secret = Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class SignIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who signs in; `totp` only for accounts that ask for a one-time code."""

    username: _Name
    password: _Secret
    totp: Annotated[str, msgspec.Meta(max_length=12)] | None = None


class Renewal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The refresh token to trade in."""

    refresh_token: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class TokenPair(msgspec.Struct, frozen=True):
    """`access_token` goes into `Authorization: Bearer`; it lives `expires_in` seconds."""

    access_token: str
    refresh_token: str
    expires_in: int
    token_type: str = "Bearer"  # noqa: S105 - the scheme's name (RFC 6750)


@dataclass
class SignInForm:
    """The fields of the page's form; missing ones are empty."""

    username: str = ""
    password: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    tiep: str = ""


@post("/api/v1/sessions", opt={"policy": ANYONE}, tags=["sessions"], summary="Sign in")
async def open_session(
    request: Request[Any, Any, Any],
    data: JSONBody[SignIn],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> TokenPair:
    """Trade a name and password for tokens; 401 says neither which was wrong nor who exists."""
    await _hold(request, data.username, database=database, settings=settings)
    tokens = await sessions.open_program_session(
        database,
        Credentials(data.username, data.password, data.totp),
        settings=settings,
        now=clock.now(),
    )
    await forgive(database.app, _BY_NAME, _name_key(data.username), settings=settings)
    return TokenPair(tokens.access_token, tokens.refresh_token, tokens.expires_in)


@post(
    "/api/v1/sessions/refresh",
    opt={"policy": NOBODY_ASKED, "limit": Limit("refresh", per_minute=30, burst=60)},
    status_code=200,
    tags=["sessions"],
    summary="Renew a session",
)
async def renew_session(
    data: JSONBody[Renewal],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> TokenPair:
    """Trade a refresh token for a new pair, once; a second use ends the whole session."""
    tokens = await sessions.renew_program_session(
        database, data.refresh_token, settings=settings, now=clock.now()
    )
    return TokenPair(tokens.access_token, tokens.refresh_token, tokens.expires_in)


@delete("/api/v1/sessions", opt={"policy": signed_in()}, tags=["sessions"], summary="Sign out")
async def close_session(
    principal: NamedDependency[Principal], database: NamedDependency[Database]
) -> None:
    """End this session and every token that was issued along with it."""
    await sessions.close_session(database, principal)


@get("/dang-nhap", opt={"policy": ANYONE}, include_in_schema=False)
async def sign_in_page(
    principal: NamedDependency[Principal | None],
    tiep: FromQuery[str] = "",
    xong: FromQuery[str] = "",
) -> Response[Any]:
    """The sign-in form; whoever is signed in already is taken further."""
    if principal is not None and tiep:
        return Template("sign_in.html", context=_form_context(tiep, principal=principal))
    if principal is not None:
        return Redirect(HOMES[principal.role], status_code=303)
    return Template("sign_in.html", context=_form_context(tiep, done=xong))


@post("/dang-nhap", opt={"policy": ANYONE}, include_in_schema=False)
async def sign_in(
    request: Request[Any, Any, Any],
    data: URLEncodedBody[SignInForm],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
    principal: NamedDependency[Principal | None],
) -> Response[Any]:
    """Sign in and go on to where the visitor wanted to be; the form again when it fails."""
    username, password = data.username[:100], data.password[:500]
    try:
        await _hold(request, username, database=database, settings=settings)
        token, role = await sessions.open_page_session(
            database,
            Credentials(username, password, data.code[:12] or None),
            settings=settings,
            now=clock.now(),
        )
    except (NotSignedIn, TooMany) as problem:
        return _form_again(problem, data)
    await forgive(database.app, _BY_NAME, _name_key(username), settings=settings)
    if principal is not None:
        await sessions.close_session(database, principal)
    answer = Redirect(landing(request.app, role, data.tiep), status_code=303)
    answer.set_cookie(session_cookie(settings, token))
    answer.set_cookie(mark_cookie(settings, token))
    return answer


@post("/dang-xuat", opt={"policy": ANYONE}, include_in_schema=False)
async def sign_out(
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
    principal: NamedDependency[Principal | None],
) -> Response[Any]:
    """End the session; also when it had ended already."""
    cookies = [no_session_cookie(settings), no_mark_cookie(settings)]
    if principal is not None:
        await sessions.close_session(database, principal)
        cookies = await leaving_cookies(database, settings, principal.account_id)
    is_citizen = principal is not None and principal.role == "citizen"
    # not the front page: a phone may show that one from what it keeps, which says nothing of this
    where = "/dang-nhap/nguoi-dan" if is_citizen else "/dang-nhap"
    return Redirect(f"{where}?xong=sign-out", status_code=303, cookies=cookies)


@get("/ioc/wall", opt={"policy": ANYONE}, include_in_schema=False)
async def open_wall(
    request: Request[Any, Any, Any],
    settings: NamedDependency[Settings],
    principal: NamedDependency[Principal | None],
    token: FromQuery[str] = "",
) -> Response[Any]:
    """The link of a screen: its token becomes a cookie, so that addresses are free of it.

    The same link works again after every restart of the screen, until it is revoked.
    """
    if not token and principal is not None:
        return Redirect(HOMES["wall"], status_code=303)
    if await admit_wall(request, token) is None:
        raise SessionEnded()
    answer = Redirect(HOMES["wall"], status_code=303)
    answer.set_cookie(session_cookie(settings, token, seconds=WALL_TOKEN_DAYS * 86_400))
    return answer


@get("/ngon-ngu", opt={"policy": NOBODY_ASKED}, include_in_schema=False)
async def switch_language(
    settings: NamedDependency[Settings], lang: FromQuery[Language] = "vi", tiep: FromQuery[str] = ""
) -> Response[Any]:
    """Remember the reader's language and go back to the page it was switched on."""
    answer = Redirect(local_path(tiep) or "/", status_code=303)
    answer.set_cookie(language_cookie(settings, lang))
    return answer


def local_path(text: str) -> str | None:
    """The text when it is a path on this site to go on to; None when it leads elsewhere."""
    if not text.startswith("/") or text.startswith("//") or "\\" in text or not text.isprintable():
        return None
    parts = urlsplit(text)
    return None if parts.scheme or parts.netloc else text


def landing(app: Litestar, role: Role, wanted: str) -> str:
    """Where somebody goes on to after signing in: what they wanted to open, if they may, or home.

    A citizen who began at the officers' desk would otherwise be met by a refusal.
    """
    path = local_path(wanted)
    if path is None or not _may_open(app, role, path):
        return HOMES[role]
    return path


def _may_open(app: Litestar, role: Role, path: str) -> bool:
    """Whether a page of this path lets the role in; only says where to go, protects nothing."""
    parts = urlsplit(path).path.split("/")
    for route, methods, _, policy in list_policies(app):
        steps = route.split("/")
        if (
            policy is not None
            and "GET" in methods
            and len(steps) == len(parts)
            and all(
                step == part or step.startswith("{")
                for step, part in zip(steps, parts, strict=True)
            )
        ):
            return role in policy.roles
    return False


async def _hold(
    request: Request[Any, Any, Any], username: str, *, database: Database, settings: Settings
) -> None:
    """Count this attempt for its address and its name; raises TooMany."""
    address = limit_key(client_address(request, parts_of(request.app.state).trusted))
    now = clock.now()
    for limit, key in ((_BY_ADDRESS, address), (_BY_NAME, _name_key(username))):
        await hold_in_database(database.app, limit, key, settings=settings, now=now)


def _name_key(username: str) -> str:
    return sessions.normal_username(username)


def _form_context(
    tiep: str,
    *,
    problem: CaunoiError | None = None,
    username: str = "",
    principal: Principal | None = None,
    done: str = "",
) -> dict[str, Any]:
    return {
        "tiep": local_path(tiep) or "",
        "done": done,
        "problem": problem,
        "username": username,
        "asks_code": isinstance(problem, CodeNeeded),
        "signed_in_as": principal,
    }


def _form_again(problem: CaunoiError, data: SignInForm) -> Response[Any]:
    headers = {}
    if problem.retry_after_seconds is not None:
        headers["Retry-After"] = str(problem.retry_after_seconds)
    return Template(
        "sign_in.html",
        context=_form_context(data.tiep, problem=problem, username=data.username[:100]),
        status_code=status_of(problem),
        headers=headers,
    )
