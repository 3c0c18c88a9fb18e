"""Jobs that can never succeed end in the dead letters, and hold up nobody."""

import asyncio
import time

import click
import pytest
from click.testing import CliRunner, Result

from backend.database import Database, owner_connection
from backend.events.store import insert_jobs
from backend.jobs import store
from backend.jobs.commands import jobs
from backend.jobs.lanes import delay_seconds
from backend.settings import Settings
from tests.worker.conftest import Workers, eventually


async def _dead(database: Database) -> list[str]:
    return sorted(letter.entrypoint for letter in await store.list_dead_letters(database.app))


async def test_jobs_that_always_fail_or_hang_end_in_the_dead_letters(
    workers: Workers, database: Database
) -> None:
    await insert_jobs(database.app, [("fail", b"2"), ("hang", b"3"), ("greet", b"4")])
    process = workers.start_poisoned()

    async def both_dead() -> bool:
        return await _dead(database) == ["fail", "hang"]

    await eventually(both_dead, seconds=40)
    letters = {one.entrypoint: one for one in await store.list_dead_letters(database.app)}
    assert "ValueError: always" in letters["fail"].reason
    assert "JobTooLong" in letters["hang"].reason
    assert {one.attempts for one in letters.values()} == {2}
    assert (workers.folder / "greeted").read_text() == "4\n"
    workers.stop(process)


@pytest.mark.nightly
@pytest.mark.timeout(400)
async def test_job_that_kills_its_workers_ends_in_the_dead_letters_and_spares_the_innocent(
    workers: Workers, database: Database
) -> None:
    await insert_jobs(database.app, [("kill", b"1")])
    await insert_jobs(database.app, [("greet", str(n).encode()) for n in range(300)])
    process = workers.start_poisoned(attempts=6)

    async def is_dead() -> bool:
        nonlocal process
        if process.poll() is not None:  # what the supervisor does
            workers.running.remove(process)
            process = workers.start_poisoned(attempts=6)
        left = await database.app.fetchval("SELECT count(*) FROM pgqueuer")
        return int(left) == 1 and await _dead(database) == ["kill"]

    await eventually(is_dead, seconds=300)
    greeted = (workers.folder / "greeted").read_text().split()
    assert set(greeted) == {str(n) for n in range(300)}
    (letter,) = await store.list_dead_letters(database.app)
    assert "WorkerLost" in letter.reason


async def test_good_jobs_are_not_delayed_by_failing_ones(
    workers: Workers, database: Database
) -> None:
    await insert_jobs(database.app, [("fail", b"")] * 40 + [("greet", b"")] * 200)
    started = time.monotonic()
    process = workers.start_poisoned()

    async def all_greeted() -> bool:
        left = await database.app.fetchval(
            "SELECT count(*) FROM pgqueuer WHERE entrypoint = 'greet'"
        )
        return int(left) == 0

    await eventually(all_greeted, seconds=15)
    assert time.monotonic() - started < 10
    workers.stop(process)


async def test_jobs_of_a_dead_worker_are_freed_and_of_a_living_one_are_not(
    database: Database, settings: Settings
) -> None:
    assert settings.database_url is not None
    await insert_jobs(database.app, [("greet", b"a"), ("greet", b"b")])
    await database.app.execute(
        """
        UPDATE pgqueuer SET status = 'picked', queue_manager_id = CASE payload
            WHEN 'a' THEN '00000000-0000-4000-8000-00000000000a'::uuid
            ELSE '00000000-0000-4000-8000-00000000000b'::uuid END
        """
    )
    from uuid import UUID

    async with owner_connection(settings.database_url) as life:
        await store.hold_life_lock(life, UUID("00000000-0000-4000-8000-00000000000a"))
        assert await store.free_orphans(database.app) == 1
        assert await store.free_orphans(database.app) == 0
    assert await store.free_orphans(database.app) == 1
    rows = await database.app.fetch("SELECT status::text, attempts FROM pgqueuer ORDER BY id")
    assert [tuple(row) for row in rows] == [("queued", 1), ("queued", 1)]


class Caunoi:
    """Runs `caunoi jobs …` as a terminal would."""

    def __init__(self, url: str) -> None:
        self._url = url

    def owner_connection(self) -> object:
        return owner_connection(self._url)

    async def run(self, *words: str) -> Result:
        # in a thread of its own: the command runs an event loop
        return await asyncio.to_thread(CliRunner().invoke, jobs, list(words), obj=self)


@pytest.fixture
def caunoi(settings: Settings) -> Caunoi:
    assert settings.database_url is not None
    return Caunoi(settings.database_url)


async def _a_dead_letter(database: Database, payload: bytes = b"some payload") -> int:
    job_id: int = await database.app.fetchval(
        """
        WITH job AS (
            INSERT INTO pgqueuer (priority, entrypoint, payload, status, attempts)
            VALUES (0, 'announce', $1, 'failed', 7) RETURNING id
        ), log AS (
            INSERT INTO pgqueuer_log (job_id, status, priority, entrypoint, traceback)
            SELECT id, 'failed', 0, 'announce', '{"exception_type": "ValueError",
                "exception_message": "no good", "traceback": "Traceback: line 1"}' FROM job
        )
        SELECT id FROM job
        """,
        payload,
    )
    return job_id


async def test_dead_letters_can_be_listed_shown_requeued_and_discarded(
    database: Database, caunoi: Caunoi
) -> None:
    assert "No dead letters" in (await caunoi.run("list")).output
    first, second = await _a_dead_letter(database), await _a_dead_letter(database)
    listed = (await caunoi.run("list")).output
    assert str(first) in listed
    assert "announce" in listed
    assert "ValueError: no good" in listed
    shown = (await caunoi.run("show", str(first))).output
    assert "some payload" in shown
    assert "Traceback: line 1" in shown
    assert (await caunoi.run("requeue", str(first))).output == "Queued again: 1.\n"
    row = await database.app.fetchrow(
        "SELECT status::text, attempts FROM pgqueuer WHERE id = $1", first
    )
    assert row is not None
    assert tuple(row) == ("queued", 0)
    assert "Dropped" in (await caunoi.run("discard", str(second))).output
    assert await store.find_dead_letter(database.app, second) is None


async def test_requeue_of_all_and_of_what_is_no_dead_letter(
    database: Database, caunoi: Caunoi
) -> None:
    ids = [await _a_dead_letter(database) for _ in range(3)]
    again = await caunoi.run("requeue", str(ids[0]), "999999")
    assert again.exit_code == 1
    assert "Queued again: 1." in again.output
    assert "Queued again: 2." in (await caunoi.run("requeue", "--all")).output
    assert isinstance((await caunoi.run("show", "999999")).exception, Exception)
    assert (await caunoi.run("requeue")).exit_code == click.UsageError.exit_code
    assert (await caunoi.run("requeue", "--all", "1")).exit_code == click.UsageError.exit_code


async def test_payload_cannot_act_on_the_terminal(database: Database, caunoi: Caunoi) -> None:
    job_id = await _a_dead_letter(database, b"\x1b[2J\x07 evil \xff")
    shown = (await caunoi.run("show", str(job_id))).output
    assert "\x1b" not in shown
    assert "\x07" not in shown
    assert "evil" in shown


def test_delay_grows_to_a_minute_and_never_beyond() -> None:
    assert all(0.7 <= delay_seconds(0) <= 1 for _ in range(50))
    assert all(40 <= delay_seconds(attempts) <= 60 for attempts in (6, 20, 2000))
