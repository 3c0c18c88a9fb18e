"""The SQL of notifications that are held until a moment (`due_at`)."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from backend.database import Connection
from backend.messages.choices.store import AGREES, CONTACT_AGREES

_ROWS_MOST: Final = 5000
# how many of one address usually wait
_ROWS_EACH: Final = 4


@dataclass(frozen=True)
class Due:
    """One notification that is due, with its address and what it tells of.

    `addresses` are the e-mail addresses that one of which may be the mailbox's. `wire_id` names the
    letter that this was once handed over in, without our hearing what became of it.
    """

    id: int
    collapse_key: str
    audience: str
    is_urgent: bool
    device_id: uuid.UUID
    device_kind: str
    device_value: str = field(repr=False)
    language: str
    is_officer: bool
    asked_at: datetime
    kind: str
    code: str
    case_id: uuid.UUID
    wire_id: str | None = None
    addresses: Sequence[str] = field(default=(), repr=False)


async def queue_due_pushes(connection: Connection, now: datetime, *, quiet: bool) -> None:
    """Queue the work of pushing what is due, unless there is none, or it is queued already."""
    await connection.execute(
        """
        INSERT INTO pgqueuer (priority, entrypoint, payload, status, dedupe_key)
        SELECT 0, 'deliver_due_pushes', NULL, 'queued', 'deliver_due_pushes'
        WHERE EXISTS (
            SELECT FROM notification n JOIN device d ON d.id = n.device_id AND d.kind <> 'email'
            WHERE n.state = 'waiting' AND n.due_at <= $1 AND (n.is_urgent OR NOT $2))
        ON CONFLICT DO NOTHING
        """,
        now,
        quiet,
    )


async def queue_due_mail(connection: Connection, now: datetime, *, quiet: bool) -> None:
    """Queue the work of mailing what is due, unless there is none, or it is queued already."""
    await connection.execute(
        """
        INSERT INTO pgqueuer (priority, entrypoint, payload, status, dedupe_key)
        SELECT 0, 'deliver_due_mail', NULL, 'queued', 'deliver_due_mail'
        WHERE EXISTS (
            SELECT FROM notification n JOIN device d ON d.id = n.device_id AND d.kind = 'email'
            WHERE n.state = 'waiting' AND n.due_at <= $1 AND (n.is_urgent OR NOT $2))
        ON CONFLICT DO NOTHING
        """,
        now,
        quiet,
    )


async def list_due_devices(
    connection: Connection, kinds: Collection[str], now: datetime, *, quiet: bool, limit: int
) -> list[uuid.UUID]:
    """Addresses of these kinds that something is due for, the longest due first."""
    rows = await connection.fetch(
        """
        SELECT n.device_id FROM notification n JOIN device d ON d.id = n.device_id
        WHERE n.state = 'waiting' AND n.due_at <= $2 AND (n.is_urgent OR NOT $3)
            AND d.kind = ANY ($1)
        ORDER BY n.due_at, n.id LIMIT $4
        """,
        list(kinds),
        now,
        quiet,
        limit * _ROWS_EACH,
    )
    return list(dict.fromkeys(row["device_id"] for row in rows))[:limit]


async def list_due(
    connection: Connection, device_ids: Sequence[uuid.UUID], now: datetime, *, quiet: bool
) -> list[Due]:
    """What is due for these addresses, the oldest of each first."""
    rows = await connection.fetch(
        f"""
        SELECT n.id, n.collapse_key, n.audience, n.is_urgent, d.id AS device_id,
            d.kind AS device_kind, d.value AS device_value, d.language,
            coalesce(a.role IN ('officer', 'key_holder'), false) AS is_officer,
            clock_timestamp() AS asked_at, e.kind, r.code, r.id AS case_id,
            n.wire_id,
            CASE WHEN d.kind = 'email' THEN
                array(SELECT i.value FROM account_identity i
                    WHERE i.account_id = d.account_id AND i.kind = 'email' AND a.is_active
                        AND {AGREES.format(account="d.account_id")}
                    ORDER BY i.value)
                || array(SELECT c.email FROM report_contact c
                    WHERE c.report_id = r.id AND c.email IS NOT NULL
                        AND {CONTACT_AGREES.format(contact="c")})
            ELSE '{{}}' END AS addresses
        FROM notification n
        JOIN device d ON d.id = n.device_id
        JOIN event e ON e.id = n.event_id
        JOIN report r ON r.id = e.case_id
        LEFT JOIN account a ON a.id = d.account_id
        WHERE n.device_id = ANY ($1) AND n.state = 'waiting' AND n.due_at <= $2
            AND (n.is_urgent OR NOT $3)
        ORDER BY n.device_id, n.id LIMIT $4
        """,  # noqa: S608  own conditions
        list(device_ids),
        now,
        quiet,
        _ROWS_MOST,
    )
    return [Due(**dict(row)) for row in rows]


async def drop_unwanted(
    connection: Connection, device_ids: Sequence[uuid.UUID], now: datetime, *, news_hours: int
) -> None:
    """Give up what is due for addresses that are gone, want no e-mail, or is no news any more."""
    await connection.execute(
        """
        UPDATE notification n
        SET state = CASE WHEN n.created_at < $2 - make_interval(hours => $3)
                THEN 'failed' ELSE 'dropped' END,
            error = CASE WHEN n.created_at < $2 - make_interval(hours => $3) THEN 'too-late'
                WHEN d.dropped_at IS NOT NULL THEN 'device-dropped' ELSE 'unsubscribed' END
        FROM device d
        WHERE n.device_id = ANY ($1) AND n.state = 'waiting' AND n.due_at <= $2
            AND d.id = n.device_id
            AND (d.dropped_at IS NOT NULL OR n.created_at < $2 - make_interval(hours => $3)
                OR EXISTS (SELECT FROM mail_stop s WHERE s.mailbox = d.value))
        """,
        list(device_ids),
        now,
        news_hours,
    )


async def drop_notifications(connection: Connection, ids: Sequence[int], *, error: str) -> None:
    """Give these up before they were sent."""
    await connection.execute(
        """
        UPDATE notification SET state = 'dropped', error = $2
        WHERE id = ANY ($1) AND state = 'waiting'
        """,
        list(ids),
        error,
    )


async def claim(
    connection: Connection,
    ids: Sequence[int],
    names: Sequence[str],
    *,
    now: datetime,
    until: datetime,
) -> set[int]:
    """Say, before they are sent, in which letters these go; the ids that were still due.

    Whoever dies now leaves them due again at `until`, as the very same letters; before that nobody
    else, having read that they were due a moment ago, takes them as well.
    """
    rows = await connection.fetch(
        """
        UPDATE notification n
        SET wire_id = l.name, unsure = n.unsure + 1, error = 'interrupted',
            due_at = $4
        FROM unnest($1::bigint[], $2::text[]) AS l (id, name)
        WHERE n.id = l.id AND n.state = 'waiting' AND n.due_at <= $3
        RETURNING n.id
        """,
        list(ids),
        list(names),
        now,
        until,
    )
    return {row["id"] for row in rows}


async def give_up_unsure(
    connection: Connection, device_ids: Sequence[uuid.UUID], *, most: int
) -> int:
    """Give up what was handed over so often without an answer; how many."""
    done = await connection.execute(
        """
        UPDATE notification SET state = 'failed', error = 'interrupted'
        WHERE device_id = ANY ($1) AND state = 'waiting' AND unsure >= $2
        """,
        list(device_ids),
        most,
    )
    return int(done.rpartition(" ")[2])


async def list_published(connection: Connection, case_ids: Collection[uuid.UUID]) -> set[uuid.UUID]:
    """Those of these reports that strangers may read now; on the public pool."""
    rows = await connection.fetch(
        "SELECT id FROM public_report WHERE id = ANY ($1) ORDER BY id LIMIT $2",
        list(case_ids),
        len(case_ids),
    )
    return {row["id"] for row in rows}
