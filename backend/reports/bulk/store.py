"""The SQL of whole cases: COPY into each table, for callers that hold a transaction as the owner.

PostgreSQL refuses COPY into a table whose row-level security applies to the role, so these
statements work for the tables' owner only (backend.database.owner_connection).
"""

import struct
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol

from backend.counts.deltas import MEASURES
from backend.database import Connection
from backend.reports.report import COLUMNS

REPORT_COLUMNS: Final = (
    *COLUMNS,
    "tracking_hash",
    "source_ref",
    "text",
    "address",
    "answers",
    "happened_at",
    "geom",
    "accuracy_metres",
    "supporters",
)
CONTACT_COLUMNS: Final = ("report_id", "name", "phone", "email", "consent")
PHOTO_COLUMNS: Final = (
    "report_id",
    "sha256",
    "purpose",
    "position",
    "bytes",
    "content_type",
    "state",
    "width",
    "height",
    "uploaded_at",
    "ready_at",
)
SCREENING_COLUMNS: Final = ("report_id", "kinds", "findings", "version", "at")
EVENT_COLUMNS: Final = (
    "case_kind",
    "case_id",
    "seq",
    "kind",
    "at",
    "actor_kind",
    "actor_id",
    "agency_code",
    "is_public",
    "body",
    "prev_hash",
    "hash",
)
NOTE_COLUMNS: Final = ("case_kind", "case_id", "seq", "kind", "text", "salt", "is_public")
DELTA_COLUMNS: Final = (
    "case_kind",
    "day",
    "unit_key",
    "category_code",
    "agency_code",
    *MEASURES,
    "bucket",
)

# One number for "somebody loads whole cases now": two loads of one source take turns, so that the
# second sees what the first has stored.
_BULK_LOCK: Final = 0x0CA0_0003
_EWKB_POINT: Final = struct.Struct("<BIIdd")
_LITTLE_ENDIAN, _POINT_WITH_SRID, _WGS84 = 1, 0x2000_0001, 4326


class OwnerConnection(Connection, Protocol):
    """What COPY needs of an asyncpg connection."""

    async def copy_records_to_table(
        self, table_name: str, *, records: Iterable[Sequence[Any]], columns: Sequence[str]
    ) -> str: ...
    async def set_type_codec(
        self, typename: str, *, schema: str, encoder: Any, decoder: Any, format: str
    ) -> None: ...
    async def reset_type_codec(self, typename: str, *, schema: str) -> None: ...


def point_bytes(lon: float, lat: float) -> bytes:
    """A WGS84 point as PostGIS reads it in binary (EWKB)."""
    return _EWKB_POINT.pack(_LITTLE_ENDIAN, _POINT_WITH_SRID, _WGS84, lon, lat)


@asynccontextmanager
async def geometry_as_bytes(connection: OwnerConnection) -> AsyncIterator[None]:
    """Let COPY take geometry as EWKB bytes on this connection, for as long as the block runs."""
    schema: str = await connection.fetchval(
        "SELECT typnamespace::regnamespace::text FROM pg_type WHERE oid = 'geometry'::regtype"
    )
    await connection.set_type_codec(
        "geometry", schema=schema, encoder=bytes, decoder=bytes, format="binary"
    )
    try:
        yield
    finally:
        await connection.reset_type_codec("geometry", schema=schema)


async def wait_for_turn(connection: Connection) -> None:
    """Wait until no other bulk load runs; held until the transaction ends."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", _BULK_LOCK)


async def find_known_refs(connection: Connection, source: str, refs: Sequence[str]) -> set[str]:
    """Which of these identifiers of another system are stored already."""
    rows = await connection.fetch(
        "SELECT source_ref FROM report WHERE source = $1 AND source_ref = ANY ($2::text[])",
        source,
        refs,
    )
    return {row["source_ref"] for row in rows}


async def find_taken_codes(connection: Connection, codes: Sequence[str]) -> set[str]:
    """Which of these report codes are in use."""
    rows = await connection.fetch("SELECT code FROM report WHERE code = ANY ($1::text[])", codes)
    return {row["code"] for row in rows}


async def copy_rows(
    connection: OwnerConnection,
    table: str,
    columns: Sequence[str],
    *,
    rows: Sequence[Sequence[Any]],
) -> None:
    """Append rows to one table; nothing happens without any."""
    if rows:
        await connection.copy_records_to_table(table, records=rows, columns=columns)
