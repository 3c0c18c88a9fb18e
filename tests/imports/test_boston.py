"""Boston 311: the figures after the import equal those computed straight from the city's file.

The other computation shares nothing with ours: csv, datetime, and PostGIS over the raw boundary
file as JSON.
"""

import csv
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import asyncpg
import pytest

from backend.audit.verify import verify
from backend.counts.filters import CountsFilter
from backend.counts.fold import fold_counts
from backend.counts.read import by, summary
from backend.counts.recount import recount
from backend.reports.imports.loading import Order, import_reports
from backend.reports.imports.mapping_file import read_mapping
from backend.reports.imports.tally import Tally
from backend.roof.libpq import run_client
from geo.imports import activate_generations, import_source
from geo.reading import FieldNames, read_boundaries
from geo.units import Target
from geo.validate import CheckRules
from tests.conftest import copy_database, url_of
from tests.shared_data import CHECKOUT, shared

UNITS_FROM = date(2017, 1, 1)
NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
CASES = "civic311/boston/boston_311_animals_2018_2019.csv"
NEIGHBORHOODS = "civic311/boston/boston_neighborhoods.geojson"
FIGURES = ("received", "open", "resolved", "on_time", "late", "overdue_open")
VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")


def order(*, commit: bool = True) -> Order:
    mapping = read_mapping(CHECKOUT / "examples" / "import" / "boston.toml")
    return Order(shared(CASES), mapping, code_prefix="QNG", now=NOW, commit=commit)


@dataclass(frozen=True)
class Boston:
    """An imported Boston, with the two reports of the dry run before and of the import."""

    connection: Any
    dry: Tally
    tally: Tally


@pytest.fixture(scope="module")
def boston_url(server_url: str, template_database: str) -> Iterator[str]:
    """A database for Boston, which the tests of this module share."""
    shared(CASES)
    name = f"test_boston_{uuid4().hex}"
    copy_database(server_url, template_database, name)
    yield url_of(server_url, name)
    run_client("dropdb", ["--force", name], url=server_url)


@pytest.fixture(scope="module")
async def boston(boston_url: str) -> AsyncIterator[Boston]:
    """Boston with its neighborhoods in force and its cases imported, read only."""
    connection = await asyncpg.connect(boston_url)
    source = read_boundaries(shared(NEIGHBORHOODS), FieldNames("Neighborhood_ID", "Name"))
    target = Target("commune", UNITS_FROM, None, "Boston")
    rules = CheckRules(repair=True, allow_gaps=True)
    await import_source(connection, source, target, rules=rules, commit=True)
    await activate_generations(connection, valid_from=UNITS_FROM)
    dry = await import_reports(connection, order(commit=False))
    tally = await import_reports(connection, order())
    yield Boston(connection, dry, tally)
    await connection.close()


def figures_of(row: dict[str, str], as_of: datetime) -> Counter[str]:
    """What one line of the file counts for, from its own columns."""
    due, closed = moment(row["sla_target_dt"]), moment(row["closed_dt"])
    found: Counter[str] = Counter(received=1)
    if row["case_status"] == "Open":
        found.update(open=1, overdue_open=int(due is not None and due < as_of))
        return found
    assert closed is not None
    is_late = due is not None and closed > due
    found.update(resolved=1, late=int(is_late), on_time=int(not is_late))
    return found


def moment(text: str) -> datetime | None:
    if not text:
        return None
    local = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(
        tzinfo=ZoneInfo("America/New_York")
    )
    return local.astimezone(UTC)


def read_cases() -> list[dict[str, str]]:
    with shared(CASES).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


async def neighborhoods_of(connection: Any, cases: list[dict[str, str]]) -> dict[str, str]:
    """Neighborhood_ID of each case that lies in one: PostGIS over the file's own shapes."""
    features = json.loads(shared(NEIGHBORHOODS).read_text())["features"]
    placed = [case for case in cases if case["latitude"]]
    rows = await connection.fetch(
        """
        WITH shape AS MATERIALIZED (
            SELECT code, ST_MakeValid(ST_GeomFromGeoJSON(geom)) AS geom
            FROM unnest($1::text[], $2::text[]) AS f (code, geom)
        )
        SELECT c.id, min(shape.code COLLATE "C") AS code
        FROM unnest($3::text[], $4::float8[], $5::float8[]) AS c (id, lon, lat)
        JOIN shape ON ST_Intersects(shape.geom, ST_SetSRID(ST_MakePoint(c.lon, c.lat), 4326))
        GROUP BY c.id
        """,
        [feature["properties"]["Neighborhood_ID"] for feature in features],
        [json.dumps(feature["geometry"]) for feature in features],
        [case["case_enquiry_id"] for case in placed],
        [float(case["longitude"]) for case in placed],
        [float(case["latitude"]) for case in placed],
    )
    return {row["id"]: row["code"] for row in rows}


async def test_every_row_is_accounted_for_and_the_dry_run_said_the_same(boston: Boston) -> None:
    boston.dry.seconds = boston.tally.seconds = 0
    assert boston.dry == boston.tally
    assert boston.tally.is_complete
    assert boston.tally.read == len(read_cases()) == 16_800
    assert boston.tally.not_loaded == {"without place": 13, "outside every unit": 36}
    assert boston.tally.unknown == {}
    assert boston.tally.columns_not_read == ()


async def test_figures_by_neighborhood_equal_those_computed_from_the_file(boston: Boston) -> None:
    cases = read_cases()
    places = await neighborhoods_of(boston.connection, cases)
    expected: dict[str, Counter[str]] = {}
    for case in cases:
        if case["case_enquiry_id"] in places:
            code = places[case["case_enquiry_id"]]
            expected.setdefault(code, Counter()).update(figures_of(case, NOW))
    found = {
        line.code: line for line in (await by(boston.connection, "unit", CountsFilter())).lines
    }
    assert found.keys() == expected.keys()
    for code, wanted in expected.items():
        for name in FIGURES:
            assert getattr(found[code], name) == wanted[name], (code, name)
    total = sum(expected.values(), Counter())
    everything = await summary(boston.connection, CountsFilter())
    for name in FIGURES:
        assert getattr(everything, name) == getattr(boston.tally.measures, name) == total[name]


async def test_figures_by_month_equal_those_computed_from_the_file(boston: Boston) -> None:
    cases = read_cases()
    places = await neighborhoods_of(boston.connection, cases)
    expected: dict[tuple[int, int], Counter[str]] = {}
    for case in cases:
        opened = moment(case["open_dt"])
        if opened is not None and case["case_enquiry_id"] in places:
            # a day is a day in Vietnam, here as everywhere
            day = opened.astimezone(VIETNAM)
            expected.setdefault((day.year, day.month), Counter()).update(figures_of(case, NOW))
    assert len(expected) >= 24
    for (year, month), wanted in expected.items():
        first = date(year, month, 1)
        last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
        found = await summary(boston.connection, CountsFilter(first=first, last=last))
        for name in FIGURES:
            assert getattr(found, name) == wanted[name], (year, month, name)


async def test_median_hours_lie_within_their_bound_of_the_exact_median(boston: Boston) -> None:
    places = await neighborhoods_of(boston.connection, read_cases())
    minutes = sorted(
        (closed - opened).total_seconds() / 60
        for case in read_cases()
        if case["case_enquiry_id"] in places
        and (opened := moment(case["open_dt"]))
        and (closed := moment(case["closed_dt"]))
    )
    exact = minutes[len(minutes) // 2]
    found = (await summary(boston.connection, CountsFilter())).median_hours
    assert found is not None
    assert abs(found * 60 - exact) <= max(3.0, exact * 0.03)


async def test_the_citys_own_verdict_agrees_with_its_times_in_every_case(boston: Boston) -> None:
    assert boston.tally.verdicts == {True: boston.tally.loaded}
    late = boston.tally.measures.late + boston.tally.measures.overdue_open
    flagged = Counter(case["on_time"] for case in read_cases())
    assert late <= flagged["OVERDUE"] <= late + boston.tally.not_loaded.total()


async def test_chains_are_whole_and_the_rollups_are_what_the_events_say(boston: Boston) -> None:
    async with boston.connection.transaction(isolation="repeatable_read"):
        outcome = await verify(boston.connection)
    assert (outcome.cases, outcome.broken) == (boston.tally.loaded, None)
    while await fold_counts(boston.connection):
        pass
    counted = await recount(boston.connection)
    assert (counted.cases, counted.differences) == (boston.tally.loaded, ())


async def test_a_second_import_loads_nothing(boston: Boston) -> None:
    again = await import_reports(boston.connection, order())
    assert (again.loaded, again.duplicate) == (0, boston.tally.loaded)
    assert again.not_loaded == boston.tally.not_loaded
    assert (again.new_agencies, again.new_categories, again.new_configuration) == ((), (), ())
