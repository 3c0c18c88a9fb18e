"""Whole cases by COPY: stored once, as the same moves made one by one would have left them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.audit.verify import verify
from backend.counts.recount import recount
from backend.database import open_database, owner_connection
from backend.events.chain import Actor
from backend.reports.bulk.writer import BulkCase, BulkPhoto, write_cases
from backend.reports.lifecycle import Move, Role
from backend.reports.moves import apply_move
from backend.reports.rulebook import Rulebook, load_rulebook
from backend.reports.store import Contact
from backend.reports.submit import Submission, prepare_report
from backend.reports.transitions import MoveOrder
from tests.demo.conftest import DemoProvince

AT = datetime(2026, 9, 14, 2, 0, tzinfo=UTC)


@pytest.fixture
async def rulebook(province: DemoProvince) -> Rulebook:
    database = await open_database(province.settings.database_url or "", app_size=1, public_size=1)
    try:
        return await load_rulebook(database)
    finally:
        await database.close()


@pytest.fixture
async def connection(province: DemoProvince) -> AsyncIterator[Any]:
    """The owner's connection, in a transaction that is undone."""
    async with owner_connection(province.settings.database_url or "") as owner:
        transaction = owner.transaction()
        await transaction.start()
        yield owner
        await transaction.rollback()


def a_case(province: DemoProvince, rulebook: Rulebook, ref: str, **changes: Any) -> BulkCase:
    """A report that was accepted after an hour."""
    submission = Submission(
        "giao-thong-o-ga", "Ổ gà trước chợ.", 108.7923, 15.1205, source="import", source_ref=ref
    )
    new = prepare_report(
        rulebook, submission, settings=province.settings, actor=Actor("citizen"), at=AT
    )
    change = apply_move(
        rulebook,
        new.report,
        MoveOrder(Move.ACCEPT, internal_note="Đã gọi điện."),
        actor=Actor("officer"),
        roles={Role.OFFICER},
        at=AT + timedelta(hours=1),
    )
    case = BulkCase(
        report=change.after,
        source_ref=ref,
        tracking_hash=new.tracking_hash,
        text=new.text,
        lon=new.lon,
        lat=new.lat,
        events=(new.event, change.event),
        notes=tuple((change.event.seq, note) for note in change.notes),
    )
    return replace(case, **changes)


async def test_a_case_comes_in_with_all_that_belongs_to_it(
    province: DemoProvince, rulebook: Rulebook, connection: Any
) -> None:
    case = a_case(
        province,
        rulebook,
        "A-1",
        contact=Contact("Chị Hoa", None, "hoa@example.com", {"handle_report": True}),
        photos=(BulkPhoto("0" * 64, "before", 4711, "image/jpeg", width=640, height=480),),
    )
    assert await write_cases(connection, [case]) == 1
    row = await connection.fetchrow(
        "SELECT ST_X(geom) AS lon, ST_Y(geom) AS lat, status, version FROM report WHERE id = $1",
        case.report.id,
    )
    assert tuple(row) == (108.7923, 15.1205, "assigned", 2)
    for table in ("report_contact", "report_photo"):
        query = f"SELECT count(*) FROM {table} WHERE report_id = $1"  # noqa: S608
        assert await connection.fetchval(query, case.report.id) == 1
    assert (await verify(connection)).broken is None


async def test_a_case_that_is_there_already_is_left_alone(
    province: DemoProvince, rulebook: Rulebook, connection: Any
) -> None:
    first, again = a_case(province, rulebook, "A-1"), a_case(province, rulebook, "A-1", text="Khác")
    other = a_case(province, rulebook, "A-2")
    assert await write_cases(connection, [first, again]) == 1
    assert await write_cases(connection, [again, other]) == 1
    texts = await connection.fetch("SELECT text FROM report WHERE source = 'import' ORDER BY 1")
    assert [row["text"] for row in texts] == ["Ổ gà trước chợ.", "Ổ gà trước chợ."]


async def test_a_code_that_is_taken_is_drawn_anew(
    province: DemoProvince, rulebook: Rulebook, connection: Any
) -> None:
    taken = await connection.fetchval("SELECT code FROM report ORDER BY code LIMIT 1")
    twins = [a_case(province, rulebook, ref) for ref in ("A-1", "A-2")]
    twins = [replace(case, report=replace(case.report, code=taken)) for case in twins]
    assert await write_cases(connection, twins) == 2
    codes = await connection.fetch("SELECT code FROM report WHERE source = 'import'")
    assert len({taken, *(row["code"] for row in codes)}) == 3


async def test_events_that_do_not_lead_to_the_state_are_refused(
    province: DemoProvince, rulebook: Rulebook, connection: Any
) -> None:
    case = a_case(province, rulebook, "A-1")
    with pytest.raises(ValueError, match="do not lead to its state"):
        await write_cases(connection, [replace(case, events=case.events[:1])])


async def test_the_figures_follow_when_many_come_at_once(
    province: DemoProvince, rulebook: Rulebook
) -> None:
    settings = province.settings
    cases = [a_case(province, rulebook, f"B-{number}") for number in range(300)]
    told: list[int] = []
    async with owner_connection(settings.database_url or "") as owner:
        try:
            async with owner.transaction():
                assert await write_cases(owner, cases, wrote=told.append) == 300
            assert told == [300]
            # one place, one stage: one row to be folded
            assert await owner.fetchval("SELECT count(*) FROM count_delta") == 1
            assert (await recount(owner)).differences == ()
        finally:
            await _undo(owner)


async def _undo(owner: Any) -> None:
    async with owner.transaction():
        await owner.execute("DELETE FROM count_delta")
        await owner.execute("ALTER TABLE event DISABLE TRIGGER event_append_only")
        for table, column in (("note", "case_id"), ("event", "case_id"), ("report", "id")):
            await owner.execute(
                f"DELETE FROM {table} WHERE {column} IN"  # noqa: S608
                " (SELECT id FROM report WHERE source = 'import')"
            )
        await owner.execute("ALTER TABLE event ENABLE TRIGGER event_append_only")
