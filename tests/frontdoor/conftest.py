"""A copy of the checkout for the whole session, and installations that are always ended."""

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backend.roof import processes
from backend.roof.installation import holder
from backend.roof.places import free_port
from tests.frontdoor.installation import Installation, copy_checkout

MakeInstallation = Callable[..., Installation]


_PREFIX = "caunoi-checkout-"


def end_abandoned() -> None:
    """End the installations of test runs that were killed before they could do it themselves."""
    for folder in Path("/tmp").glob(f"{_PREFIX}*-*"):
        owner = folder.name.removeprefix(_PREFIX).split("-")[0]
        if not owner.isdigit() or processes.is_alive(int(owner)) or not os.access(folder, os.W_OK):
            continue
        for var_dir in folder.glob("var-*"):
            pid = holder(var_dir)
            if pid is not None:
                os.kill(pid, signal.SIGTERM)
                processes.wait_for_end(pid, seconds=15)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def checkout() -> Iterator[Path]:
    # not pytest's own folder: that one is closed (0700), which has a test of its own
    end_abandoned()
    with tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield copy_checkout(Path(folder))


@pytest.fixture(scope="session")
def make_installation(checkout: Path) -> Iterator[MakeInstallation]:
    """`make_installation(**settings)`: a new, stopped installation; ended with the session."""
    made: list[Installation] = []
    usual = checkout

    def make(
        *, port: int | None = None, checkout: Path | None = None, **settings: str
    ) -> Installation:
        var_dir = usual / f"var-{len(made)}"
        extra = {f"CAUNOI_{name.upper()}": text for name, text in settings.items()}
        made.append(Installation(checkout or usual, var_dir, port or free_port(), extra))
        return made[-1]

    yield make
    for installation in made:
        installation.run("stop")


@pytest.fixture(scope="module")
def running(make_installation: MakeInstallation) -> Installation:
    """An installation that runs; a test that stops it starts it again."""
    installation = make_installation()
    installation.start()
    return installation
