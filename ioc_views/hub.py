"""The hub: one task per process reads the figures for all who watch, and tells them of changes.

It runs only while somebody watches, asks once for all who watch the same figures, and keeps one
message per watcher: whoever reads slowly misses what was in between, never the latest. While the
database does not answer it is silent, so that a page can tell from the silence that its figures
are stale.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

import msgspec
import structlog

from backend.counts.figures import Figures
from backend.counts.filters import CountsFilter
from backend.counts.read import summary
from backend.database import Database
from ioc_views.errors import TooManyWatchers

READ_SECONDS: Final = 0.3
HEARTBEAT_SECONDS: Final = 2.0
_RETRY_SECONDS: Final = 1.0
_WATCHERS_MOST: Final = 500
_NO_TIME: Final = datetime.min.replace(tzinfo=UTC)

_log = structlog.get_logger("caunoi.ioc")


@dataclass(eq=False)
class Watcher:
    """One open stream; `latest` is replaced, never queued."""

    latest: bytes | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def tell(self, message: bytes) -> None:
        self.latest = message
        self.news.set()

    async def next_message(self, timeout_seconds: float) -> bytes | None:
        """The newest message not yet taken; None when there is none in time or it is all over."""
        try:
            await asyncio.wait_for(self.news.wait(), timeout_seconds)
        except TimeoutError:
            return None
        self.news.clear()
        message, self.latest = self.latest, None
        return message


@dataclass(eq=False)
class _Scope:
    """The figures that some watch, as they were last told."""

    watchers: set[Watcher] = field(default_factory=set)
    told: Figures | None = None
    told_at: float = 0.0
    number: int = 0
    message: bytes | None = None


class Hub:
    """All open streams of this process."""

    def __init__(self) -> None:
        self._scopes: dict[CountsFilter, _Scope] = {}
        self._task: asyncio.Task[None] | None = None
        self._wake = asyncio.Event()
        self.is_closed = False

    def check_room(self) -> None:
        """Raise TooManyWatchers when one more stream would be one too many."""
        if sum(len(scope.watchers) for scope in self._scopes.values()) >= _WATCHERS_MOST:
            raise TooManyWatchers(retry_after_seconds=30)

    @asynccontextmanager
    async def watch(self, database: Database, wanted: CountsFilter) -> AsyncIterator[Watcher]:
        """A watcher of these figures for as long as the block runs."""
        watcher = Watcher()
        scope = self._scopes.setdefault(wanted, _Scope())
        scope.watchers.add(watcher)
        if scope.message is not None:
            watcher.tell(scope.message)
        self._wake.set()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(database), name="ioc hub")
        try:
            yield watcher
        finally:
            scope.watchers.discard(watcher)
            if not scope.watchers and self._scopes.get(wanted) is scope:
                del self._scopes[wanted]

    def close(self) -> None:
        """End every stream: the server is about to stop."""
        self.is_closed = True
        self._wake.set()
        for scope in self._scopes.values():
            for watcher in scope.watchers:
                watcher.news.set()

    async def _run(self, database: Database) -> None:
        while self._scopes and not self.is_closed:
            self._wake.clear()
            pause = READ_SECONDS
            for wanted in list(self._scopes):
                try:
                    figures = await summary(database.app, wanted)
                except Exception as error:  # the hub outlives whatever one reading raises
                    _log.warning("figures cannot be read", error=type(error).__name__)
                    pause = _RETRY_SECONDS
                    break
                self._tell(wanted, figures)
            await self._rest(pause)

    def _tell(self, wanted: CountsFilter, figures: Figures) -> None:
        scope = self._scopes.get(wanted)
        if scope is None:
            return
        now = time.monotonic()
        has_changed = scope.told is None or _without_moment(figures) != _without_moment(scope.told)
        if not has_changed and now - scope.told_at < HEARTBEAT_SECONDS:
            return
        if has_changed:
            scope.number += 1
        scope.told, scope.told_at = figures, now
        full = _message("figures", msgspec.json.encode(figures), number=scope.number)
        beat = _message("heartbeat", msgspec.json.encode({"as_of": figures.as_of}))
        scope.message = full
        for watcher in scope.watchers:
            # A message not yet taken must not be replaced by a mere heartbeat.
            watcher.tell(full if has_changed or watcher.latest is not None else beat)

    async def _rest(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return
        # Woken by a newcomer: gather those who come at the same moment into one reading.
        await asyncio.sleep(0.02)


def _without_moment(figures: Figures) -> Figures:
    return replace(figures, as_of=_NO_TIME)


def _message(event: str, body: bytes, *, number: int | None = None) -> bytes:
    """One server-sent event; `body` is JSON on one line."""
    name = b"" if number is None else b"id: %d\n" % number
    return b"%sevent: %s\ndata: %s\n\n" % (name, event.encode(), body)
