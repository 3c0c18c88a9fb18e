"""Importing into a real database: what is loaded, once; what is not, and why."""

import csv
import gzip
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from backend.audit.verify import verify
from backend.counts.filters import CountsFilter
from backend.counts.read import summary
from backend.counts.recount import recount
from backend.reports.imports.errors import ImportFileRefused, MappingRefused
from backend.reports.imports.loading import import_reports
from backend.reports.imports.mapping_file import mapping_from_document
from tests.geo.factories import a_draft, load, square
from tests.imports.factories import (
    a_document,
    a_mapping,
    a_row,
    an_order,
    as_csv,
    import_rows,
)

LATE = {"due": "2019-05-07 12:00:00", "closed": "2019-05-07 12:00:01", "status": "Done"}
IN_TIME = {"due": "2019-05-07 12:00:00", "closed": "2019-05-07 12:00:00", "status": "Done"}
LONG_OVERDUE = {"due": "2019-05-07 12:00:00"}
DUE_AHEAD = {"due": "2027-01-04 12:00:00"}


async def only_report(connection: Any) -> Any:
    rows = await connection.fetch("SELECT * FROM report")
    assert len(rows) == 1
    return rows[0]


async def events_of(connection: Any) -> list[tuple[str, datetime]]:
    rows = await connection.fetch("SELECT kind, at FROM event ORDER BY case_id, seq")
    return [(row["kind"], row["at"]) for row in rows]


def boston(day: int, hour: int, *, second: int = 0, micros: int = 0) -> datetime:
    """A moment of May 2019 by the old town's clock, in UTC (four hours on)."""
    return datetime(2019, 5, day, hour + 4, 0, second, micros, tzinfo=UTC)


async def test_a_dry_run_says_what_the_real_one_says_and_writes_nothing(
    town: Any, tmp_path: Path
) -> None:
    rows = [a_row(1), a_row(2, **LATE), a_row(2, **LATE)]
    rows += [a_row(3, x="", y=""), a_row(4, status="?")]
    dry = await import_rows(town, tmp_path, *rows, commit=False)
    tables = ("report", "event", "note", "count_delta", "agency", "category", "calendar")
    for table in tables:
        assert await town.fetchval(f"SELECT count(*) FROM {table}") == 0  # noqa: S608  own names
    real = await import_rows(town, tmp_path, *rows)
    dry.seconds = real.seconds = 0
    assert dry == real
    assert (real.read, real.loaded, real.duplicate) == (5, 2, 1)
    assert real.not_loaded == {"without place": 1, "bad": 1}


async def test_an_import_again_changes_nothing(town: Any, tmp_path: Path) -> None:
    rows = [a_row(1), a_row(2, **LATE), a_row(3, **IN_TIME)]
    await import_rows(town, tmp_path, *rows)
    before = await town.fetch("SELECT id, head_hash FROM report ORDER BY id")
    again = await import_rows(town, tmp_path, *rows, a_row(4))
    assert (again.loaded, again.duplicate, again.not_loaded.total()) == (1, 3, 0)
    assert not again.new_agencies
    after = await town.fetch("SELECT id, head_hash FROM report ORDER BY id")
    assert set(before) < set(after)
    assert len(after) == 4


@pytest.mark.parametrize("where", ["in the file", "in the database"])
async def test_an_id_with_other_content_is_a_conflict_and_not_loaded(
    town: Any, tmp_path: Path, where: str
) -> None:
    first, other = a_row(1), a_row(1, words="Another hole")
    rejects = tmp_path / "rejects.csv"
    if where == "in the file":
        tally = await import_rows(town, tmp_path, first, other, rejects=rejects)
        assert "line 2 of this file" in tally.shown[0].reason
    else:
        await import_rows(town, tmp_path, first)
        tally = await import_rows(town, tmp_path, other, rejects=rejects)
        assert "loaded earlier" in tally.shown[0].reason
    assert tally.not_loaded == {"conflicting": 1}
    assert (await only_report(town))["text"] == "Hole 1"
    with rejects.open(newline="", encoding="utf-8") as file:
        [written] = csv.DictReader(file)
    assert (written["outcome"], written["words"]) == ("conflicting", "Another hole")


async def test_ids_are_compared_across_the_chunks_of_a_long_file(town: Any, tmp_path: Path) -> None:
    many = [a_row(number) for number in range(4_100)]
    tally = await import_rows(town, tmp_path, *many, many[0], a_row(4_099, words="Else"))
    assert (tally.loaded, tally.duplicate) == (4_100, 1)
    assert tally.not_loaded == {"conflicting": 1}


async def test_an_open_case_past_its_due_date_is_overdue_and_nobody_is_told(
    town: Any, tmp_path: Path
) -> None:
    tally = await import_rows(town, tmp_path, a_row(1, **LONG_OVERDUE))
    assert tally.measures.overdue_open == tally.measures.open == 1
    report = await only_report(town)
    assert (report["status"], report["is_overdue"]) == ("received", True)
    assert report["next_timer_at"] is None
    assert await events_of(town) == [
        ("submitted", boston(6, 10)),
        ("overdue", boston(7, 12, micros=1)),
    ]
    assert await town.fetchval("SELECT count(*) FROM pgqueuer") == 0


async def test_an_open_case_with_a_due_date_ahead_will_be_looked_at_then(
    town: Any, tmp_path: Path
) -> None:
    tally = await import_rows(town, tmp_path, a_row(1, **DUE_AHEAD))
    assert (tally.measures.open, tally.measures.overdue_open) == (1, 0)
    report = await only_report(town)
    assert not report["is_overdue"]
    assert report["next_timer_at"] == datetime(2027, 1, 4, 17, 0, 0, 1, tzinfo=UTC)


async def test_the_same_case_is_not_yet_overdue_as_of_an_earlier_day(
    town: Any, tmp_path: Path
) -> None:
    mapping = a_mapping(as_of="2019-05-07T11:00:00-04:00")
    tally = await import_rows(town, tmp_path, a_row(1, **LONG_OVERDUE), mapping=mapping)
    assert (tally.measures.open, tally.measures.overdue_open) == (1, 0)


async def test_a_closed_case_has_its_whole_history(town: Any, tmp_path: Path) -> None:
    mapping = a_mapping(text__closing="Filled: {words}", time__accepted="came")
    row = a_row(1, came="2019-05-06 11:00:00", **LATE)
    tally = await import_rows(town, tmp_path, row, mapping=mapping)
    assert await events_of(town) == [
        ("submitted", boston(6, 10)),
        ("accept", boston(6, 11)),
        ("overdue", boston(7, 12, micros=1)),
        ("resolve", boston(7, 12, second=1)),
        ("close", boston(7, 12, second=1)),
    ]
    assert (tally.measures.late, tally.measures.on_time, tally.measures.accepted) == (1, 0, 1)
    report = await only_report(town)
    assert (report["status"], report["source"], report["source_ref"]) == (
        "closed",
        "import",
        "old-town:T-1",
    )
    assert report["resolve_by"] == boston(7, 12)
    assert report["code"].startswith("QNG-")
    note = await town.fetchrow("SELECT * FROM note")
    assert (note["seq"], note["kind"], note["text"]) == (4, "public", "Filled: Hole 1")


@pytest.mark.parametrize(
    ("cells", "kinds", "figures"),
    [
        ({}, ["submitted"], {"open": 1}),
        ({"status": "Doing"}, ["submitted", "accept", "start"], {"open": 1, "accepted": 1}),
        (IN_TIME, ["submitted", "resolve", "close"], {"resolved": 1, "on_time": 1}),
        ({**IN_TIME, "due": ""}, ["submitted", "resolve", "close"], {"resolved": 1, "on_time": 1}),
        ({**IN_TIME, "status": "No"}, ["submitted", "decline"], {"declined": 1}),
        ({"office": ""}, ["submitted"], {"open": 1}),
    ],
    ids=["open", "in progress", "on time", "no promise", "declined", "no agency"],
)
async def test_each_status_has_the_moves_that_lead_to_it(
    town: Any, tmp_path: Path, cells: dict[str, str], kinds: list[str], figures: dict[str, int]
) -> None:
    tally = await import_rows(town, tmp_path, a_row(1, **cells))
    assert [kind for kind, _ in await events_of(town)] == kinds
    named = ("accepted", "resolved", "open", "on_time", "late", "overdue_open", "declined")
    found = {name: getattr(tally.measures, name) for name in named}
    assert {name: value for name, value in found.items() if value} == figures


async def test_chains_verify_and_figures_equal_a_recount(town: Any, tmp_path: Path) -> None:
    forms: list[dict[str, str]] = [{}, LATE, IN_TIME, LONG_OVERDUE, DUE_AHEAD, {"status": "Doing"}]
    rows = [a_row(n, **forms[n % len(forms)], x=f"{108 + n % 20 / 10}") for n in range(60)]
    tally = await import_rows(town, tmp_path, *rows)
    async with town.transaction(isolation="repeatable_read"):
        outcome = await verify(town)
    assert (outcome.cases, outcome.broken) == (60, None)
    counted = await recount(town)
    assert (counted.cases, counted.differences) == (60, ())
    figures = await summary(town, CountsFilter())
    for name in ("received", "open", "resolved", "on_time", "late", "overdue_open", "accepted"):
        assert getattr(figures, name) == getattr(tally.measures, name), name


async def test_departments_and_words_become_agencies_and_categories(
    town: Any, tmp_path: Path
) -> None:
    mapping = a_mapping(
        category__create={
            "prefix": "old-town",
            "field_column": "came",
            "names": {"Pothole": {"vi": "Ổ gà", "en": "Pothole"}},
        }
    )
    rows = [
        a_row(1),
        a_row(2, kind="Đèn đường", came="Điện"),
        # known by their words, but of no case that is loaded
        a_row(3, x="", y="", kind="Never", came="n", office="Nobody"),
    ]
    tally = await import_rows(town, tmp_path, *rows, mapping=mapping)
    assert tally.new_agencies == ("old-town", "old-town-streets")
    assert tally.new_categories == (
        "old-town-phone",
        "old-town-phone-pothole",
        "old-town-dien",
        "old-town-dien-den-duong",
    )
    agency = await town.fetchrow("SELECT * FROM agency WHERE code = 'old-town-streets'")
    assert (agency["parent_code"], agency["calendar_code"]) == ("old-town", "old-town")
    category = await town.fetchrow("SELECT * FROM category WHERE name_vi = 'Ổ gà'")
    assert (category["code"], category["field_code"]) == (
        "old-town-phone-pothole",
        "old-town-phone",
    )


async def test_words_can_stand_for_what_is_here_already(town: Any, tmp_path: Path) -> None:
    await import_rows(town, tmp_path, a_row(1))
    document = a_document(
        name="older-town",
        category={"column": "kind", "words": {"Hole": "old-town-pothole"}},
        agency={"column": "office", "words": {"Roads": "old-town-streets"}},
        calendar=None,
    )
    mapping = mapping_from_document(document)
    row = a_row(2, kind="Hole", office="Roads")
    strange = [a_row(3, kind="?"), a_row(4, kind="Hole", office="Parks")]
    tally = await import_rows(town, tmp_path, row, *strange, mapping=mapping)
    assert (tally.loaded, tally.new_agencies, tally.new_categories) == (1, (), ())
    assert tally.unknown == {("category", "?"): 1, ("agency", "Parks"): 1}
    document["agency"]["words"] = {"Roads": "nobody"}
    with pytest.raises(MappingRefused, match="nobody"):
        await import_rows(town, tmp_path, row, mapping=mapping_from_document(document))


async def test_unknown_words_are_counted_and_their_rows_not_loaded(
    town: Any, tmp_path: Path
) -> None:
    mapping = a_mapping(
        flag={"column": "words", "on_time": ["ok"], "overdue": ["late"]},
        channel={"column": "came", "words": {"phone": "phone"}},
        text__template="x",
    )
    rows = [
        a_row(1, words="ok"),
        a_row(2, words="ok", status="Lost"),
        a_row(3, words="maybe"),
        a_row(4, words="ok", came="pigeon"),
        a_row(5, words="ok", status="Lost"),
    ]
    tally = await import_rows(town, tmp_path, *rows, mapping=mapping)
    assert tally.loaded == 1
    assert tally.unknown == {("status", "Lost"): 2, ("flag", "maybe"): 1, ("channel", "pigeon"): 1}


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"id": ""}, "id is empty"),
        ({"id": "9" * 201}, "its id has more than 200 characters"),
        ({"opened": ""}, "has no opening time"),
        ({"opened": "soon"}, "opened 'soon': fits none of the formats 'iso'"),
        ({"opened": "2030-01-01 00:00:00"}, "opened in the future"),
        ({"closed": "2019-05-05 00:00:00", "status": "Done"}, "before it was opened"),
        ({"closed": "2030-01-01 00:00:00", "status": "Done"}, "closed in the future"),
        ({"status": "Done"}, "is 'Done' without a closing time"),
        ({"kind": ""}, "kind is empty"),
        ({"x": "108.5", "y": ""}, "has half a position"),
        ({"x": "east"}, "is no pair of numbers"),
        ({"x": "1_0"}, "is no pair of numbers"),
        ({"x": "nan"}, "is no place on Earth"),
        ({"y": "inf"}, "is no place on Earth"),
        ({"x": "190"}, "is no place on Earth"),
        ({"words": "a\0b"}, "holds a NUL character"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_bad_row_is_listed_with_line_and_reason_and_the_others_are_loaded(
    town: Any, tmp_path: Path, cells: dict[str, str], reason: str
) -> None:
    tally = await import_rows(town, tmp_path, a_row(1), a_row(2, **cells), a_row(3))
    assert (tally.loaded, tally.not_loaded) == (2, {"bad": 1})
    [reject] = tally.shown
    assert reject.line == 3
    assert reason in reject.reason


@pytest.mark.parametrize("cells", [{"x": "", "y": ""}, {"x": "0", "y": "0"}, {"x": " ", "y": "\t"}])
async def test_a_row_without_place_goes_where_the_mapping_says(
    town: Any, tmp_path: Path, cells: dict[str, str]
) -> None:
    skipped = await import_rows(town, tmp_path, a_row(1, **cells))
    assert skipped.not_loaded == {"without place": 1}
    mapping = a_mapping(position__without_place="unit:E")
    placed = await import_rows(town, tmp_path, a_row(1, **cells), mapping=mapping)
    assert (placed.loaded, placed.remarks) == (1, {"without place: put at the middle of E": 1})
    report = await town.fetchrow("SELECT *, ST_X(geom) AS lon, ST_Y(geom) AS lat FROM report")
    assert (report["unit_code"], report["unit_valid_from"]) == ("E", date(2017, 1, 1))
    assert 109 < report["lon"] < 110
    assert report["accuracy_metres"] > 50_000


async def test_a_row_outside_every_unit_goes_where_the_mapping_says(
    town: Any, tmp_path: Path
) -> None:
    row = a_row(1, x="111.5")
    skipped = await import_rows(town, tmp_path, row)
    assert skipped.not_loaded == {"outside every unit": 1}
    assert "111.50000 15.50000" in skipped.shown[0].reason
    mapping = a_mapping(position__outside="unit:W")
    placed = await import_rows(town, tmp_path, row, mapping=mapping)
    assert placed.loaded == 1
    report = await town.fetchrow("SELECT unit_code, ST_X(geom) AS lon FROM report")
    assert tuple(report) == ("W", 111.5)


async def test_a_position_on_the_border_belongs_to_the_lowest_code(
    town: Any, tmp_path: Path
) -> None:
    await import_rows(town, tmp_path, a_row(1, x="109"))
    assert (await only_report(town))["unit_code"] == "E"


async def test_projected_positions_are_brought_to_degrees(town: Any, tmp_path: Path) -> None:
    # VN-2000 / UTM zone 49N with decimal commas, as Vietnamese survey files write it
    mapping = a_mapping(position__crs="EPSG:3406", position__decimal=",")
    await import_rows(town, tmp_path, a_row(1, x="232000,5", y="1714000,25"), mapping=mapping)
    report = await town.fetchrow(
        """
        SELECT unit_code, ST_Distance(geom::geography, ST_Transform(
            ST_SetSRID(ST_MakePoint(232000.5, 1714000.25), 3406), 4326)::geography) AS metres
        FROM report
        """
    )
    assert report["unit_code"] == "W"
    # PostGIS carries other datum parameters for VN-2000
    assert report["metres"] < 300


async def test_each_case_is_counted_in_the_units_of_its_own_day(town: Any, tmp_path: Path) -> None:
    await load(town, a_draft("N", "Phường Mới", geom=square(108, 15)), valid_from=date(2020, 1, 1))
    rows = [a_row(1), a_row(2, opened="2020-05-06 10:00:00"), a_row(3, opened="2016-05-06 10:00")]
    tally = await import_rows(town, tmp_path, *rows)
    found = await town.fetch("SELECT unit_code FROM report ORDER BY created_at")
    assert [row["unit_code"] for row in found] == ["W", "N"]
    assert tally.not_loaded == {"outside every unit": 1}
    fixed = a_mapping(name="again", position__on="2020-01-01")
    await import_rows(town, tmp_path, *rows, mapping=fixed)
    units = await town.fetch("SELECT unit_code FROM report WHERE source_ref LIKE 'again:%'")
    assert {row["unit_code"] for row in units} == {"N"}


async def test_an_import_without_boundaries_is_refused(town: Any, tmp_path: Path) -> None:
    for changes in ({"position__level": "district"}, {"position__on": "2016-01-01"}):
        with pytest.raises(MappingRefused, match="boundaries"):
            await import_rows(town, tmp_path, a_row(1), mapping=a_mapping(**changes))


async def test_a_column_that_is_not_there_is_refused_and_one_not_read_is_named(
    town: Any, tmp_path: Path
) -> None:
    with pytest.raises(MappingRefused, match="no due_by; it has: id, opened"):
        await import_rows(town, tmp_path, a_row(1), mapping=a_mapping(time__due="due_by"))
    tally = await import_rows(
        town, tmp_path, a_row(1), mapping=a_mapping(file__keep=["came"], file__id="id")
    )
    assert tally.columns_not_read == ()
    assert (await only_report(town))["answers"] == '{"came": "phone"}'


async def test_the_calendar_must_be_described_unless_it_is_here(town: Any, tmp_path: Path) -> None:
    with pytest.raises(MappingRefused, match="no calendar old-town"):
        await import_rows(town, tmp_path, a_row(1), mapping=a_mapping(calendar=None))
    tally = await import_rows(town, tmp_path, a_row(1))
    assert tally.new_configuration == ("calendar old-town",)
    again = await import_rows(town, tmp_path, a_row(2), mapping=a_mapping(calendar=None))
    assert (again.loaded, again.new_configuration) == (1, ())


async def test_the_sources_own_verdict_is_compared_and_never_taken_over(
    town: Any, tmp_path: Path
) -> None:
    mapping = a_mapping(flag={"column": "words", "on_time": ["in time"], "overdue": ["late"]})
    rows = [
        a_row(1, words="late", **LATE),
        a_row(2, words="in time", **LATE),
        a_row(3, words="late", **IN_TIME),
        a_row(4, words="late", **LONG_OVERDUE),
        a_row(5, words="", **LATE),
    ]
    tally = await import_rows(town, tmp_path, *rows, mapping=mapping)
    assert tally.verdicts == {True: 2, False: 2}
    assert tally.disagreeing == [
        "old-town:T-2 is flagged on time, its times say overdue",
        "old-town:T-3 is flagged overdue, its times say on time",
    ]
    assert (tally.measures.late, tally.measures.on_time) == (3, 1)


async def test_formulas_stay_text_and_come_out_harmless(town: Any, tmp_path: Path) -> None:
    attack = '=HYPERLINK("http://x","y")'
    rejects = tmp_path / "rejects.csv"
    rows = [a_row(1, words=attack, id='="007"'), a_row(2, words=attack, status="@bad", x="-71.5")]
    await import_rows(town, tmp_path, *rows, rejects=rejects)
    report = await only_report(town)
    assert (report["text"], report["source_ref"]) == (attack, "old-town:007")
    with rejects.open(newline="", encoding="utf-8") as file:
        [written] = csv.DictReader(file)
    assert written["words"] == f"'{attack}"
    assert (written["status"], written["x"]) == ("'@bad", "-71.5")


async def test_a_damaged_file_leaves_nothing_of_its_good_half(town: Any, tmp_path: Path) -> None:
    path = tmp_path / "old.csv.gz"
    text = as_csv(*(a_row(number, words=f"{number * 7919}") for number in range(6_000)))
    path.write_bytes(gzip.compress(text.encode())[:-2_000])
    with pytest.raises(ImportFileRefused):
        await import_reports(town, an_order(path))
    assert await town.fetchval("SELECT count(*) FROM report") == 0


async def test_texts_are_cut_to_what_a_report_holds_and_never_empty(
    town: Any, tmp_path: Path
) -> None:
    mapping = a_mapping(text__address="{came}")
    long = a_row(1, words="ổ gà " * 5_000, came="a" * 900)
    tally = await import_rows(town, tmp_path, long, a_row(2, words=" \n "), mapping=mapping)
    assert tally.remarks == {"texts cut to their longest length": 1}
    texts = await town.fetch("SELECT text, address FROM report ORDER BY source_ref")
    assert len(texts[0]["text"]) == 8_000
    assert len(texts[0]["address"]) == 500
    assert texts[1]["text"] == "(không có nội dung)"


async def test_what_is_imported_is_not_public_unless_the_mapping_says_so(
    town: Any, tmp_path: Path
) -> None:
    await import_rows(town, tmp_path, a_row(1))
    assert await town.fetchval("SELECT count(*) FROM public_report") == 0
    open_mapping = a_mapping(name="open-town", visibility="public")
    await import_rows(town, tmp_path, a_row(1), mapping=open_mapping)
    assert await town.fetchval("SELECT count(*) FROM public_report") == 1
