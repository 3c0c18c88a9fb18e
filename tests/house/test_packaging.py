"""The wheel and the sdist: they build, hold every file of our packages, and the command works."""

import os
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
