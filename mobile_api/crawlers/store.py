"""The SQL of the sitemaps: codes of published reports, on the strangers' pool."""

from datetime import datetime
from typing import Final

from backend.database import Connection, Record

# sitemaps.org: at most 50,000 addresses in one file.
CODES_MOST: Final = 50_000


async def find_first_day(connection: Connection) -> datetime | None:
    """When the oldest published report was sent; None when there is none."""
    first: datetime | None = await connection.fetchval(
        "SELECT created_at FROM public_report ORDER BY created_at, id LIMIT 1"
    )
    return first


async def list_codes(connection: Connection, *, since: datetime, until: datetime) -> list[Record]:
    """Code and last change of what was sent in that time and is published, newest first."""
    return await connection.fetch(
        """
        SELECT code, updated_at FROM public_report WHERE created_at >= $1 AND created_at < $2
        ORDER BY created_at DESC, id DESC LIMIT $3
        """,
        since,
        until,
        CODES_MOST,
    )
