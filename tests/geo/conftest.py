"""Databases for the geo tests: an empty migrated one, and one with the real Quảng Ngãi."""

from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from backend.roof.libpq import run_client
from tests.conftest import copy_database, url_of
from tests.geo.factories import (
    DISTRICTS_UNTIL,
    NEW,
    OLD,
    import_committed,
    real_communes,
    real_districts,
)


@pytest.fixture(scope="session")
def real_url(server_url: str, template_database: str) -> Iterator[str]:
    """A database for the real boundaries, which the tests of reading share."""
    yield from _a_database(server_url, template_database)


@pytest.fixture(scope="session")
def empty_url(server_url: str, template_database: str) -> Iterator[str]:
    """A migrated database in which every test's changes are rolled back."""
    yield from _a_database(server_url, template_database)


@pytest.fixture(scope="session")
async def real(real_url: str) -> AsyncIterator[Any]:
    """A connection to the real Quảng Ngãi: 96 communes now, 13 districts before; read only."""
    conn = await asyncpg.connect(real_url)
    await import_committed(conn, real_communes(), level="commune", valid_from=NEW)
    await import_committed(
        conn, real_districts(), level="district", valid_from=OLD, valid_to=DISTRICTS_UNTIL
    )
    yield conn
    await conn.close()


@pytest.fixture
async def conn(empty_url: str) -> AsyncIterator[Any]:
    """A connection as owner, in a transaction that is rolled back after the test."""
    conn = await asyncpg.connect(empty_url)
    transaction = conn.transaction()
    await transaction.start()
    yield conn
    await transaction.rollback()
    await conn.close()


def _a_database(server_url: str, template: str) -> Iterator[str]:
    name = f"test_geo_{uuid4().hex}"
    copy_database(server_url, template, name)
    yield url_of(server_url, name)
    run_client("dropdb", ["--force", name], url=server_url)
