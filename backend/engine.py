"""Piccolo's PostgreSQL engine, mended: a transaction always gives its connection back.

Piccolo 1.38 leaks the pool's connection when COMMIT fails and leaves the transaction's context
variable set when the back end is lost; after sixteen such faults a web process would be dead.
tests/database shows both cured (deferred constraint, cancel, timeout, killed back end).
"""

import asyncio
from types import TracebackType
from typing import Any

from piccolo.engine.postgres import PostgresEngine, PostgresTransaction


class SafeTransaction(PostgresTransaction):
    """A transaction that releases its connection whatever happens to it."""

    __slots__ = ()

    async def __aenter__(self) -> PostgresTransaction:
        if self._parent is not None:
            return self._parent
        self.connection = await self.get_connection()  # type: ignore[no-untyped-call]  # Piccolo types none
        try:
            self.transaction = self.connection.transaction()
            await self.begin()  # type: ignore[no-untyped-call]  # Piccolo types none
        except BaseException:
            await self._give_back()
            raise
        self.context = self.engine.current_transaction.set(self)
        return self

    async def __aexit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if self._parent:
            return False
        try:
            if exception_type is not None:
                if not self._rolled_back and not self.connection.is_closed():
                    await asyncio.shield(self.rollback())  # type: ignore[no-untyped-call]  # Piccolo types none
            elif not self._committed and not self._rolled_back:
                await self.commit()  # type: ignore[no-untyped-call]  # Piccolo types none
        finally:
            self.engine.current_transaction.reset(self.context)
            await asyncio.shield(self._give_back())
        return False

    async def _give_back(self) -> None:
        if self.engine.pool:
            await self.engine.pool.release(self.connection)
        else:
            await self.connection.close()


class SafeEngine(PostgresEngine):
    """The engine whose transactions are safe; see SafeTransaction."""

    def transaction(self, allow_nested: bool = True) -> PostgresTransaction:
        return SafeTransaction(engine=self, allow_nested=allow_nested)

    async def check_version(self) -> None:
        """Nothing: Piccolo would connect when this module is imported, before it knows where."""

    async def prep_database(self) -> None:
        """Nothing: our first migration creates the extensions."""

    def configure(self, config: dict[str, Any]) -> None:
        """Say where the database is; before the pool is opened."""
        self.config = config
