"""A copy of the checkout for the whole session, and installations that are always ended."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backend.roof.places import free_port
from tests.frontdoor.installation import Installation, copy_checkout

MakeInstallation = Callable[..., Installation]


@pytest.fixture(scope="session")
def checkout() -> Iterator[Path]:
    # not pytest's own folder: that one is closed (0700), which has a test of its own
    with tempfile.TemporaryDirectory(prefix="caunoi-checkout-", dir="/tmp") as folder:
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
