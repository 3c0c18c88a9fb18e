"""Web Push addresses as browsers give them: `PushSubscription.toJSON()`, checked before it is kept.

A browser's word is a stranger's word: the endpoint says where we will send a request. Only https,
no user, no port of its own, no address in numbers, and only hosts of push services that the
settings name; egress.py then looks at where the name leads, each time a connection is made.

One endpoint is one device, however it is spelled: it is kept in its normal form (RFC 3986 §6.2.2,
§6.2.3). What a service reads into different paths or queries is known to that service only.
"""

import base64
import binascii
import ipaddress
import re
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit, urlunsplit

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

from backend.messages.errors import BadDevice

_ENDPOINT_MAX_LENGTH: Final = 2048
_AUTH_BYTES: Final = 16
_ANY_HOST: Final = "*"
# Letters, digits and hyphens (RFC 1123 §2.1), without the dot of the root.
_HOST: Final = re.compile(
    r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
)
_PERCENT: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED: Final = re.compile(r"[A-Za-z0-9._~-]")
_PORTS: Final = {"http": 80, "https": 443}
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
        parts = _normal(endpoint)
        is_allowed = _is_allowed(parts, services)
    except _UNREADABLE as error:
        raise BadDevice() from error
    if not is_allowed or len(auth) != _AUTH_BYTES or len(p256dh) != 65:
        raise BadDevice()
    return Subscription(urlunsplit(parts), p256dh, auth)


def _normal(endpoint: Any) -> SplitResult:
    """The endpoint in its one spelling; raises ValueError for what is no plain address."""
    if not isinstance(endpoint, str) or len(endpoint) > _ENDPOINT_MAX_LENGTH:
        raise ValueError("not an address")
    # a backslash, a blank or a letter that looks like another is read differently by others
    if not endpoint.isascii() or not endpoint.isprintable() or set(endpoint) & set(' \\"<>^`{|}'):
        raise ValueError("not a plain address")
    parts = urlsplit(endpoint)
    host = (parts.hostname or "").removesuffix(".")
    if parts.username is not None or parts.password is not None or "#" in endpoint or not host:
        raise ValueError("not an address of a host alone")
    scheme = parts.scheme.lower()
    place = f"[{host}]" if ":" in host else host
    port = "" if parts.port in (None, _PORTS.get(scheme)) else f":{parts.port}"
    path = _without_dots(_PERCENT.sub(_plain_letter, parts.path))
    return SplitResult(scheme, place + port, path, _PERCENT.sub(_plain_letter, parts.query), "")


def _plain_letter(found: re.Match[str]) -> str:
    letter = chr(int(found[1], 16))
    return letter if _UNRESERVED.fullmatch(letter) else found[0].upper()


def _without_dots(path: str) -> str:
    """The path without `.` and `..` (RFC 3986 §5.2.4)."""
    kept: list[str] = []
    names = path.split("/")[1:]
    for name in names:
        if name == "..":
            del kept[-1:]
        elif name != ".":
            kept.append(name)
    if names and names[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def _is_allowed(parts: SplitResult, services: PushServices) -> bool:
    host = parts.hostname or ""
    if services.allows_loopback and host in ("127.0.0.1", "::1", "localhost"):
        return parts.scheme in _PORTS
    if parts.scheme != "https" or parts.port is not None or _is_number(host):
        return False
    return bool(_HOST.fullmatch(host)) and services.lets(host)


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
