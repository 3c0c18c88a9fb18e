"""The SQL of the leaders' door."""

from datetime import datetime, timedelta

from backend.accounts.principals import Principal
from backend.database import Connection


async def is_still_let_in(
    connection: Connection, principal: Principal, *, now: datetime, idle: timedelta
) -> bool:
    """Whether the session of an open stream still lives, its account active and its role the same.

    Unlike find_principal this does not count as being seen: a page left open must not keep a
    person signed in for ever.
    """
    is_live: bool = await connection.fetchval(
        """
        SELECT EXISTS (
            SELECT FROM session s JOIN account a ON a.id = s.account_id
            WHERE s.token_hash = $1 AND a.id = $2 AND a.role = $3 AND a.is_active
                AND a.agency_code IS NOT DISTINCT FROM $4
                AND s.expires_at > $5 AND (s.kind = 'wall' OR s.last_seen_at > $6)
        )
        """,
        principal.session_hash,
        principal.account_id,
        principal.role,
        principal.agency_code,
        now,
        now - idle,
    )
    return is_live
