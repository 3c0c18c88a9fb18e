"""The province that Open311 clients speak to, with a key for one of them."""

import pytest

from backend.clock import now
from mobile_api.open311.keys import add_key

# fixtures are found by name in the conftest
from tests.province import (  # noqa: F401
    Town,
    module_town,
    province_settings,
    province_template,
    town,
)


@pytest.fixture(scope="module")
async def api_key(module_town: Town) -> str:  # noqa: F811  the fixture of that name
    """A key with which reports may be sent to the module's town."""
    return await add_key(
        module_town.database,
        "a-client",
        contact="client@example.org",
        per_minute=100_000,
        per_day=1_000_000,
        at=now(),
    )
