"""A small made-up system whose history is imported: its mapping, its file, its two units."""

import copy
import csv
import io
from collections.abc import Mapping as Table
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from backend.reports.imports.loading import Order, import_reports
from backend.reports.imports.mapping import Mapping
from backend.reports.imports.mapping_file import mapping_from_document
from backend.reports.imports.tally import Tally

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
UNITS_FROM = date(2017, 1, 1)
COLUMNS = ("id", "opened", "due", "closed", "status", "kind", "office", "x", "y", "words", "came")

_DOCUMENT: dict[str, Any] = {
    "name": "old-town",
    "file": {"id": "id"},
    "time": {
        "zone": "America/New_York",
        "formats": ["iso"],
        "opened": "opened",
        "due": "due",
        "closed": "closed",
    },
    "status": {
        "column": "status",
        "words": {"Open": "received", "Doing": "in_progress", "Done": "closed", "No": "declined"},
    },
    "category": {
        "column": "kind",
        "create": {"prefix": "old-town", "field": {"vi": "Phố cũ", "en": "Old town"}},
    },
    "agency": {
        "column": "office",
        "create": {
            "prefix": "old-town",
            "kind": "so",
            "calendar": "old-town",
            "parent": {"code": "old-town", "kind": "ubnd", "name": {"vi": "Phố", "en": "Town"}},
        },
    },
    "calendar": {
        "version": 1,
        "code": "old-town",
        "zone": "America/New_York",
        "week": {"mon": ["09:00-17:00"], "tue": ["09:00-17:00"]},
    },
    "position": {"x": "x", "y": "y"},
    "text": {"template": "{words}"},
}


def a_document(**changes: Any) -> dict[str, Any]:
    """A mapping as TOML gives it; dotted names reach into its tables, None takes an entry away."""
    document = copy.deepcopy(_DOCUMENT)
    for path, value in changes.items():
        *tables, last = path.split("__")
        table = document
        for name in tables:
            table = table.setdefault(name, {})
        if value is None:
            table.pop(last, None)
        else:
            table[last] = value
    return document


def a_mapping(**changes: Any) -> Mapping:
    return mapping_from_document(a_document(**changes))


def a_row(number: int = 1, **cells: str) -> dict[str, str]:
    """One case as the old system wrote it: open, no due date, in the western unit."""
    return {
        "id": f"T-{number}",
        "opened": "2019-05-06 10:00:00",
        "due": "",
        "closed": "",
        "status": "Open",
        "kind": "Pothole",
        "office": "Streets",
        "x": "108.5",
        "y": "15.5",
        "words": f"Hole {number}",
        "came": "phone",
        **cells,
    }


def as_csv(*rows: Table[str, str], columns: tuple[str, ...] = COLUMNS, **form: Any) -> str:
    """The rows as a CSV file's text."""
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, **form)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def an_order(path: Path, mapping: Mapping | None = None, **more: Any) -> Order:
    given: dict[str, Any] = {"code_prefix": "QNG", "now": NOW, "commit": True, **more}
    return Order(path=path, mapping=mapping or a_mapping(), **given)


async def import_rows(
    connection: Any,
    folder: Path,
    *rows: Table[str, str],
    mapping: Mapping | None = None,
    **more: Any,
) -> Tally:
    """Write the rows into a file and import it."""
    path = folder / "old.csv"
    path.write_text(as_csv(*rows), encoding="utf-8")
    tally = await import_reports(connection, an_order(path, mapping, **more))
    assert tally.is_complete
    return tally
