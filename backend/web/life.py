"""The app's life: it opens when asked, waits for a database that is late, closes what it opened."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog
from litestar import Litestar

from backend.database import Database, DatabaseDown, open_database
from backend.photos.objects import ObjectStore
from backend.reports.rulebook import Rulebooks
from backend.web.state import Parts, parts_of

# PostgreSQL answers within this when it runs; longer would only hide that it does not.
_FIRST_WAIT_SECONDS: Final = 1.0
_RETRY_SECONDS: Final = (0.2, 0.5, 1.0, 2.0)

_log = structlog.get_logger("caunoi.web")


@asynccontextmanager
async def live(app: Litestar) -> AsyncIterator[None]:
    """Serve at once; requests that need a database which is not there yet get a 503."""
    parts = parts_of(app.state)
    if parts.settings.s3 is not None:
        parts.objects = ObjectStore(parts.settings.s3)
    opening = asyncio.create_task(_open(parts))
    await asyncio.wait([opening], timeout=_FIRST_WAIT_SECONDS)
    try:
        yield
    finally:
        opening.cancel()
        await asyncio.gather(opening, return_exceptions=True)
        if parts.objects is not None:
            await parts.objects.close()
        if parts.database is not None:
            await parts.database.close()
        parts.database = parts.rulebooks = parts.objects = None


async def _open(parts: Parts) -> None:
    attempt = 0
    while parts.database is None:
        try:
            parts.rulebooks, parts.database = await _connect(parts)
        except Exception as error:  # not created, not migrated, not started: it may yet be
            seconds = _RETRY_SECONDS[min(attempt, len(_RETRY_SECONDS) - 1)]
            attempt += 1
            reason = type(error.__cause__ or error).__name__
            _log.warning("database not reachable", reason=reason, retry_seconds=seconds)
            await asyncio.sleep(seconds * random.uniform(0.8, 1.2))  # noqa: S311 - spreads retries


async def _connect(parts: Parts) -> tuple[Rulebooks, Database]:
    settings = parts.settings
    if settings.database_url is None:
        raise DatabaseDown()
    database = await open_database(
        settings.database_url,
        app_size=settings.database_pool_size,
        public_size=settings.public_pool_size,
        application_name="caunoi-web",
    )
    return Rulebooks(database), database
