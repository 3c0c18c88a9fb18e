"""The worker process: jobs from the queue, and what is done again and again as time passes.

HANDLERS is the only place that says which handler a job has; LOOPS which work is periodic. Several
workers on one database are safe: jobs are claimed with SKIP LOCKED, and every loop's work can be
shared. A lost database or store is waited for; SIGTERM ends the process within 5 seconds, and what
was under way goes back into the queue.
"""

import asyncio
import contextlib
import functools
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog

from backend import clock
from backend.accounts.citizens.letters import send_sign_in_code
from backend.audit.anchors import copy_anchor, write_anchor
from backend.counts.fold import BATCH, fold_counts
from backend.database import Database, DatabaseDown, open_database
from backend.grid import keeping
from backend.jobs import store as jobs_store
from backend.jobs.lanes import OUTAGES, Handler, Lane
from backend.jobs.running import free_orphans, keep_lanes
from backend.messages.announce import announce, terms_now
from backend.messages.gateways import Gateways, open_gateways
from backend.messages.held import deliver
from backend.messages.letters import Push
from backend.messages.senders import open_mail, open_push
from backend.photos.errors import StoreDown
from backend.photos.objects import ObjectStore
from backend.privacy.erase import erase_person
from backend.privacy.retention import apply_retention
from backend.reports.actions import fire_due
from backend.reports.rulebook import Rulebooks
from backend.settings import Settings
from backend.web.logs import configure_logs
from backend.web.store import purge_limits
from mobile_api.open_data.releasing import release_open_data
from moderation.darkroom import Darkroom
from moderation.jobs import derive_photo, remove_left_files, remove_orphans, requeue_waiting

_log = structlog.get_logger("caunoi.worker")

_END_SECONDS: Final = 1.0
_LONGEST_WAIT_SECONDS: Final = 10.0
_KEPT_LOG_DAYS: Final = 14


@dataclass(frozen=True)
class Tools:
    """What handlers and loops work with."""

    settings: Settings
    database: Database
    objects: ObjectStore
    rulebooks: Rulebooks
    darkroom: Darkroom
    push: Push
    gateways: Gateways
    mail: Push

    @property
    def workplace(self) -> Path:
        """Where a photo's files may lie while it is worked on."""
        return self.settings.var_dir / "darkroom"


async def _announce(tools: Tools, payload: bytes) -> None:
    now = clock.now()
    terms = await terms_now(tools.database.app, tools.settings, now)
    await announce(tools.database, tools.push, terms, payload=payload, now=now)


async def _deliver_due_pushes(tools: Tools, _: bytes) -> None:
    now = clock.now()
    terms = await terms_now(tools.database.app, tools.settings, now)
    await deliver.deliver_pushes(tools.database, tools.push, terms, now=now)


async def _deliver_due_mail(tools: Tools, _: bytes) -> None:
    now = clock.now()
    terms = await terms_now(tools.database.app, tools.settings, now)
    await deliver.deliver_mail(tools.database, tools.mail, terms, now=now)


async def _send_sign_in_code(tools: Tools, payload: bytes) -> None:
    await send_sign_in_code(
        tools.database, tools.gateways, settings=tools.settings, payload=payload
    )


async def _erase_person(tools: Tools, payload: bytes) -> None:
    await erase_person(tools.database, tools.rulebooks, payload=payload, now=clock.now())


async def _derive_photo(tools: Tools, payload: bytes) -> None:
    await derive_photo(
        tools.database, tools.objects, tools.darkroom, folder=tools.workplace, payload=payload
    )


_QUICK: Final = Lane("quick", poll_seconds=0.5, at_once=16, job_seconds=120)
# E-mail and SMS: a slow or dead gateway delays nothing else.
_LETTERS: Final = Lane("letters", poll_seconds=0.5, at_once=16, job_seconds=60)
_PHOTOS: Final = Lane("photos", poll_seconds=1.0, at_once=2, job_seconds=240)

# Job → its lane and handler. Every handler may run twice for one job, and must not mind.
HANDLERS: Final[Mapping[str, tuple[Lane, Callable[[Tools, bytes], Awaitable[None]]]]] = {
    "announce": (_QUICK, _announce),
    "deliver_due_pushes": (_QUICK, _deliver_due_pushes),
    "deliver_due_mail": (_LETTERS, _deliver_due_mail),
    "send_sign_in_code": (_LETTERS, _send_sign_in_code),
    "erase_person": (_QUICK, _erase_person),
    "derive_photo": (_PHOTOS, _derive_photo),
}


async def _fold(tools: Tools) -> None:
    while await fold_counts(tools.database.app, limit=BATCH) >= BATCH:
        pass


async def _fold_map(tools: Tools) -> None:
    while await keeping.fold_map(tools.database.app) >= keeping.BATCH:
        pass


async def _fill_map(tools: Tools) -> None:
    while await keeping.fill_map(tools.database):
        pass


async def _release_open_data(tools: Tools) -> None:
    folder = tools.settings.var_dir / "open-data"
    await release_open_data(tools.database, tools.objects, tools.rulebooks, folder=folder)


async def _fire_timers(tools: Tools) -> None:
    while await fire_due(tools.database, tools.rulebooks, clock.now()):
        pass


async def _queue_due(tools: Tools) -> None:
    now = clock.now()
    terms = await terms_now(tools.database.app, tools.settings, now)
    await deliver.queue_due(tools.database, terms.timing, now=now)


async def _free_orphans(tools: Tools) -> None:
    await free_orphans(tools.database)


async def _anchor(tools: Tools) -> None:
    async with tools.database.transaction() as connection:
        anchor = await write_anchor(connection, clock.now())
    if anchor is not None:
        await copy_anchor(tools.database.app, tools.objects, anchor)


async def _sweep_photos(tools: Tools) -> None:
    if waiting := await requeue_waiting(tools.database):
        _log.warning("photos had no work in the queue", photos=waiting)


async def _sweep_orphaned_photos(tools: Tools) -> None:
    folders = (tools.workplace, tools.settings.var_dir / "uploads")
    await asyncio.to_thread(remove_left_files, folders, clock.now())
    if removed := await remove_orphans(tools.database, tools.objects, clock.now()):
        _log.info("quarantine swept", objects=removed)


async def _tidy(tools: Tools) -> None:
    await purge_limits(tools.database.app, clock.now())
    await keeping.tidy_map(tools.database.app)
    await jobs_store.prune_log(tools.database.app, days=_KEPT_LOG_DAYS)
    await jobs_store.prune_statistics(tools.database.app, days=_KEPT_LOG_DAYS)


async def _retain(tools: Tools) -> None:
    removed = await apply_retention(tools.database, tools.rulebooks, now=clock.now())
    if counts := {kind: count for kind, count in removed.counts.items() if count}:
        _log.info("kept long enough", rule_version=removed.version, removed=counts)


@dataclass(frozen=True)
class Loop:
    """Work done every so often, as long as the worker lives."""

    name: str
    every_seconds: float
    work: Callable[[Tools], Awaitable[None]]
    within_seconds: float = 60.0


LOOPS: Final = (
    Loop("fold_counts", 0.5, _fold),
    Loop("fold_map", 1.0, _fold_map),
    Loop("fill_map", 30.0, _fill_map, within_seconds=1800.0),
    Loop("release_open_data", 300.0, _release_open_data, within_seconds=3600.0),
    Loop("fire_timers", 1.0, _fire_timers),
    Loop("free_orphans", 1.0, _free_orphans),
    Loop("queue_due_notices", 2.0, _queue_due),
    Loop("sweep_photos", 20.0, _sweep_photos),
    Loop("anchor", 60.0, _anchor),
    Loop("tidy", 600.0, _tidy),
    Loop("retention", 3600.0, _retain, within_seconds=600.0),
    Loop("sweep_orphaned_photos", 900.0, _sweep_orphaned_photos, within_seconds=600.0),
)


async def run_worker(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; returns within 5 seconds of it."""
    configure_logs(settings.log_level)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    tools = await _open_tools(settings, stopping)
    if tools is None:
        return
    _log.info("worker started", pid=os.getpid())
    try:
        await _work(tools, stopping)
    finally:
        await _close_tools(tools)
        _log.info("worker stopped")


async def _open_tools(settings: Settings, stopping: asyncio.Event) -> Tools | None:
    """Everything the worker needs, once the database answers; None when told to stop before."""
    url, s3 = _database_url(settings), settings.s3
    if s3 is None:
        raise StoreDown()
    wait = 0.2
    while not stopping.is_set():
        try:
            database = await open_database(
                url,
                app_size=settings.database_pool_size,
                public_size=1,
                application_name="caunoi-worker",
            )
        except DatabaseDown:
            _log.warning("database not reachable", retry_seconds=wait)
            await _pause(stopping, wait)
            wait = min(wait * 2, 2.0)
            continue
        gateways = open_gateways(settings)
        return Tools(
            settings=settings,
            database=database,
            objects=ObjectStore(s3),
            rulebooks=Rulebooks(database),
            darkroom=Darkroom(),
            push=open_push(settings),
            gateways=gateways,
            mail=open_mail(settings, gateways.mail),
        )
    return None


def _database_url(settings: Settings) -> str:
    if settings.database_url is None:
        raise DatabaseDown()
    return settings.database_url


async def _close_tools(tools: Tools) -> None:
    closes = (tools.darkroom, tools.push, tools.gateways, tools.objects)
    for close in (tool.close for tool in closes):
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(close(), timeout=0.5)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(tools.database.close(), timeout=1.0)


async def _work(tools: Tools, stopping: asyncio.Event) -> None:
    loops = [asyncio.create_task(_keep(one, tools, stopping), name=one.name) for one in LOOPS]
    alive = asyncio.create_task(_say_alive(tools.settings, stopping))
    try:
        await keep_lanes(tools.database, _database_url(tools.settings), _lanes(tools), stopping)
    finally:
        stopping.set()
        for task in (*loops, alive):
            task.cancel()
        await asyncio.wait((*loops, alive), timeout=_END_SECONDS)


def _lanes(tools: Tools) -> dict[Lane, dict[str, Handler]]:
    lanes: dict[Lane, dict[str, Handler]] = {}
    for name, (lane, handler) in HANDLERS.items():
        lanes.setdefault(lane, {})[name] = functools.partial(handler, tools)
    return lanes


async def _keep(loop: Loop, tools: Tools, stopping: asyncio.Event) -> None:
    """Do the loop's work in its rhythm; an error is told once, and the wait grows until it ends."""
    failures = 0
    while not stopping.is_set():
        started = time.monotonic()
        try:
            async with asyncio.timeout(loop.within_seconds):
                await loop.work(tools)
        except Exception as error:  # a loop outlives whatever its work meets
            if failures == 0:
                is_outage = isinstance(error, OUTAGES)
                _log.warning(
                    "loop failed",
                    loop=loop.name,
                    error=type(error).__name__,
                    exc_info=None if is_outage else error,
                )
            failures += 1
        else:
            if failures:
                _log.info("loop recovered", loop=loop.name, failures=failures)
            failures = 0
        slow_down = min(0.5 * 2**failures, _LONGEST_WAIT_SECONDS) if failures else 0.0
        spent = time.monotonic() - started
        await _pause(stopping, max(loop.every_seconds - spent, slow_down, 0.05))


async def _say_alive(settings: Settings, stopping: asyncio.Event) -> None:
    """Touch `worker-<pid>.alive` every few seconds: the event loop turns."""
    path = settings.var_dir / f"worker-{os.getpid()}.alive"
    try:
        while not stopping.is_set():
            await asyncio.to_thread(path.touch)
            await _pause(stopping, 5.0)
    finally:
        path.unlink(missing_ok=True)


async def _pause(stopping: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(stopping.wait(), timeout=seconds)
