"""Bodies of requests are waited for, but not for ever, whoever reads them and whatever they are.

Only waiting is counted, so that our own slowness is nobody's fault. A sender may be silent for
`_SILENCE_SECONDS`. It has `_GRACE_SECONDS` in hand, and wins a second for every `_BYTES_PER_SECOND`
that arrive, half of what a telephone at 48 kbps brings; never more than the grace, so that a fast
beginning buys no slow end.
"""

import asyncio
from typing import Any, Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send
from litestar.types.asgi_types import ReceiveMessage

from backend.web.errors import BodyTooSlow

# The mark in a request's scope that the rest of its body is not read.
UNREAD: Final = "caunoi.body_unread"

_SILENCE_SECONDS: Final = 20.0
_GRACE_SECONDS: Final = 60.0
_BYTES_PER_SECOND: Final = 3000
# As long as the app itself gives one photo (web/src/report/queue.js).
_LONGEST_SECONDS: Final = 45 * 60.0


class Patience:
    """The ASGI application around the application: whoever reads a slow body gets BodyTooSlow."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP and _has_body(scope):
            receive = _Sender(scope, receive).receive
        await self._inner(scope, receive, send)


class _Sender:
    """How long one request's body has been waited for."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self._scope: dict[str, Any] = scope  # type: ignore[assignment]  # scope holds ours too
        self._receive = receive
        self._in_hand_seconds = _GRACE_SECONDS
        self._left_seconds = _LONGEST_SECONDS
        self._is_whole = False

    async def receive(self) -> ReceiveMessage:
        """The next message; raises BodyTooSlow, also when asked again."""
        if self._is_whole:
            # what comes now is that the client goes away, which may take as long as it likes
            return await self._receive()
        allowed = min(_SILENCE_SECONDS, self._in_hand_seconds, self._left_seconds)
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            async with asyncio.timeout(allowed):
                message = await self._receive()
        except TimeoutError:
            self._left_seconds = 0.0
            self._scope[UNREAD] = True
            raise BodyTooSlow() from None
        waited = loop.time() - started
        self._left_seconds -= waited
        self._in_hand_seconds -= waited
        if message["type"] == "http.request":
            won = len(message["body"]) / _BYTES_PER_SECOND
            self._in_hand_seconds = min(_GRACE_SECONDS, self._in_hand_seconds + won)
            self._is_whole = not message["more_body"]
        else:
            self._is_whole = True
        return message


def _has_body(scope: Scope) -> bool:
    """Whether a body was announced (RFC 9112 §6.3)."""
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )
