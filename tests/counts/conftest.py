"""Connections to this test's own database: the owner's, and as many of the application as asked."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from backend.database import Database, open_database, owner_connection


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    async with owner_connection(database_url) as connection:
        yield connection


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = await open_database(database_url, app_size=4, public_size=1)
    yield database
    await database.close()
