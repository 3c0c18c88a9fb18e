"""The tables as described for statements are those that the migrations made."""

from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql

from geo.tables import metadata


async def test_the_described_tables_equal_the_migrated_ones(conn: Any) -> None:
    for table in metadata.sorted_tables:
        rows = await conn.fetch(
            "SELECT attname AS name, format_type(atttypid, atttypmod) AS type, attnotnull AS held"
            " FROM pg_attribute WHERE attrelid = $1::text::regclass AND attnum > 0"
            " AND NOT attisdropped ORDER BY attnum",
            table.name,
        )
        stored = [(row["name"], row["type"].lower(), row["held"]) for row in rows]
        assert stored == described(table), table.name


def described(table: Table) -> list[tuple[str, str, bool]]:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    return [
        (column.name, column.type.compile(dialect).lower(), not column.nullable)
        for column in table.columns
    ]


async def test_every_constraint_and_index_of_units_has_a_name_of_ours(conn: Any) -> None:
    names = await conn.fetch(
        "SELECT conname AS name FROM pg_constraint WHERE conrelid::regclass::text = ANY($1)",
        [table.name for table in metadata.sorted_tables if table.name != "config_epoch"],
    )
    described = {c.name for t in metadata.sorted_tables for c in t.constraints if c.name}
    assert {row["name"] for row in names} >= {str(name) for name in described}
    assert not [row["name"] for row in names if row["name"].endswith(("_check", "_check1"))]
