"""The SQL of open data: what is written into files, what files there are, what has left since."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from backend.database import Connection, Record

PAGE: Final = 2_000
# More than this many changes in a day, and the files are made anew before they are read again.
DEPARTURES_MOST: Final = 100_000


@dataclass(frozen=True)
class DataFile:
    """One file of a release; `as_of` is when its reading began."""

    name: str
    released_on: date
    as_of: datetime
    lines: int
    bytes: int
    sha256: str
    object_key: str


async def list_reports_after(connection: Connection, after: uuid.UUID) -> list[Record]:
    """The next published reports by id, with all that anybody may see of each."""
    return await connection.fetch(
        """
        SELECT id, code, category_code, unit_code, unit_name, status, agency_code, is_coarse,
            ST_X(geom) AS lon, ST_Y(geom) AS lat, created_at, accepted_at, resolved_at, closed_at,
            resolve_by, is_overdue, reopened, rating, supporters, text
        FROM public_report WHERE id > $1 ORDER BY id LIMIT $2
        """,
        after,
        PAGE,
    )


async def count_by_unit_and_category(connection: Connection, before: date) -> list[Record]:
    """Published reports received before a day, by the unit they lie in and their category."""
    return await connection.fetch(
        """
        SELECT unit_code, category_code, count(*) AS reports FROM public_map_point
        WHERE day < $1 GROUP BY unit_code, category_code
        ORDER BY unit_code, category_code LIMIT 200000
        """,
        before,
    )


async def list_unit_names(connection: Connection, codes: Sequence[str]) -> dict[str, str]:
    """The newest name of each unit."""
    rows = await connection.fetch(
        """
        SELECT DISTINCT ON (code) code, name FROM unit WHERE code = ANY($1::text[])
        ORDER BY code, valid_from DESC LIMIT 20000
        """,
        codes,
    )
    return {row["code"]: row["name"] for row in rows}


async def list_files(connection: Connection, released_on: date | None = None) -> list[DataFile]:
    """The files of a release; without a day those of the newest, none before the first."""
    rows = await connection.fetch(
        """
        SELECT name, released_on, as_of, lines, bytes, sha256, object_key FROM public_open_data
        WHERE released_on = coalesce($1::date, (SELECT max(released_on) FROM public_open_data))
        ORDER BY name LIMIT 50
        """,
        released_on,
    )
    return [DataFile(**row) for row in rows]


async def list_releases(connection: Connection) -> list[date]:
    """The days whose files are kept, the newest first."""
    rows = await connection.fetch(
        "SELECT DISTINCT released_on FROM public_open_data ORDER BY released_on DESC LIMIT 60"
    )
    return [row["released_on"] for row in rows]


async def list_departures(connection: Connection, since: datetime) -> list[str]:
    """Codes of reports that were hidden, moved or reworded since a moment.

    A transaction under way at that moment may have told of it a little earlier: ten minutes more
    are looked at, which is longer than any transaction of ours lives.
    """
    rows = await connection.fetch(
        """
        SELECT code FROM public_map_gone WHERE gone_at >= $1::timestamptz - interval '10 minutes'
        ORDER BY gone_at LIMIT $2
        """,
        since,
        DEPARTURES_MOST + 1,
    )
    return [row["code"] for row in rows]


async def add_file(connection: Connection, file: DataFile) -> None:
    """Say that a file is there, in the place of an earlier one of that day and name."""
    await connection.execute(
        """
        INSERT INTO open_data_file (name, released_on, as_of, lines, bytes, sha256, object_key)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (released_on, name) DO UPDATE SET as_of = excluded.as_of,
            lines = excluded.lines, bytes = excluded.bytes, sha256 = excluded.sha256,
            object_key = excluded.object_key
        """,
        file.name,
        file.released_on,
        file.as_of,
        file.lines,
        file.bytes,
        file.sha256,
        file.object_key,
    )


async def drop_files_before(connection: Connection, day: date) -> list[str]:
    """Forget files of releases before a day; the keys of what lies in the object store."""
    rows = await connection.fetch(
        "DELETE FROM open_data_file WHERE released_on < $1 RETURNING object_key", day
    )
    return [row["object_key"] for row in rows]
