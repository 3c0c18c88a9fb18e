"""The SQL of the web kit: shared limits."""

from datetime import datetime, timedelta

from backend.database import Connection


async def pass_limit(
    connection: Connection, key: str, *, now: datetime, spacing: timedelta, tolerance: timedelta
) -> datetime | None:
    """Count one attempt; None when it may pass, else the moment from which it may.

    One statement, so that simultaneous attempts are counted one after the other.
    """
    moment: datetime | None = await connection.fetchval(
        """
        WITH passed AS (
            INSERT INTO rate_limit AS held (key, allowed_at)
            VALUES ($1, $2::timestamptz + $3::interval)
            ON CONFLICT (key) DO UPDATE SET allowed_at = greatest(held.allowed_at, $2) + $3
            WHERE held.allowed_at - $4::interval <= $2
            RETURNING key
        )
        SELECT CASE WHEN NOT EXISTS (SELECT FROM passed) THEN coalesce(
            (SELECT allowed_at - $4 FROM rate_limit WHERE key = $1), $2 + $3) END
        """,
        key,
        now,
        spacing,
        tolerance,
    )
    return moment


async def forget_limit(connection: Connection, key: str) -> None:
    """Drop the count of one key."""
    await connection.execute("DELETE FROM rate_limit WHERE key = $1", key)


async def purge_limits(connection: Connection, now: datetime) -> None:
    """Drop the counts that no longer hold anybody back."""
    await connection.execute("DELETE FROM rate_limit WHERE allowed_at <= $1", now)
