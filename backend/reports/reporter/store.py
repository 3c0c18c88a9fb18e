"""The SQL of the reporter's side: who owns a report, their own view, their words, supporters."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from backend.database import Connection
from backend.reports.errors import UnknownReport


@dataclass(frozen=True)
class Owner:
    """Who may act for the reporter: whoever has the tracking secret, or the account.

    `is_gone`: the person deleted the account and was taken out, so that nobody may any more.
    """

    report_id: uuid.UUID
    tracking_hash: bytes
    account_id: uuid.UUID | None
    is_gone: bool


# An Owner's fields, by whichever key the report is known.
_OWNER: Final = """
    SELECT r.id, r.tracking_hash, r.account_id,
           a.closed_at IS NOT NULL OR EXISTS (
               SELECT FROM event e
               WHERE e.case_kind = 'report' AND e.case_id = r.id AND e.kind = 'person_erased')
    FROM report r LEFT JOIN account a ON a.id = r.account_id
    """


async def find_owner(connection: Connection, code: str) -> Owner | None:
    """The owner of the report with this code."""
    row = await connection.fetchrow(_OWNER + "WHERE r.code = $1", code)
    return Owner(*row) if row else None


async def find_owner_by_id(connection: Connection, report_id: uuid.UUID) -> Owner | None:
    """The owner of the report with this id."""
    row = await connection.fetchrow(_OWNER + "WHERE r.id = $1", report_id)
    return Owner(*row) if row else None


@dataclass(frozen=True)
class OwnView:
    """What only the reporter sees of their report beside the public part."""

    text: str
    address: str | None
    answers: dict[str, Any]
    happened_at: datetime | None
    lon: float
    lat: float
    accuracy_metres: float | None
    is_anonymous: bool
    contact: dict[str, Any] | None
    photos: list[dict[str, Any]]
    messages: list[dict[str, Any]]
    screening: list[dict[str, Any]]


async def get_own_view(connection: Connection, report_id: uuid.UUID) -> OwnView:
    """The reporter's own words, contact, photos in every state, and the talk with the agency."""
    row = await connection.fetchrow(
        """
        SELECT r.text, r.address, r.answers, r.happened_at, ST_X(r.geom) AS lon,
               ST_Y(r.geom) AS lat, r.accuracy_metres, r.is_anonymous, c.report_id AS has_contact,
               c.name, c.phone, c.email, c.consent, s.findings
        FROM report r
        LEFT JOIN report_contact c ON c.report_id = r.id
        LEFT JOIN report_screening s ON s.report_id = r.id
        WHERE r.id = $1
        """,
        report_id,
    )
    if row is None:
        raise UnknownReport()
    photos = await connection.fetch(
        """
        SELECT sha256, purpose, state, refused_reason, width, height, is_held FROM report_photo
        WHERE report_id = $1 ORDER BY purpose DESC, position LIMIT 100
        """,
        report_id,
    )
    messages = await connection.fetch(
        """
        SELECT e.at, e.actor_kind, n.kind, n.text FROM note n
        JOIN event e ON e.case_kind = n.case_kind AND e.case_id = n.case_id AND e.seq = n.seq
        WHERE n.case_kind = 'report' AND n.case_id = $1 AND n.text IS NOT NULL
          AND (n.is_public OR n.kind IN ('answer', 'comment')) ORDER BY n.seq, n.kind LIMIT 500
        """,
        report_id,
    )
    contact = None
    if row["has_contact"]:
        contact = {name: row[name] for name in ("name", "phone", "email")}
        contact["consent"] = msgspec.json.decode(row["consent"])
    return OwnView(
        text=row["text"],
        address=row["address"],
        answers=msgspec.json.decode(row["answers"]),
        happened_at=row["happened_at"],
        lon=row["lon"],
        lat=row["lat"],
        accuracy_metres=row["accuracy_metres"],
        is_anonymous=row["is_anonymous"],
        contact=contact,
        photos=[dict(photo) for photo in photos],
        messages=[dict(message) for message in messages],
        screening=msgspec.json.decode(row["findings"] or "[]"),
    )


async def update_words(
    connection: Connection, report_id: uuid.UUID, *, text: str | None, address: str | None
) -> None:
    """Replace the words of a report that may still be edited; None leaves them."""
    await connection.execute(
        """
        UPDATE report SET text = coalesce($2, text), address = coalesce($3, address) WHERE id = $1
        """,
        report_id,
        text,
        address,
    )


async def put_screening(
    connection: Connection,
    report_id: uuid.UUID,
    *,
    kinds: Sequence[str],
    findings: Sequence[Mapping[str, Any]],
    version: int | None,
    at: datetime,
) -> None:
    """Replace what screening found in a report by what it finds in its new words, or by nothing."""
    await connection.execute("DELETE FROM report_screening WHERE report_id = $1", report_id)
    if findings:
        await connection.execute(
            """
            INSERT INTO report_screening (report_id, kinds, findings, version, at)
            VALUES ($1, $2, $3, $4, $5)
            """,
            report_id,
            kinds,
            msgspec.json.encode(findings).decode(),
            version,
            at,
        )


async def list_screened_kinds(connection: Connection, report_id: uuid.UUID) -> list[str]:
    """The kinds of thing that screening found in a report, for advice or graver."""
    kinds: list[str] | None = await connection.fetchval(
        "SELECT kinds FROM report_screening WHERE report_id = $1", report_id
    )
    return kinds or []


@dataclass(frozen=True)
class Hiding:
    """Why a report was hidden last: a code, if one was given, words for its reporter, by whom."""

    at: datetime
    reason_code: str | None
    words: str | None
    author: str
    author_agency: str | None


async def find_hiding(connection: Connection, report_id: uuid.UUID) -> Hiding | None:
    """The last time a report was hidden; None if it never was."""
    row = await connection.fetchrow(
        """
        SELECT e.at, e.body ->> 'reason_code' AS reason_code, n.text AS words,
               event_author(e.kind, e.actor_kind) AS author,
               event_author_agency(e.kind, e.actor_kind, e.agency_code, e.body) AS author_agency
        FROM event e
        LEFT JOIN note n ON n.case_kind = e.case_kind AND n.case_id = e.case_id AND n.seq = e.seq
            AND n.kind = 'public'
        WHERE e.case_kind = 'report' AND e.case_id = $1 AND e.kind = 'hide'
        ORDER BY e.seq DESC LIMIT 1
        """,
        report_id,
    )
    return Hiding(**dict(row)) if row else None


async def add_support(connection: Connection, report_id: uuid.UUID, supporter: str) -> int:
    """Count one more who met the same problem, each once; how many there are."""
    count: int = await connection.fetchval(
        """
        WITH added AS (
            INSERT INTO support (report_id, supporter) VALUES ($1, $2)
            ON CONFLICT DO NOTHING RETURNING 1
        )
        UPDATE report SET supporters = supporters + (SELECT count(*) FROM added)
        WHERE id = $1 RETURNING supporters
        """,
        report_id,
        supporter,
    )
    return count
