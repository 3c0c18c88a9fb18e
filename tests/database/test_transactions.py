"""A transaction always gives its connection back, whatever happens to it."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from backend.database import CONNECTION_ERRORS, Database, open_database, owner_connection

POOL = 3


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with owner_connection(database_url) as owner:
        await owner.execute(
            """
            CREATE TABLE pair (
                id integer PRIMARY KEY,
                other integer REFERENCES pair DEFERRABLE INITIALLY DEFERRED
            );
            GRANT ALL ON pair TO caunoi_app;
            """
        )
    opened = await open_database(database_url, app_size=POOL, public_size=1)
    yield opened
    await opened.close()


async def check_nothing_leaked(database: Database) -> None:
    """More transactions than the pool has connections, one after the other and all at once."""
    assert database.engine.current_transaction.get() is None

    async def one() -> int:
        async with database.transaction() as connection:
            number: int = await connection.fetchval("SELECT 1")
            return number

    async with asyncio.timeout(10):
        assert await asyncio.gather(*(one() for _ in range(POOL * 4))) == [1] * POOL * 4
    pool = database.app
    assert pool.get_idle_size() == pool.get_size()


async def test_a_commit_that_fails_gives_its_connection_back(database: Database) -> None:
    for number in range(POOL + 1):
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            async with database.transaction() as connection:
                await connection.execute("INSERT INTO pair VALUES ($1, 999)", number)
    assert await database.app.fetchval("SELECT count(*) FROM pair") == 0
    await check_nothing_leaked(database)


async def test_an_error_rolls_back_and_gives_its_connection_back(database: Database) -> None:
    async def stumble() -> None:
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO pair VALUES (1, NULL)")
            raise ZeroDivisionError

    for _ in range(POOL + 1):
        with pytest.raises(ZeroDivisionError):
            await stumble()
    assert await database.app.fetchval("SELECT count(*) FROM pair") == 0
    await check_nothing_leaked(database)


async def test_a_cancelled_transaction_gives_its_connection_back(database: Database) -> None:
    async def slow() -> None:
        async with database.transaction() as connection:
            await connection.execute("SELECT pg_sleep(30)")

    for _ in range(POOL + 1):
        task = asyncio.create_task(slow())
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await check_nothing_leaked(database)


async def test_a_statement_that_takes_too_long_gives_its_connection_back(
    database: Database,
) -> None:
    async def dawdle() -> None:
        async with database.transaction() as connection:
            await connection.execute("SET LOCAL statement_timeout = '50ms'")
            await connection.execute("SELECT pg_sleep(30)")

    for _ in range(POOL + 1):
        with pytest.raises(asyncpg.QueryCanceledError):
            await dawdle()
    await check_nothing_leaked(database)


async def test_a_killed_back_end_leaves_no_transaction_behind(
    database: Database, database_url: str
) -> None:
    async def be_killed(owner: asyncpg.Connection) -> None:
        async with database.transaction() as connection:
            pid = await connection.fetchval("SELECT pg_backend_pid()")
            await owner.execute("SELECT pg_terminate_backend($1)", pid)
            await connection.fetchval("SELECT 1")

    async with owner_connection(database_url) as owner:
        for _ in range(POOL + 1):
            with pytest.raises(CONNECTION_ERRORS):
                await be_killed(owner)
    await check_nothing_leaked(database)


async def test_a_transaction_inside_another_is_refused(database: Database) -> None:
    async with database.transaction():
        with pytest.raises(Exception, match="already active"):
            async with database.transaction():
                raise AssertionError("never reached")
    await check_nothing_leaked(database)


async def test_the_pools_run_as_roles_that_own_nothing(database: Database) -> None:
    assert await database.app.fetchval("SELECT current_user") == "caunoi_app"
    assert await database.public.fetchval("SELECT current_user") == "caunoi_public"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await database.public.fetchval("SELECT count(*) FROM report")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await database.app.execute("ALTER TABLE report DISABLE ROW LEVEL SECURITY")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await database.app.execute("DELETE FROM event")
