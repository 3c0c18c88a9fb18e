"""What became of old units: files read, codes resolved to units of their days, and stored."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from geo.errors import FileRefused
from geo.imports import import_successors
from geo.store import list_all_successors, list_predecessors, list_successors
from geo.successors import SuccessorRow, read_successors, resolve_successors
from geo.units import Successor, UnitAt, UnitCode
from tests.geo.factories import NEW, OLD, a_draft, load, square


def a_unit(code: str, valid_from: date) -> UnitAt:
    return UnitAt(UnitCode(code), f"Xã {code}", "Xã", "commune", None, valid_from, False)


def a_row(old: str, new: str, relation: str = "full", **days: date | None) -> SuccessorRow:
    return SuccessorRow(2, old, days.get("old_day"), new, days.get("new_day"), relation)


def resolve(*rows: SuccessorRow, units: list[UnitAt]) -> Any:
    return resolve_successors(rows, units, old_valid_from=None, new_valid_from=None)


REUSED = [a_unit("21025", OLD), a_unit("21019", OLD), a_unit("21025", NEW), a_unit("21028", NEW)]


def test_a_reused_code_is_the_old_unit_on_one_side_and_the_new_one_on_the_other() -> None:
    found, findings = resolve(a_row("21025", "21025"), a_row("21019", "21025"), units=REUSED)
    assert findings == []
    assert found == [
        Successor(UnitCode("21019"), OLD, UnitCode("21025"), NEW, "full"),
        Successor(UnitCode("21025"), OLD, UnitCode("21025"), NEW, "full"),
    ]


@pytest.mark.parametrize(
    ("rows", "severity"),
    [
        ([a_row("21025", "21025", "all")], "error"),
        ([a_row("21025", "21025"), a_row("21025", "21028")], "error"),
        ([a_row("21025", "21025"), a_row("21025", "21025", "partial")], "error"),
        ([a_row("21025", "99999")], "error"),
        ([a_row("21025", "21025", old_day=date(2024, 1, 1))], "error"),
        ([a_row("21025", "21025", "partial")], "warning"),
        ([a_row("21025", "21025"), a_row("99999", "21025")], "warning"),
        ([a_row("21025", "21025", "partial"), a_row("21025", "21028", "partial")], None),
    ],
)
def test_contradictions_are_errors_and_gaps_are_warnings(
    rows: list[SuccessorRow], severity: str | None
) -> None:
    _, findings = resolve(*rows, units=REUSED)
    severities = {finding.severity for finding in findings}
    assert severity in severities if severity else not severities


@pytest.mark.parametrize(
    "text",
    [
        "",
        "old,new\n1,2\n",
        "old_code,new_code,relation\n",
        "old_code,new_code,relation,old_valid_from\n1,2,full,yesterday\n",
        'old_code,new_code,relation\n"1,2,full\n',
        "old_code,new_code,relation\n1,2,\udcff\n",
    ],
)
def test_unreadable_files_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "s.csv"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(FileRefused, match=r"s\.csv"):
        read_successors(path)


def test_days_and_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text(
        "\ufeffold_code,old_valid_from,new_code,new_valid_from,relation,more\n"
        " 21025 ,2025-03-01,21028,2025-07-01,full,x\n",
        encoding="utf-8",
    )
    [row] = read_successors(path)
    assert (row.row, row.old_code, row.new_code, row.relation) == (2, "21025", "21028", "full")
    assert (row.old_valid_from, row.new_valid_from) == (OLD, NEW)


async def test_an_import_overwrites_what_was_said_of_the_same_old_unit(conn: Any) -> None:
    await load(conn, a_draft("1", geom=square(108, 15)), valid_from=OLD)
    await load(conn, a_draft("1", geom=square(108, 15)), a_draft("2", geom=square(109, 15)))
    split = [a_row("1", "1", "partial"), a_row("1", "2", "partial")]
    await import_successors(conn, split, commit=False)
    assert await list_all_successors(conn) == []
    for _ in range(2):
        await import_successors(conn, split, commit=True)
        assert [s.new_code for s in await list_successors(conn, UnitCode("1"), OLD)] == ["1", "2"]
    await import_successors(conn, [a_row("1", "2")], commit=True)
    [only] = await list_successors(conn, UnitCode("1"), OLD)
    assert (only.new_code, only.relation) == ("2", "full")
    assert await list_predecessors(conn, UnitCode("2"), NEW) == [only]
    assert await list_predecessors(conn, UnitCode("1"), NEW) == []


async def test_a_refused_import_writes_nothing(conn: Any) -> None:
    await load(conn, a_draft("1"), valid_from=OLD)
    await load(conn, a_draft("1"))
    rows = [a_row("1", "1"), a_row("1", "1", "nonsense")]
    _, findings = await import_successors(conn, rows, commit=True)
    assert [f.severity for f in findings] == ["error"]
    assert await list_all_successors(conn) == []
