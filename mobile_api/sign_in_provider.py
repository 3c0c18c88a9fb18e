"""Citizens sign in with an identity provider (VNeID), where one is set."""

from typing import Annotated, Any, Final

from litestar import Request, Response, get
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter
from litestar.response import Redirect, Template

from backend import clock
from backend.accounts import sessions
from backend.accounts.citizens import store
from backend.accounts.citizens.actions import sign_in_identity
from backend.accounts.citizens.codes import LIFETIME
from backend.accounts.citizens.store import Identity, OidcAttempt
from backend.accounts.errors import ProviderOff, ProviderRefused
from backend.accounts.principals import Principal
from backend.database import Database
from backend.errors import CaunoiError, Malformed
from backend.identifiers import hash_token, new_token
from backend.settings import OidcSettings, Settings
from backend.web.cookies import is_https, mark_cookie, session_cookie
from backend.web.language import page_language
from backend.web.limits import Limit
from backend.web.policies import ANYONE
from backend.web.problems import status_of
from backend.web.sign_in import landing, local_path
from backend.web.texts import clean_text
from mobile_api.sign_in_pages import seconds_signed_in

_COOKIE: Final = "caunoi-dinh-danh"
_NAME_LONGEST: Final = 120
_BACK: Final = "/dang-nhap/dinh-danh/ve"
_OPT: Final = {"policy": ANYONE, "limit": Limit("provider", per_minute=30, burst=30)}


@get("/dang-nhap/dinh-danh", opt=_OPT, include_in_schema=False)
async def go(
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
    tiep: FromQuery[str] = "",
) -> Response[Any]:
    """Send the browser to the provider; what must come back with it is remembered for minutes.

    A link and no form: browsers hold what a form leads to against our policy's form-action 'self'.
    """
    provider = _provider(settings)
    from backend.accounts import oidc  # half a second, which most installations need not spend

    wanted, now = local_path(tiep) or "", clock.now()
    try:
        begun = await oidc.begin(provider, redirect_uri=_redirect_uri(settings), now=now)
    except CaunoiError as problem:
        return _ask_page(settings, problem)
    browser = new_token()
    await store.insert_attempt(
        database.app,
        OidcAttempt(begun.nonce, begun.verifier, wanted),
        state_hash=hash_token(begun.state),
        browser_hash=hash_token(browser),
        expires_at=now + LIFETIME,
    )
    answer = Redirect(begun.url, status_code=303)
    answer.set_cookie(_cookie(settings, browser, seconds=int(LIFETIME.total_seconds())))
    return answer


@get(_BACK, opt=_OPT, include_in_schema=False)
async def come_back(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
    principal: NamedDependency[Principal | None],
    attempt_state: Annotated[str, QueryParameter(name="state")] = "",
    code: FromQuery[str] = "",
    iss: FromQuery[str] = "",
) -> Response[Any]:
    """Take the browser back, once, and only the one that was sent; sign in whom it vouches for."""
    provider = _provider(settings)
    from backend.accounts import oidc  # as above

    browser, now = request.cookies.get(_COOKIE, ""), clock.now()
    try:
        attempt = await store.take_attempt(
            database.app, hash_token(attempt_state[:200]), hash_token(browser[:200]), now=now
        )
        # `iss` (RFC 9207) says who answers; another provider's answer is somebody's trick
        if attempt is None or not code or (iss and iss != provider.issuer):
            raise ProviderRefused()
        vouched = await oidc.finish(
            provider,
            code=code[:2000],
            nonce=attempt.nonce,
            verifier=attempt.verifier,
            redirect_uri=_redirect_uri(settings),
            now=now,
        )
        token = await sign_in_identity(
            database,
            Identity("oidc", vouched.subject, vouched.issuer),
            name=_fit_name(vouched.name),
            language=page_language(request),
            settings=settings,
            now=now,
        )
        if token is None:
            raise ProviderRefused()
    except CaunoiError as problem:
        return _ask_page(settings, problem)
    if principal is not None:
        await sessions.close_session(database, principal)
    answer = Redirect(landing(request.app, "citizen", attempt.goes_to), status_code=303)
    answer.set_cookie(session_cookie(settings, token, seconds=seconds_signed_in(settings)))
    answer.set_cookie(mark_cookie(settings, token, seconds=seconds_signed_in(settings)))
    answer.set_cookie(_cookie(settings, "", seconds=0))
    return answer


def _fit_name(said: str) -> str:
    """The provider's word for a name as if its owner had typed it; empty where that is refused."""
    try:
        return " ".join(clean_text(said, field="name").split())[:_NAME_LONGEST]
    except Malformed:
        return ""


def _provider(settings: Settings) -> OidcSettings:
    if settings.oidc is None:
        raise ProviderOff()
    return settings.oidc


def _redirect_uri(settings: Settings) -> str:
    return f"{settings.public_url}{_BACK}"


def _cookie(settings: Settings, token: str, *, seconds: int) -> Cookie:
    # Lax, not Strict: the browser comes back from the provider's site
    return Cookie(
        key=_COOKIE,
        value=token,
        max_age=seconds,
        path="/dang-nhap/dinh-danh",
        httponly=True,
        samesite="lax",
        secure=is_https(settings),
    )


def _ask_page(settings: Settings, problem: CaunoiError) -> Template:
    return Template(
        "citizen/sign_in.html",
        context={
            "tiep": "",
            "typed": "",
            "done": None,
            "problem": problem,
            "provider": settings.oidc.name if settings.oidc else None,
        },
        status_code=status_of(problem),
    )
