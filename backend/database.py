"""The doors to PostgreSQL: the application's pool, the stranger's pool, the owner's connection.

Errors: DatabaseDown when no connection can be had (an Unavailable).
"""

from __future__ import annotations  # asyncpg's classes are generic for type checkers only

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

import asyncpg

from backend.engine import SafeEngine
from backend.errors import Unavailable

os.environ.setdefault("PICCOLO_CONF", "backend.piccolo_conf")

T = TypeVar("T")
Record: TypeAlias = asyncpg.Record
if TYPE_CHECKING:
    Pool: TypeAlias = asyncpg.Pool[Record]
else:
    # msgspec reads this module's annotations at run time, where asyncpg's classes are plain
    Pool = asyncpg.Pool


class DatabaseDown(Unavailable):
    """PostgreSQL cannot be reached, or refuses; what was acknowledged before is safe."""

    kind = "database-unavailable"


class Connection(Protocol):
    """What stores need of a connection; a pool offers the same and autocommits."""

    async def fetch(self, query: str, *args: Any) -> list[Record]: ...
    async def fetchrow(self, query: str, *args: Any) -> Record | None: ...
    async def fetchval(self, query: str, *args: Any) -> Any: ...
    async def execute(self, query: str, *args: Any) -> str: ...


class OwnerConnection(Connection, Protocol):
    """What proofs and imports need of the owner's connection besides."""

    def transaction(
        self, *, isolation: str | None = None, readonly: bool = False
    ) -> AbstractAsyncContextManager[Any]: ...


class OwnersRoof(Protocol):
    """What commands that work as the owner need of click's context object."""

    def owner_connection(self) -> AbstractAsyncContextManager[OwnerConnection]: ...


# A lost server shows as one of these; all of them mean "nothing was committed, or you cannot know".
CONNECTION_ERRORS = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    # asyncpg's word for a server that hung up between two statements
    asyncpg.InternalClientError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    OSError,
    TimeoutError,
)


class _PlainConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg ships no base type here
    """A pooled connection whose reset costs no round trip: no session state is ever left on one."""

    def get_reset_query(self) -> str:
        return ""


@dataclass(frozen=True)
class Database:
    """The two pools of a process: `app` for our own work, `public` for strangers' questions."""

    engine: SafeEngine
    public: Pool

    @property
    def app(self) -> asyncpg.Pool[Record]:
        """The application's pool (role caunoi_app), each statement its own transaction."""
        if self.engine.pool is None:
            raise DatabaseDown()
        return self.engine.pool

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """One transaction as caunoi_app; Piccolo's statements inside it join it."""
        async with self.engine.transaction(allow_nested=False) as transaction:
            yield transaction.connection

    async def close(self) -> None:
        """Close both pools; statements under way are given a few seconds."""
        for pool in (self.engine.pool, self.public):
            if pool is not None:
                try:
                    await asyncio.wait_for(pool.close(), timeout=5)
                except TimeoutError:
                    pool.terminate()
        self.engine.pool = None


async def open_database(
    url: str, *, app_size: int = 16, public_size: int = 8, application_name: str = "caunoi"
) -> Database:
    """Open both pools; raises DatabaseDown when PostgreSQL cannot be reached."""
    from backend.piccolo_conf import DB

    try:
        public = await _open_pool(url, "caunoi_public", public_size, name=application_name)
    except CONNECTION_ERRORS as error:
        raise DatabaseDown() from error
    try:
        DB.pool = await _open_pool(url, "caunoi_app", app_size, name=application_name)
    except CONNECTION_ERRORS as error:
        await public.close()
        raise DatabaseDown() from error
    return Database(engine=DB, public=public)


async def _open_pool(url: str, role: str, size: int, *, name: str) -> asyncpg.Pool[Record]:
    return await asyncpg.create_pool(
        url,
        min_size=1,
        max_size=size,
        connection_class=_PlainConnection,
        max_inactive_connection_lifetime=300,
        command_timeout=30,
        timeout=5,
        server_settings={
            "role": role,
            "application_name": name,
            "statement_timeout": "15000",
            "lock_timeout": "4000",
            "idle_in_transaction_session_timeout": "15000",
            "timezone": "UTC",
            # the hot statements have one good plan; planning each anew costs more than it finds
            "plan_cache_mode": "force_generic_plan" if role == "caunoi_app" else "auto",
        },
    )


@asynccontextmanager
async def owner_connection(url: str) -> AsyncIterator[asyncpg.Connection[Record]]:
    """A connection of its own as the database's owner: migrations, imports, audits."""
    try:
        connection = await asyncpg.connect(url, timeout=10)
    except CONNECTION_ERRORS as error:
        raise DatabaseDown() from error
    try:
        yield connection
    finally:
        await connection.close(timeout=5)


def as_owner(roof: OwnersRoof, work: Callable[[OwnerConnection], Awaitable[T]]) -> T:
    """What this work on the owner's connection comes to; for commands, which await nothing."""

    async def run() -> T:
        async with roof.owner_connection() as connection:
            return await work(connection)

    return asyncio.run(run())


# One number for "somebody migrates this database now"; others wait for their turn.
_MIGRATION_LOCK = 0x0CA0_0001


async def migrate(url: str) -> list[str]:
    """Bring the schema up to date, each run all or nothing; the names of what was applied."""
    from piccolo.apps.migrations.commands.forwards import ForwardsMigrationManager
    from piccolo.apps.migrations.tables import Migration

    from backend.piccolo_conf import DB

    async with owner_connection(url) as guard:
        await guard.execute("SELECT pg_advisory_lock($1)", _MIGRATION_LOCK)
        kept = DB.config, DB.pool
        DB.configure({"dsn": url})
        DB.pool = None
        try:
            manager = ForwardsMigrationManager(app_name="caunoi")
            before = set(await _applied(guard))
            await manager.create_migration_table()
            # Nested transactions join this one, so a migration and its record are one commit.
            async with DB.transaction():
                await manager.run_migrations(manager.get_app_config(app_name="caunoi"))
                rows = await Migration.get_migrations_which_ran(app_name="caunoi")
        finally:
            DB.config, DB.pool = kept
    return sorted(set(rows) - before)


async def pending_migrations(connection: Connection) -> list[str]:
    """The migrations this version of the software has and the database lacks."""
    from piccolo.apps.migrations.commands.base import BaseMigrationManager

    from migrations.piccolo_app import APP_CONFIG

    modules = BaseMigrationManager().get_migration_modules(
        APP_CONFIG.resolved_migrations_folder_path
    )
    return sorted(set(modules) - set(await _applied(connection)))


async def _applied(connection: Connection) -> list[str]:
    if await connection.fetchval("SELECT to_regclass('public.migration')") is None:
        return []
    rows = await connection.fetch("SELECT name FROM migration WHERE app_name = 'caunoi'")
    return [row["name"] for row in rows]
