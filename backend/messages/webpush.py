"""Standard Web Push (RFC 8030): encrypted for the browser (RFC 8291), signed as ours (RFC 8292).

What a push service answers decides: 2xx handed over; 404 and 410: the address is gone; 429, 5xx and
silence: later, and the service is left alone until then, so that one which is down costs the others
no time; anything else: bad. The payload is a stage and a link, padded to one length for all.
"""

import asyncio
import ssl
import time
from collections.abc import Sequence
from typing import Final

import http_ece
import httpcore
import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric import ec

from backend import clock
from backend.messages.egress import CheckedNetwork
from backend.messages.errors import BadDevice
from backend.messages.letters import Letter, Outcome, read_retry_after
from backend.messages.subscriptions import PushServices, Subscription, read_subscription
from backend.messages.vapid import Vapid

_TIMEOUT_SECONDS: Final = 10.0
_CONNECT_SECONDS: Final = 5.0
_LIFETIME_SECONDS: Final = 24 * 3600
_LEFT_ALONE_SECONDS: Final = 5.0
_LONGEST_LEFT_ALONE_SECONDS: Final = 600.0
_CONNECTIONS: Final = 32
_ANSWER_MAX_BYTES: Final = 16 * 1024
# Texts fit into it; push services take 4096 bytes with the encryption's own.
_PAYLOAD_BYTES: Final = 512

_log = structlog.get_logger("caunoi.push")


class WebPush:
    """Sends letters to browsers, each by one HTTP request, all at once."""

    def __init__(
        self, vapid: Vapid, services: PushServices, network: CheckedNetwork | None = None
    ) -> None:
        self._vapid, self._services = vapid, services
        self._network = network or CheckedNetwork(allows_loopback=services.allows_loopback)
        self._pool: httpcore.AsyncConnectionPool | None = None
        self._busy_until: dict[str, float] = {}

    async def send(self, letters: Sequence[Letter]) -> list[Outcome]:
        return list(await asyncio.gather(*(self._send(one) for one in letters)))

    async def close(self) -> None:
        if self._pool is not None:
            pool, self._pool = self._pool, None
            await pool.aclose()

    async def _send(self, letter: Letter) -> Outcome:
        try:
            # anew, as settings may have become stricter since it was registered
            target = read_subscription(letter.device_value, self._services)
        except BadDevice:
            return Outcome("gone", error="not-allowed")
        wait = self._busy_until.get(target.origin, 0.0) - time.monotonic()
        if wait > 0:
            return Outcome("later", error="left-alone", retry_after_seconds=wait)
        outcome = await self._post(letter, target)
        if outcome.fate == "later":
            asked = outcome.retry_after_seconds or _LEFT_ALONE_SECONDS
            seconds = min(asked, _LONGEST_LEFT_ALONE_SECONDS)
            self._busy_until[target.origin] = time.monotonic() + seconds
        return outcome

    async def _post(self, letter: Letter, target: Subscription) -> Outcome:
        headers: dict[bytes | str, bytes | str] = {
            "Authorization": self._vapid.authorization(target.origin, now=clock.now()),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(_LIFETIME_SECONDS),
            "Topic": letter.collapse_key,
            "Urgency": "high" if letter.is_urgent else "normal",
        }
        try:
            async with (
                asyncio.timeout(_TIMEOUT_SECONDS),
                self._connections().stream(
                    "POST",
                    target.endpoint,
                    headers=headers,
                    content=encrypted(letter, target),
                    extensions={"timeout": {"connect": _CONNECT_SECONDS, "pool": _TIMEOUT_SECONDS}},
                ) as answer,
            ):
                await _read_some(answer)
                return _judge(answer)
        except Exception as error:  # whatever a strange server does, the other letters go out
            return Outcome("later", error=type(error).__name__)

    def _connections(self) -> httpcore.AsyncConnectionPool:
        if self._pool is None:
            self._pool = httpcore.AsyncConnectionPool(
                ssl_context=ssl.create_default_context(),
                max_connections=_CONNECTIONS,
                keepalive_expiry=30.0,
                http2=True,
                network_backend=self._network,
            )
        return self._pool


def encrypted(letter: Letter, target: Subscription) -> bytes:
    """The letter's payload as only this browser can read it (RFC 8291, one record of aes128gcm)."""
    content = msgspec.json.encode(
        {"title": letter.title, "body": letter.body, "tag": letter.collapse_key}
        | {"link": letter.link, "urgent": letter.is_urgent}
    )
    # blanks at the end are JSON all the same; how long a text is tells which one it is
    padded = content.ljust(_PAYLOAD_BYTES)
    body: bytes = http_ece.encrypt(
        padded,
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=target.p256dh,
        auth_secret=target.auth,
        version="aes128gcm",
    )
    return body


async def _read_some(answer: httpcore.Response) -> None:
    """Read a short answer to its end, so that the connection can be used again."""
    read = 0
    async for chunk in answer.aiter_stream():
        read += len(chunk)
        if read > _ANSWER_MAX_BYTES:
            return


def _judge(answer: httpcore.Response) -> Outcome:
    headers = {name.lower(): value.decode("latin-1") for name, value in answer.headers}
    status = answer.status
    if 200 <= status < 300:
        return Outcome("sent", wire_id=headers.get(b"location", "")[-200:] or None)
    if status in (404, 410):
        return Outcome("gone", error=f"http-{status}")
    if status == 429 or status >= 500:
        wait = read_retry_after(headers.get(b"retry-after"), clock.now())
        return Outcome("later", error=f"http-{status}", retry_after_seconds=wait)
    # 400, 413: what we send is wrong; 401, 403: our key is not the one subscribed with
    _log.error("push service refuses", status=status)
    return Outcome("bad", error=f"http-{status}")
