"""What is committed: nothing of this machine, no data of others, decisions in order."""

import re
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from tests.house.sources import text_of, tracked_files
from tests.shared_data import CHECKOUT, shared

_TOO_GENERAL = {"/", "/tmp", "/root", "/usr", "/home", "/srv", "/opt", "/src", "/app", "/builds"}
_DATA = (".geojson", ".gpkg", ".shp", ".xlsx", ".heic", ".gz", ".zip", ".sqlite", ".parquet")


def test_no_path_of_this_machine_is_committed() -> None:
    here = {
        CHECKOUT,
        CHECKOUT.parent,
        Path(sys.prefix).resolve(),
        Path(sys.base_prefix),
        Path.home(),
    }
    paths = {str(path) for path in here} - _TOO_GENERAL
    pattern = re.compile(
        r"(?<![\w./-])(" + "|".join(map(re.escape, sorted(paths))) + r")(?=[/\"'\s])"
    )
    found = [
        f"{name}: {hit[0]}" for name in tracked_files() if (hit := pattern.search(text_of(name)))
    ]
    assert not found, "\n".join(["", *found])


def test_no_file_of_the_shared_data_is_committed() -> None:
    folder = shared("")
    theirs = {
        sha256(path.read_bytes()).hexdigest(): path.name
        for path in folder.rglob("*")
        if path.is_file() and 64 < path.stat().st_size < 20_000_000
    }
    found = [
        f"{name} is {theirs[digest]}"
        for name in tracked_files()
        if (digest := sha256((CHECKOUT / name).read_bytes()).hexdigest()) in theirs
    ]
    assert not found, "\n".join(["", *found])


def test_no_data_file_or_large_file_is_committed() -> None:
    found = [
        name
        for name in tracked_files()
        if name.endswith(_DATA)
        or ((CHECKOUT / name).stat().st_size > 1_000_000 and name != "uv.lock")
    ]
    assert not found, "\n".join(["", *found])


def test_decisions_are_numbered_one_after_the_other() -> None:
    names = [Path(name).name for name in tracked_files() if name.startswith("docs/decisions/")]
    pages = [name for name in names if name != "README.md"]
    assert pages
    assert [name for name in pages if not re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", name)] == []
    assert [int(name[:4]) for name in pages] == list(range(1, len(pages) + 1))


@pytest.mark.parametrize(
    "name", [name for name in tracked_files() if re.match(r"docs/decisions/\d{4}", name)]
)
def test_a_decision_is_one_page_of_context_decision_and_consequences(name: str) -> None:
    heading = r"^(?:## |\*\*)(Context|Decision|Consequences)\b"
    parts = re.findall(heading, text_of(name), flags=re.MULTILINE)
    assert parts == ["Context", "Decision", "Consequences"]
    assert text_of(name).count("\n") <= 70


def test_the_scripts_of_the_front_door_are_executable() -> None:
    for name in ("run", "test", ".ci/run"):
        assert (CHECKOUT / name).stat().st_mode & 0o111, name


def test_the_lock_is_committed_and_fits_the_project() -> None:
    locked = set(re.findall(r'^name = "([^"]+)"$', text_of("uv.lock"), flags=re.MULTILINE))
    section = text_of("pyproject.toml").split("[tool.uv]")[0]
    wanted = {
        re.sub(r"[\[<>=!~;].*", "", entry).strip().lower().replace("_", "-")
        for entry in re.findall(r'^ {4}"([a-zA-Z][^"]*)",', section, flags=re.MULTILINE)
    }
    assert {"litestar", "pytest"} <= wanted
    assert wanted - locked == set()
