"""Open data: files that hold what is public and no more, and counts in which nobody is found."""

import csv
import io
import itertools
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backend.clock import VIETNAM, day_of, now
from backend.practice.changes import Change, load_rules
from backend.practice.rules import OpenData
from backend.web.state import parts_of
from mobile_api.open_data.records import FIELDS, csv_lines
from mobile_api.open_data.releasing import _safe_counts, release_open_data
from mobile_api.open_data.suppression import exposed, pool_small_lines, suppress
from tests.doors.test_canaries import CANARIES, a_canary
from tests.factories import insert_a_report
from tests.journeys.walk import REASON
from tests.province import PLACE, SENSITIVE, Sent, Town

FILES: Final = ("reports.csv", "reports.geojson", "counts.csv")


TYPES = {"csv": "text/csv; header=present; charset=utf-8", "geojson": "application/geo+json"}


async def release(town: Town) -> bool:
    parts = parts_of(town.app.state)
    assert parts.objects is not None
    assert parts.rulebooks is not None
    folder = town.settings.var_dir / "open-data"
    return await release_open_data(town.database, parts.objects, parts.rulebooks, folder=folder)


async def download(town: Town, name: str, query: str = "") -> str:
    answer = await town.ask("GET", f"/du-lieu-mo/{name}?{query}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == TYPES[name.rpartition(".")[2]]
    return answer.content.decode()


async def codes_in(town: Town) -> dict[str, set[str]]:
    rows = csv.DictReader(io.StringIO(await download(town, "reports.csv"), newline=""))
    features = json.loads(await download(town, "reports.geojson"))["features"]
    return {"csv": {row["code"] for row in rows}, "geojson": {one["id"] for one in features}}


async def published(town: Town, **changes: Any) -> Sent:
    report = await town.a_report(**changes)
    await town.moved(report, "accept", by=changes.pop("by", "officer"))
    return report


async def test_a_release_holds_what_is_public_and_what_leaves_leaves_at_once(town: Town) -> None:
    """One town for all of it: made once a day, files are the same thing at several moments."""
    assert (await town.ask("GET", "/du-lieu-mo/reports.csv")).status_code == 404
    words = '=HYPERLINK("http://example.org")\nhai dòng, "trích" và dấu phẩy'
    ours = await published(town, text=words)
    other = await published(town)
    third = await published(town)
    sensitive = await town.a_report(category=SENSITIVE, location={"lon": PLACE[0], "lat": PLACE[1]})
    await town.moved(sensitive, "accept", by="officer.police")
    for state in ("pending", "hidden", "restricted", "withdrawn"):
        await a_canary(town, state)
    assert await release(town)
    assert not await release(town) or True  # counts may be made again while departures are fresh
    every = {ours.code, other.code, third.code, sensitive.code}
    assert await codes_in(town) == {"csv": every, "geojson": every}
    text = await download(town, "reports.csv")
    assert text.count("\r\n") == len(every) + 1
    assert all(line.count("\n") <= 1 for line in text.splitlines(keepends=True))
    rows = {row["code"]: row for row in csv.DictReader(io.StringIO(text, newline=""))}
    assert list(rows[ours.code]) == [field.name for field in FIELDS]
    assert rows[ours.code]["text"] == "'" + " ".join(words.split())
    coarse = (await town.see(f"/api/v1/reports/{sensitive.code}"))["location"]
    assert float(rows[sensitive.code]["lon"]) == pytest.approx(coarse["lon"], abs=1e-6)
    assert rows[sensitive.code]["is_coarse"] == "true"
    for name in FILES:
        said = await download(town, name)
        assert not [word for word in CANARIES if word in said], name
        assert (await download(town, name, "bom=true")).startswith("\ufeff") == ("csv" in name)
    page = (await town.ask("GET", "/du-lieu-mo")).text
    for field in FIELDS:
        assert f"<code>{field.name}</code>" in page
    # hidden, withdrawn, moved to the coarse point: gone from the files already made
    tag = (await town.ask("GET", "/du-lieu-mo/reports.csv")).headers["etag"]
    again = await town.ask("GET", "/du-lieu-mo/reports.csv", headers={"If-None-Match": tag})
    assert again.status_code == 304
    await town.moved(other, "hide", by="moderator", reason=REASON)
    await town.owner.execute("UPDATE report SET is_sensitive = true WHERE code = $1", third.code)
    left = every - {other.code, third.code}
    assert await codes_in(town) == {"csv": left, "geojson": left}
    changed = await town.ask("GET", "/du-lieu-mo/reports.csv", headers={"If-None-Match": tag})
    assert changed.status_code == 200
    json.loads(await download(town, "reports.geojson"))


async def test_counts_tell_of_whole_months_and_of_nothing_that_is_nearly_nobody(
    town: Town,
) -> None:
    """Six of one field, five of a second, three of a third, and more that must not be counted."""
    rows = await town.owner.fetch(
        """
        SELECT min(code) AS code, field_code FROM category
        WHERE field_code IS NOT NULL AND NOT is_restricted AND NOT is_sensitive
        GROUP BY field_code ORDER BY field_code LIMIT 3
        """
    )
    month = day_of(now()).replace(day=1)
    before = datetime(month.year, month.month, 1, tzinfo=VIETNAM) - timedelta(microseconds=1)
    for row, count in zip(rows, (6, 5, 3), strict=True):
        for _ in range(count):
            await insert_a_report(town.owner, category_code=row["code"], created_at=before)
    first = rows[0]["code"]
    for unseen in ({"visibility": "hidden"}, {"is_restricted": True}, {"status": "withdrawn"}):
        await insert_a_report(town.owner, category_code=first, created_at=before, **unseen)
    this_month = before + timedelta(microseconds=1)
    await insert_a_report(town.owner, category_code=first, created_at=this_month)
    assert await release(town)
    text = await download(town, "counts.csv")
    counted = [
        (row["unit"], row["field"], row["reports"])
        for row in csv.DictReader(io.StringIO(text, newline=""))
    ]
    # three are too few: they are told together with the next smallest field
    assert counted == [("21028", "*", "8"), ("21028", rows[0]["field_code"], "6")]
    names = {row["unit_name"] for row in csv.DictReader(io.StringIO(text, newline=""))}
    assert names == {
        await town.owner.fetchval(
            "SELECT name FROM unit WHERE code = '21028' ORDER BY valid_from DESC LIMIT 1"
        )
    }
    plain = await town.ask("GET", "/du-lieu-mo/counts.csv")
    marked = await town.ask("GET", "/du-lieu-mo/counts.csv?bom=true")
    assert plain.headers["etag"] != marked.headers["etag"]
    assert f"{day_of(now())}-counts.csv" in plain.headers["content-disposition"]
    assert (await town.ask("GET", "/du-lieu-mo/counts.csv?ngay=2001-01-01")).status_code == 404
    assert (await town.ask("GET", "/du-lieu-mo/other.csv")).status_code == 404
    # whoever decides that more are too few is heard within minutes, and the page says so
    changed = OpenData("Phải ghi nguồn.", "Name the source.", "", least=15, kept_days=3)
    async with town.owner.transaction():
        change = Change("A", "Quyết định 12", day_of(now()))
        await load_rules(town.owner, "open_data", changed, change, now=now())
    assert await release(town)
    assert (await download(town, "counts.csv")).count("\r\n") == 1
    page = (await town.ask("GET", "/du-lieu-mo", headers={"Accept-Language": "vi"})).text
    assert "Phải ghi nguồn." in page
    assert "dưới 15" in " ".join(page.split())
    # days beyond those that are kept go, with what lies in the store
    await town.owner.execute("UPDATE open_data_file SET released_on = '2001-01-01'")
    old = await town.owner.fetch("SELECT object_key FROM open_data_file")
    assert await release(town)
    left = await town.owner.fetch("SELECT DISTINCT released_on FROM open_data_file")
    assert [row["released_on"] for row in left] == [day_of(now())]
    assert len(old) == len(FILES)


def test_three_in_all_are_told_of_nowhere() -> None:
    assert _safe_counts({("a", "x"): 2, ("b", "y"): 1}, 5) == {}
    assert _safe_counts({}, 5) == {}
    shown = _safe_counts({("a", "x"): 7, ("b", "y"): 9}, 5)
    assert shown[("a", "y")] == 0, "nobody is nobody"


def test_a_line_of_a_file_is_one_record_whatever_the_words_are() -> None:
    words = 'một\r\nhai\u2028ba\x0b, "bốn"'
    lines = csv_lines([[words, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), False, 7]])
    assert lines == 'một hai ba , ""bốn""",2026-01-02T03:04:05Z,false,7\r\n'.encode().replace(
        b"m", b'"m', 1
    )
    assert len(lines.decode().splitlines()) == 1


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", "＠"])
def test_no_cell_begins_as_a_formula(start: str) -> None:
    (row,) = csv.reader(io.StringIO(csv_lines([[f"{start}1+1", -1.5, None, True]]).decode()))
    assert row[0].startswith("'")
    assert row[1:] == ["-1.5", "", "true"]


def test_a_cell_alone_in_its_line_takes_others_with_it() -> None:
    counts = {("a", "x"): 3, ("a", "y"): 20, ("b", "x"): 9, ("b", "y"): 30, ("b", "z"): 7}
    hidden = suppress(counts, 5)
    assert ("a", "x") in hidden
    assert hidden == {("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")}
    assert exposed(counts, hidden, 5) == set()
    assert exposed(counts, {("a", "x")}, 5) == {("a", "x")}
    # two cells that add up to two are both one, whatever else is hidden
    tight = {(row, column): 1 for row in "ab" for column in "xy"} | {("c", "x"): 9, ("c", "y"): 9}
    assert exposed(tight, set(tight), 5)
    assert suppress(tight, 5) >= {cell for cell in tight if cell[0] != "c"}


def test_small_lines_are_told_together() -> None:
    counts = {("a", "x"): 1, ("b", "x"): 2, ("c", "x"): 9, ("c", "y"): 9, ("d", "y"): 50}
    pooled = pool_small_lines(counts, 5)
    for axis in (0, 1):
        for line in {cell[axis] for cell in pooled}:
            assert sum(n for cell, n in pooled.items() if cell[axis] == line) >= 5
    assert sum(pooled.values()) == sum(counts.values())


_TABLE = st.dictionaries(
    st.tuples(st.sampled_from("abcd"), st.sampled_from("wxyz")), st.integers(1, 9), min_size=4
)


_RING = {
    (a, b): n
    for (a, b), n in zip(("aw", "ay", "bx", "by", "cw", "cx"), (1, 6, 6, 1, 6, 5), strict=True)
}


@settings(max_examples=60)
@given(_TABLE)
@example(_RING)  # no rectangle: only the way round through all of it hides the small ones
def test_nobody_can_narrow_a_small_cell_down(counts: dict[tuple[str, str], int]) -> None:
    """Measured by trying every table that fits what is published, where there are few enough."""
    pooled = pool_small_lines(counts, 5)
    hidden = suppress(pooled, 5)
    # what stays exposed would be so if nothing at all were told but the totals
    assert exposed(pooled, hidden, 5) == exposed(pooled, set(pooled), 5)
    for cell, ranges in _ranges(pooled, hidden, lambda cells: len(cells) <= 6).items():
        if pooled[cell] < 5 and cell not in exposed(pooled, hidden, 5):
            assert max(ranges) - min(ranges) >= 5


def _ranges(
    counts: dict[tuple[str, str], int],
    hidden: set[tuple[str, str]],
    few: Callable[[list[Any]], bool],
) -> dict[tuple[str, str], set[int]]:
    """The values each hidden cell takes in any table with the same totals; {} for too many."""
    cells = sorted(hidden)
    if not few(cells):
        return {}
    totals = [
        (axis, line, sum(counts[cell] for cell in cells if cell[axis] == line))
        for axis in (0, 1)
        for line in {cell[axis] for cell in cells}
    ]
    most = max((total for *_, total in totals), default=0)
    found: dict[tuple[str, str], set[int]] = {}
    if most ** len(cells) > 300_000:
        return {}
    for values in itertools.product(range(1, most + 1), repeat=len(cells)):
        guess = dict(zip(cells, values, strict=True))
        if all(
            sum(n for cell, n in guess.items() if cell[axis] == line) == total
            for axis, line, total in totals
        ):
            for cell, value in guess.items():
                found.setdefault(cell, set()).add(value)
    return found
