"""The one middleware: around everything, so it sees 404s and failures too, and never inside.

For each request: a trace id, the security headers, one log line, one observation for Prometheus.
Neither query strings, bodies, addresses nor tokens are ever logged; the path only as its template.
It wraps the whole application, because Litestar's own middleware begins after routing.
"""

import os
import time
from typing import Any, Final

import structlog
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import Histogram

from backend.settings import Settings

_POLICY: Final = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)
_HEADERS: Final = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"geolocation=(self), camera=(self), microphone=(), payment=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_STRICT_TRANSPORT: Final = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
_NO_STORE: Final = (b"cache-control", b"no-store")

_DURATIONS: Final = Histogram(
    "caunoi_http_request_seconds",
    "Time from request to the last byte of the answer, by route template.",
    ("method", "route", "status"),
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
# Liveness probes come every second: they are counted, not written down.
_UNLOGGED: Final = frozenset(("/healthz", "/readyz", "/metrics"))

_log = structlog.get_logger("caunoi.access")


class Observer:
    """The ASGI application around the application."""

    def __init__(self, inner: ASGIApp, settings: Settings) -> None:
        self._inner = inner
        is_https = settings.public_url.startswith("https://")
        self._headers = [*_HEADERS, _STRICT_TRANSPORT] if is_https else list(_HEADERS)
        if settings.map_tiles_origin is not None:
            policy = _POLICY.replace(
                "img-src 'self'", f"img-src 'self' {settings.map_tiles_origin}"
            )
            self._headers[0] = (b"content-security-policy", policy.encode())
        self._children: dict[tuple[str, str, int], Any] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self._inner(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500
        trace_id = os.urandom(16).hex()
        named: dict[str, Any] = scope  # type: ignore[assignment]  # ASGI allows names of one's own
        named["caunoi.trace_id"] = trace_id
        method: str = named["method"]
        is_head = method == "HEAD"
        if is_head:
            # RFC 9110 §9.3.2: as GET, without the content
            named["method"] = "GET"

        async def send_watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = self._complete(message["headers"], trace_id)
            elif is_head and message["type"] == "http.response.body":
                message = {"type": "http.response.body", "body": b"", "more_body": False}
            await send(message)

        try:
            await self._inner(scope, receive, send_watched)
        finally:
            self._record(scope, method, status, trace_id, time.perf_counter() - started)

    def _complete(self, headers: Any, trace_id: str) -> list[tuple[bytes, bytes]]:
        complete = list(headers)
        names = {name.lower() for name, _ in complete}
        complete += [header for header in self._headers if header[0] not in names]
        if b"cache-control" not in names:
            complete.append(_NO_STORE)
        complete.append((b"x-trace-id", trace_id.encode()))
        return complete

    def _record(
        self, scope: Scope, method: str, status: int, trace_id: str, seconds: float
    ) -> None:
        route: str = scope.get("path_template") or "(none)"
        method = method if method in _METHODS else "other"
        key = (method, route, status)
        child = self._children.get(key)
        if child is None:
            child = self._children[key] = _DURATIONS.labels(method, route, str(status))
        child.observe(seconds)
        if route not in _UNLOGGED:
            _log.info(
                "request",
                method=method,
                route=route,
                status=status,
                ms=round(seconds * 1000, 1),
                trace_id=trace_id,
            )
