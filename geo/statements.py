"""SQLAlchemy clauses compiled once to SQL that asyncpg runs as it is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import BindParameter, Date, Text, bindparam
from sqlalchemy.dialects.postgresql import asyncpg as asyncpg_dialect
from sqlalchemy.sql import ClauseElement


class Connection(Protocol):
    """What the stores here need of an asyncpg connection; a pool offers the same."""

    async def fetch(self, query: str, *args: Any) -> Sequence[Mapping[str, Any]]: ...
    async def fetchrow(self, query: str, *args: Any) -> Mapping[str, Any] | None: ...
    async def fetchval(self, query: str, *args: Any) -> Any: ...
    async def execute(self, query: str, *args: Any) -> str: ...
    async def executemany(self, command: str, args: Iterable[Sequence[Any]]) -> None: ...


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL for asyncpg with the names of its parameters in the order of $1, $2, …"""

    sql: str
    names: tuple[str, ...]
    constants: Mapping[str, Any]

    def args(self, **values: Any) -> list[Any]:
        """Put named values in the statement's order; a name it does not know is an error."""
        known = {**self.constants, **values}
        if len(known) != len(self.constants):
            raise TypeError(f"unknown parameters: {sorted(known.keys() - self.constants.keys())}")
        return [known[name] for name in self.names]


def compile_statement(clause: ClauseElement) -> Statement:
    """Turn a SQLAlchemy clause into SQL that an asyncpg connection runs as it is."""
    compiled: Any = clause.compile(
        dialect=asyncpg_dialect.dialect(),  # type: ignore[no-untyped-call]  # untyped there
        compile_kwargs={"render_postcompile": True},
    )
    return Statement(compiled.string, tuple(compiled.positiontup), dict(compiled.params))


def text_param(name: str) -> BindParameter[Any]:
    """A bound text of that name."""
    return bindparam(name, type_=Text)


def day_param(name: str) -> BindParameter[Any]:
    """A bound date of that name."""
    return bindparam(name, type_=Date)
