"""The SQL of choices, mailboxes and the end of e-mail."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from backend.database import Connection
from backend.messages.choices.kinds import CHANNELS, Choices

CHOICES_MOST: Final = 100
_ADDRESSES_MOST: Final = 5


@dataclass(frozen=True)
class Recipient:
    """An e-mail address whose owner agreed to notices; `account_id` None for a report's contact."""

    address: str = field(repr=False)
    account_id: uuid.UUID | None
    language: str


async def list_choices(
    connection: Connection,
    *,
    account_id: uuid.UUID | None = None,
    device_id: uuid.UUID | None = None,
) -> Choices:
    """What an account, or a device by itself, has chosen."""
    rows = await connection.fetch(
        """
        SELECT channel, kind, is_wanted FROM notice_choice
        WHERE account_id = $1 OR device_id = $2
        ORDER BY channel, kind LIMIT $3
        """,
        account_id,
        device_id,
        CHOICES_MOST,
    )
    found: dict[str, dict[str, bool]] = {channel: {} for channel in CHANNELS}
    for row in rows:
        found[row["channel"]][row["kind"]] = row["is_wanted"]
    return Choices(push=found["push"], email=found["email"])


async def replace_choices(
    connection: Connection,
    choices: Choices,
    *,
    account_id: uuid.UUID | None = None,
    device_id: uuid.UUID | None = None,
) -> None:
    """Forget what was chosen before, and keep this; in the caller's transaction."""
    await connection.execute(
        "DELETE FROM notice_choice WHERE account_id = $1 OR device_id = $2", account_id, device_id
    )
    entries = [
        (channel, kind, wanted)
        for channel in CHANNELS
        for kind, wanted in choices.of(channel).items()
    ]
    await connection.execute(
        """
        INSERT INTO notice_choice (account_id, device_id, channel, kind, is_wanted)
        SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::boolean[])
        ON CONFLICT ON CONSTRAINT notice_choice_key DO UPDATE SET is_wanted = excluded.is_wanted
        """,
        account_id,
        device_id,
        [channel for channel, _, _ in entries],
        [kind for _, kind, _ in entries],
        [wanted for _, _, wanted in entries],
    )


# The newest word on this purpose counts; a newer text that renews consents lets it lapse.
AGREES: Final = """
    (SELECT c.is_given AND NOT EXISTS (
        SELECT FROM consent_text t WHERE t.purpose = c.purpose AND t.is_active AND t.renews
            AND t.version > c.version)
    FROM consent c WHERE c.account_id = {account} AND c.purpose = 'notify'
    ORDER BY c.id DESC LIMIT 1)
"""
# A report's contact agrees with `true`, or with the number of the text's version.
CONTACT_AGREES: Final = """
    coalesce({contact}.consent ->> 'notify', 'false') NOT IN ('false', '0', '')
"""


async def list_recipients(connection: Connection, event_id: int) -> list[Recipient]:
    """The e-mail addresses of the reporter of this event's report, as far as they agreed."""
    rows = await connection.fetch(
        f"""
        WITH happened AS (
            SELECT r.id, r.account_id FROM event e
            JOIN report r ON e.case_kind = 'report' AND r.id = e.case_id
            WHERE e.id = $1
        )
        SELECT i.value AS address, a.id AS account_id, a.language
        FROM happened h JOIN account a ON a.id = h.account_id AND a.is_active
        JOIN account_identity i ON i.account_id = a.id AND i.kind = 'email'
        WHERE {AGREES.format(account="a.id")}
        UNION ALL
        SELECT c.email, NULL, 'vi' FROM happened h
        JOIN report_contact c ON c.report_id = h.id AND c.email IS NOT NULL
        WHERE {CONTACT_AGREES.format(contact="c")}
        ORDER BY account_id NULLS LAST, address LIMIT $2
        """,  # noqa: S608  own conditions
        event_id,
        _ADDRESSES_MOST,
    )
    return [Recipient(**dict(row)) for row in rows]


async def list_account_recipients(connection: Connection, account_id: uuid.UUID) -> list[Recipient]:
    """The proven e-mail addresses of an account that agreed to notices."""
    rows = await connection.fetch(
        f"""
        SELECT i.value AS address, a.id AS account_id, a.language
        FROM account a JOIN account_identity i ON i.account_id = a.id AND i.kind = 'email'
        WHERE a.id = $1 AND a.is_active AND {AGREES.format(account="a.id")}
        ORDER BY address LIMIT $2
        """,  # noqa: S608  own condition
        account_id,
        _ADDRESSES_MOST,
    )
    return [Recipient(**dict(row)) for row in rows]


async def upsert_mailbox(
    connection: Connection,
    device_id: uuid.UUID,
    *,
    value: str,
    value_hash: bytes,
    account_id: uuid.UUID | None,
    language: str,
) -> uuid.UUID:
    """The mailbox with this value, made if it is new; an account that proved it owns it."""
    found: uuid.UUID = await connection.fetchval(
        """
        INSERT INTO device (id, kind, value, value_hash, account_id, language)
        VALUES ($1, 'email', $2, $3, $4, $5)
        ON CONFLICT (value_hash) DO UPDATE SET
            account_id = coalesce(excluded.account_id, device.account_id),
            language = CASE WHEN excluded.account_id IS NULL THEN device.language
                ELSE excluded.language END,
            registered_at = clock_timestamp(), dropped_at = NULL, drop_reason = NULL
        RETURNING id
        """,
        device_id,
        value,
        value_hash,
        account_id,
        language,
    )
    return found


async def list_stopped(connection: Connection, mailboxes: Sequence[str]) -> set[str]:
    """Those of these mailboxes that want no more e-mail."""
    rows = await connection.fetch(
        "SELECT mailbox FROM mail_stop WHERE mailbox = ANY ($1) ORDER BY mailbox LIMIT $2",
        list(mailboxes),
        len(mailboxes),
    )
    return {row["mailbox"] for row in rows}


async def insert_stop(connection: Connection, mailbox: str) -> None:
    """Send this mailbox nothing from now on, what waits for it included."""
    await connection.execute(
        """
        WITH stopped AS (
            INSERT INTO mail_stop (mailbox) VALUES ($1) ON CONFLICT DO NOTHING
        )
        UPDATE notification n SET state = 'dropped', error = 'unsubscribed'
        FROM device d
        WHERE d.kind = 'email' AND d.value = $1 AND d.value_hash = sha256(convert_to($1, 'UTF8'))
            AND n.device_id = d.id AND n.state = 'waiting'
        """,
        mailbox,
    )


async def delete_stops(connection: Connection, mailboxes: Sequence[str]) -> None:
    """Let e-mail go to these mailboxes again."""
    await connection.execute("DELETE FROM mail_stop WHERE mailbox = ANY ($1)", list(mailboxes))


@dataclass(frozen=True)
class DeviceState:
    """A push address as its holder sees it; `follows` are codes of reports."""

    language: str
    is_staff: bool
    follows: Sequence[str]


async def find_device_state(
    connection: Connection, device_id: uuid.UUID, account_id: uuid.UUID | None
) -> DeviceState | None:
    """The device that is nobody's or this account's; None else, and for a mailbox."""
    row = await connection.fetchrow(
        """
        SELECT d.language,
            coalesce(a.role NOT IN ('citizen', 'wall'), false) AS is_staff,
            array(SELECT r.code FROM follow f JOIN report r ON r.id = f.case_id
                WHERE f.device_id = d.id AND f.case_kind = 'report'
                ORDER BY f.created_at DESC, r.code LIMIT $3) AS follows
        FROM device d LEFT JOIN account a ON a.id = d.account_id
        WHERE d.id = $1 AND d.kind <> 'email' AND (d.account_id IS NULL OR d.account_id = $2)
        """,
        device_id,
        account_id,
        CHOICES_MOST,
    )
    return DeviceState(**dict(row)) if row else None


async def set_language(connection: Connection, device_id: uuid.UUID, language: str) -> None:
    """In which language this device is told."""
    await connection.execute("UPDATE device SET language = $2 WHERE id = $1", device_id, language)


async def delete_follows(
    connection: Connection, device_id: uuid.UUID, codes: Sequence[str]
) -> None:
    """Tell this device of these reports no more; what it does not follow is passed over."""
    await connection.execute(
        """
        DELETE FROM follow f USING report r
        WHERE r.code = ANY ($2) AND f.case_kind = 'report' AND f.case_id = r.id
            AND f.device_id = $1
        """,
        device_id,
        list(codes),
    )
