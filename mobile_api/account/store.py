"""The SQL of a citizen's own list of reports."""

import uuid
from datetime import datetime

from backend.database import Connection, Record


async def list_own_reports(
    connection: Connection,
    account_id: uuid.UUID,
    *,
    after: tuple[datetime, uuid.UUID] | None,
    limit: int,
) -> list[Record]:
    """The account's reports in every state, newest first, one more than `limit` if there are."""
    return await connection.fetch(
        """
        SELECT r.id, r.code, r.category_code, r.text, ST_X(r.geom) AS lon, ST_Y(r.geom) AS lat,
               false AS is_coarse, r.unit_code, u.name AS unit_name, r.status, r.agency_code,
               r.resolve_by, r.resolved_at, r.is_overdue, r.supporters, r.created_at
        FROM report r JOIN unit u ON u.code = r.unit_code AND u.valid_from = r.unit_valid_from
        WHERE r.account_id = $1
          AND ($2::timestamptz IS NULL OR (r.created_at, r.id) < ($2, $3::uuid))
        ORDER BY r.created_at DESC, r.id DESC LIMIT $4
        """,
        account_id,
        after[0] if after else None,
        after[1] if after else None,
        limit + 1,
    )
