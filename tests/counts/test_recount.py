"""What the rollups say is what the events tell, whatever real actions did; a falsehood is found."""

import random
import uuid
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from click.testing import CliRunner

from backend.accounts.principals import Principal
from backend.counts.commands import counts
from backend.counts.filters import CountsFilter
from backend.counts.fold import fold_counts
from backend.counts.read import summary
from backend.counts.recount import rebuild, recount
from backend.database import Database, owner_connection
from backend.errors import CaunoiError
from backend.identifiers import AccountId
from backend.reports.actions import fire_due, move_own_report, move_report
from backend.reports.lifecycle import Move, allowed_moves
from backend.reports.moves import MoveOrder
from backend.reports.report import Report
from backend.reports.rulebook import Rulebooks
from backend.reports.store import find_report
from backend.reports.submit import Submission, submit_report
from backend.settings import Settings
from tests.counts.province import load_province

ONWARD = frozenset({Move.ACCEPT, Move.START, Move.RESOLVE, Move.RATE, Move.CLOSE, Move.ANSWER})
REASON = "Đã kiểm tra tại hiện trường và xác minh."
PLACES = [(108.7923, 15.1205), (108.0, 14.35), (108.9, 14.9), (108.55, 15.2)]


@pytest.fixture
async def province(owner: asyncpg.Connection) -> None:
    await load_province(owner)


class Lives:
    """Reports that live through random moves by those who may make them, as time goes by."""

    def __init__(self, database: Database, settings: Settings, seed: int) -> None:
        self.database, self.settings = database, settings
        self.rulebooks = Rulebooks(database)
        self.chance = random.Random(seed)
        self.now = datetime(2026, 8, 30, 16, 40, tzinfo=UTC)  # near a day's and a month's edge
        self.ids: list[uuid.UUID] = []

    async def step(self) -> None:
        self.now += timedelta(minutes=self.chance.choice([7, 45, 600, 3000]))
        if len(self.ids) < 4 or self.chance.random() < 0.15:
            await self.submit()
        elif self.chance.random() < 0.25:
            await fire_due(self.database, self.rulebooks, self.now)
        else:
            await self.move(self.chance.choice(self.ids))

    async def submit(self) -> None:
        rulebook = await self.rulebooks.current()
        lon, lat = self.chance.choice(PLACES)
        leaves = [c.code for c in rulebook.categories.values() if c.field_code]
        stored = await submit_report(
            self.database,
            self.rulebooks,
            settings=self.settings,
            submission=Submission(self.chance.choice(leaves), "Ổ gà lớn giữa đường.", lon, lat),
            principal="a-test",
            key=uuid.uuid4(),
            payload_hash=b"x",
            at=self.now,
        )
        self.ids.append(stored.id)

    async def move(self, report_id: uuid.UUID) -> None:
        report = await find_report(self.database.app, report_id)
        assert report is not None
        possible = [
            move
            for move in allowed_moves(report.status, ("key_holder", "officer", "citizen"))
            if move not in (Move.ASSIGN, Move.MERGE, Move.EDIT)
        ] or [Move.TRANSFER]
        move = self.chance.choices(possible, [4 if move in ONWARD else 1 for move in possible])[0]
        agencies = sorted((await self.rulebooks.current()).agencies)
        order = MoveOrder(
            move,
            reason=REASON,
            public_note="Đã xử lý xong.",
            agency=self.chance.choice(agencies),
            score=self.chance.randint(1, 4),
            duration="2wd",
        )
        try:
            if move in (Move.RATE, Move.WITHDRAW, Move.REOPEN):
                await move_own_report(
                    self.database, self.rulebooks, report_id=report_id, order=order, at=self.now
                )
                return
            await move_report(
                self.database,
                self.rulebooks,
                principal=self.staff(report),
                report_id=report_id,
                expected_version=report.version,
                order=order,
                at=self.now,
            )
        except CaunoiError:
            return  # not possible now; the lifecycle's own tests say when it is

    def staff(self, report: Report) -> Principal:
        role = "moderator" if report.agency_code is None else "key_holder"
        agency = report.agency_code if role == "key_holder" else None
        return Principal(
            AccountId(uuid.uuid4()),
            role,  # type: ignore[arg-type]  # a literal from the list above
            "Cán bộ",
            agency,
            None,
            sees_restricted=True,
            session_hash=b"",
            via="bearer",
        )


async def test_real_actions_leave_figures_that_equal_a_recount_of_their_events(
    owner: asyncpg.Connection, database: Database, settings: Settings, province: None
) -> None:
    lives = Lives(database, settings, seed=11)
    for number in range(420):
        await lives.step()
        if number % 7 == 0:
            await fold_counts(database.app, lives.chance.randint(1, 30))
        if number % 105 == 0:
            assert (await recount(owner)).differences == ()
    found = await recount(owner)
    assert found.differences == ()
    assert found.cases == len(lives.ids)
    figures = await summary(database.app, CountsFilter())
    lived = {name: getattr(figures, name) for name in ("resolved", "late", "reopened", "rated")}
    assert all(lived.values()), f"the lives were too dull to prove anything: {lived}"

    while await fold_counts(database.app):
        pass
    assert (await recount(owner)).differences == ()
    before = await summary(database.app, CountsFilter())
    await owner.execute("UPDATE rollup SET received = received + 3; DELETE FROM rollup_hours")
    assert await rebuild(owner) == found.cases
    assert (await recount(owner)).differences == ()
    after = await summary(database.app, CountsFilter())
    assert (before.received, before.median_hours) == (after.received, after.median_hours)


FALSEHOODS = {
    "UPDATE count_delta SET open = open + 1 WHERE id = (SELECT max(id) FROM count_delta)": "rollup",
    "DELETE FROM count_delta WHERE id = (SELECT max(id) FROM count_delta)": "rollup_cell",
    "UPDATE rollup SET late = late + 1 WHERE dimension = 'agency'": "rollup",
    "UPDATE rollup_hours SET bucket = bucket + 1 WHERE dimension = 'all'": "rollup_hours",
    "UPDATE rollup_cell SET bucket = bucket + 1 WHERE bucket >= 0": "rollup_cell",
    "DELETE FROM rollup_cell WHERE grain = 'year'": "rollup_cell",
}


async def test_one_broken_delta_or_rollup_is_named(
    owner: asyncpg.Connection, database: Database, settings: Settings, province: None
) -> None:
    lives = Lives(database, settings, seed=5)
    for falsehood, place in FALSEHOODS.items():
        for _ in range(60):
            await lives.step()
        await fold_counts(database.app, 40)
        await lives.submit()
        assert (await recount(owner)).differences == ()
        assert not (await owner.execute(falsehood)).endswith(" 0"), falsehood
        named = {difference.place for difference in (await recount(owner)).differences}
        assert place in named, falsehood
        await rebuild(owner)


class Roof:
    """What the commands need: the way to the owner's connection."""

    def __init__(self, url: str) -> None:
        self.url = url

    def owner_connection(self) -> object:
        return owner_connection(self.url)


def test_verify_exits_with_one_and_rebuild_mends(database_url: str) -> None:
    import asyncio

    async def falsify() -> None:
        async with owner_connection(database_url) as connection:
            await connection.execute(
                """
                INSERT INTO count_delta (case_kind, day, unit_key, category_code, agency_code,
                    received) VALUES ('report', '2026-01-01', '21028@2025-07-01', 'o-ga', '-', 1)
                """
            )

    call = CliRunner().invoke
    roof = Roof(database_url)
    assert call(counts, ["verify"], obj=roof).exit_code == 0
    asyncio.run(falsify())
    said = call(counts, ["verify"], obj=roof)
    assert said.exit_code == 1
    assert "21028@2025-07-01 o-ga - 2026-01-01: received" in said.output
    assert call(counts, ["fold"], obj=roof).output == "Folded 1 changes.\n"
    assert call(counts, ["verify"], obj=roof).exit_code == 1
    assert call(counts, ["rebuild"], obj=roof).exit_code == 0
    assert call(counts, ["verify"], obj=roof).exit_code == 0
