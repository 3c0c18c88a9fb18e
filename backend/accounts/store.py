"""The SQL of accounts and sessions."""

from datetime import datetime, timedelta

from backend.accounts.principals import Principal, Via
from backend.database import Connection

# `last_seen_at` is written at most once a minute, so that reading a page does not write a row.
_FIND_PRINCIPAL = """
WITH seen AS (
    UPDATE session SET last_seen_at = $3
    WHERE token_hash = $1 AND last_seen_at < $3::timestamptz - interval '1 minute'
      AND expires_at > $3 AND (kind = 'wall' OR last_seen_at > $4)
)
SELECT a.id, a.role, a.name, a.agency_code, a.unit_code, a.sees_restricted
FROM session s
JOIN account a ON a.id = s.account_id
WHERE s.token_hash = $1 AND s.kind = ANY ($2) AND s.expires_at > $3 AND a.is_active
  AND (s.kind = 'wall' OR s.last_seen_at > $4)
"""

# A cookie never opens what was issued as a bearer token, nor the other way round; a wall's
# token may come as either, because a screen is opened with a link.
_KINDS: dict[Via, list[str]] = {"bearer": ["access", "wall"], "cookie": ["page", "wall"]}


async def find_principal(
    connection: Connection,
    session_hash: bytes,
    *,
    via: Via,
    now: datetime,
    idle: timedelta,
) -> Principal | None:
    """Who holds the live session with this hash, in one statement; None when there is no such."""
    row = await connection.fetchrow(_FIND_PRINCIPAL, session_hash, _KINDS[via], now, now - idle)
    if row is None:
        return None
    return Principal(
        account_id=row["id"],
        role=row["role"],
        name=row["name"],
        agency_code=row["agency_code"],
        unit_code=row["unit_code"],
        sees_restricted=row["sees_restricted"],
        session_hash=session_hash,
        via=via,
    )
