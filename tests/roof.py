"""What `caunoi` hands to its commands, over a test's own database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from click.testing import CliRunner, Result

from backend.__main__ import caunoi
from backend.database import owner_connection
from backend.piccolo_conf import DB
from backend.settings import Settings


class Ground:
    """The roof of commands: the test's own database and store."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @asynccontextmanager
    async def owner_connection(self) -> AsyncIterator[Any]:
        async with owner_connection(self.settings.database_url or "") as connection:
            yield connection


def run(ground: Ground, *words: str) -> Result:
    """What this command says and how it ends; a town that is up keeps the process's one pool."""
    kept = DB.pool
    try:
        return CliRunner().invoke(caunoi, list(words), obj=ground)
    finally:
        DB.pool = kept
