"""`caunoi units …` as an operator types it, against an empty migrated database."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from click.testing import CliRunner, Result

from backend.demo.boundaries import load_boundaries
from geo.commands import units
from tests.geo.factories import NGHIA_LO, a_feature, square, write_geojson
from tests.shared_data import shared

Caunoi = Callable[..., Result]
AT = ("at", *map(str, NGHIA_LO))


@dataclass(frozen=True)
class Roof:
    """The little of the roof that the commands need."""

    url: str

    @asynccontextmanager
    async def owner_connection(self) -> AsyncIterator[Any]:
        conn = await asyncpg.connect(self.url)
        try:
            yield conn
        finally:
            await conn.close()


@pytest.fixture
def caunoi(database_url: str) -> Caunoi:
    """Run `caunoi units …` with these arguments."""

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(units, arguments, obj=Roof(database_url))

    return run


def import_arguments(path: Path, *more: str, level: str = "commune") -> tuple[str, ...]:
    fields = ("--code-field", "code", "--name-field", "name")
    return ("import", str(path), "--level", level, "--valid-from", "2025-07-01", *fields, *more)


def small_file(folder: Path) -> Path:
    return write_geojson(
        folder / "units.geojson",
        a_feature("21028", "Phường Nghĩa Lộ", geometry=square(108.5, 15)),
        a_feature("21025", "Phường Cẩm Thành", geometry=square(109.5, 15)),
    )


async def _load_demo(url: str) -> None:
    async with Roof(url).owner_connection() as conn:
        await load_boundaries(conn)


def test_the_real_boundaries_replace_the_demo_and_the_point_keeps_its_units(
    caunoi: Caunoi, database_url: str
) -> None:
    """The acceptance check: the same answers from the approximate and from the real boundaries."""
    wards = shared("boundaries/quang_ngai_2025_wards_full.geojson")
    districts = shared("boundaries/quang_ngai_pre2025_districts.geojson")
    asyncio.run(_load_demo(database_url))
    for is_approximate in (True, False):
        now = json.loads(caunoi(*AT).output)
        assert (now["code"], now["name"]) == ("21028", "Phường Nghĩa Lộ")
        assert (now["valid_from"], now["is_approximate"]) == ("2025-07-01", is_approximate)
        then = json.loads(caunoi(*AT, "--on", "2025-06-01").output)
        assert (then["parent"], then["within"][0]["code"]) == ("522", "522")
        assert then["within"][0]["is_approximate"] is is_approximate
        if is_approximate:
            done = caunoi(
                *("import", str(wards), "--level", "commune", "--valid-from", "2025-07-01"),
                *("--code-field", "code", "--name-field", "fullName", "--commit"),
            )
            assert (done.exit_code, done.output.splitlines()[-1]) == (0, "committed")
            assert "in place of the active generation" in done.output
            done = caunoi(
                *("import", str(districts), "--level", "district", "--valid-from", "2025-03-01"),
                *("--code-field", "code", "--name-field", "name", "--commit"),
            )
            assert done.exit_code == 0, done.output
    assert json.loads(caunoi(*AT).output)["parent"] == "51"
    again = caunoi(
        *("import", str(wards), "--level", "commune", "--valid-from", "2025-07-01"),
        *("--code-field", "code", "--name-field", "fullName", "--commit"),
    )
    assert (again.exit_code, "stored exactly so already" in again.output) == (0, True)


def test_districts_of_another_first_day_share_the_closed_period(
    caunoi: Caunoi, database_url: str
) -> None:
    """Whatever day the operator takes for the old districts, they end on 1 July 2025."""
    districts = shared("boundaries/quang_ngai_pre2025_districts.geojson")
    asyncio.run(_load_demo(database_url))
    for day in ("2025-05-01", "2020-02-01"):
        done = caunoi(
            *("import", str(districts), "--level", "district", "--valid-from", day),
            *("--code-field", "code", "--name-field", "name", "--commit"),
        )
        assert done.exit_code == 0, done.output
        assert caunoi("activate", "--valid-from", day).exit_code == 0
        then = json.loads(caunoi(*AT, "--on", "2025-06-01", "--level", "district").output)
        assert (then["code"], then["valid_from"]) == ("522", "2025-05-01")
    assert caunoi(*AT, "--level", "district").exit_code == 1
    lines = caunoi("generations").output.splitlines()
    assert [line.split()[1:4] for line in lines if line.startswith("district")] == [
        ["2020-02-01", "to", "2025-03-01"],
        ["2025-03-01", "to", "2025-05-01"],
        ["2025-05-01", "to", "2025-07-01"],
    ]


def test_a_dry_run_prints_what_the_real_one_prints_but_for_the_last_line(
    caunoi: Caunoi, tmp_path: Path
) -> None:
    path = small_file(tmp_path)
    dry = caunoi(*import_arguments(path))
    assert dry.exit_code == 0
    assert caunoi("generations").output == ""
    real = caunoi(*import_arguments(path, "--commit"))
    assert real.exit_code == 0
    assert real.output.splitlines()[:-1] == dry.output.splitlines()[:-1]
    assert dry.output.splitlines()[-1].startswith("dry run")
    assert "loaded" in caunoi("generations").output


def test_loaded_units_answer_after_activation(caunoi: Caunoi, tmp_path: Path) -> None:
    caunoi(*import_arguments(small_file(tmp_path), "--commit"))
    outside = caunoi(*AT)
    assert (outside.exit_code, outside.output.strip()) == (1, "null")
    done = caunoi("activate", "--valid-from", "2025-07-01")
    assert done.exit_code == 0
    assert "active" in done.output
    found = caunoi(*AT)
    assert found.exit_code == 0
    assert len(found.output.splitlines()) == 1
    assert json.loads(found.output) == {
        "code": "21028",
        "name": "Phường Nghĩa Lộ",
        "kind": "Phường",
        "level": "commune",
        "parent": None,
        "valid_from": "2025-07-01",
        "is_approximate": False,
        "within": [],
    }
    listed = caunoi("list").output.splitlines()
    assert [line.split()[0] for line in listed] == ["21025", "21028"]


def test_western_positions_are_no_options(caunoi: Caunoi, tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "b.geojson", a_feature(geometry=square(-71.5, -42.5)))
    caunoi(*import_arguments(path, "--commit"))
    caunoi("activate", "--valid-from", "2025-07-01")
    assert json.loads(caunoi("at", "-71.06", "-42.35").output)["code"] == "1"
    assert json.loads(caunoi("at", "--on", "2026-01-01", "-71.06", "-42.35").output)["code"] == "1"


def test_a_refused_import_says_why_writes_nothing_and_exits_with_one(
    caunoi: Caunoi, tmp_path: Path
) -> None:
    path = write_geojson(
        tmp_path / "units.geojson",
        a_feature("1", "Xã Một", geometry=square(108, 15)),
        a_feature("2", "Xã Hai", geometry=square(108.5, 15)),
    )
    done = caunoi(*import_arguments(path, "--commit"))
    assert done.exit_code == 1
    assert "1 and 2 overlap by" in done.output
    assert done.output.splitlines()[-1] == "REFUSED: nothing written"
    assert caunoi("generations").output == ""
    assert caunoi(*import_arguments(path, "--commit", "--allow-overlaps")).exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "exit_code", "message"),
    [
        (("at", "200", "15"), 1, "between -180 and 180"),
        (("at", "nan", "15"), 1, "finite"),
        (("at", "108", "north"), 2, "not a valid float"),
        (("at", "108", "15", "--on", "yesterday"), 2, "YYYY-MM-DD"),
        (("activate", "--valid-from", "2025-07-01"), 1, "nothing is loaded"),
        (("import", "absent.geojson"), 2, "does not exist"),
    ],
)
def test_mistakes_are_answered_with_a_sentence(
    caunoi: Caunoi, arguments: tuple[str, ...], exit_code: int, message: str
) -> None:
    done = caunoi(*arguments)
    assert done.exit_code == exit_code
    assert message in done.output
    assert "Traceback" not in done.output


def test_a_database_without_tables_is_pointed_out(server_url: str) -> None:
    done = CliRunner().invoke(units, ["generations"], obj=Roof(server_url))
    assert done.exit_code == 1
    assert "caunoi migrate" in done.output


def test_a_file_that_is_none_is_refused_on_the_command_line(caunoi: Caunoi, tmp_path: Path) -> None:
    path = tmp_path / "units.geojson"
    path.write_text("no boundaries", encoding="utf-8")
    done = caunoi(*import_arguments(path, "--commit"))
    assert done.exit_code == 1
    assert "units.geojson" in done.output


def test_long_lists_of_findings_are_cut_and_counted(caunoi: Caunoi, tmp_path: Path) -> None:
    features = [a_feature(str(n), None, geometry=square(n, 15)) for n in range(1, 31)]
    done = caunoi(*import_arguments(write_geojson(tmp_path / "u.geojson", *features)))
    assert done.exit_code == 1
    assert "… and 10 more" in done.output
    assert "errors 31" in done.output


def test_successors_of_the_real_merger_are_imported(caunoi: Caunoi, database_url: str) -> None:
    merger = shared("boundaries/quang_ngai_merger_2025_old_to_new.csv")
    asyncio.run(_load_demo(database_url))
    dry = caunoi("successors", "import", str(merger))
    assert dry.exit_code == 0
    assert "dry run" in dry.output
    done = caunoi("successors", "import", str(merger), "--commit")
    assert done.exit_code == 0, done.output
    assert "successors  172" in done.output
    assert "102 rows left out: their old unit is not stored" in done.output
    assert done.output.splitlines()[-1] == "committed"
