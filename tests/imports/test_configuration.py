"""What an import brings to an installation without configuration, and leaves alone in others."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from backend.calendars.errors import BadCalendar
from backend.database import open_database
from backend.reports.errors import BadRules
from backend.reports.rulebook import load_rulebook
from tests.imports.factories import a_mapping, a_row, import_rows

PROMISES = {"version": 1, "accept": {"normal": "8wh"}, "resolve": {"default": "5wd"}}
ROUTING = {"version": 1, "rules": [{"id": "town", "lead": "old-town"}]}
DUE_AHEAD = {"due": "2027-01-04 12:00:00"}
LONG_OVERDUE = {"due": "2019-05-07 12:00:00"}


async def test_an_installation_without_rules_works_after_an_import_that_brings_them(
    town: Any, tmp_path: Path, database_url: str
) -> None:
    mapping = a_mapping(promises=PROMISES, routing=ROUTING)
    dry = await import_rows(town, tmp_path, a_row(1, office=""), mapping=mapping, commit=False)
    real = await import_rows(town, tmp_path, a_row(1, office=""), mapping=mapping)
    assert (
        dry.new_configuration
        == real.new_configuration
        == (
            "calendar old-town",
            "promises",
            "routing",
        )
    )
    database = await open_database(database_url, app_size=2, public_size=1)
    try:
        rulebook = await load_rulebook(database)
    finally:
        await database.close()
    assert rulebook.newest_terms == 1
    # named by the rules, though no case that was loaded has an agency
    assert rulebook.get_agency("old-town").name_vi == "Phố"
    assert rulebook.get_category("old-town-pothole").field_code == "old-town"


async def test_rules_that_are_here_stay_as_they_are(town: Any, tmp_path: Path) -> None:
    mapping = a_mapping(promises=PROMISES, routing=ROUTING)
    await import_rows(town, tmp_path, a_row(1), mapping=mapping)
    other = a_mapping(promises={**PROMISES, "version": 2}, routing={**ROUTING, "version": 2})
    tally = await import_rows(town, tmp_path, a_row(2), mapping=other)
    assert tally.new_configuration == ()
    found = await town.fetch("SELECT kind, version, is_active FROM rule_set ORDER BY kind")
    assert [tuple(row) for row in found] == [("promises", 1, True), ("routing", 1, True)]
    assert await town.fetchval("SELECT DISTINCT promise_version FROM report") == 1


async def test_timers_still_to_come_ring_and_past_ones_do_not(town: Any, tmp_path: Path) -> None:
    rows = [a_row(1, **DUE_AHEAD), a_row(2, **LONG_OVERDUE)]
    await import_rows(town, tmp_path, *rows, mapping=a_mapping(promises=PROMISES))
    ahead, overdue = await town.fetch("SELECT * FROM report ORDER BY source_ref")
    # due on Monday at noon: four working hours before are 16:00 of the Tuesday before it, as the
    # old town works on Mondays and Tuesdays
    assert ahead["next_timer_at"] == datetime(2026, 12, 29, 21, 0, tzinfo=UTC)
    assert ahead["timers_fired"] == []
    assert overdue["next_timer_at"] is None
    assert {"resolve_overdue", "accept_overdue", "escalate"} <= set(overdue["timers_fired"])


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"promises": {"version": 1}}, BadRules),
        ({"routing": {**ROUTING, "rules": [{"id": "town", "lead": "nobody"}]}}, BadRules),
        ({"calendar": {"version": 1, "code": "old-town", "week": {"moon": []}}}, BadCalendar),
    ],
    ids=["promises", "routing", "calendar"],
)
async def test_documents_that_are_wrong_stop_the_import(
    town: Any, tmp_path: Path, changes: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await import_rows(town, tmp_path, a_row(1), mapping=a_mapping(**changes), commit=False)
