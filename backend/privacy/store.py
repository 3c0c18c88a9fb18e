"""The SQL of privacy: a person's reports, what is erased of them, and what has been kept enough.

Every deletion is bounded and finds its rows by an index; `before` is the moment up to which rows of
the kind may go.
"""

import uuid
from datetime import date, datetime
from typing import Any

import msgspec

from backend.database import Connection


async def is_closed(connection: Connection, account_id: uuid.UUID) -> bool:
    """Whether this account has been closed for good."""
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM account WHERE id = $1 AND closed_at IS NOT NULL)", account_id
    )
    return found


async def list_reports_of(
    connection: Connection, account_id: uuid.UUID, *, limit: int
) -> list[uuid.UUID]:
    """Reports that still name this account, the newest first."""
    rows = await connection.fetch(
        "SELECT id FROM report WHERE account_id = $1 ORDER BY created_at DESC LIMIT $2",
        account_id,
        limit,
    )
    return [row["id"] for row in rows]


async def list_codes_of(connection: Connection, account_id: uuid.UUID, *, limit: int) -> list[str]:
    """The codes of the account's newest reports."""
    rows = await connection.fetch(
        "SELECT code FROM report WHERE account_id = $1 ORDER BY created_at DESC LIMIT $2",
        account_id,
        limit,
    )
    return [row["code"] for row in rows]


async def delete_contact(connection: Connection, report_id: uuid.UUID) -> bool:
    """Forget how the reporter may be reached; False if nobody knew."""
    done = await connection.execute("DELETE FROM report_contact WHERE report_id = $1", report_id)
    return done == "DELETE 1"


async def erase_words(connection: Connection, report_id: uuid.UUID, *, now: datetime) -> None:
    """Erase what the citizen wrote after sending: answers, comments, reasons. Digests stay."""
    await connection.execute(
        """
        UPDATE note n SET text = NULL, erased_at = $2
        FROM event e
        WHERE n.case_kind = 'report' AND n.case_id = $1 AND n.text IS NOT NULL
          AND e.case_kind = n.case_kind AND e.case_id = n.case_id AND e.seq = n.seq
          AND e.actor_kind = 'citizen'
        """,
        report_id,
        now,
    )


async def detach_person(connection: Connection, report_id: uuid.UUID) -> None:
    """Let the report belong to nobody."""
    await connection.execute(
        "UPDATE report SET account_id = NULL, is_anonymous = true WHERE id = $1", report_id
    )


async def hold_open(connection: Connection, account_id: uuid.UUID) -> bool:
    """Whether the account is open; if so, nobody closes it until this transaction ends."""
    found = await connection.fetchval(
        "SELECT 1 FROM account WHERE id = $1 AND closed_at IS NULL FOR SHARE", account_id
    )
    return found is not None


async def attach_person(
    connection: Connection, report_id: uuid.UUID, account_id: uuid.UUID
) -> None:
    """Let the report belong to this account."""
    await connection.execute(
        "UPDATE report SET account_id = $2 WHERE id = $1 AND account_id IS NULL",
        report_id,
        account_id,
    )


async def list_devices(connection: Connection, account_id: uuid.UUID) -> list[dict[str, Any]]:
    """The account's push addresses and mailboxes, the newest first."""
    rows = await connection.fetch(
        """
        SELECT id, kind, value, language, registered_at, dropped_at FROM device
        WHERE account_id = $1 ORDER BY registered_at DESC, id LIMIT 500
        """,
        account_id,
    )
    return [dict(row) for row in rows]


async def list_follows(connection: Connection, account_id: uuid.UUID) -> list[dict[str, Any]]:
    """The reports that the account's devices are told of."""
    rows = await connection.fetch(
        """
        SELECT f.device_id, r.code, f.created_at FROM follow f
        JOIN device d ON d.id = f.device_id
        JOIN report r ON f.case_kind = 'report' AND r.id = f.case_id
        WHERE d.account_id = $1 ORDER BY f.created_at, r.code LIMIT 5000
        """,
        account_id,
    )
    return [dict(row) for row in rows]


async def list_notifications(
    connection: Connection, account_id: uuid.UUID, *, after: int, limit: int
) -> list[dict[str, Any]]:
    """What the account's devices were told, by number, beyond `after`."""
    rows = await connection.fetch(
        """
        SELECT n.id, n.device_id, e.kind AS event, n.state, n.created_at, n.sent_at
        FROM notification n
        JOIN device d ON d.id = n.device_id
        JOIN event e ON e.id = n.event_id
        WHERE d.account_id = $1 AND n.id > $2 ORDER BY n.id LIMIT $3
        """,
        account_id,
        after,
        limit,
    )
    return [dict(row) for row in rows]


async def list_choices(connection: Connection, account_id: uuid.UUID) -> list[dict[str, Any]]:
    """What the person chose of notices where it differs from the default."""
    rows = await connection.fetch(
        """
        SELECT channel, kind, is_wanted FROM notice_choice
        WHERE account_id = $1 ORDER BY channel, kind LIMIT 500
        """,
        account_id,
    )
    return [dict(row) for row in rows]


async def list_alerts(connection: Connection, account_id: uuid.UUID) -> list[dict[str, Any]]:
    """The areas of which the person wants news."""
    rows = await connection.fetch(
        """
        SELECT id, unit_code, ST_X(centre) AS lon, ST_Y(centre) AS lat, radius_metres,
               category_code, created_at
        FROM area_alert WHERE account_id = $1 ORDER BY id LIMIT 500
        """,
        account_id,
    )
    return [dict(row) for row in rows]


async def find_periods(connection: Connection, on: date) -> tuple[int, dict[str, Any]]:
    """The periods in force on a day: version and document."""
    row = await connection.fetchrow(
        """
        SELECT version, body FROM retention_rule WHERE effective_on <= $1
        ORDER BY effective_on DESC, version DESC LIMIT 1
        """,
        on,
    )
    if row is None:
        raise RuntimeError("no retention rule is in force; the migration puts the first")
    return row["version"], msgspec.json.decode(row["body"])


async def insert_periods(
    connection: Connection,
    body: dict[str, int],
    *,
    effective_on: date,
    loaded_by: str,
    note: str,
) -> int:
    """Put new periods in force from a day on, as the database's owner; their version.

    `is_active` is read by versions of the software that know no such days: for them it is now.
    """
    await connection.execute("UPDATE retention_rule SET is_active = false WHERE is_active")
    version: int = await connection.fetchval(
        """
        INSERT INTO retention_rule (version, body, note, is_active, effective_on, loaded_by)
        SELECT max(version) + 1, $1::jsonb, $2, true, $3, $4 FROM retention_rule RETURNING version
        """,
        msgspec.json.encode(body).decode(),
        note,
        effective_on,
        loaded_by,
    )
    return version


async def list_runs(connection: Connection, *, limit: int) -> list[dict[str, Any]]:
    """What was removed lately, the newest first."""
    rows = await connection.fetch(
        """
        SELECT at, rule_version, kind, removed FROM retention_run ORDER BY at DESC, id DESC LIMIT $1
        """,
        limit,
    )
    return [dict(row) for row in rows]


async def insert_run(
    connection: Connection, *, version: int, kind: str, removed: int, at: datetime
) -> None:
    """Record what was removed under which rules."""
    await connection.execute(
        "INSERT INTO retention_run (at, rule_version, kind, removed) VALUES ($1, $2, $3, $4)",
        at,
        version,
        kind,
        removed,
    )


async def list_old_contacts(
    connection: Connection, *, before: datetime, after: uuid.UUID, limit: int
) -> list[tuple[uuid.UUID, bool]]:
    """Contacts of reports sent before the moment: (report, whether it was closed before it too).

    Ids of reports begin with the time they were made (UUIDv7), so the primary key is the index;
    `after` continues behind the last one seen.
    """
    rows = await connection.fetch(
        """
        SELECT c.report_id, coalesce(r.closed_at < $1, false) AS is_over
        FROM report_contact c JOIN report r ON r.id = c.report_id
        WHERE c.report_id > $2 AND c.report_id < $3
        ORDER BY c.report_id LIMIT $4
        """,
        before,
        after,
        _first_id_of(before),
        limit,
    )
    return [(row["report_id"], row["is_over"]) for row in rows]


async def list_idle_accounts(
    connection: Connection, *, before: datetime, limit: int
) -> list[uuid.UUID]:
    """Citizens who have not signed in since."""
    rows = await connection.fetch(
        """
        SELECT id FROM account
        WHERE role = 'citizen' AND closed_at IS NULL AND last_sign_in_at < $1
        ORDER BY last_sign_in_at LIMIT $2
        """,
        before,
        limit,
    )
    return [row["id"] for row in rows]


# What goes by itself, a statement each: $1 the moment, $2 how many at most.
PURGES: dict[str, str] = {
    "sign_in_codes": """
        DELETE FROM sign_in_code WHERE id IN (
            SELECT id FROM sign_in_code WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)
        """,
    "oidc_attempts": """
        DELETE FROM oidc_attempt WHERE state_hash IN (
            SELECT state_hash FROM oidc_attempt WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)
        """,
    "sessions": """
        DELETE FROM session WHERE token_hash IN (
            SELECT token_hash FROM session WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)
        """,
    "dropped_devices": """
        DELETE FROM device WHERE id IN (
            SELECT id FROM device WHERE dropped_at < $1 ORDER BY dropped_at LIMIT $2)
        """,
    "unseen_devices": """
        DELETE FROM device WHERE id IN (
            SELECT id FROM device WHERE registered_at < $1 ORDER BY registered_at LIMIT $2)
        """,
    "idempotency_keys": """
        DELETE FROM idempotency_key WHERE (principal, operation, key) IN (
            SELECT principal, operation, key FROM idempotency_key WHERE created_at < $1 LIMIT $2)
        """,
    "quarantined_photos": """
        UPDATE report_photo SET state = 'refused', refused_reason = 'expired'
        WHERE (report_id, sha256) IN (
            SELECT report_id, sha256 FROM report_photo
            WHERE state = 'stored' AND uploaded_at < $1 ORDER BY uploaded_at LIMIT $2)
        """,
    "notifications": """
        DELETE FROM notification WHERE id IN (
            SELECT id FROM notification WHERE created_at < $1 AND state <> 'waiting' LIMIT $2)
        """,
    "consents": """
        DELETE FROM consent WHERE id IN (
            SELECT c.id FROM account a JOIN consent c ON c.account_id = a.id
            WHERE a.closed_at < $1 ORDER BY c.id LIMIT $2)
        """,
}
# The same rows counted, at most $2 of them, for a dry run.
COUNTS: dict[str, str] = {
    "sign_in_codes": "SELECT FROM sign_in_code WHERE expires_at < $1 LIMIT $2",
    "oidc_attempts": "SELECT FROM oidc_attempt WHERE expires_at < $1 LIMIT $2",
    "sessions": "SELECT FROM session WHERE expires_at < $1 LIMIT $2",
    "dropped_devices": "SELECT FROM device WHERE dropped_at < $1 LIMIT $2",
    "unseen_devices": "SELECT FROM device WHERE registered_at < $1 LIMIT $2",
    "idempotency_keys": "SELECT FROM idempotency_key WHERE created_at < $1 LIMIT $2",
    "quarantined_photos": """
        SELECT FROM report_photo WHERE state = 'stored' AND uploaded_at < $1 LIMIT $2
        """,
    "notifications": """
        SELECT FROM notification WHERE created_at < $1 AND state <> 'waiting' LIMIT $2
        """,
    "consents": """
        SELECT FROM account a JOIN consent c ON c.account_id = a.id WHERE a.closed_at < $1 LIMIT $2
        """,
}


async def purge(connection: Connection, kind: str, *, before: datetime, limit: int) -> int:
    """Remove up to `limit` rows of this kind that are older; how many went."""
    done = await connection.execute(PURGES[kind], before, limit)
    return int(done.rpartition(" ")[2])


async def count_old(connection: Connection, kind: str, *, before: datetime, limit: int) -> int:
    """How many rows of this kind are older, counted up to `limit`."""
    count: int = await connection.fetchval(
        f"SELECT count(*) FROM ({COUNTS[kind]}) AS old",  # noqa: S608  own statements
        before,
        limit,
    )
    return count


def _first_id_of(moment: datetime) -> uuid.UUID:
    """The smallest UUIDv7 of this moment (RFC 9562 §5.7)."""
    milliseconds = max(0, int(moment.timestamp() * 1000))
    return uuid.UUID(int=(milliseconds & 0xFFFFFFFFFFFF) << 80)
