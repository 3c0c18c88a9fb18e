"""Rules of practice: shown, loaded by version from a day on, on the record, never below a floor."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from backend import clock
from backend.audit.verify import verify
from backend.database import owner_connection
from backend.practice.changes import (
    Change,
    in_force,
    load_rules,
    notices_in_force,
    open_data_in_force,
)
from backend.practice.errors import BadPractice
from backend.practice.rules import Rules, read_rules
from backend.settings import Settings
from tests.roof import Ground, run

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
NOTICES = b"""
quiet_hours = "22:00-06:00"
area_batch_at = "17:30"
push_news_hours = 24
held_news_hours = 48
characters_most = 120
"""
OPEN_DATA = {
    "licence_vi": "Được tự do sử dụng, phải ghi nguồn.",
    "licence_en": "Free to use, name the source.",
    "licence_url": "",
    "least": 7,
    "kept_days": 3,
}


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[Any]:
    async with owner_connection(database_url) as connection:
        yield connection


def practice(settings: Settings, *words: str) -> Result:
    return run(Ground(settings), "practice", *words)


def test_rules_are_shown_planned_changed_and_kept_by_version(
    settings: Settings, tmp_path: Path
) -> None:
    shown = practice(settings, "show", "notices")
    assert 'quiet_hours = "21:00-06:30"' in shown.output, shown.output
    file = tmp_path / "notices.toml"
    file.write_text(shown.output.replace("21:00-06:30", "22:00-06:00"))
    dry = practice(settings, "import", "notices", str(file))
    assert "quiet_hours: 21:00-06:30 -> 22:00-06:00" in dry.output
    assert "Dry run; still version 1." in dry.output
    why = ("--by", "Phòng Một cửa", "--why", "Quyết định 12")
    assert "--why" in str(practice(settings, "import", "notices", str(file), "--commit").exception)
    done = practice(settings, "import", "notices", str(file), "--commit", *why)
    assert "Version 2 from" in done.output, done.output
    again = practice(settings, "show", "notices").output
    assert 'quiet_hours = "22:00-06:00"' in again
    assert "Quyết định 12 (Phòng Một cửa" in again
    assert "version 1" in again


async def test_rules_hold_from_their_day_on_in_vietnam(owner: Any) -> None:
    rules = read_rules("notices", NOTICES)
    later = Change("A", "why", clock.day_of(NOW) + timedelta(days=2))
    assert await loaded(owner, rules, later) == 2
    eve = datetime(2026, 11, 23, 16, 59, tzinfo=UTC)
    assert (await notices_in_force(owner, eve)).quiet_hours == "21:00-06:30"
    assert (await notices_in_force(owner, eve + timedelta(minutes=1))).characters_most == 120
    # loaded later, holding sooner: it does not outlive the day of the other
    sooner = Change("A", "why", clock.day_of(NOW))
    assert await loaded(owner, rules, sooner) == 3
    assert (await in_force(owner, "notices", NOW))[0] == 3
    assert (await in_force(owner, "notices", eve + timedelta(days=1)))[0] == 2


async def test_day_that_is_over_and_nobodys_change_are_refused(owner: Any) -> None:
    rules = read_rules("notices", NOTICES)
    today = clock.day_of(NOW)
    for change in (
        Change("A", "why", today - timedelta(days=1)),
        Change("A", "  ", today),
        Change("", "why", today),
        Change("caunoi", "why", today),
    ):
        with pytest.raises(BadPractice):
            await loaded(owner, rules, change)
    assert (await in_force(owner, "notices", NOW))[0] == 1


@pytest.mark.parametrize(
    "change",
    [
        {"least": 4},
        {"least": 0},
        {"licence_vi": ""},
        {"licence_url": "javascript:alert(1)"},
        {"kept_days": 0},
        {"more": 1},
    ],
    ids=["below-the-floor", "zero", "no-words", "no-address", "no-days", "unknown"],
)
def test_open_data_is_refused_below_its_floors(change: dict[str, Any]) -> None:
    assert read_rules("open_data", json.dumps(OPEN_DATA).encode())
    with pytest.raises(BadPractice):
        read_rules("open_data", json.dumps(OPEN_DATA | change).encode())


@pytest.mark.parametrize(
    "hours",
    ["22:00-22:00", "25:00-06:00", "always", "22:00", r"off\n", r"22:00-06:00\n"],
    ids=["no-length", "no-hour", "word", "half", "off-and-a-line", "hours-and-a-line"],
)
def test_hours_that_cannot_be_meant_are_refused(hours: str) -> None:
    with pytest.raises(BadPractice):
        read_rules("notices", NOTICES.replace(b"22:00-06:00", hours.encode()))


async def test_changes_are_on_the_chain_and_rules_that_nobody_told_of_are_found(owner: Any) -> None:
    rules = read_rules("open_data", json.dumps(OPEN_DATA).encode())
    change = Change("A", "Quyết định 12", clock.day_of(NOW))
    for _ in range(2):
        async with owner.transaction():
            await load_rules(owner, "open_data", rules, change, now=NOW)
    assert (await open_data_in_force(owner, NOW)).least == 7
    assert (await broken(owner)) is None
    assert await owner.fetchval("SELECT count(*) FROM event WHERE case_kind = 'practice'") == 2
    await owner.execute("SET session_replication_role = replica")
    for statement in (
        "UPDATE practice_rule SET body = body || '{\"least\": 5}' WHERE version = 2",
        "UPDATE practice_rule SET loaded_by = 'B' WHERE version = 2",
        "UPDATE practice_rule SET effective_on = '2026-01-01' WHERE version = 3",
        "DELETE FROM practice_rule WHERE version = 2",
        "INSERT INTO practice_rule SELECT kind, 9, body, effective_on, 'B', note, loaded_at"
        " FROM practice_rule WHERE version = 1 AND kind = 'notices'",
        "DELETE FROM event WHERE case_kind = 'practice' AND seq = 2",
    ):
        async with owner.transaction():
            await owner.execute("SAVEPOINT before")
            await owner.execute(statement)
            assert await broken(owner) is not None, statement
            await owner.execute("ROLLBACK TO before")
    assert (await broken(owner)) is None


async def test_rules_are_never_rewritten(owner: Any) -> None:
    with pytest.raises(Exception, match="never changed"):
        await owner.execute("UPDATE practice_rule SET note = 'other'")


async def loaded(owner: Any, rules: Rules, change: Change) -> int:
    async with owner.transaction():
        return await load_rules(owner, "notices", rules, change, now=NOW)


async def broken(owner: Any) -> object:
    async with owner.transaction():
        return (await verify(owner)).broken
