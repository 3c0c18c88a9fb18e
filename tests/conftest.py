"""Fixtures that every package's tests share: a migrated database, an S3 bucket, the settings.

One PostgreSQL (durability off) and one S3 server run for the whole session. Set
CAUNOI_TEST_DATABASE_URL to a superuser's URL to use a server that runs already.
"""

import asyncio
import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import hypothesis
import pytest

from backend.database import migrate
from backend.roof.libpq import run_client
from backend.roof.preparing import ensure_bucket
from backend.settings import S3Settings, Settings
from tests import embedded

hypothesis.settings.register_profile("house", deadline=None)
hypothesis.settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    if embedded.open_session():
        config.add_cleanup(embedded.close_session)


@pytest.fixture(scope="session")
def server_url() -> str:
    """A superuser's URL of the session's database server; other databases go by `url_of`."""
    given = os.environ.get("CAUNOI_TEST_DATABASE_URL")
    return given or embedded.session_cluster().url_of("postgres")


@pytest.fixture(scope="session")
def template_database(server_url: str) -> str:
    """The name of a database with every migration applied, for others to be copied from."""
    name = f"{embedded.TEMPLATE}_{os.environ.get('PYTEST_XDIST_TESTRUNUID', os.getpid())}"
    with embedded.only_one("template"):
        if not embedded.has_database(server_url, name):
            making = f"{name}_making"
            run_client("dropdb", ["--if-exists", "--force", making], url=server_url)
            run_client("createdb", [making], url=server_url)
            asyncio.run(migrate(url_of(server_url, making)))
            run_client(
                "psql", ["-qc", f'ALTER DATABASE "{making}" RENAME TO "{name}"'], url=server_url
            )
    return name


@pytest.fixture
def database_url(server_url: str, template_database: str) -> Iterator[str]:
    """A migrated database of this test's own, dropped afterwards whoever is still connected."""
    name = f"test_{uuid4().hex}"
    copy_database(server_url, template_database, name)
    yield url_of(server_url, name)
    run_client("dropdb", ["--force", name], url=server_url)


@pytest.fixture
def s3() -> S3Settings:
    """A bucket of this test's own on the session's S3 server."""
    found = dataclasses.replace(embedded.session_store().s3, bucket=f"test-{uuid4().hex}")
    ensure_bucket(found)
    return found


@pytest.fixture
def settings(database_url: str, s3: S3Settings, tmp_path: Path) -> Settings:
    """Settings of an installation made of this test's own database, bucket and folder."""
    return Settings(
        var_dir=tmp_path,
        database_url=database_url,
        s3=s3,
        secret_key=b"a-secret-key-for-tests-and-nothing-else",
        demo=False,
        database_pool_size=4,
        public_pool_size=2,
    )


def copy_database(server_url: str, template: str, name: str) -> None:
    """A new database with the template's content; nobody may be connected to the template."""
    # as files: through the log it costs three times the processor
    run_client("createdb", ["--template", template, "--strategy=file_copy", name], url=server_url)


def url_of(server_url: str, database: str) -> str:
    """The URL of another database of the same server."""
    return urlunsplit(urlsplit(server_url)._replace(path=f"/{database}"))
