"""A province to report in, and telephones to report with."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Playwright, async_playwright

from tests.citizen_app.phone import CHROMIUM, launch

# fixtures are found by name in the conftest
from tests.province import (  # noqa: F401
    module_town,
    province_settings,
    province_template,
    town,
)


@pytest.fixture(scope="module")
async def playwright() -> AsyncIterator[Playwright]:
    if not CHROMIUM.exists():
        pytest.skip(f"no browser at {CHROMIUM} (apt install chromium)")
    async with async_playwright() as started:
        yield started


@pytest.fixture(scope="module")
async def browser(playwright: Playwright) -> AsyncIterator[Browser]:
    opened = await launch(playwright)
    yield opened
    await opened.close()
