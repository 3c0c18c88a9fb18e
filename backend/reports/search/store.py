"""The SQL that finds reports by words, with and without accents; its functions are in t10."""

import uuid
from typing import Final

from backend.database import Connection
from backend.reports.folding import folded

# A report whose words match, wherever `text` may be read; the pattern comes from `pattern_of`.
MATCHES: Final = "has_words({text}, {pattern})"
_SHORT: Final = 3


def pattern_of(words: str) -> str:
    """The pattern of LIKE for what was typed: words in this order, the ends short or unfinished.

    A first or last word of one or two letters is looked for as a whole word: of parts so short
    nearly every text is full. What has no letter or digit matches nothing.
    """
    typed = folded(words).strip()
    if not typed:
        return " "
    first, last = typed.split(" ")[0], typed.split(" ")[-1]
    start = " " if len(first) < _SHORT else ""
    end = " " if len(last) < _SHORT else ""
    return f"%{start}{typed}{end}%"


async def find_public_hits(connection: Connection, words: str) -> list[uuid.UUID] | None:
    """Published reports with these words; None when so many have them that a walk meets them soon.

    Then the list is read in its own order with `MATCHES` as one more condition.
    """
    hits: list[uuid.UUID] | None = await connection.fetchval(
        "SELECT public_hits($1)", pattern_of(words)
    )
    return hits


async def find_desk_hits(connection: Connection, words: str) -> list[uuid.UUID] | None:
    """As find_public_hits, of all reports: for a query that stays behind the desk's wall."""
    hits: list[uuid.UUID] | None = await connection.fetchval(
        "SELECT desk_hits($1)", pattern_of(words)
    )
    return hits


async def list_most_used(connection: Connection, *, limit: int) -> list[str]:
    """The sub-fields that most reports of these months are about, the most used first.

    Only those with at least five reports (view of t10), so that one report never shows.
    """
    rows = await connection.fetch(
        "SELECT category_code FROM public_category_use ORDER BY place LIMIT $1", limit
    )
    return [row["category_code"] for row in rows]
