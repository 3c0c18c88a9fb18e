"""Everything the rules need to know, read once and kept until the configuration changes.

A Rulebook is immutable and carries the `config_epoch` it was read at. The submit statement stores
nothing that was computed from another epoch, so a stale copy costs one more round trip and never
a wrong decision; no process has to be told of a change. Decision 0002.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Final

import msgspec
import shapely

from backend.agencies import store as agencies_store
from backend.agencies.catalogue import Agency, Category
from backend.calendars.holidays import calendar_from_document
from backend.calendars.working_time import WorkCalendar, is_working
from backend.clock import day_of, now
from backend.database import Database
from backend.reports.errors import NotConfigured, UnknownAgency, UnknownCategory
from backend.reports.hiding import HIDING, HidingReason
from backend.reports.promises import PromiseTerms
from backend.reports.routing import Decision, Facts, RuleSet, Trace, explain, route
from backend.reports.rule_sets import rule_set_from_document
from backend.reports.screening import Finding, ScreeningSet, screen
from backend.reports.screening_rules import screening_from_document
from backend.reports.suggesting import KeywordSet, Suggestion, suggest
from backend.reports.suggesting_rules import keywords_from_document
from backend.reports.terms import TermsBook, terms_from_document
from geo.locate import UnitIndex, load_unit_index
from geo.store import find_next_change
from geo.units import UnitAt

_RECHECK_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Rulebook:
    """One consistent reading of units, agencies, taxonomy, calendars, routing and promises."""

    epoch: int
    on: date
    units_until: date | None
    units: UnitIndex
    agencies: Mapping[str, Agency]
    categories: Mapping[str, Category]
    calendars: Mapping[str, WorkCalendar]
    routing: RuleSet
    areas: Mapping[str, shapely.Geometry]
    terms_books: Mapping[int, TermsBook]
    newest_terms: int
    screening: ScreeningSet | None
    keywords: KeywordSet | None
    unit_agencies: Mapping[str, Mapping[str, str]]

    def get_category(self, code: str) -> Category:
        """An active sub-field; raises UnknownCategory for a field, an inactive or unknown code."""
        category = self.categories.get(code)
        if category is None or not category.is_active or category.field_code is None:
            raise UnknownCategory()
        return category

    def get_agency(self, code: str) -> Agency:
        """An active agency; raises UnknownAgency."""
        agency = self.agencies.get(code)
        if agency is None or not agency.is_active:
            raise UnknownAgency()
        return agency

    def calendar_of(self, agency_code: str) -> WorkCalendar:
        """The calendar the agency works by."""
        return self.calendars[self.agencies[agency_code].calendar_code]

    def terms(
        self, category: Category, version: int | None = None, *, is_emergency: bool = False
    ) -> PromiseTerms:
        """The promise of this category, as it was in that version (None: as it is now)."""
        book = self.terms_books[version or self.newest_terms]
        return book.terms_for(category, is_emergency=is_emergency)

    def facts(
        self, category: Category, unit: UnitAt, *, lon: float, lat: float, at: datetime
    ) -> Facts:
        """What routing looks at: category, unit, areas that hold the point, the hour, urgency."""
        agencies = self.unit_agencies.get(unit.code, {})
        office = agencies.get("ubnd")
        calendar = self.calendar_of(office) if office else next(iter(self.calendars.values()))
        return Facts(
            category=category.code,
            field=category.field_code or category.code,
            unit_code=unit.code,
            areas=frozenset(
                name for name, area in self.areas.items() if shapely.intersects_xy(area, lon, lat)
            ),
            is_working_time=is_working(calendar, at),
            is_urgent=category.is_urgent,
            unit_agencies=agencies,
        )

    def decide(self, facts: Facts) -> Decision:
        """Who takes the lead, by which rule and why; a rule may name an agency since dissolved."""
        decision = route(self.routing, facts)
        if decision.lead is None or self._is_active(decision.lead):
            if all(map(self._is_active, decision.co_agencies)):
                return decision
            active = tuple(filter(self._is_active, decision.co_agencies))
            return replace(decision, co_agencies=active)
        return replace(
            decision,
            lead=None,
            co_agencies=(),
            reason_vi=f"quy tắc {decision.rule_id} chỉ định cơ quan không còn hoạt động",
            reason_en=f"rule {decision.rule_id} names an agency that is not active",
        )

    def _is_active(self, agency_code: str) -> bool:
        agency = self.agencies.get(agency_code)
        return agency is not None and agency.is_active

    def screen(self, text: str, category_code: str | None) -> tuple[Finding, ...]:
        """What the words are recognised as; nothing while no screening rules are configured."""
        if self.screening is None:
            return ()
        category = self.categories.get(category_code or "")
        return screen(
            self.screening,
            text,
            category=category_code,
            field=category.field_code if category else None,
        )

    @property
    def hiding(self) -> Mapping[str, HidingReason]:
        """The reasons for which a report may be hidden."""
        return self.screening.hiding if self.screening else HIDING

    @cached_property
    def suggestible(self) -> frozenset[str]:
        """The sub-fields that may be chosen: in use, in a field in use."""
        fields = {c.code for c in self.categories.values() if c.field_code is None and c.is_active}
        return frozenset(
            c.code for c in self.categories.values() if c.is_active and c.field_code in fields
        )

    def suggest(self, text: str) -> tuple[Suggestion, ...]:
        """The likeliest categories in use for a text; none while no keywords are configured."""
        if self.keywords is None:
            return ()
        return suggest(self.keywords, text, among=self.suggestible)

    def explain(self, facts: Facts) -> Trace:
        """Every rule, whether it fits and why (not), the most specific first."""
        return explain(self.routing, facts)


async def load_rulebook(database: Database) -> Rulebook:
    """Read everything in one snapshot; raises NotConfigured while something is missing."""
    async with database.engine.transaction(allow_nested=False) as transaction:
        connection = transaction.connection
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        epoch = await agencies_store.get_epoch(connection)
        agencies = {a.code: a for a in await agencies_store.list_agencies(connection)}
        categories = {c.code: c for c in await agencies_store.list_categories(connection)}
        calendar_documents = await agencies_store.list_calendar_documents(connection)
        routing = await agencies_store.find_active_rule_set(connection, "routing")
        promises = await agencies_store.list_rule_sets(connection, "promises")
        screening = await agencies_store.find_active_rule_set(connection, "screening")
        keywords = await agencies_store.find_active_rule_set(connection, "suggesting")
        today = day_of(now())
        units = await load_unit_index(connection, on=today)
        units_until = await find_next_change(connection, on=today)
    if routing is None or not promises or not calendar_documents:
        raise NotConfigured()
    calendars = {c.code: c for c in map(calendar_from_document, calendar_documents)}
    by_unit: dict[str, dict[str, str]] = {}
    for agency in agencies.values():
        if agency.unit_code and agency.is_active:
            by_unit.setdefault(agency.unit_code, {})[agency.kind] = agency.code
    books = {book.version: book for book in map(terms_from_document, promises)}
    areas = {
        name: shapely.from_geojson(_json(area)) for name, area in routing.get("areas", {}).items()
    }
    for area in areas.values():
        shapely.prepare(area)
    return Rulebook(
        epoch=epoch,
        on=today,
        units_until=units_until,
        units=units,
        agencies=agencies,
        categories=categories,
        calendars=calendars,
        routing=rule_set_from_document(routing),
        areas=areas,
        terms_books=books,
        newest_terms=max(books),
        screening=screening_from_document(screening) if screening else None,
        keywords=keywords_from_document(keywords) if keywords else None,
        unit_agencies=by_unit,
    )


class Rulebooks:
    """Holds this process's copy of the rulebook and renews it when the epoch has moved on."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._held: Rulebook | None = None
        self._looked_at = 0.0
        self._lock = asyncio.Lock()

    async def current(self) -> Rulebook:
        """The rulebook, at most a few seconds old; writers recheck its epoch in the database."""
        clock = asyncio.get_running_loop().time()
        if self._held is not None and clock - self._looked_at < _RECHECK_SECONDS:
            return self._held
        async with self._lock:
            if self._held is not None and clock < self._looked_at:
                return self._held
            held = self._held
            if (
                held is None
                or (held.units_until is not None and day_of(now()) >= held.units_until)
                or await agencies_store.get_epoch(self._database.app) != held.epoch
            ):
                held = await load_rulebook(self._database)
            self._held = held
            self._looked_at = asyncio.get_running_loop().time()
            return held

    async def renewed(self, stale: Rulebook) -> Rulebook:
        """A rulebook of a later epoch than `stale`, after a statement has refused it."""
        async with self._lock:
            held = self._held
            if held is None or held.epoch == stale.epoch:
                held = self._held = await load_rulebook(self._database)
                self._looked_at = asyncio.get_running_loop().time()
            return held


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
