"""A twin of a browser's push service and of the browsers behind it: a real HTTP server.

It does what RFC 8030 and RFC 8292 ask of a push service (checks the signed token, its audience, end
and contact, and the key that the subscription is bound to; TTL, Topic, Urgency), and what RFC 8291
asks of a browser (decrypts with the subscriber's key), written after the RFCs and not with the
library that the sender uses.
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.twins.listening import listening


@dataclass(frozen=True)
class Fault:
    """What to answer instead of accepting; `status` None closes the connection without an answer.

    With `after_accepting` the message counts as accepted all the same: the answer is lost.
    """

    status: int | None
    retry_after: str | None = None
    location: str | None = None
    hang_seconds: float = 0.0
    after_accepting: bool = False


GONE = Fault(410)
NOT_FOUND = Fault(404)
TOO_LARGE = Fault(413)
BAD_REQUEST = Fault(400)
FORBIDDEN = Fault(403)
BUSY = Fault(429, retry_after="2")
INTERNAL = Fault(500)
UNAVAILABLE = Fault(503, retry_after="1")
ANSWER_LOST = Fault(None, after_accepting=True)


@dataclass(frozen=True)
class Browser:
    """One subscription, with the keys that only the browser has."""

    name: str
    endpoint: str
    bound_to: str
    key: ec.EllipticCurvePrivateKey
    auth: bytes

    @property
    def value(self) -> str:
        """What the page sends to us: PushSubscription.toJSON() as text."""
        point = self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": encode(point), "auth": encode(self.auth)}
        return json.dumps({"endpoint": self.endpoint, "expirationTime": None, "keys": keys})


@dataclass(frozen=True)
class Shown:
    """One message as the browser's service worker gets it, and how it came."""

    browser: str
    payload: dict[str, Any]
    topic: str
    urgency: str
    ttl: int
    body_bytes: int
    headers: str


@dataclass
class PushTwin:
    """The twin's memory; faults are used up in order, those `by_browser` again and again."""

    url: str = ""
    accepted: list[Shown] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    requests: int = 0
    faults: deque[Fault] = field(default_factory=deque)
    by_browser: dict[str, Fault] = field(default_factory=dict)
    browsers: dict[str, Browser] = field(default_factory=dict)
    on_accept: Callable[[int], None] | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def subscribe(self, application_server_key: str) -> Browser:
        """A browser that lets the holder of this key send to it."""
        name = secrets.token_urlsafe(16)
        made = Browser(
            name,
            f"{self.url}/push/{name}",
            application_server_key,
            ec.generate_private_key(ec.SECP256R1()),
            secrets.token_bytes(16),
        )
        self.browsers[name] = made
        return made

    def screen(self, browser: Browser) -> list[str]:
        """The notifications that this browser shows: one for each tag."""
        return list(
            dict.fromkeys(
                one.payload["tag"] for one in self.accepted if one.browser == browser.name
            )
        )

    def judge(self, name: str, headers: dict[str, str], body: bytes) -> Fault | None:
        """Take one message in; the fault to answer with, if any."""
        with self.lock:
            self.requests += 1
            browser = self.browsers.get(name)
            if browser is None:
                return NOT_FOUND
            fault = self.by_browser.get(name) or (self.faults.popleft() if self.faults else None)
            if fault is not None and not fault.after_accepting:
                return fault
            try:
                check_authorization(headers["authorization"], self.url, browser.bound_to)
                shown = _receive(browser, headers, body)
            except Exception as error:
                self.refused.append(repr(error))
                return BAD_REQUEST
            self.accepted.append(shown)
            if self.on_accept is not None:
                self.on_accept(len(self.accepted))
            return fault


def check_authorization(header: str, origin: str, bound_to: str) -> None:
    """RFC 8292 §2, §3: `vapid t=<signed token>, k=<public key>`; raises when it does not hold."""
    found = re.fullmatch(r"vapid t=([\w.-]+), k=([\w-]+)", header)
    assert found is not None, "no VAPID header"
    token, key = found.groups()
    assert key == bound_to, "another key than the one subscribed with"
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decode(key))
    claims = jwt.decode(token, public, algorithms=["ES256"], audience=origin)
    assert 0 < claims["exp"] - time.time() <= 24 * 3600, "ends too late"
    assert claims["sub"].startswith(("mailto:", "https://")), "no contact"


def decrypt(body: bytes, key: ec.EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """RFC 8291 §3.4 and RFC 8188 §2: one record of aes128gcm."""
    salt, record_bytes, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
    sender, record = body[21 : 21 + length], body[21 + length :]
    assert len(record) <= record_bytes, "more than one record"
    assert len(body) <= 4096, "larger than push services take"
    receiver = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
    shared = key.exchange(ec.ECDH(), public)
    secret = _hkdf(auth, shared, b"WebPush: info\0" + receiver + sender, 32)
    content_key = _hkdf(salt, secret, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _hkdf(salt, secret, b"Content-Encoding: nonce\0", 12)
    plain = AESGCM(content_key).decrypt(nonce, record, None).rstrip(b"\0")
    assert plain.endswith(b"\x02"), "no last record"
    return plain[:-1]


def encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _hkdf(salt: bytes, secret: bytes, what: bytes, length: int) -> bytes:
    key = hmac.new(salt, secret, hashlib.sha256).digest()
    return hmac.new(key, what + b"\x01", hashlib.sha256).digest()[:length]


def _receive(browser: Browser, headers: dict[str, str], body: bytes) -> Shown:
    assert headers["content-encoding"] == "aes128gcm"
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,32}", headers["topic"]), "no topic of RFC 8030 §5.4"
    assert headers["urgency"] in ("very-low", "low", "normal", "high")
    return Shown(
        browser=browser.name,
        payload=json.loads(decrypt(body, browser.key, browser.auth)),
        topic=headers["topic"],
        urgency=headers["urgency"],
        ttl=int(headers["ttl"]),
        body_bytes=len(body),
        headers=json.dumps(headers),
    )


@contextmanager
def push_twin() -> Iterator[PushTwin]:
    """A running twin."""
    twin = PushTwin()

    class Handler(_Handler):
        memory = twin

    with listening(Handler) as twin.url:
        yield twin


class _Handler(BaseHTTPRequestHandler):
    memory: PushTwin
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:
            # the sender died in the middle
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        fault = self.memory.judge(self.path.removeprefix("/push/"), headers, body)
        if fault is None:
            self._answer(201, {"Location": f"{self.memory.url}/message/{self.memory.requests}"})
            return
        time.sleep(fault.hang_seconds)
        if fault.status is None:
            self.close_connection = True
            return
        extra = {"Retry-After": fault.retry_after, "Location": fault.location}
        self._answer(fault.status, {name: value for name, value in extra.items() if value})

    def _answer(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Length", "0")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
