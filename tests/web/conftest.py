"""The owner's connection, for looking behind the app's back."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from backend.database import owner_connection


@pytest.fixture
async def behind(database_url: str) -> AsyncIterator[Any]:
    """The owner's connection to the test's database."""
    async with owner_connection(database_url) as connection:
        yield connection
