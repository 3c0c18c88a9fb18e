"""Signing in with an identity provider such as VNeID: OpenID Connect, off unless it is set.

Authorization code flow with PKCE (RFC 7636), state and nonce; the provider's addresses and keys by
discovery. The provider's word is an ID token, believed only if it is signed with one of the
algorithms that the settings name, by a key of the provider, and says the right issuer, audience and
nonce and a present time (OpenID Connect Core §3.1.3.7, RFC 8725). No access token is used or kept.

Nothing here runs inside a transaction; every request has a time limit, every answer a size.

Of Authlib only what OAuth writes is used; its client for httpx wants another library by now, and
reads an answer however long it is.
"""

import asyncio
import hmac
import secrets
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, TypeGuard
from urllib.parse import urlsplit

import httpx
import structlog
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from backend.accounts.errors import ProviderDown, ProviderRefused
from backend.settings import OidcSettings

_TIMEOUT: Final = httpx.Timeout(8.0, connect=4.0)
_ALTOGETHER_SECONDS: Final = 15.0
_KEPT: Final = timedelta(hours=1)
# An unknown key may be a new one; whoever sends forged ones cannot make us ask more often.
_ASK_AGAIN: Final = timedelta(minutes=1)
_CLOCKS_APART_SECONDS: Final = 60
_DOCUMENT_MAX_BYTES: Final = 256 * 1024
_TOKEN_MAX_LENGTH: Final = 16 * 1024
_log = structlog.get_logger("caunoi.oidc")


@dataclass(frozen=True)
class Begun:
    """A browser on its way to the provider; all but the address stays with us."""

    url: str
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True)
class Vouched:
    """Whom the provider vouches for: `subject` is theirs for ever, `name` their word or empty."""

    issuer: str
    subject: str = field(repr=False)
    name: str = field(repr=False)


@dataclass(frozen=True)
class _Provider:
    authorization_endpoint: str
    token_endpoint: str
    token_auth: str
    keys: KeySet
    asked_at: datetime


# By issuer; only what anybody may know, and only for an hour.
_known: dict[str, _Provider] = {}


async def begin(oidc: OidcSettings, *, redirect_uri: str, now: datetime) -> Begun:
    """Where to send a browser; raises ProviderDown or ProviderRefused."""
    provider = await _provider(oidc, now=now)
    verifier, nonce, state = (secrets.token_urlsafe(48) for _ in range(3))
    url = prepare_grant_uri(
        provider.authorization_endpoint,
        oidc.client_id,
        "code",
        redirect_uri,
        oidc.scopes,
        state,
        nonce=nonce,
        code_challenge=create_s256_code_challenge(verifier),
        code_challenge_method="S256",
    )
    return Begun(url, state, nonce, verifier)


async def finish(
    oidc: OidcSettings,
    *,
    code: str,
    nonce: str,
    verifier: str,
    redirect_uri: str,
    now: datetime,
) -> Vouched:
    """Trade the code for the provider's word; raises ProviderDown or ProviderRefused."""
    provider = await _provider(oidc, now=now)
    form = prepare_token_request(
        "authorization_code", redirect_uri=redirect_uri, code=code, code_verifier=verifier
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    address, headers, form = ClientAuth(
        oidc.client_id, oidc.client_secret, provider.token_auth
    ).prepare("POST", provider.token_endpoint, headers, form)
    try:
        async with asyncio.timeout(_ALTOGETHER_SECONDS), _client() as client:
            tokens = await _get_json(
                client.stream("POST", address, headers=headers, content=form), "token endpoint"
            )
    except (httpx.HTTPError, OSError, TimeoutError) as error:
        raise ProviderDown() from error
    return await _believe(oidc, tokens.get("id_token"), nonce=nonce, now=now)


async def _believe(oidc: OidcSettings, token: object, *, nonce: str, now: datetime) -> Vouched:
    if not isinstance(token, str) or not 0 < len(token) <= _TOKEN_MAX_LENGTH:
        raise _refused("id token", "missing")
    provider = await _provider(oidc, now=now)
    try:
        claims = _read(oidc, token, provider.keys)
    except JoseError:
        # perhaps the provider has a new key
        provider = await _provider(oidc, now=now, older_than=_ASK_AGAIN)
        try:
            claims = _read(oidc, token, provider.keys)
        except JoseError as error:
            raise _refused("id token", type(error).__name__) from error
    _check_claims(oidc, claims, nonce=nonce, now=now)
    name = claims.get("name")
    return Vouched(oidc.issuer, str(claims["sub"]), name if isinstance(name, str) else "")


def _read(oidc: OidcSettings, token: str, keys: KeySet) -> dict[str, Any]:
    """The claims of a token that a key of the provider signed; raises JoseError.

    The algorithms are ours to name, never the token's: `none` and HMAC with the public key as its
    secret are the oldest forgeries there are.
    """
    try:
        return dict(jwt.decode(token, keys, algorithms=list(oidc.algorithms)).claims)
    except (ValueError, TypeError, KeyError, UnicodeError, RecursionError) as error:
        raise JoseError("malformed") from error


def _check_claims(oidc: OidcSettings, claims: dict[str, Any], *, nonce: str, now: datetime) -> None:
    moment = int(now.timestamp())
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    issued, expires, begins = (claims.get(name) for name in ("iat", "exp", "nbf"))
    said_nonce = claims.get("nonce")
    subject = claims.get("sub")
    right = {
        "iss": claims.get("iss") == oidc.issuer,
        "aud": oidc.client_id in audiences,
        "azp": (len(audiences) == 1 and "azp" not in claims) or claims.get("azp") == oidc.client_id,
        "exp": _is_number(expires) and expires > moment - _CLOCKS_APART_SECONDS,
        "iat": _is_number(issued) and issued <= moment + _CLOCKS_APART_SECONDS,
        "nbf": begins is None or (_is_number(begins) and begins <= moment + _CLOCKS_APART_SECONDS),
        "nonce": isinstance(said_nonce, str)
        and hmac.compare_digest(said_nonce.encode("utf-8", "surrogatepass"), nonce.encode()),
        "sub": isinstance(subject, str) and 0 < len(subject) <= 255 and subject.isprintable(),
    }
    if wrong := [name for name, is_right in right.items() if not is_right]:
        raise _refused("claims", ",".join(wrong))


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


async def _provider(
    oidc: OidcSettings, *, now: datetime, older_than: timedelta = _KEPT
) -> _Provider:
    known = _known.get(oidc.issuer)
    if known is not None and now - known.asked_at < older_than:
        return known
    try:
        async with asyncio.timeout(_ALTOGETHER_SECONDS):
            found = await _discover(oidc, now=now)
    except (httpx.HTTPError, OSError, TimeoutError) as error:
        if known is not None:
            return known  # better an hour too old than nobody signs in
        _log.warning("identity provider not reachable", error=type(error).__name__)
        raise ProviderDown() from error
    _known[oidc.issuer] = found
    return found


async def _discover(oidc: OidcSettings, *, now: datetime) -> _Provider:
    async with _client() as client:
        address = f"{oidc.issuer.rstrip('/')}/.well-known/openid-configuration"
        document = await _get_json(client.stream("GET", address), "discovery")
        if document.get("issuer") != oidc.issuer:
            raise _refused("discovery", "issuer")
        challenges = document.get("code_challenge_methods_supported")
        if challenges is not None and not (isinstance(challenges, list) and "S256" in challenges):
            raise _refused("discovery", "no S256")
        authorization, token, keys = (
            _checked_address(oidc, document.get(name))
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
        )
        try:
            found = await _get_json(client.stream("GET", keys), "keys")
            key_set = KeySet.import_key_set(found)  # type: ignore[arg-type]  # checked there
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise _refused("keys", type(error).__name__) from error
    return _Provider(authorization, token, _token_auth(oidc, document), key_set, now)


async def _get_json(
    asking: AbstractAsyncContextManager[httpx.Response], where: str
) -> dict[str, Any]:
    """The object that is answered; raises httpx.HTTPError when busy, else ProviderRefused."""
    body = b""
    async with asking as answer:
        if answer.status_code >= 500 or answer.status_code == 429:
            raise httpx.HTTPStatusError("busy", request=answer.request, response=answer)
        if answer.status_code != 200:
            raise _refused(where, f"http-{answer.status_code}")
        async for chunk in answer.aiter_bytes():
            body += chunk
            if len(body) > _DOCUMENT_MAX_BYTES:
                raise _refused(where, "too large")
    try:
        document = httpx.Response(200, content=body).json()
    except (ValueError, UnicodeError, RecursionError) as error:
        raise _refused(where, "not JSON") from error
    if not isinstance(document, dict):
        raise _refused(where, "not an object")
    return document


def _checked_address(oidc: OidcSettings, address: object) -> str:
    """An address that the provider names: by TLS, as the issuer itself."""
    # printable: a browser is sent there, and no line of a header may end in it
    if isinstance(address, str) and address.isascii() and address.isprintable():
        try:
            parts, host = urlsplit(address), httpx.URL(address).host
            is_whole = bool(host) and parts.port != 0
        except (ValueError, httpx.InvalidURL):
            is_whole = False
        if is_whole and parts.scheme in ("https", urlsplit(oidc.issuer).scheme):
            return address
    raise _refused("discovery", "address")


def _token_auth(oidc: OidcSettings, document: dict[str, Any]) -> str:
    if oidc.client_secret is None:
        return "none"
    offered = document.get("token_endpoint_auth_methods_supported")
    if isinstance(offered, list) and "client_secret_basic" not in offered:
        return "client_secret_post"
    return "client_secret_basic"


def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False, follow_redirects=False)


def _refused(where: str, why: str) -> ProviderRefused:
    """The same for the visitor whatever was wrong; the operator reads more in the log."""
    _log.warning("identity provider's answer refused", where=where, why=why)
    return ProviderRefused()
