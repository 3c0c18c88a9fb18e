"""What an import needs of the installation's configuration, and what it brings along.

An installation that has none yet can be given a calendar, promises and routing rules by the
mapping, so that it can be looked at and written to afterwards. What is here already stays.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from backend.agencies import store as agencies_store
from backend.calendars.holidays import calendar_from_document
from backend.calendars.working_time import WorkCalendar
from backend.database import Connection
from backend.reports.imports import mapping as mappings
from backend.reports.rule_sets import rule_set_from_document
from backend.reports.terms import TermsBook, terms_from_document

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Configuration:
    """The calendars by code and the newest promises; `brought` is what is not stored yet."""

    calendars: Mapping[str, WorkCalendar]
    book: TermsBook | None
    brought: Mapping[str, Document]

    @property
    def new_names(self) -> tuple[str, ...]:
        """What is brought along, for people."""
        return tuple(
            f"{kind} {document.get('code', '')}".strip() for kind, document in self.brought.items()
        )


async def read_configuration(
    connection: Connection, mapping: mappings.Mapping, *, agencies: Collection[str]
) -> Configuration:
    """What is configured here, with what the mapping brings where there is nothing.

    `agencies` are the codes that rules may name. Raises BadCalendar, BadRules.
    """
    brought: dict[str, Document] = {}
    documents = await agencies_store.list_calendar_documents(connection)
    calendars = {found.code: found for found in map(calendar_from_document, documents)}
    if mapping.calendar:
        calendar = calendar_from_document(mapping.calendar)
        if calendars.setdefault(calendar.code, calendar) is calendar:
            brought["calendar"] = mapping.calendar
    books = await agencies_store.list_rule_sets(connection, "promises")
    if mapping.promises:
        terms_from_document(mapping.promises)
        if not books:
            books = [mapping.promises]
            brought["promises"] = mapping.promises
    if mapping.routing:
        rule_set_from_document(mapping.routing, agencies=agencies)
        if await agencies_store.find_active_rule_set(connection, "routing") is None:
            brought["routing"] = mapping.routing
    return Configuration(calendars, terms_from_document(books[0]) if books else None, brought)


async def add_calendar(connection: Connection, configuration: Configuration) -> None:
    """Store the calendar that was brought along, before the agencies that work by it."""
    if "calendar" in configuration.brought:
        await agencies_store.put_calendar(connection, configuration.brought["calendar"])


async def add_rules(connection: Connection, configuration: Configuration, *, note: str) -> None:
    """Store the promises and routing rules that were brought along, in force at once."""
    for kind in ("promises", "routing"):
        if kind in configuration.brought:
            document = configuration.brought[kind]
            await agencies_store.add_rule_set(connection, kind, document, note=note)
