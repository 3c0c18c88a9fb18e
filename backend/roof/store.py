"""What the roof asks of PostgreSQL itself, as the owner."""

import asyncpg

# Tables that the migrations themselves fill; what an installation holds is in all the others.
_FILLED_BY_MIGRATIONS = ["migration", "config_epoch"]

_FILLED_TABLES = """
SELECT c.relname
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND c.relname <> ALL ($1::text[])
  AND pg_relation_size(c.oid) > 0
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
ORDER BY c.relname
LIMIT 5
"""


async def list_filled_tables(url: str) -> list[str]:
    """Some of the tables that hold (or held) rows; not through rows, which policies may hide."""
    connection = await asyncpg.connect(url, timeout=10)
    try:
        rows = await connection.fetch(_FILLED_TABLES, _FILLED_BY_MIGRATIONS)
    finally:
        await connection.close(timeout=5)
    return [row["relname"] for row in rows]


async def rename_database(server_url: str, name: str, *, to: str) -> None:
    """Rename a database that nobody is connected to; both names are our own words."""
    connection = await asyncpg.connect(server_url, timeout=10)
    try:
        # names cannot be bound; format('%I') quotes them
        statement = await connection.fetchval(
            "SELECT format('ALTER DATABASE %I RENAME TO %I', $1::text, $2::text)", name, to
        )
        await connection.execute(statement)
    finally:
        await connection.close(timeout=5)
