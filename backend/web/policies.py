"""Whom each handler serves: declared in its `opt`, enforced by the one guard of the app.

    @get("/ioc", opt={"policy": roles("leader", "admin", "wall")})

A handler without a policy stops the start. Nothing is ever decided by matching paths: such rules
are bypassed with `%2F`, case and trailing slashes, while a handler's own policy goes with it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from litestar import Litestar
from litestar.connection import ASGIConnection
from litestar.enums import HttpMethod
from litestar.handlers import BaseRouteHandler
from litestar.types import Scope

from backend import clock
from backend.accounts.errors import SessionEnded
from backend.accounts.principals import PEOPLE, ROLES, STAFF, Principal, Role, Via
from backend.accounts.store import find_principal
from backend.errors import NotAllowed, NotSignedIn
from backend.identifiers import hash_token
from backend.settings import Settings
from backend.web.cookies import session_cookie_name
from backend.web.errors import CrossSite, PolicyMissing
from backend.web.limits import hold_to_limit
from backend.web.state import database_of, settings_of

Connection: TypeAlias = ASGIConnection[Any, Any, Any, Any]

_SAFE_METHODS: Final = frozenset(("GET", "HEAD", "OPTIONS"))
_PRINCIPAL: Final = "caunoi.principal"
_BEARER: Final = "Bearer "
# Tokens of ours are 43 characters; nothing longer is worth hashing.
_TOKEN_MAX_LENGTH: Final = 100


@dataclass(frozen=True)
class Policy:
    """The roles that are let in; `lets_strangers_in` needs no session at all.

    `from_any_site`: pages of other sites may have a browser send unsafe requests.
    """

    roles: frozenset[Role]
    lets_strangers_in: bool = False
    reads_session: bool = True
    from_any_site: bool = False


ANYONE: Final = Policy(ROLES, lets_strangers_in=True)
# Probes and static files: who asks makes no difference, so nobody looks.
NOBODY_ASKED: Final = Policy(ROLES, lets_strangers_in=True, reads_session=False)
# What other sites' pages send on purpose, with a key of their own and never with a session.
ANY_SITE: Final = Policy(ROLES, lets_strangers_in=True, reads_session=False, from_any_site=True)


def signed_in() -> Policy:
    """Any person with a session, citizens too; not a wall."""
    return Policy(PEOPLE)


def staff() -> Policy:
    """Any person who works for the authorities."""
    return Policy(STAFF)


def roles(first: Role, *others: Role) -> Policy:
    """These roles only; a wall is let in only where it is named, and only to read."""
    named = frozenset((first, *others))
    if unknown := named - ROLES:
        raise PolicyMissing(f"no such role: {', '.join(sorted(unknown))}")
    return Policy(named)


async def guard(connection: Connection, handler: BaseRouteHandler) -> None:
    """Origin, limits, identity, then the handler's policy.

    Raises CrossSite, TooMany, NotSignedIn, NotAllowed.
    """
    policy = handler.opt.get("policy")
    if not isinstance(policy, Policy):
        if _is_litestars_options(handler):
            return
        raise PolicyMissing(str(handler))
    if not policy.from_any_site:
        # before the limit: what another site's page sends is not counted against its visitor
        _check_same_site(connection, settings_of(connection))
    await hold_to_limit(connection, handler.opt.get("limit"))
    if not policy.reads_session:
        return
    principal = await _resolve_principal(connection)
    if policy.lets_strangers_in:
        return
    if principal is None:
        raise NotSignedIn()
    if principal.role not in policy.roles:
        raise NotAllowed()
    if principal.role == "wall" and connection.scope.get("method") not in _SAFE_METHODS:
        raise NotAllowed()


def check_policies(app: Litestar) -> None:
    """Check that every handler says whom it serves; raises PolicyMissing naming who does not."""
    missing = [
        f"{'/'.join(sorted(methods))} {path} ({name})"
        for path, methods, name, policy in list_policies(app)
        if policy is None
    ]
    if missing:
        raise PolicyMissing(
            'these handlers declare no opt={"policy": …} (backend/web/policies.py): '
            + "; ".join(missing)
        )


def list_policies(app: Litestar) -> Iterable[tuple[str, frozenset[str], str, Policy | None]]:
    """Every operation of the app: path, methods, the handler's name, its policy."""
    for route in app.routes:
        handlers = getattr(route, "route_handlers", None) or [getattr(route, "route_handler", None)]
        for handler in handlers:
            if handler is None or _is_litestars_options(handler):
                continue
            policy = handler.opt.get("policy")
            yield (
                route.path,
                frozenset(str(m) for m in getattr(handler, "http_methods", ())),
                f"{handler.fn.__module__}.{handler.fn.__qualname__}",
                policy if isinstance(policy, Policy) else None,
            )


def principal_of(scope: Scope) -> Principal | None:
    """Who is asking; None for a stranger."""
    found: Principal | None = scope.get(_PRINCIPAL)  # type: ignore[assignment]  # scope holds ours too
    return found


def provide_principal(scope: Scope) -> Principal | None:
    """The dependency `principal`: the signed-in account, None for a stranger."""
    return principal_of(scope)


async def admit_wall(connection: Connection, token: str) -> Principal | None:
    """The screen whose link carries this token, signed in for this request; None when revoked.

    For the one page that a wall opens by its link; it then hands the token over as a cookie.
    """
    found = await _find(connection, token, "bearer", settings_of(connection))
    if found is None or found.role != "wall":
        return None
    _remember(connection, found)
    return found


async def _resolve_principal(connection: Connection) -> Principal | None:
    """The account of the token or cookie; no query when the request carries neither."""
    settings = settings_of(connection)
    authorization = connection.headers.get("authorization")
    token = bearer_token(authorization)
    via: Via = "bearer"
    if token is None:
        token, via = _cookie_token(connection, settings), "cookie"
    if token is None:
        return None
    found = await _find(connection, token, via, settings)
    if found is None and via == "bearer":
        # a dead cookie makes a stranger; the sender of a dead token would not notice that
        raise SessionEnded()
    _remember(connection, found)
    return found


def _remember(connection: Connection, found: Principal | None) -> None:
    scope: dict[str, Any] = connection.scope  # type: ignore[assignment]  # scope holds ours too
    scope[_PRINCIPAL] = found


async def _find(
    connection: Connection, token: str, via: Via, settings: Settings
) -> Principal | None:
    if not token or len(token) > _TOKEN_MAX_LENGTH:
        return None
    return await find_principal(
        database_of(connection).app,
        hash_token(token),
        via=via,
        now=clock.now(),
        idle=timedelta(minutes=settings.session_idle_minutes),
    )


def bearer_token(authorization: str | None) -> str | None:
    """The bearer token; the scheme's name is case-insensitive (RFC 9110 §11.1)."""
    if authorization is None or authorization[: len(_BEARER)].lower() != _BEARER.lower():
        return None
    return authorization[len(_BEARER) :].strip()


def _cookie_token(connection: Connection, settings: Settings) -> str | None:
    # reading the raw header first keeps the hot path free of cookie parsing
    if "cookie" not in connection.headers:
        return None
    return connection.cookies.get(session_cookie_name(settings))


def _check_same_site(connection: Connection, settings: Settings) -> None:
    """Refuse an unsafe request that a page of another site makes a browser send.

    As Go's CrossOriginProtection does: Sec-Fetch-Site says it outright in every browser since
    2023; older ones send Origin, which must be ours; a client that sends neither is no browser and
    cannot be tricked. Chosen over tokens in forms: nothing to forget in a template, nothing to
    leak, and pages stay cacheable; SameSite=Lax stands behind it. Requests without session or form
    are held to it too: any page could make its visitors vote, or order codes. Decision 0004.
    """
    if connection.scope.get("method", "GET") in _SAFE_METHODS:
        return
    site = connection.headers.get("sec-fetch-site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise CrossSite()
        return
    origin = connection.headers.get("origin")
    if origin is None or origin == settings.public_url:
        return
    if urlsplit(origin).netloc != connection.headers.get("host"):
        raise CrossSite()


def _is_litestars_options(handler: BaseRouteHandler) -> bool:
    """Litestar's own answer to OPTIONS, which says only which methods a path has."""
    return (
        getattr(handler, "http_methods", None) == {HttpMethod.OPTIONS}
        and handler.fn.__module__ == "litestar.routes.http"
    )
