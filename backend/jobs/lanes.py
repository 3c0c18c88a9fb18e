"""Lanes: pgqueuer's queue managers as our workers run them.

Each lane polls for its own kinds of job, so that slow work (photos) never stands before quick work
(messages). What differs from stock pgqueuer, and why:

- no LISTEN: our jobs send no NOTIFY (see the migration), so polling is all there is;
- an outage is waited for, never a reason to give a job up (errors.py);
- a job under way when its worker is told to stop goes back into the queue. Stock pgqueuer would
  take the cancelled handler for a job somebody has called off, and delete it;
- a failure that could not be recorded because the database was away is not recorded as final.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, TypeAlias

import asyncpg
from pgqueuer.core.buffers import JobStatusLogBuffer
from pgqueuer.core.executors import (
    AbstractEntrypointExecutor,
    EntrypointExecutor,
    EntrypointExecutorParameters,
)
from pgqueuer.db import AsyncpgPoolDriver
from pgqueuer.errors import RetryRequested
from pgqueuer.models import Context, Job
from pgqueuer.ports.driver import NotifyCallback
from pgqueuer.qm import QueueManager
from pgqueuer.queries import Queries

from backend.database import CONNECTION_ERRORS, Database
from backend.errors import Unavailable
from backend.jobs import store
from backend.jobs.errors import BadPayload, JobTooLong, Later

Handler: TypeAlias = Callable[[bytes], Awaitable[None]]

_HEARTBEAT: Final = timedelta(seconds=30)
_LONGEST_DELAY_SECONDS: Final = 60.0
OUTAGES: Final = (
    Unavailable,
    *CONNECTION_ERRORS,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.DiskFullError,
)


@dataclass(frozen=True)
class Lane:
    """How often to look for work while idle, how much to do at once, how long one job may take."""

    name: str
    poll_seconds: float
    at_once: int
    job_seconds: float


@dataclass
class RunningLane:
    """One lane of this process with its handlers."""

    lane: Lane
    manager: "_Manager"
    database: Database
    one_suspect: asyncio.Lock = field(default_factory=asyncio.Lock)
    under_way: set[asyncio.Task[None]] = field(default_factory=set)

    async def run(self) -> None:
        """Work until stopped; raises when the database is lost."""
        await self.manager.run(
            dequeue_timeout=timedelta(seconds=self.lane.poll_seconds),
            batch_size=max(1, self.lane.at_once // 2),
            max_concurrent_tasks=max(2, self.lane.at_once),
            heartbeat_timeout=_HEARTBEAT,
            # statistics nobody reads are not worth a query a minute
            log_aggregation_interval=timedelta(0),
        )

    def stop(self) -> None:
        """Take no more jobs; those under way may end."""
        self.manager.shutdown.set()

    def interrupt(self) -> None:
        """Give jobs under way back to the queue."""
        for task in self.under_way:
            task.cancel()


def open_lane(database: Database, lane: Lane, handlers: Mapping[str, Handler]) -> RunningLane:
    """A lane ready to run, with an identity of its own (`manager.queue_manager_id`)."""
    opened = RunningLane(lane, _Manager(Queries(_PollingDriver(database.app))), database)
    for entrypoint, handler in handlers.items():
        parameters = EntrypointExecutorParameters(
            concurrency_limit=0, func=_as_entrypoint(handler), on_failure="hold"
        )
        opened.manager.register_executor(entrypoint, _Executor(parameters, opened))
    return opened


def delay_seconds(attempts: int) -> float:
    """How long to wait after this many failed attempts: doubling, at most a minute, spread out."""
    longest = min(2.0 ** min(attempts, 10), _LONGEST_DELAY_SECONDS)
    return longest * random.uniform(0.7, 1.0)  # noqa: S311  only spreads retries


def _as_entrypoint(handler: Handler) -> Callable[[Job], Awaitable[None]]:
    async def entrypoint(job: Job) -> None:
        await handler(job.payload or b"")

    return entrypoint


@dataclass
class _Executor(EntrypointExecutor):
    running: RunningLane

    async def execute(self, job: Job, context: Context) -> None:
        try:
            await self._attempt(job, context)
        except BadPayload:
            raise
        except Later as later:
            raise RetryRequested(timedelta(seconds=later.delay_seconds), later.en) from later
        except OUTAGES as outage:
            wait = getattr(outage, "retry_after_seconds", None) or delay_seconds(job.attempts)
            raise RetryRequested(timedelta(seconds=wait), type(outage).__name__) from outage
        except Exception as error:
            failures = await store.count_failure(self.running.database.app, job.id)
            if failures >= store.LAST_ATTEMPT:
                raise
            wait = delay_seconds(failures - 1)
            raise RetryRequested(timedelta(seconds=wait), type(error).__name__) from error

    async def _attempt(self, job: Job, context: Context) -> None:
        if not job.headers or "suspect" not in job.headers:
            await self._bounded(job, context)
            return
        async with self.running.one_suspect:
            if self.running.manager.shutdown.is_set():
                raise Later(0.0, "The worker was told to stop.")
            await store.say_suspect_runs(self.running.database.app, job.id)
            await self._bounded(job, context)

    async def _bounded(self, job: Job, context: Context) -> None:
        # A task of its own, so that interrupting the work does not cancel pgqueuer's dispatch.
        work = asyncio.get_running_loop().create_task(super().execute(job, context))
        self.running.under_way.add(work)
        try:
            done, _ = await asyncio.wait({work}, timeout=self.running.lane.job_seconds)
        finally:
            self.running.under_way.discard(work)
            if not work.done():
                work.cancel()
        if not done:
            with suppress(asyncio.CancelledError):
                await work
            raise JobTooLong
        if work.cancelled():
            raise Later(0.0, "The worker was told to stop.")
        work.result()


class _Manager(QueueManager):
    async def log_failure(
        self,
        job: Job,
        executor: AbstractEntrypointExecutor,
        exc: Exception,
        jbuff: JobStatusLogBuffer,
    ) -> None:
        """As pgqueuer, but a job whose retry could not be written stays picked.

        Its heartbeat ends, or its worker does, and then it is worked on again.
        """
        if not isinstance(exc, OUTAGES):
            await super().log_failure(job, executor, exc, jbuff)


class _PollingDriver(AsyncpgPoolDriver):
    """pgqueuer's driver without LISTEN and NOTIFY, which nobody would answer."""

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        return

    async def remove_listener(self, channel: str, callback: NotifyCallback) -> None:
        return

    async def notify(self, channel: str, payload: str) -> None:
        return
