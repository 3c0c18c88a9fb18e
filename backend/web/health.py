"""Is it alive, is it ready, how does it do: /healthz, /readyz, /metrics."""

import asyncio
import hmac
import shutil
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, Final

import structlog
from litestar import Request, Response, get
from litestar.datastructures import State
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from backend.database import owner_connection, pending_migrations
from backend.errors import NotFound
from backend.settings import Settings
from backend.web.clients import is_direct_loopback
from backend.web.policies import NOBODY_ASKED, bearer_token
from backend.web.problems import as_problem, status_of
from backend.web.state import parts_of, provide_database, settings_of

_CHECK_SECONDS: Final = 4.0
# PostgreSQL stops for good on a full disk; better to stop taking photos before that.
_FREE_BYTES_MIN: Final = 256 * 1024 * 1024

_log = structlog.get_logger("caunoi.web")


@get("/healthz", opt={"policy": NOBODY_ASKED}, include_in_schema=False)
async def healthz() -> dict[str, str]:
    """The process is alive and its event loop turns; nothing else is asked."""
    return {"status": "ok"}


@get("/readyz", opt={"policy": NOBODY_ASKED}, include_in_schema=False)
async def readyz(state: State) -> Response[dict[str, Any]]:
    """Whether this process can do its work now, with each check; 503 when it cannot."""
    parts = parts_of(state)
    names = ("database", "migrations", "objects", "disk")
    outcomes = await asyncio.gather(
        _check(_ask_database(state)),
        _check(_ask_migrations(state)),
        _check(_ask_objects(state)),
        _check(_ask_disk(parts.settings.var_dir)),
    )
    checks = dict(zip(names, outcomes, strict=True))
    is_ready = all(outcome == "ok" for outcome in outcomes)
    return Response(
        {"status": "ok" if is_ready else "unavailable", "checks": checks},
        status_code=200 if is_ready else 503,
        headers=None if is_ready else {"Retry-After": "2"},
    )


@get("/metrics", opt={"policy": NOBODY_ASKED}, include_in_schema=False)
async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Prometheus' figures of this process, for this machine or whoever has the metrics token."""
    if not (is_direct_loopback(request) or _has_metrics_token(request, settings_of(request))):
        raise NotFound()
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _has_metrics_token(request: Request[Any, Any, Any], settings: Settings) -> bool:
    if settings.metrics_token is None:
        return False
    given = bearer_token(request.headers.get("authorization"))
    return given is not None and hmac.compare_digest(
        given.encode(), settings.metrics_token.encode()
    )


async def _check(question: Awaitable[str]) -> str:
    """The check's own word, or why it failed; never longer than `_CHECK_SECONDS`."""
    try:
        async with asyncio.timeout(_CHECK_SECONDS):
            return await question
    except Exception as error:  # whatever the reason, the answer to the question is "no"
        problem = as_problem(error)
        if status_of(problem) == 500:
            _log.error("readiness check failed", exc_info=error)
        return problem.kind


async def _ask_database(state: State) -> str:
    await provide_database(state).app.fetchval("SELECT 1")
    return "ok"


async def _ask_migrations(state: State) -> str:
    """Asked until all are applied; then they stay so for the life of this process."""
    parts = parts_of(state)
    if parts.is_migrated:
        return "ok"
    # the record of migrations belongs to the owner, the application cannot read it
    async with owner_connection(parts.settings.database_url or "") as connection:
        pending = await pending_migrations(connection)
    parts.is_migrated = not pending
    return "ok" if not pending else f"{len(pending)} pending"


async def _ask_objects(state: State) -> str:
    objects = parts_of(state).objects
    if objects is None:
        return "not configured"
    await objects.exists("readiness")
    return "ok"


async def _ask_disk(var_dir: Path) -> str:
    free = shutil.disk_usage(var_dir).free
    return "ok" if free >= _FREE_BYTES_MIN else f"{free >> 20} MiB free"
