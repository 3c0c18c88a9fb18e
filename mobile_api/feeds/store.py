"""The SQL of feeds beyond lists: what a unit is called, when reports last changed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from backend.database import Connection


async def find_unit_name(connection: Connection, code: str) -> str | None:
    """The newest name of a unit; None for no such code."""
    name: str | None = await connection.fetchval(
        "SELECT name FROM unit WHERE code = $1 ORDER BY valid_from DESC LIMIT 1", code
    )
    return name


async def list_changes(connection: Connection, reports: Sequence[UUID]) -> dict[UUID, datetime]:
    """When each of these published reports last changed."""
    rows = await connection.fetch(
        "SELECT id, updated_at FROM public_report WHERE id = ANY($1::uuid[]) ORDER BY id LIMIT 200",
        reports,
    )
    return {row["id"]: row["updated_at"] for row in rows}
