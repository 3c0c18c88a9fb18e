"""The identity provider that citizens may sign in with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from backend.errors import SettingsError
from backend.settings.reading import read_words

# Never `none`, never an algorithm whose key is our own secret (RFC 8725 §3.1).
_SIGNED_WITH_A_KEY_PAIR: Final = frozenset(
    ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
)


@dataclass(frozen=True)
class OidcSettings:
    """The identity provider that citizens may sign in with, such as VNeID."""

    issuer: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    name: str = "VNeID"
    scopes: str = "openid profile"
    algorithms: tuple[str, ...] = ("RS256", "PS256", "ES256")


def read_oidc(source: Mapping[str, str]) -> OidcSettings | None:
    """The provider that is named; None means that there is none."""
    issuer, client_id = source.get("CAUNOI_OIDC_ISSUER"), source.get("CAUNOI_OIDC_CLIENT_ID")
    secret = source.get("CAUNOI_OIDC_CLIENT_SECRET") or None
    name = source.get("CAUNOI_OIDC_NAME") or OidcSettings.name
    scopes = source.get("CAUNOI_OIDC_SCOPES") or OidcSettings.scopes
    algorithms = read_words(source, "OIDC_ALGORITHMS", ",".join(OidcSettings.algorithms))
    if not issuer:
        return None
    parts = urlsplit(issuer)
    is_near = parts.hostname in ("127.0.0.1", "::1", "localhost")
    if not client_id or not (parts.scheme == "https" or (parts.scheme == "http" and is_near)):
        raise SettingsError(
            "CAUNOI_OIDC_ISSUER phải là https và cần CAUNOI_OIDC_CLIENT_ID.",
            "CAUNOI_OIDC_ISSUER must be https, and needs CAUNOI_OIDC_CLIENT_ID.",
        )
    if not set(algorithms) <= _SIGNED_WITH_A_KEY_PAIR or "openid" not in scopes.split():
        raise SettingsError(
            "CAUNOI_OIDC_ALGORITHMS chỉ nhận thuật toán khóa công khai; CAUNOI_OIDC_SCOPES"
            " phải có openid.",
            "CAUNOI_OIDC_ALGORITHMS takes public-key algorithms only; CAUNOI_OIDC_SCOPES must"
            " hold openid.",
        )
    return OidcSettings(issuer, client_id, secret, name, scopes, algorithms)
