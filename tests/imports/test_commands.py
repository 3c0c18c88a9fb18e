"""`caunoi reports import` as an operator types it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from click.testing import CliRunner, Result

from backend.__main__ import caunoi
from backend.reports.imports.commands import reports
from backend.settings import Settings
from tests.geo.factories import a_draft, load, square
from tests.imports.factories import UNITS_FROM, a_row, as_csv

MAPPING = """
name = "old-town"
file = { id = "id" }
time = { zone = "America/New_York", formats = ["iso"], opened = "opened", due = "due" }
status = { column = "status", words = { Open = "received" } }
position = { x = "x", y = "y" }
text = { template = "{words}" }

[category]
column = "kind"
create = { prefix = "old-town", field = { vi = "Phố cũ", en = "Old town" } }
"""


@dataclass(frozen=True)
class Roof:
    """The little of the roof that the commands need."""

    settings: Settings

    @asynccontextmanager
    async def owner_connection(self) -> AsyncIterator[Any]:
        connection = await asyncpg.connect(self.settings.database_url)
        try:
            yield connection
        finally:
            await connection.close()


@pytest.fixture
def roof(settings: Settings) -> Roof:
    """A roof over a database with one unit."""

    async def prepare() -> None:
        async with Roof(settings).owner_connection() as connection:
            await load(connection, a_draft("W", geom=square(108, 15)), valid_from=UNITS_FROM)

    asyncio.run(prepare())
    return Roof(settings)


def run(roof: Roof, folder: Path, *arguments: str) -> Result:
    mapping = folder / "old.toml"
    mapping.write_text(MAPPING, encoding="utf-8")
    file = folder / "old.csv"
    rows = [a_row(1), a_row(1, words="else"), a_row(2, x="", y=""), a_row(3, status="\x1b[31mLost")]
    text = as_csv(*rows).replace("came", "came\x1b]0;", 1)
    file.write_text(text, encoding="utf-8")
    given = ["import", str(file), "--mapping", str(mapping), *arguments]
    return CliRunner().invoke(reports, given, obj=roof, catch_exceptions=False)


def test_the_command_says_what_it_would_do_and_then_does_it(roof: Roof, tmp_path: Path) -> None:
    rejects = tmp_path / "rejects.csv"
    dry = run(roof, tmp_path, "--rejects", str(rejects))
    real = run(roof, tmp_path, "--commit")
    assert dry.exit_code == real.exit_code == 0
    lines = [line for line in real.output.splitlines() if not line.startswith("time")]
    dry_lines = [line for line in dry.output.splitlines() if not line.startswith("time")]
    assert dry_lines[:-1] == lines[:-1]
    assert dry_lines[-1] == "dry run: nothing written; --commit writes"
    assert lines[-1] == "committed"
    assert "read                   4" in lines
    assert "1  no position; not loaded" in real.output
    assert "line 3        conflicting: old-town:T-1 says something else than line 2" in real.output
    assert "not read       due" not in real.output
    assert "not read       closed, office, came�]0;" in real.output
    assert len(rejects.read_text(encoding="utf-8").splitlines()) == 4


def test_no_word_of_the_file_can_steer_the_terminal(roof: Roof, tmp_path: Path) -> None:
    shown = run(roof, tmp_path)
    assert "Lost" in shown.output
    assert "\x1b" not in shown.output


def test_the_command_hangs_under_the_roof() -> None:
    shown = CliRunner().invoke(caunoi, ["reports", "import", "--help"])
    assert shown.exit_code == 0
    assert "--rejects" in shown.output
