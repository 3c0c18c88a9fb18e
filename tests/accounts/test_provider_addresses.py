"""Which addresses of an identity provider's own description are believed."""

import pytest

from backend.accounts.errors import ProviderRefused
from backend.accounts.oidc import _checked_address, _token_auth
from backend.settings import OidcSettings


def settings_of(issuer: str, *, secret: str | None = None) -> OidcSettings:
    return OidcSettings(issuer=issuer, client_id="caunoi", client_secret=secret)


@pytest.mark.parametrize(
    ("issuer", "address", "is_taken"),
    [
        ("https://id.example", "https://id.example/token", True),
        ("https://id.example", "https://keys.example/jwks", True),
        ("https://id.example", "http://id.example/token", False),
        ("https://id.example", "ftp://id.example/token", False),
        ("https://id.example", "https:///token", False),
        ("https://id.example", "/token", False),
        ("https://id.example", None, False),
        # a provider on this machine, for trials
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000/token", True),
        ("http://127.0.0.1:9000", "https://id.example/token", True),
    ],
)
def test_an_issuer_with_tls_has_no_address_without(
    issuer: str, address: object, is_taken: bool
) -> None:
    if is_taken:
        assert _checked_address(settings_of(issuer), address) == address
    else:
        with pytest.raises(ProviderRefused):
            _checked_address(settings_of(issuer), address)


def test_our_secret_is_sent_as_the_provider_can_read_it() -> None:
    ours = settings_of("https://id.example", secret="a-secret")
    methods = "token_endpoint_auth_methods_supported"
    assert _token_auth(ours, {}) == "client_secret_basic", "the default of OpenID Connect Discovery"
    assert _token_auth(ours, {methods: ["client_secret_post"]}) == "client_secret_post"
    both = ["client_secret_post", "client_secret_basic"]
    assert _token_auth(ours, {methods: both}) == "client_secret_basic"
    assert _token_auth(settings_of("https://id.example"), {methods: both}) == "none"
