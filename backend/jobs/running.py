"""Run lanes for as long as the process lives: through lost databases, until told to stop."""

import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, TypeAlias

import asyncpg
import structlog

from backend.database import CONNECTION_ERRORS, Database, DatabaseDown
from backend.jobs import store
from backend.jobs.lanes import Handler, Lane, RunningLane, open_lane

Plan: TypeAlias = Mapping[Lane, Mapping[str, Handler]]

# Together below the 5 seconds within which a worker ends.
_STOP_SECONDS: Final = 1.5
_INTERRUPT_SECONDS: Final = 1.0
_RECOVERY_SECONDS: Final = 30.0
_LONGEST_WAIT_SECONDS: Final = 5.0

_log = structlog.get_logger("caunoi.worker")


async def keep_lanes(database: Database, url: str, plan: Plan, stopping: asyncio.Event) -> None:
    """Run all lanes; when the database is lost, start them anew under new identities."""
    wait = 0.2
    while not stopping.is_set():
        try:
            await _run_lanes(database, url, plan, stopping)
            wait = 0.2
        except (*CONNECTION_ERRORS, asyncpg.PostgresError, DatabaseDown) as error:
            _log.warning("queue lost", error=type(error).__name__, retry_seconds=wait)
        except Exception:  # a bug must not end the worker: its loops go on, and it tries again
            _log.exception("queue failed", retry_seconds=wait)
        if not stopping.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), timeout=wait)
            wait = min(wait * 2, _LONGEST_WAIT_SECONDS)


async def free_orphans(database: Database) -> None:
    """Give jobs of dead workers back to the queue; see store.free_orphans."""
    if freed := await store.free_orphans(database.app):
        _log.warning("jobs of a lost worker freed", jobs=freed)


async def _run_lanes(database: Database, url: str, plan: Plan, stopping: asyncio.Event) -> None:
    # As long as this connection lives, nobody takes this worker's jobs for orphans.
    life = await asyncpg.connect(
        url,
        timeout=5,
        command_timeout=10,
        server_settings={"role": "caunoi_app", "application_name": "caunoi-worker-life"},
    )
    try:
        lanes = [open_lane(database, lane, handlers) for lane, handlers in plan.items()]
        for lane in lanes:
            await store.hold_life_lock(life, lane.manager.queue_manager_id)
        lost = asyncio.Event()
        life.add_termination_listener(lambda _: lost.set())
        await free_orphans(database)
        await _run_until_stopped(lanes, stopping, lost)
    finally:
        life.terminate()


async def _run_until_stopped(
    lanes: list[RunningLane], stopping: asyncio.Event, lost: asyncio.Event
) -> None:
    running = [asyncio.create_task(lane.run(), name=lane.lane.name) for lane in lanes]
    signals = [asyncio.create_task(event.wait()) for event in (stopping, lost)]
    await asyncio.wait((*running, *signals), return_when=asyncio.FIRST_COMPLETED)
    for signal in signals:
        signal.cancel()
    for lane in lanes:
        lane.stop()
    _, late = await asyncio.wait(running, timeout=_STOP_SECONDS)
    if late:
        for lane in lanes:
            lane.interrupt()
        patience = _INTERRUPT_SECONDS if stopping.is_set() else _RECOVERY_SECONDS
        _, late = await asyncio.wait(running, timeout=patience)
    if late:
        # A handler that cannot be interrupted: its job is an orphan as soon as this process ends.
        _log.error("worker does not come to an end")
        os._exit(1)
    errors = [error for task in running if (error := task.exception()) is not None]
    if errors:
        raise errors[0]
    if lost.is_set():
        raise DatabaseDown()
