"""The SQL of jobs beyond pgqueuer's own: orphans, dead letters, pruning."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from backend.database import Connection, Record

# A worker holds the advisory lock of each of its queue managers for as long as it lives.
_LIFE_LOCK: Final = 0x0CA0_0B0B

LAST_ATTEMPT: Final = 8


async def hold_life_lock(connection: Connection, manager_id: uuid.UUID) -> None:
    """Say that this queue manager lives, until `connection` (not of a pool) is closed or lost."""
    await connection.execute(
        "SELECT pg_advisory_lock(hashtextextended($1, $2))", str(manager_id), _LIFE_LOCK
    )


async def free_orphans(connection: Connection) -> int:
    """Give jobs of dead workers back to the queue at once, or to the dead letters; how many.

    They are suspects from now on: a lane works on one suspect at a time and says so first
    (say_suspect_runs), so that the next death is counted against the one that was worked on, not
    against those that only waited beside it. LAST_ATTEMPT deaths are enough.
    """
    rows = await connection.fetch(
        """
        WITH holder AS (
            SELECT DISTINCT queue_manager_id AS id FROM pgqueuer
            WHERE status = 'picked' AND queue_manager_id IS NOT NULL
        ), gone AS MATERIALIZED (
            SELECT id FROM holder
            WHERE pg_try_advisory_xact_lock(hashtextextended(id::text, $1))
        ), orphan AS (
            SELECT job.id, coalesce(job.headers ->> 'suspect', '') <> 'waits' AS was_at_work,
                coalesce((job.headers ->> 'deaths')::integer, 0) AS deaths
            FROM pgqueuer job JOIN gone ON gone.id = job.queue_manager_id
            WHERE job.status = 'picked'
            FOR UPDATE OF job
        ), counted AS (
            SELECT id, was_at_work, deaths + was_at_work::integer AS deaths FROM orphan
        ), freed AS (
            UPDATE pgqueuer AS job
            SET status = CASE WHEN o.deaths >= $2 THEN 'failed' ELSE 'queued'
                    END::pgqueuer_status,
                headers = coalesce(job.headers, '{}')
                    || jsonb_build_object('suspect', 'waits', 'deaths', o.deaths),
                execute_after = now() + make_interval(secs => random()
                    * CASE WHEN o.was_at_work THEN least(2 ^ o.deaths, 30) ELSE 0.5 END),
                attempts = job.attempts + 1,
                updated = now(), queue_manager_id = NULL, slot = NULL
            FROM counted o
            WHERE job.id = o.id
            RETURNING job.id, job.status, job.priority, job.entrypoint
        )
        INSERT INTO pgqueuer_log (job_id, status, priority, entrypoint, traceback)
        SELECT id, status, priority, entrypoint, jsonb_build_object(
            'job_id', id, 'timestamp', now(), 'exception_type', 'WorkerLost',
            'exception_message', 'The worker that had picked this job is gone.',
            'traceback', '', 'additional_context', NULL)
        FROM freed
        RETURNING job_id
        """,
        _LIFE_LOCK,
        LAST_ATTEMPT,
    )
    return len(rows)


async def say_suspect_runs(connection: Connection, job_id: int) -> None:
    """Say that this suspect is the one being worked on now."""
    await connection.execute(
        """
        UPDATE pgqueuer SET headers = coalesce(headers, '{}') || '{"suspect": "runs"}'
        WHERE id = $1
        """,
        job_id,
    )


async def count_failure(connection: Connection, job_id: int) -> int:
    """How many attempts of this job have failed, this one included; outages are not counted."""
    failures: int | None = await connection.fetchval(
        """
        UPDATE pgqueuer SET headers = coalesce(headers, '{}') || jsonb_build_object(
            'failures', coalesce((headers ->> 'failures')::integer, 0) + 1)
        WHERE id = $1
        RETURNING (headers ->> 'failures')::integer
        """,
        job_id,
    )
    return failures or 1


@dataclass(frozen=True)
class DeadLetter:
    """A job nobody tries any more; `reason` is the last failure's kind and message."""

    id: int
    entrypoint: str
    payload: bytes | None
    attempts: int
    created_at: datetime
    failed_at: datetime
    reason: str


@dataclass(frozen=True)
class Attempt:
    """One entry of a job's history; the traceback is empty where there is none."""

    at: datetime
    status: str
    reason: str
    traceback: str


_DEAD_LETTERS: Final = """
    SELECT job.id, job.entrypoint, job.payload, job.attempts, job.created, job.updated,
        last.traceback
    FROM pgqueuer job
    LEFT JOIN LATERAL (
        SELECT log.traceback FROM pgqueuer_log log
        WHERE log.job_id = job.id AND log.traceback IS NOT NULL
        ORDER BY log.created DESC LIMIT 1
    ) last ON true
    WHERE job.status = 'failed'
"""


async def list_dead_letters(connection: Connection, *, limit: int = 200) -> list[DeadLetter]:
    """The newest dead letters first."""
    rows = await connection.fetch(
        f"{_DEAD_LETTERS} ORDER BY job.updated DESC, job.id DESC LIMIT $1",
        limit,
    )
    return [_dead_letter(row) for row in rows]


async def find_dead_letter(connection: Connection, job_id: int) -> DeadLetter | None:
    """The dead letter with this id."""
    row = await connection.fetchrow(f"{_DEAD_LETTERS} AND job.id = $1", job_id)
    return _dead_letter(row) if row else None


async def list_attempts(connection: Connection, job_id: int) -> list[Attempt]:
    """What happened to a job, the oldest first, as far as the log goes back."""
    rows = await connection.fetch(
        """
        SELECT created, status::text AS status, traceback FROM pgqueuer_log
        WHERE job_id = $1 ORDER BY created, id LIMIT 100
        """,
        job_id,
    )
    return [
        Attempt(row["created"], row["status"], *_told(row["traceback"], with_traceback=True))
        for row in rows
    ]


async def requeue(connection: Connection, ids: Sequence[int] | None) -> list[int]:
    """Queue these dead letters (None: all) anew, as if never tried; the ids that were."""
    rows = await connection.fetch(
        """
        WITH requeued AS (
            UPDATE pgqueuer
            SET status = 'queued', attempts = 0, execute_after = now(), updated = now(),
                queue_manager_id = NULL, slot = NULL, headers = NULL
            WHERE status = 'failed' AND ($1::bigint[] IS NULL OR id = ANY ($1))
            RETURNING id, priority, entrypoint
        )
        INSERT INTO pgqueuer_log (job_id, status, priority, entrypoint)
        SELECT id, 'queued', priority, entrypoint FROM requeued
        RETURNING job_id
        """,
        list(ids) if ids is not None else None,
    )
    return sorted(row["job_id"] for row in rows)


async def discard(connection: Connection, job_id: int) -> bool:
    """Delete a dead letter for good; its history stays in the log for a while."""
    row = await connection.fetchrow(
        """
        WITH gone AS (
            DELETE FROM pgqueuer WHERE id = $1 AND status = 'failed'
            RETURNING id, priority, entrypoint
        )
        INSERT INTO pgqueuer_log (job_id, status, priority, entrypoint)
        SELECT id, 'deleted', priority, entrypoint FROM gone
        RETURNING job_id
        """,
        job_id,
    )
    return row is not None


async def prune_log(connection: Connection, *, days: int) -> int:
    """Forget what happened to jobs so long ago, dead letters' history excepted; how many lines."""
    done = await connection.execute(
        """
        WITH old AS (
            SELECT id FROM pgqueuer_log log
            WHERE created < now() - make_interval(days => $1)
                AND NOT EXISTS (
                    SELECT FROM pgqueuer job WHERE job.id = log.job_id AND job.status = 'failed')
            ORDER BY created LIMIT 20000
        )
        DELETE FROM pgqueuer_log WHERE id IN (SELECT id FROM old)
        """,
        days,
    )
    return int(done.removeprefix("DELETE "))


async def prune_statistics(connection: Connection, *, days: int) -> None:
    """Forget pgqueuer's counts per second of so long ago."""
    await connection.execute(
        "DELETE FROM pgqueuer_statistics WHERE created < now() - make_interval(days => $1)", days
    )


def _dead_letter(row: Record) -> DeadLetter:
    (reason,) = _told(row["traceback"], with_traceback=False)
    return DeadLetter(
        id=row["id"],
        entrypoint=row["entrypoint"],
        payload=row["payload"],
        attempts=row["attempts"],
        created_at=row["created"],
        failed_at=row["updated"],
        reason=reason,
    )


def _told(traceback: str | None, *, with_traceback: bool) -> tuple[str, ...]:
    told = msgspec.json.decode(traceback) if traceback else {}
    kind, message = told.get("exception_type", ""), told.get("exception_message", "")
    reason = f"{kind}: {message}" if message else kind
    return (reason, told.get("traceback", "")) if with_traceback else (reason,)
