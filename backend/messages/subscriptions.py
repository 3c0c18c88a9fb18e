"""Web Push addresses as browsers give them: `PushSubscription.toJSON()`, checked before it is kept.

A browser's word is a stranger's word: the endpoint says where we will send a request. Only https,
no user, no port of its own, no address in numbers, and only hosts of push services that the
settings name; egress.py then looks at where the name leads, each time a connection is made.
"""

import base64
import binascii
import ipaddress
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

from backend.messages.errors import BadDevice

_ENDPOINT_MAX_LENGTH: Final = 2048
_AUTH_BYTES: Final = 16
_ANY_HOST: Final = "*"
_UNREADABLE: Final = (KeyError, TypeError, ValueError, AttributeError, RecursionError)


@dataclass(frozen=True)
class PushServices:
    """Which hosts may be sent to: `push.example` or `*.push.example`; `*` is any public one.

    `allows_loopback` is for tests: it lets in this machine, without TLS and on any port.
    """

    hosts: tuple[str, ...]
    allows_loopback: bool = False

    def lets(self, host: str) -> bool:
        """Whether this host, in lower case, is one of them."""
        return any(
            known in (_ANY_HOST, host) or (known.startswith("*.") and host.endswith(known[1:]))
            for known in self.hosts
        )


@dataclass(frozen=True)
class Subscription:
    """Where to send (`endpoint`), and what to encrypt for (RFC 8291 §2)."""

    endpoint: str = field(repr=False)
    p256dh: bytes = field(repr=False)
    auth: bytes = field(repr=False)

    @property
    def origin(self) -> str:
        """Scheme, host and port: the audience of a VAPID token (RFC 8292 §2)."""
        parts = urlsplit(self.endpoint)
        return f"{parts.scheme}://{parts.netloc}"

    def text(self) -> str:
        """The form in which it is kept."""
        keys = {"p256dh": _encode(self.p256dh), "auth": _encode(self.auth)}
        return msgspec.json.encode({"endpoint": self.endpoint, "keys": keys}).decode()


def read_subscription(text: str, services: PushServices) -> Subscription:
    """The subscription in this JSON text; raises BadDevice for one that we do not send to."""
    try:
        given = msgspec.json.decode(text)
        endpoint, keys = given["endpoint"], given["keys"]
        p256dh, auth = _decode(keys["p256dh"]), _decode(keys["auth"])
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), p256dh)
        is_allowed = _is_allowed(endpoint, services)
    except _UNREADABLE as error:
        raise BadDevice() from error
    if not is_allowed or len(auth) != _AUTH_BYTES or len(p256dh) != 65:
        raise BadDevice()
    return Subscription(endpoint, p256dh, auth)


def _is_allowed(endpoint: Any, services: PushServices) -> bool:
    if not isinstance(endpoint, str) or len(endpoint) > _ENDPOINT_MAX_LENGTH:
        return False
    # a backslash, a blank or a letter that looks like another is read differently by others
    if not endpoint.isascii() or not endpoint.isprintable() or set(endpoint) & set(' \\"<>^`{|}'):
        return False
    parts = urlsplit(endpoint)
    host, port = parts.hostname or "", parts.port
    if parts.username is not None or parts.password is not None or parts.fragment or not host:
        return False
    if services.allows_loopback and host in ("127.0.0.1", "::1", "localhost"):
        return parts.scheme in ("http", "https")
    if parts.scheme != "https" or port not in (None, 443) or _is_number(host):
        return False
    return "." in host and services.lets(host)


def _is_number(host: str) -> bool:
    """Whether a resolver may take this name for an address: `127.1` and `0x7f000001` are some."""
    last = host.rstrip(".").rpartition(".")[2]
    if last.isdigit() or last.lower().startswith("0x") or ":" in host:
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _decode(text: str) -> bytes:
    bare = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
