"""`GET /api/v1/ioc/stream`: the summary as it changes, as server-sent events."""

import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Final

import asyncpg
from litestar import get
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.response import Stream

from backend.accounts.principals import Principal
from backend.clock import now
from backend.counts.filters import CountsFilter
from backend.database import CONNECTION_ERRORS, Database
from backend.errors import NotSignedIn, Unavailable
from backend.settings import Settings
from ioc_views.hub import HEARTBEAT_SECONDS, Hub
from ioc_views.questions import VIEWERS, Question, understand_on_boundaries
from ioc_views.reports import AgencyWord, Boundaries, CategoryWord, First, Last, UnitWord
from ioc_views.stopping import call_when_stopping
from ioc_views.store import is_still_let_in

_HUB: Final = "ioc.hub"
_RECHECK_SECONDS: Final = 5.0
# How long a browser waits before it connects again, in milliseconds.
_HELLO: Final = b"retry: 1000\n: figures follow\n\n"
OPT: Final[dict[str, Any]] = {"policy": VIEWERS}


@get(
    "/api/v1/ioc/stream",
    opt=OPT,
    media_type="text/event-stream",
    summary="Số liệu phản ánh trực tuyến (SSE)",
    tags=["ioc"],
)
async def stream(
    state: State,
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
    principal: NamedDependency[Principal | None],
    first: First = None,
    last: Last = None,
    unit: UnitWord = None,
    category: CategoryWord = None,
    agency: AgencyWord = None,
    boundaries: Boundaries = None,
) -> Stream:
    """Events `figures` (as /ioc/reports/summary) at once and on every change, at most 3 a second.

    Event `heartbeat` {as_of} comes every 2 seconds; after 5 seconds without either, figures are
    stale. The stream ends when the session does. Last-Event-ID is not needed: the first event
    always carries everything.
    """
    if principal is None:
        raise NotSignedIn()
    question = Question(first, last, unit, category, agency, boundaries)
    asked = await understand_on_boundaries(database.app, question, principal)
    idle = timedelta(minutes=settings.session_idle_minutes)
    hub = hub_of(state)
    # Once the answer has begun it cannot say no any more.
    hub.check_room()
    return Stream(
        _events(hub, database, asked.wanted, principal=principal, idle=idle),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def hub_of(state: State) -> Hub:
    """This app's hub, made when it is first needed."""
    hub: Hub | None = state.get(_HUB)
    if hub is None:
        hub = Hub()
        state[_HUB] = hub
        call_when_stopping(hub.close)
    return hub


async def _events(
    hub: Hub, database: Database, wanted: CountsFilter, *, principal: Principal, idle: timedelta
) -> AsyncIterator[bytes]:
    yield _HELLO
    checked_at = time.monotonic()
    async with hub.watch(database, wanted) as watcher:
        while not hub.is_closed:
            message = await watcher.next_message(HEARTBEAT_SECONDS)
            if time.monotonic() - checked_at >= _RECHECK_SECONDS:
                if not await _is_let_in(database, principal, idle):
                    return
                checked_at = time.monotonic()
            if message is not None:
                yield message


async def _is_let_in(database: Database, principal: Principal, idle: timedelta) -> bool:
    try:
        return await is_still_let_in(database.app, principal, now=now(), idle=idle)
    except (*CONNECTION_ERRORS, asyncpg.PostgresError, Unavailable):
        # Without a database nothing is told either; the next check decides.
        return True
