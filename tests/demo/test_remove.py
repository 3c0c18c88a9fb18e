"""Removing the demo: nothing of it stays but the record, and what real reports need."""

import asyncio
import pickle
import sys
import uuid
from pathlib import Path

import asyncpg
import pytest

from backend import clock
from backend.audit.anchors import write_anchor
from backend.audit.verify import verify
from backend.counts.recount import recount
from backend.database import open_database, owner_connection
from backend.demo.errors import NoDemo
from backend.demo.load import load_demo
from backend.demo.remove import remove_demo
from backend.photos.objects import ObjectStore
from backend.reports.rulebook import Rulebooks
from backend.reports.submit import Submission, submit_report
from backend.settings import Settings
from tests.demo.conftest import settings_for

_LEFT_EMPTY = (
    "report",
    "report_contact",
    "report_photo",
    "event",
    "note",
    "notification",
    "count_delta",
    "rollup",
    "rollup_cell",
    "rollup_hours",
    "idempotency_key",
    "account",
    "session",
    "agency",
    "category",
    "calendar",
    "rule_set",
    "unit",
    "unit_cell",
    "unit_generation",
    "unit_successor",
)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return settings_for(database_url, tmp_path)


async def test_removal_leaves_nothing_but_its_record_and_the_demo_can_come_again(
    settings: Settings,
) -> None:
    loaded = await load_demo(settings)
    async with owner_connection(settings.database_url or "") as owner:
        # a transaction of another database on this server may hold the horizon back for a while
        for _ in range(600):
            async with owner.transaction():
                made = await write_anchor(owner, clock.now())
            if made is not None:
                break
            await asyncio.sleep(0.1)
        assert made is not None
        removed = await remove_demo(settings)
        assert (removed.reports, removed.events) == (loaded.reports, loaded.events)
        assert removed.photos > 200
        assert removed.kept == ()
        for table in _LEFT_EMPTY:
            assert await owner.fetchval(f"SELECT count(*) FROM {table}") == 0, table  # noqa: S608
        assert await owner.fetchval("SELECT count(*) FROM event_removed") == loaded.events
        # the anchor made over the demo's events is still proved, by what they left behind
        async with owner.transaction(isolation="repeatable_read", readonly=True):
            outcome = await verify(owner)
        assert (outcome.broken, outcome.anchors) == (None, 1)
    assert not settings.demo_logins_path.exists()
    assert settings.s3 is not None
    objects = ObjectStore(settings.s3)
    try:
        assert await objects.list("") == []
    finally:
        await objects.close()
    with pytest.raises(NoDemo):
        await remove_demo(settings)
    assert (await load_demo(settings)).outcome == "loaded"


@pytest.mark.nightly
async def test_a_real_report_stays_with_all_it_needs(settings: Settings) -> None:
    loaded = await load_demo(settings)
    report_id = await _report_a_pothole(settings)
    removed = await remove_demo(settings)
    assert removed.reports == loaded.reports
    assert len(removed.kept) == 1
    async with owner_connection(settings.database_url or "") as owner:
        assert await owner.fetchval("SELECT array_agg(id) FROM report") == [report_id]
        assert await owner.fetchval("SELECT count(*) FROM account") == 0
        assert await owner.fetchval("SELECT count(*) FROM agency") > 200
        assert await owner.fetchval("SELECT count(*) FROM unit") > 96
        assert (await recount(owner)).differences == ()
        async with owner.transaction(isolation="repeatable_read", readonly=True):
            assert (await verify(owner)).broken is None


async def test_rules_of_the_operators_own_are_never_mixed_with_a_demo(settings: Settings) -> None:
    async with owner_connection(settings.database_url or "") as owner:
        await owner.execute(
            "INSERT INTO rule_set (kind, version, body, is_active, note)"
            " VALUES ('routing', 1, '{}', true, 'ours')"
        )
        assert (await load_demo(settings)).outcome == "configured"
        assert await owner.fetchval("SELECT count(*) FROM agency") == 0
        assert await owner.fetchval("SELECT count(*) FROM unit") == 0


@pytest.mark.nightly
async def test_two_loads_at_once_make_one_demo(settings: Settings) -> None:
    code = (
        "import asyncio, pickle, sys\n"
        "from backend.demo.load import load_demo\n"
        "print(asyncio.run(load_demo(pickle.load(sys.stdin.buffer))).outcome)\n"
    )

    async def load_in_a_process_of_its_own() -> str:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", code, stdin=pipe, stdout=pipe
        )
        out, _ = await process.communicate(pickle.dumps(settings))
        return out.decode().strip()

    outcomes = await asyncio.gather(load_in_a_process_of_its_own(), load_in_a_process_of_its_own())
    assert sorted(outcomes) == ["already", "loaded"]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM event",
        "UPDATE event SET kind = 'closed'",
        "DELETE FROM event_removed",
        "UPDATE event_removed SET reason = 'mistake'",
        "TRUNCATE event_removed",
    ],
)
async def test_an_event_leaves_the_log_only_by_record(settings: Settings, statement: str) -> None:
    async with owner_connection(settings.database_url or "") as owner:
        chained = (uuid.uuid4(), bytes(32), b"h" * 32)
        await owner.execute(
            """
            INSERT INTO event (case_kind, case_id, seq, kind, at, actor_kind, is_public, body,
                prev_hash, hash)
            VALUES ('report', $1, 1, 'submitted', now(), 'citizen', true, '{}', $2, $3)
            """,
            *chained,
        )
        # a record that is not this event's: another hash
        await owner.execute(
            "INSERT INTO event_removed (id, xact, hash, reason)"
            " SELECT id, xact, $1, 'x' FROM event",
            b"x" * 32,
        )
        with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError):
            await owner.execute(statement)


async def _report_a_pothole(settings: Settings) -> uuid.UUID:
    database = await open_database(settings.database_url or "", app_size=2, public_size=1)
    try:
        submitted = await submit_report(
            database,
            Rulebooks(database),
            settings=settings,
            submission=Submission("giao-thong-o-ga", "Ổ gà trước chợ.", 108.7923, 15.1205),
            principal="test",
            key=uuid.uuid4(),
            payload_hash=b"x" * 32,
        )
    finally:
        await database.close()
    return submitted.id
