"""The mapping file: what the columns and words of another system mean here, in TOML.

examples/import/README.md explains every entry, examples/import/boston.toml is a whole one. Whatever
the mapping does not know is refused or reported; an entry that does not exist is an error too.
"""

import re
from datetime import date, datetime
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import msgspec

from backend.reports.imports.times import Ambiguous, Skipped, TimeRules

# What a case of another system can be here. Stages that wait for a citizen (awaiting_citizen,
# awaiting_confirmation) ask questions of somebody this system has never spoken to.
ImportedStatus = Literal[
    "received",
    "assigned",
    "in_progress",
    "resolved",
    "closed",
    "declined",
    "redirected",
    "withdrawn",
]
Channel = Literal["app", "web", "phone", "counter", "email", "letter", "social", "staff", "other"]
Visibility = Literal["public", "pending", "hidden"]
Columns = str | list[str]

_PLACEHOLDER: Final = re.compile(r"\{([^{}]+)\}")


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class Name(_Part, frozen=True):
    """A name in both languages."""

    vi: str
    en: str


class File(_Part, frozen=True):
    """The file: encoding, delimiter, the column with the other system's own id.

    Columns in `keep` are stored with the report as they are, `ignore` names those not wanted.
    """

    id: str
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    keep: list[str] = []
    ignore: list[str] = []


class Time(_Part, frozen=True):
    """Zone and formats of all times, and their columns; of several the first filled one counts."""

    zone: str
    formats: list[str]
    opened: Columns
    due: Columns = []
    accepted: Columns = []
    closed: Columns = []
    ambiguous: Ambiguous = "earlier"
    skipped: Skipped = "forward"

    @property
    def rules(self) -> TimeRules:
        """The rules for reading one text."""
        return TimeRules(ZoneInfo(self.zone), tuple(self.formats), self.ambiguous, self.skipped)


class StatusColumn(_Part, frozen=True):
    """Status words of the other system, each with the status it is here."""

    column: str
    words: dict[str, ImportedStatus]


class Flag(_Part, frozen=True):
    """The other system's own verdict on lateness: compared with ours, never taken over."""

    column: str
    on_time: list[str]
    overdue: list[str]


class CategoryCreate(_Part, frozen=True):
    """A foreign taxonomy: each word becomes a sub-category of one field, or of its own column's."""

    prefix: str
    field_column: str | None = None
    field: Name | None = None
    names: dict[str, Name] = {}


class CategoryColumn(_Part, frozen=True):
    """Category words: either known here (`words`), or created."""

    column: str
    words: dict[str, str] = {}
    create: CategoryCreate | None = None


class Parent(_Part, frozen=True):
    """The agency under which created ones stand; created too if it does not exist."""

    code: str
    kind: str
    name: Name


class AgencyCreate(_Part, frozen=True):
    """Departments of the other system become agencies under a parent."""

    prefix: str
    kind: str
    parent: Parent
    calendar: str
    names: dict[str, Name] = {}


class AgencyColumn(_Part, frozen=True):
    """Department or queue words: known here (`words`), or created; an empty cell is no agency."""

    column: str
    words: dict[str, str] = {}
    create: AgencyCreate | None = None


class Position(_Part, frozen=True):
    """Where: x is the easting or longitude. `level` and `on` say which units hold the points.

    `on` is a date, or `opened`: the units in force on each report's own first day.
    """

    x: str
    y: str
    crs: str = "EPSG:4326"
    decimal: Literal[".", ","] = "."
    level: Literal["province", "district", "commune"] = "commune"
    on: str = "opened"
    without_place: str = "skip"
    outside: str = "skip"

    @property
    def on_date(self) -> date | None:
        """The date whose units hold the points; None for each report's own first day."""
        return None if self.on == "opened" else date.fromisoformat(self.on)


class Text(_Part, frozen=True):
    """Templates with {column}: the report's text, its address, the words it was closed with."""

    template: str
    address: str = ""
    closing: str = ""
    empty: str = "(không có nội dung)"


class ChannelColumn(_Part, frozen=True):
    """How reports came in; what staff entered is told apart."""

    column: str
    words: dict[str, Channel]


class Mapping(_Part, frozen=True):
    """A whole mapping file. `name` is the other system: ids are unique within it for good."""

    name: str
    file: File
    time: Time
    status: StatusColumn
    category: CategoryColumn
    position: Position
    text: Text
    code_prefix: str | None = None
    visibility: Visibility = "hidden"
    as_of: str | None = None
    flag: Flag | None = None
    agency: AgencyColumn | None = None
    channel: ChannelColumn | None = None
    calendar: dict[str, Any] | None = None
    promises: dict[str, Any] | None = None
    routing: dict[str, Any] | None = None

    @property
    def state_of(self) -> datetime | None:
        """The moment the file shows the state of, aware; None for the moment of the import."""
        return datetime.fromisoformat(self.as_of) if self.as_of else None

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column the mapping reads, each once; what they hold is a row's content."""
        create = self.category.create
        named = [
            self.file.id,
            *column_list(self.time.opened),
            *column_list(self.time.due),
            *column_list(self.time.accepted),
            *column_list(self.time.closed),
            self.position.x,
            self.position.y,
            *([create.field_column] if create and create.field_column else []),
            *(
                part.column
                for part in (self.status, self.category, self.agency, self.flag, self.channel)
                if part
            ),
            *placeholders(self.text.template),
            *placeholders(self.text.address),
            *placeholders(self.text.closing),
            *self.file.keep,
        ]
        return tuple(dict.fromkeys(named))


def column_list(columns: Columns) -> list[str]:
    """One column, or several of which the first filled one counts, as a list."""
    return [columns] if isinstance(columns, str) else columns


def placeholders(template: str) -> list[str]:
    """The columns a template names."""
    return _PLACEHOLDER.findall(template)


def fill(template: str, values: dict[str, str]) -> str:
    """The template with its columns' values."""
    return _PLACEHOLDER.sub(lambda found: values[found[1]], template)
