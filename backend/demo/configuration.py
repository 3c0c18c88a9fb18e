"""The configuration of the demo province, as documents an operator would keep and load.

Each document in `province/` is read by the same parsers that read an operator's own. What DOMAIN
marks as likely or unsure (time limits, categories, which agency answers) stands there and nowhere
in code.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from backend.agencies import store
from backend.agencies.catalogue import Agency, Category
from backend.database import Connection
from backend.reports.rule_sets import rule_set_from_document
from backend.reports.screening_rules import screening_from_document
from backend.reports.suggesting_rules import keywords_from_document, keywords_from_texts
from backend.reports.terms import terms_from_document
from geo.units import UnitAt

DEMO_NOTE = "demo"
# What the demo's storyteller fills in: {road}, {hamlet}, …
_SLOT = re.compile(r"\{[a-z_]+\}")

_FIELDS: Final = (
    "giao-thong",
    "ve-sinh-moi-truong",
    "o-nhiem",
    "trat-tu-do-thi",
    "xay-dung-dat-dai",
    "dien-chieu-sang",
    "cap-thoat-nuoc",
    "cay-xanh",
    "an-ninh-trat-tu",
    "y-te-giao-duc",
    "hanh-chinh-cong",
    "thien-tai-bien-du-lich",
)


@dataclass(frozen=True)
class Configuration:
    """Everything of the demo that an operator would configure; parents and fields come first."""

    calendars: Sequence[Mapping[str, Any]]
    agencies: Sequence[Agency]
    categories: Sequence[Category]
    routing: Mapping[str, Any]
    promises: Mapping[str, Any]
    screening: Mapping[str, Any]
    suggesting: Mapping[str, Any]


@cache
def read_document(name: str) -> Any:
    """A document of the demo by its path under `province/`, without `.json`."""
    path = files("backend.demo") / "province" / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8"))


def build_configuration(units: Iterable[UnitAt]) -> Configuration:
    """The demo's configuration for these communes; raises BadRules if a document is wrong."""
    units = list(units)
    agencies = [*provincial_agencies(), *agencies_of_units(units)]
    categories = read_categories()
    routing, promises = read_document("routing"), read_document("promises")
    screening = read_document("screening")
    rule_set_from_document(
        routing,
        categories={c.code: c.field_code for c in categories if c.field_code},
        agencies={agency.code for agency in agencies},
        unit_codes={unit.code for unit in units},
    )
    terms_from_document(promises)
    screening_from_document(
        screening,
        categories={category.code for category in categories},
        agencies={agency.code for agency in agencies},
    )
    suggesting = build_keywords(categories)
    keywords_from_document(suggesting, categories={category.code for category in categories})
    return Configuration(
        read_calendars(), agencies, categories, routing, promises, screening, suggesting
    )


def build_keywords(categories: Iterable[Category]) -> dict[str, Any]:
    """The keywords that lead to a category: from its name, its synonyms and what people tell."""
    document = read_document("synonyms")
    return keywords_from_texts(
        document["version"],
        names={category.code: category.name_vi for category in categories if category.field_code},
        synonyms=document["synonyms"],
        texts={
            code: [_SLOT.sub(" ", text) for text in story["what"]]
            for code, story in read_stories().items()
        },
    )


def read_calendars() -> list[dict[str, Any]]:
    """Office hours, as every installation starts with, and the hours of those on shifts."""
    office = files("backend.calendars") / "office_hours.json"
    return [
        json.loads(office.read_text(encoding="utf-8")),
        *read_document("calendars")["calendars"],
    ]


def provincial_agencies() -> list[Agency]:
    """The province's own agencies, its People's Committee first."""
    return [
        Agency(
            code=entry["code"],
            name_vi=entry["vi"],
            name_en=entry["en"],
            kind=entry["kind"],
            unit_code=None,
            parent_code=entry["parent"],
            calendar_code=entry["calendar"],
            phone=entry.get("phone"),
            is_active=True,
        )
        for entry in read_document("agencies")["agencies"]
    ]


def agencies_of_units(units: Iterable[UnitAt]) -> list[Agency]:
    """The agencies that every commune has: its People's Committee and its police."""
    return [
        Agency(
            code=entry["code"].format(code=unit.code),
            name_vi=entry["vi"].format(unit_vi=_in_sentence(unit.name)),
            name_en=entry["en"].format(unit_en=_in_english(unit)),
            kind=entry["kind"],
            unit_code=unit.code,
            parent_code=entry["parent"],
            calendar_code=entry["calendar"],
            phone=entry.get("phone"),
            is_active=True,
        )
        for unit in units
        for entry in read_document("agencies")["of_each_unit"]
    ]


def read_stories() -> dict[str, dict[str, Any]]:
    """What may be told of each sub-field, by its code."""
    found: dict[str, dict[str, Any]] = {}
    for field in _FIELDS:
        found |= read_document(f"stories/{field}")
    return found


def read_categories() -> list[Category]:
    """The taxonomy, each field followed by its sub-fields, in the order people see."""
    found: list[Category] = []
    for field in read_document("taxonomy")["fields"]:
        found.append(_category(field, None, len(found)))
        for entry in field["sub_fields"]:
            found.append(_category(entry, field["code"], len(found)))
    return found


async def store_configuration(connection: Connection, configuration: Configuration) -> None:
    """Write it all inside the caller's transaction, as the tables' owner."""
    for document in configuration.calendars:
        await store.put_calendar(connection, document)
    await store.put_agencies(connection, configuration.agencies)
    await store.put_categories(connection, configuration.categories)
    await store.add_rule_set(connection, "routing", configuration.routing, note=DEMO_NOTE)
    await store.add_rule_set(connection, "promises", configuration.promises, note=DEMO_NOTE)
    await store.add_rule_set(connection, "screening", configuration.screening, note=DEMO_NOTE)
    await store.add_rule_set(connection, "suggesting", configuration.suggesting, note=DEMO_NOTE)


def _category(entry: Mapping[str, Any], field: str | None, position: int) -> Category:
    return Category(
        code=entry["code"],
        field_code=field,
        name_vi=entry["vi"],
        name_en=entry["en"],
        position=position,
        is_restricted=entry.get("restricted", False),
        is_sensitive=entry.get("sensitive", False),
        is_urgent=entry.get("urgent", False),
        questions=entry.get("questions", []),
        is_active=True,
    )


def _in_sentence(name: str) -> str:
    """Within a sentence the kind is written small: "Phường Nghĩa Lộ" → "phường Nghĩa Lộ"."""
    return name[:1].lower() + name[1:]


def _in_english(unit: UnitAt) -> str:
    bare = unit.name.removeprefix(unit.kind).strip()
    kinds = {"Phường": "Ward", "Xã": "Commune", "Đặc khu": "Special Zone"}
    return f"{bare} {kinds.get(unit.kind, '')}".strip()
