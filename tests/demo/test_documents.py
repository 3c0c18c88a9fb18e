"""The demo's documents, read by the parsers that read an operator's own."""

import re
import string
from datetime import date

import pytest
import shapely

from backend.agencies.catalogue import Category
from backend.calendars.holidays import calendar_from_document
from backend.demo.boundaries import build_boundaries
from backend.demo.configuration import (
    Configuration,
    build_configuration,
    read_categories,
    read_document,
    read_stories,
)
from backend.demo.logins import login_names
from backend.demo.pictures.scenes import SCENES
from backend.reports.routing import Facts, route
from backend.reports.rule_sets import rule_set_from_document
from backend.reports.terms import terms_from_document
from geo.units import UnitAt

SUB_FIELDS = [category for category in read_categories() if category.field_code]
SLOTS = {"road", "at", "hamlet", "crossroads", "n", "big", "since", "when_seen", "weather"} | {
    "hour",
    "night",
    "day",
    "agency",
}


@pytest.fixture(scope="module")
def units() -> list[UnitAt]:
    newest = build_boundaries().generations[-1]
    return [
        UnitAt(u.code, u.name, u.kind, "commune", u.parent, date(2025, 7, 1), is_approximate=True)
        for u in newest.units
    ]


@pytest.fixture(scope="module")
def configuration(units: list[UnitAt]) -> Configuration:
    return build_configuration(units)


def test_the_taxonomy_has_twelve_fields_of_five() -> None:
    by_field: dict[str | None, int] = {}
    for category in SUB_FIELDS:
        by_field[category.field_code] = by_field.get(category.field_code, 0) + 1
    assert len(by_field) == 12
    assert set(by_field.values()) == {5}
    assert {c.code for c in SUB_FIELDS if c.is_restricted} == {
        "an-ninh-trat-tu-ma-tuy",
        "hanh-chinh-cong-thai-do-can-bo",
    }
    assert sum(c.is_urgent for c in SUB_FIELDS) == 18


def test_questions_are_of_known_kinds_and_choices_have_options() -> None:
    for category in SUB_FIELDS:
        codes = [question["code"] for question in category.questions]
        assert len(codes) == len(set(codes))
        for question in category.questions:
            assert question["kind"] in {"choice", "text", "number", "yes_no"}
            assert question["vi"]
            assert question["en"]
            assert ("options" in question) == (question["kind"] == "choice")


def test_every_sub_field_has_a_promise_of_its_own() -> None:
    book = terms_from_document(read_document("promises"))
    assert {category.code for category in SUB_FIELDS} == set(book.resolve)
    for category in SUB_FIELDS:
        is_hours = book.resolve[category.code].unit == "wh"
        assert is_hours == category.is_urgent, category.code


@pytest.mark.parametrize("category", SUB_FIELDS, ids=lambda category: category.code)
def test_every_sub_field_finds_an_agency_in_every_unit_at_any_hour(
    category: Category, configuration: Configuration
) -> None:
    rules = rule_set_from_document(configuration.routing)
    agencies = {agency.code for agency in configuration.agencies}
    by_unit: dict[str, dict[str, str]] = {}
    for agency in configuration.agencies:
        if agency.unit_code:
            by_unit.setdefault(agency.unit_code, {})[agency.kind] = agency.code
    assert len(by_unit) == 96
    for unit_code, roles in by_unit.items():
        for is_working in (True, False):
            for areas in (frozenset[str](), frozenset({"kkt-dung-quat"})):
                decision = route(
                    rules,
                    Facts(
                        category=category.code,
                        field=category.field_code or "",
                        unit_code=unit_code,
                        areas=areas,
                        is_working_time=is_working,
                        is_urgent=category.is_urgent,
                        unit_agencies=roles,
                    ),
                )
                assert decision.lead in agencies
                assert set(decision.co_agencies) <= agencies


def test_some_sub_fields_fall_to_the_peoples_committee_and_others_go_to_the_zone() -> None:
    rules = rule_set_from_document(read_document("routing"))

    def decide(category: str, field: str, areas: frozenset[str]) -> tuple[str | None, str | None]:
        roles = {"ubnd": "ubnd-21061", "congan": "congan-21061"}
        facts = Facts(category, field, "21061", areas, True, False, roles)
        decision = route(rules, facts)
        return decision.lead, decision.rule_id

    assert decide("cay-xanh-cay-chet", "cay-xanh", frozenset()) == ("ubnd-21061", None)
    zone = decide("o-nhiem-mui", "o-nhiem", frozenset({"kkt-dung-quat"}))
    assert zone == ("ban-quan-ly-kkt", "mui-kkt-dung-quat")


def test_areas_are_valid_and_apart() -> None:
    areas = [shapely.geometry.shape(area) for area in read_document("routing")["areas"].values()]
    assert all(shapely.is_valid(area) for area in areas)
    assert not areas[0].intersects(areas[1])


def test_calendars_are_read_and_every_agency_has_one(configuration: Configuration) -> None:
    calendars = {c.code: c for c in map(calendar_from_document, configuration.calendars)}
    assert {agency.calendar_code for agency in configuration.agencies} == set(calendars)
    whole_day = calendars["truc-24-7"].spans_on(date(2026, 2, 17))
    assert sum(end - start for start, end in whole_day) == 1440


def test_every_agency_but_the_first_has_a_parent_named_before_it(
    configuration: Configuration,
) -> None:
    known: set[str] = set()
    for agency in configuration.agencies:
        assert agency.parent_code in known or (agency.parent_code is None and not known)
        known.add(agency.code)


def test_every_sub_field_has_a_story_whose_slots_and_pictures_are_known() -> None:
    stories = read_stories()
    assert set(stories) == {category.code for category in SUB_FIELDS}
    for code, story in stories.items():
        texts = [*story["what"], *story["more"], *story["answers"], *story.get("ask", [])]
        slots = {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}
        assert slots <= SLOTS, code
        assert story.get("photo", "pothole") in SCENES
        linked = story.get("answers_for")
        if linked:
            assert len(linked) == len(story["what"]), code
            assert {n for some in linked for n in some} == set(range(len(story["answers"]))), code


def test_no_text_holds_a_telephone_number_or_a_plate() -> None:
    everything = str(read_stories()) + str(read_document("phrases"))
    assert not re.search(r"(?<![\d.])(?:\+?84|0)[\s.\-]?[35789]\d(?:[\s.\-]?\d){7}", everything)
    assert not re.search(r"\b76[A-Z]\d?[\s-]?\d{3}", everything)


def test_logins_cover_every_role_and_belong_to_agencies_that_exist(
    configuration: Configuration,
) -> None:
    entries = read_document("logins")["logins"]
    agencies = {agency.code for agency in configuration.agencies}
    roles = [entry["role"] for entry in entries]
    assert {"admin", "leader", "moderator", "officer", "key_holder", "citizen", "wall"} == set(
        roles
    )
    officers = {entry["agency"] for entry in entries if entry["role"] == "officer"}
    keepers = {entry["agency"] for entry in entries if entry["role"] == "key_holder"}
    assert len(officers) >= 3
    assert officers == keepers
    assert officers <= agencies
    assert len(login_names()) == len(set(login_names()))
