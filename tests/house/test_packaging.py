"""The wheel and the sdist: they build, hold every file of our packages, and the command works."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.house.sources import PACKAGES, tracked_files
from tests.shared_data import CHECKOUT

_ROOTS = tuple(f"{package}/" for package in (*PACKAGES, "migrations"))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the freshly built wheel and sdist."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", folder],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
    )
    return folder


def test_the_wheel_holds_every_file_of_our_packages(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    packed = set(zipfile.ZipFile(wheel).namelist())
    wanted = {name for name in tracked_files() if name.startswith(_ROOTS)}
    assert len(wanted) > 50
    assert wanted - packed == set()
    assert not {name for name in packed if name.startswith(("tests/", "var/", "docs/"))}


_DIST = "backend/web/static/dist/"


def test_the_wheel_holds_every_file_of_the_built_pages(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        manifest = json.loads(packed.read(f"{_DIST}manifest.json"))
        names = set(packed.namelist())
    assert {"report.js", "map.js", "track.js", "sw.js", "leaflet.css"} <= set(manifest)
    assert {f"{_DIST}{file}" for file in manifest.values()} - names == set()


def test_a_wheel_that_cannot_be_built_without_npm_says_so(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "README.md", "LICENSE", "web/hatch_build.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(CHECKOUT / name, tmp_path / name)
    refused = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "out"],
        cwd=tmp_path,
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode != 0
    assert "needs node and npm" in refused.stderr
    assert not list(tmp_path.glob("out/*.whl"))


def test_the_sdist_holds_what_it_takes_to_run_and_test(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as tar:
        packed = {name.partition("/")[2] for name in tar.getnames()}
    wanted = {
        name
        for name in tracked_files()
        if name.startswith((*_ROOTS, "tests/")) or name in ("run", "test", "uv.lock", "README.md")
    }
    assert wanted - packed == set()


def test_the_command_runs_from_the_wheel_alone(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "unpacked")  # noqa: S202  our own wheel
    shown = subprocess.run(
        [
            sys.executable,
            "-P",
            "-c",
            "import backend, runpy; print(backend.__file__);"
            "runpy.run_module('backend', run_name='__main__', alter_sys=True)",
            "--help",
        ],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "unpacked"), "CAUNOI_VAR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.startswith(str(tmp_path / "unpacked"))
    for command in ("serve", "units", "backup"):
        assert command in shown.stdout


@pytest.mark.nightly
@pytest.mark.timeout(600)
def test_the_wheel_installs_into_an_empty_environment(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    subprocess.run(
        [tmp_path / "venv/bin/python", "-m", "pip", "install", "-q", wheel],
        check=True,
        cwd=tmp_path,
    )
    shown = subprocess.run(
        [tmp_path / "venv/bin/caunoi", "--help"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "CAUNOI_VAR": str(tmp_path / "var")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "serve" in shown.stdout
