"""One loaded demo province for the tests that only look at it, and one for those that change it."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from backend.database import owner_connection
from backend.demo.load import Loaded, load_demo
from backend.roof.libpq import run_client
from backend.settings import Settings
from tests import embedded
from tests.conftest import copy_database, url_of


@dataclasses.dataclass(frozen=True)
class DemoProvince:
    """A database, bucket and folder into which the demo has been loaded."""

    settings: Settings
    loaded: Loaded


@pytest.fixture(scope="session")
def province(
    server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DemoProvince]:
    """The demo as a fresh installation has it; for looking only."""
    name = f"test_demo_{uuid4().hex}"
    copy_database(server_url, template_database, name)
    settings = settings_for(url_of(server_url, name), tmp_path_factory.mktemp("demo"))
    yield DemoProvince(settings, asyncio.run(load_demo(settings)))
    run_client("dropdb", ["--force", name], url=server_url)


@pytest.fixture
async def owner(province: DemoProvince) -> AsyncIterator[Any]:
    """A connection as the owner of the loaded demo's tables."""
    async with owner_connection(province.settings.database_url or "") as connection:
        yield connection


def settings_for(database_url: str, folder: Path) -> Settings:
    """Settings with a bucket of their own."""
    store = embedded.session_store()
    bucket = f"test-{uuid4().hex}"
    (store.folder / bucket).mkdir()
    return Settings(
        var_dir=folder,
        database_url=database_url,
        s3=dataclasses.replace(store.s3, bucket=bucket),
        secret_key=b"a-secret-key-for-tests-and-nothing-else",
        database_pool_size=4,
        public_pool_size=2,
    )
