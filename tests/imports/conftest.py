"""A database with two units side by side, and nothing else: no agencies, no rules, no calendar."""

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from tests.geo.factories import a_draft, load, square
from tests.imports.factories import UNITS_FROM


@pytest.fixture
async def town(database_url: str) -> AsyncIterator[Any]:
    """A connection as owner; unit W is 108-109 E, unit E 109-110 E, both 15-16 N, since 2017."""
    connection = await asyncpg.connect(database_url)
    west = a_draft("W", "Phường Tây", geom=square(108, 15))
    east = a_draft("E", "Phường Đông", geom=square(109, 15))
    await load(connection, west, east, valid_from=UNITS_FROM)
    yield connection
    await connection.close()
