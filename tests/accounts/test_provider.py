"""Signing in with an identity provider: a real one lets in, a lying one does not."""

import base64
import dataclasses
import hashlib
import hmac
import json
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, Final
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import pytest
from joserfc import jws, jwt
from joserfc.jwk import OctKey, RSAKey

from backend.accounts import oidc
from backend.settings import OidcSettings
from tests.province import Town
from tests.twins.provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    Liar,
    lying_provider,
    real_provider,
)

BACK: Final = "/dang-nhap/dinh-danh/ve"
_BROWSER: Final = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture(autouse=True)
def forget_providers() -> Iterator[None]:
    oidc._known.clear()
    yield
    oidc._known.clear()


def use(town: Town, issuer: str, **changes: Any) -> None:
    """Set the provider of a running town."""
    provider = OidcSettings(issuer, CLIENT_ID, CLIENT_SECRET, **changes)
    parts = town.app.state["parts"]
    parts.settings = dataclasses.replace(town.settings, oidc=provider)


@asynccontextmanager
async def a_browser(town: Town) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=town.url, headers=_BROWSER, timeout=30) as client:
        yield client


async def walk_through(provider: httpx.AsyncClient, url: str, login: str) -> str:
    """Sign in and consent at the real provider, form by form; where it sends the browser back."""
    for _ in range(12):
        answer = await provider.get(url)
        if answer.is_redirect:
            url = urljoin(url, answer.headers["location"])
            if urlsplit(url).path == BACK:
                return url
            continue
        action = re.search(r'action="([^"]+)"', answer.text)
        assert action is not None, answer.text
        fields = dict(re.findall(r'name="(\w+)" value="(\w*)"', answer.text))
        answer = await provider.post(
            urljoin(url, action[1]), data={**fields, "login": login, "password": "x"}
        )
        assert answer.is_redirect, answer.text
        url = urljoin(url, answer.headers["location"])
    raise AssertionError("the provider never came to an end")


async def test_a_real_provider_signs_in_and_finds_the_same_account_again(town: Town) -> None:
    with real_provider(f"{town.url}{BACK}") as issuer:
        use(town, issuer)
        names = []
        for login in ("079203001234", "079203001234", "079203005678"):
            async with a_browser(town) as browser, httpx.AsyncClient() as provider:
                form = (await browser.get("/dang-nhap/nguoi-dan")).text
                assert "VNeID" in form
                sent = await browser.get("/dang-nhap/dinh-danh?tiep=/toi")
                asked = parse_qs(urlsplit(sent.headers["location"]).query)
                assert asked["code_challenge_method"] == ["S256"]
                assert {"state", "nonce", "code_challenge"} <= asked.keys()
                back = await walk_through(provider, sent.headers["location"], login)
                come = await browser.get(back)
                assert (come.status_code, come.headers["location"]) == (303, "/toi"), come.text
                names.append((await browser.get("/api/v1/me")).json()["name"])
                # the answer works once
                again = await browser.get(back)
                assert again.status_code == 401
        assert names[0] == names[1] == "Người dân 079203001234"
        rows = await town.owner.fetch(
            "SELECT account_id, issuer, value FROM account_identity WHERE kind = 'oidc'"
        )
        assert {row["value"] for row in rows} == {"079203001234", "079203005678"}
        assert {row["issuer"] for row in rows} == {issuer}
        assert await town.owner.fetchval("SELECT count(*) FROM oidc_attempt") == 0


async def test_the_answer_of_a_real_provider_is_worth_nothing_in_another_browser(
    town: Town,
) -> None:
    with real_provider(f"{town.url}{BACK}") as issuer:
        use(town, issuer)
        async with (
            a_browser(town) as thief,
            a_browser(town) as victim,
            httpx.AsyncClient() as provider,
        ):
            sent = await thief.get("/dang-nhap/dinh-danh")
            back = await walk_through(provider, sent.headers["location"], "thief")
            # login CSRF: the victim is made to open the thief's answer
            assert (await victim.get(back)).status_code == 401
            await victim.get("/dang-nhap/dinh-danh")
            assert (await victim.get(back)).status_code == 401
            assert (await victim.get("/api/v1/me")).status_code == 401


def claims(liar: Liar, said: str, /, **changes: Any) -> dict[str, Any]:
    now = int(time.time())
    right = {
        "iss": liar.issuer,
        "sub": "079203001234",
        "aud": CLIENT_ID,
        "exp": now + 300,
        "iat": now,
        "nonce": said,
    }
    merged = {**right, **changes}
    return {name: value for name, value in merged.items() if value is not None}


def signed(liar: Liar, said: str, /, **changes: Any) -> str:
    header = {"alg": "RS256", "kid": "right"}
    return jwt.encode(header, claims(liar, said, **changes), liar.key)


def spelled_out(liar: Liar, said: str, /, **changes: Any) -> str:
    """Signed, with every letter beyond ASCII as JSON may spell it, halves of pairs too."""
    header = {"alg": "RS256", "kid": "right"}
    payload = json.dumps(claims(liar, said, **changes)).encode()
    return jws.serialize_compact(header, payload, liar.key)


def _plain(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def unsigned(liar: Liar, nonce: str, alg: str) -> str:
    return f"{_plain({'alg': alg, 'kid': 'right'})}.{_plain(claims(liar, nonce))}."


def confused(liar: Liar, nonce: str) -> str:
    """Signed by HMAC, with the public key's own text as the secret."""
    signing = f"{_plain({'alg': 'HS256', 'kid': 'right'})}.{_plain(claims(liar, nonce))}"
    public = liar.key.as_pem(private=False)
    digest = hmac.digest(public, signing.encode(), hashlib.sha256)
    return f"{signing}.{base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def by_our_secret(liar: Liar, nonce: str) -> str:
    key = OctKey.import_key(CLIENT_SECRET)
    return jwt.encode({"alg": "HS256"}, claims(liar, nonce), key)


def by_another_key(liar: Liar, nonce: str) -> str:
    other = RSAKey.generate_key(2048, {"kid": "right"})
    return jwt.encode({"alg": "RS256", "kid": "right"}, claims(liar, nonce), other)


def with_its_own_key(liar: Liar, nonce: str) -> str:
    """Brings the key to check it with along."""
    other = RSAKey.generate_key(2048, {"kid": "own"})
    header = {"alg": "RS256", "kid": "own", "jwk": other.as_dict(private=False)}
    return jwt.encode(header, claims(liar, nonce), other)


def pointing_elsewhere(liar: Liar, nonce: str) -> str:
    header = {"alg": "RS256", "kid": "right", "jku": "http://127.0.0.1:1/jwks"}
    other = RSAKey.generate_key(2048, {"kid": "right"})
    return jwt.encode(header, claims(liar, nonce), other)


def tampered(liar: Liar, nonce: str) -> str:
    head, _, tail = signed(liar, nonce).split(".")
    return f"{head}.{_plain(claims(liar, nonce, sub='somebody-else'))}.{tail}"


def critical(liar: Liar, nonce: str) -> str:
    header = {"alg": "RS256", "kid": "right", "crit": ["exp"], "exp": 1}
    body = f"{_plain(header)}.{_plain(claims(liar, nonce))}"
    return f"{body}.{_plain('no signature')}"


_HOUR: Final = 3600
FORGED: Final[dict[str, Callable[[Liar, str], object]]] = {
    "unsigned (none)": lambda liar, nonce: unsigned(liar, nonce, "none"),
    "unsigned (None)": lambda liar, nonce: unsigned(liar, nonce, "None"),
    "RS256 without signature": lambda liar, nonce: unsigned(liar, nonce, "RS256"),
    "HMAC with the public key": confused,
    "HMAC with our secret": by_our_secret,
    "another key of the same name": by_another_key,
    "its own key": with_its_own_key,
    "keys from elsewhere": pointing_elsewhere,
    "claims changed afterwards": tampered,
    "a critical header nobody knows": critical,
    "other issuer": lambda liar, n: signed(liar, n, iss="https://other.example"),
    "issuer with a slash": lambda liar, n: signed(liar, n, iss=liar.issuer + "/"),
    "no issuer": lambda liar, n: signed(liar, n, iss=None),
    "other audience": lambda liar, n: signed(liar, n, aud="other"),
    "no audience": lambda liar, n: signed(liar, n, aud=None),
    "two audiences, nobody named": lambda liar, n: signed(liar, n, aud=[CLIENT_ID, "other"]),
    "two audiences, the other named": lambda liar, n: signed(
        liar, n, aud=[CLIENT_ID, "other"], azp="other"
    ),
    "issued to another": lambda liar, n: signed(liar, n, azp="other"),
    "another nonce": lambda liar, n: signed(liar, n, nonce="another"),
    "no nonce": lambda liar, n: signed(liar, n, nonce=None),
    "nonce of another kind": lambda liar, n: signed(liar, n, nonce=[n]),
    "nonce that no text can be": lambda liar, n: spelled_out(liar, n, nonce="\ud800"),
    "expired": lambda liar, n: signed(liar, n, exp=int(time.time()) - _HOUR),
    "no expiry": lambda liar, n: signed(liar, n, exp=None),
    "expiry as text": lambda liar, n: signed(liar, n, exp="9999999999"),
    "expiry true": lambda liar, n: signed(liar, n, exp=True),
    "from the future": lambda liar, n: signed(liar, n, iat=int(time.time()) + _HOUR),
    "not yet valid": lambda liar, n: signed(liar, n, nbf=int(time.time()) + _HOUR),
    "no time of issue": lambda liar, n: signed(liar, n, iat=None),
    "no subject": lambda liar, n: signed(liar, n, sub=None),
    "empty subject": lambda liar, n: signed(liar, n, sub=""),
    "subject of another kind": lambda liar, n: signed(liar, n, sub={"id": 1}),
    "long subject": lambda liar, n: signed(liar, n, sub="x" * 256),
    "subject with control characters": lambda liar, n: signed(liar, n, sub="a\x00b"),
    "no token": lambda liar, n: None,
    "a number": lambda liar, n: 7,
    "not a token": lambda liar, n: "a.b.c",
    "two parts": lambda liar, n: "a.b",
    "a huge token": lambda liar, n: "a" * 100_000,
    "encrypted": lambda liar, n: "a.b.c.d.e",
}


async def _ends_with(town: Town, liar: Liar, forge: Callable[[Liar, str], object]) -> int:
    async with a_browser(town) as browser:
        sent = await browser.get("/dang-nhap/dinh-danh")
        assert sent.status_code == 303, sent.text
        asked = parse_qs(urlsplit(sent.headers["location"]).query)
        liar.nonce, liar.forge = asked["nonce"][0], lambda nonce: forge(liar, nonce)
        answer = await browser.get(f"{BACK}?state={asked['state'][0]}&code=x")
        return answer.status_code


async def test_a_right_token_opens_and_every_forged_one_is_refused(town: Town) -> None:
    with lying_provider() as liar:
        use(town, liar.issuer)
        assert await _ends_with(town, liar, signed) == 303
        made = await town.owner.fetchval("SELECT count(*) FROM account_identity")
        let_in = {
            name: status
            for name, forge in FORGED.items()
            if (status := await _ends_with(town, liar, forge)) != 401
        }
        assert let_in == {}
        assert await town.owner.fetchval("SELECT count(*) FROM account_identity") == made == 1
        # the verifier of PKCE and our secret went along with the code
        assert liar.forms[0]["code_verifier"][0]
        # forged keys do not make us ask for keys again and again
        assert liar.asked.count("/jwks") == 1
        # two audiences are fine when the token says that it was issued to us
        both = lambda liar, n: signed(liar, n, aud=[CLIENT_ID, "b"], azp=CLIENT_ID)  # noqa: E731  a case
        assert await _ends_with(town, liar, both) == 303


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Nguyễn Văn An", "Nguyễn Văn An"),
        ("Nguye\u0302\u0303n \u202eAn\u2066\u3164", "Nguyễn An"),
        ("  An\r\nBcc: x@example.vn  ", "An Bcc: x@example.vn"),
        ("An\x1b[31m\x00", ""),
        ("An \ud800", ""),
        ("\u3164\u200d", ""),
        ("A" * 5000, "A" * 120),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        (["An"], ""),
        ({"vi": "An"}, ""),
        (None, ""),
    ],
    ids=[
        *("plain", "hidden-marks", "lines", "control", "half-a-pair", "nothing", "long", "markup"),
        *("list", "object", "none"),
    ],
)
async def test_a_name_from_the_provider_is_cleaned_as_if_it_had_been_typed(
    town: Town, said: object, kept: str
) -> None:
    with lying_provider() as liar:
        use(town, liar.issuer)
        forge = lambda liar, n: spelled_out(liar, n, name=said)  # noqa: E731  a case
        assert await _ends_with(town, liar, forge) == 303
    name = await town.owner.fetchval(
        "SELECT name FROM account WHERE id = (SELECT account_id FROM account_identity)"
    )
    assert name == kept


async def test_a_new_key_of_the_provider_is_found(town: Town) -> None:
    with lying_provider() as liar:
        use(town, liar.issuer)
        assert await _ends_with(town, liar, signed) == 303
        liar.key = RSAKey.generate_key(2048, {"kid": "new"})
        known = oidc._known[liar.issuer]
        oidc._known[liar.issuer] = dataclasses.replace(
            known, asked_at=known.asked_at - 2 * oidc._ASK_AGAIN
        )
        newer = lambda liar, n: jwt.encode(  # noqa: E731  a case
            {"alg": "RS256", "kid": "new"}, claims(liar, n), liar.key
        )
        assert await _ends_with(town, liar, newer) == 303


@pytest.mark.parametrize(
    "document",
    [
        {"issuer": "https://other.example"},
        {"token_endpoint": "file:///etc/passwd"},
        {"jwks_uri": "ftp://127.0.0.1/jwks"},
        {"authorization_endpoint": None},
        {"code_challenge_methods_supported": ["plain"]},
        {"code_challenge_methods_supported": 5},
        {"authorization_endpoint": "http://127.0.0.1/\r\nSet-Cookie: caunoi=x"},
        {"authorization_endpoint": "http://127.0.0.1/\ud800"},
        {"token_endpoint": "http://[::1/token"},
        {"jwks_uri": "http://127.0.0.1:99999/jwks"},
        {"jwks_uri": "http://127.0.0.1:/\x7f"},
    ],
    ids=[
        *("issuer", "token-of-a-file", "keys-by-ftp", "no-authorization", "plain-challenge"),
        *("challenges-a-number", "lines", "no-text", "half-an-address", "no-port", "control"),
    ],
)
async def test_a_provider_that_describes_itself_wrongly_is_not_used(
    town: Town, document: dict[str, Any]
) -> None:
    with lying_provider() as liar:
        liar.document = document
        use(town, liar.issuer)
        async with a_browser(town) as browser:
            answer = await browser.get("/dang-nhap/dinh-danh")
        assert answer.status_code == 401
        assert "location" not in answer.headers


async def test_a_provider_that_is_away_says_so_and_leaves_the_other_ways_in(town: Town) -> None:
    use(town, "http://127.0.0.1:1")
    async with a_browser(town) as browser:
        answer = await browser.get("/dang-nhap/dinh-danh")
        assert answer.status_code == 503
        assert 'name="address"' in answer.text


@pytest.mark.parametrize(
    "token",
    ["a" * 400_000, {"deep": "[" * 90_000}, ["x"]],
    ids=["endless", "long-words", "a-list"],
)
async def test_what_the_token_endpoint_answers_is_read_within_bounds(
    town: Town, token: object
) -> None:
    with lying_provider() as liar:
        use(town, liar.issuer)
        assert await _ends_with(town, liar, lambda liar, nonce: token) == 401
        liar.token_status = 503
        assert await _ends_with(town, liar, signed) == 503
        liar.token_status = 400
        assert await _ends_with(town, liar, signed) == 401


def test_nothing_is_said_when_the_provider_s_code_is_loaded() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", "import backend.accounts.oidc"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""


async def test_wrong_states_and_other_issuers_are_refused(town: Town) -> None:
    with lying_provider() as liar:
        use(town, liar.issuer)
        async with a_browser(town) as browser:
            sent = await browser.get("/dang-nhap/dinh-danh")
            state = parse_qs(urlsplit(sent.headers["location"]).query)["state"][0]
            for query in (
                "",
                "code=x",
                "state=wrong&code=x",
                f"state={state}&error=access_denied",
            ):
                answer = await browser.get(f"{BACK}?{query}")
                assert answer.status_code == 401, query
            sent = await browser.get("/dang-nhap/dinh-danh")
            state = parse_qs(urlsplit(sent.headers["location"]).query)["state"][0]
            other = f"state={state}&code=x&iss=https%3A%2F%2Fother.example"
            assert (await browser.get(f"{BACK}?{other}")).status_code == 401
        assert "/token" not in liar.asked
