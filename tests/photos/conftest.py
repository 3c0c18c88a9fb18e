"""A database and a photo store, open."""

from collections.abc import AsyncIterator

import pytest

from backend.database import Database, open_database
from backend.photos.objects import ObjectStore
from backend.settings import Settings


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    assert settings.database_url is not None
    opened = await open_database(settings.database_url, app_size=4, public_size=2)
    yield opened
    await opened.close()


@pytest.fixture
async def objects(settings: Settings) -> AsyncIterator[ObjectStore]:
    assert settings.s3 is not None
    store = ObjectStore(settings.s3)
    await store.ensure_bucket()
    yield store
    await store.close()
