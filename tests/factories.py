"""Plain factories: rows as a test needs them, with sensible values for all it does not say."""

import hashlib
import io
import json
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

from PIL import Image

from backend.database import Connection
from backend.events.chain import GENESIS, SYSTEM, Actor, make_event
from backend.events.store import insert_event, insert_jobs
from backend.identifiers import hash_token, new_report_code, new_uuid7


async def insert_a_report(
    connection: Connection,
    *,
    report_id: uuid.UUID | None = None,
    code: str | None = None,
    status: str = "assigned",
    visibility: str = "public",
    agency_code: str | None = None,
    unit_code: str = "21028",
    category_code: str = "rac-ton-dong",
    is_restricted: bool = False,
    is_sensitive: bool = False,
    account_id: uuid.UUID | None = None,
    created_at: datetime | None = None,
    secret: str = "a-tracking-secret",
    text: str = "Rác tồn đọng trước chợ.",
) -> uuid.UUID:
    """One report with its first event, as a submit leaves it (but without its work and counts)."""
    case_id = report_id or new_uuid7()
    at = created_at or datetime.now(UTC)
    event = make_event(
        "report",
        case_id,
        seq=1,
        kind="submitted",
        at=at,
        actor=Actor("citizen", account_id),
        agency_code=agency_code,
        is_public=True,
        body={},
        prev_hash=GENESIS,
    )
    await connection.execute(
        """
        INSERT INTO report (id, code, tracking_hash, source, account_id, category_code, text, geom,
            public_geom,
            unit_code, unit_valid_from, status, visibility, is_restricted, is_sensitive,
            agency_code, routing, promise_version, calendar_code, accept_by, resolve_by, version,
            head_hash, created_at, updated_at)
        VALUES ($1, $2, $3, 'citizen', $4, $5, $6,
            ST_SetSRID(ST_MakePoint(108.7923, 15.1205), 4326),
            ST_SetSRID(ST_MakePoint(108.7923, 15.1205), 4326),
            $7, $8, $9, $10, $11, $12, $13, $14,
            1, 'ngay-lam-viec', $15, $16, 1, $17, $18, $18)
        """,
        case_id,
        code or new_report_code("QNG"),
        hash_token(secret),
        account_id,
        category_code,
        text,
        unit_code,
        date(2025, 7, 1),
        status,
        visibility,
        is_restricted,
        is_sensitive,
        agency_code,
        json.dumps({}),
        at + timedelta(hours=8),
        at + timedelta(days=3),
        event.hash,
        at,
    )
    await insert_event(connection, event, ())
    return case_id


async def insert_an_event(
    connection: Connection,
    case_id: uuid.UUID,
    kind: str,
    *,
    body: dict[str, object] | None = None,
    actor: Actor = SYSTEM,
    agency_code: str | None = None,
    is_public: bool = True,
    announced: bool = True,
) -> int:
    """The next event of a case, chained onto its last, with the work of announcing it; its id."""
    row = await connection.fetchrow(
        "SELECT version, head_hash FROM report WHERE id = $1 FOR UPDATE", case_id
    )
    assert row is not None
    event = make_event(
        "report",
        case_id,
        seq=row["version"] + 1,
        kind=kind,
        at=datetime.now(UTC),
        actor=actor,
        agency_code=agency_code,
        is_public=is_public,
        body=body or {},
        prev_hash=row["head_hash"],
    )
    event_id = await insert_event(connection, event, ())
    await connection.execute(
        "UPDATE report SET version = $2, head_hash = $3 WHERE id = $1",
        case_id,
        event.seq,
        event.hash,
    )
    if announced:
        await insert_jobs(connection, [("announce", str(event_id).encode())])
    return event_id


async def insert_an_announced_photo(
    connection: Connection, report_id: uuid.UUID, body: bytes, *, purpose: str = "before"
) -> str:
    """A photo that the reporter has announced and not yet sent; its SHA-256."""
    sha256 = hashlib.sha256(body).hexdigest()
    await connection.execute(
        """
        INSERT INTO report_photo (report_id, sha256, purpose, position, bytes, content_type, state)
        VALUES ($1, $2, $3, 1, $4, 'image/jpeg', 'expected')
        """,
        report_id,
        sha256,
        purpose,
        len(body),
    )
    return sha256


def a_photo(
    *,
    size: tuple[int, int] = (64, 48),
    colour: tuple[int, int, int] = (120, 160, 90),
    file_format: str = "JPEG",
    exif: bytes = b"",
) -> bytes:
    """A small picture file."""
    file = io.BytesIO()
    image = Image.effect_noise(size, 40).convert("RGB")
    image.paste(colour, (0, 0, size[0] // 2, size[1] // 2))
    if exif:
        image.save(file, file_format, exif=exif)
    else:
        image.save(file, file_format)
    return file.getvalue()


async def in_chunks(body: bytes, *, of: int = 65536) -> AsyncIterator[bytes]:
    """A request body as it arrives."""
    for start in range(0, len(body), of):
        yield body[start : start + of]
