"""Words of another system as agencies and categories of ours: known ones, or ones to be created.

Codes follow from the words alone, so that every import of the system meets the same ones.
"""

import hashlib
import re
from collections.abc import Collection, Iterable
from collections.abc import Mapping as Table
from typing import Final

from backend.agencies.catalogue import Agency, Category
from backend.reports.imports.errors import MappingRefused
from backend.reports.imports.mapping import AgencyCreate, CategoryCreate, Mapping, Name
from geo.units import fold_accents

_CODE_MAX: Final = 61
_HASH_LENGTH: Final = 8
_SEPARATORS: Final = re.compile(r"[^a-z0-9]+")
# After everything the province itself has put in order.
_LAST: Final = 9_000


class Catalogue:
    """Finds the category and agency a word stands for; knows which of them must be created."""

    def __init__(
        self,
        mapping: Mapping,
        *,
        agencies: Iterable[Agency],
        categories: Iterable[Category],
    ) -> None:
        self._mapping = mapping
        self._agencies = {agency.code: agency for agency in agencies}
        self._categories = {category.code: category for category in categories}
        self._by_word: dict[tuple[str, str], Category | None] = {}
        self._agency_by_word: dict[str, Agency | None] = {}
        self._new_agencies: list[Agency] = []
        self._new_categories: list[Category] = []
        self._used: set[tuple[str, str]] = set()
        self._check_words()

    def find_category(self, field: str, word: str) -> Category | None:
        """The sub-category a word (with the word of its field) stands for; None if unknown."""
        key = field, word
        if key not in self._by_word:
            self._by_word[key] = self._look_up_category(field, word)
        return self._by_word[key]

    def find_agency(self, word: str) -> Agency | None:
        """The agency a word stands for; None if unknown, or no word."""
        if word not in self._agency_by_word:
            self._agency_by_word[word] = self._look_up_agency(word)
        return self._agency_by_word[word]

    def use(self, category: Category, agency: Agency | None) -> None:
        """Note that a case carries these, so that they must exist."""
        self._used |= {("category", category.code), ("category", category.field_code or "")}
        if agency is not None:
            self._used |= {("agency", agency.code), ("agency", agency.parent_code or "")}

    def known_agencies(self) -> set[str]:
        """The codes that rules may name: what is here, and the parent of what is created."""
        wanted = self._mapping.agency
        parent = {wanted.create.parent.code} if wanted and wanted.create else set()
        return set(self._agencies) | parent

    def use_parent(self) -> None:
        """Note that the parent agency must exist, as rules name it."""
        wanted = self._mapping.agency
        if wanted and wanted.create:
            self._add_parent(wanted.create)
            self._used.add(("agency", wanted.create.parent.code))

    def needed(self) -> tuple[list[Agency], list[Category]]:
        """What the cases need and is not here yet, parents and fields first."""
        return (
            [agency for agency in self._new_agencies if ("agency", agency.code) in self._used],
            [found for found in self._new_categories if ("category", found.code) in self._used],
        )

    def _look_up_category(self, field: str, word: str) -> Category | None:
        wanted = self._mapping.category
        if word in wanted.words:
            return self._categories[wanted.words[word]]
        if wanted.create is None or (wanted.create.field_column and not field):
            return None
        field_code, field_name = _field(wanted.create, field)
        self._add_category(field_code, None, field_name)
        name = wanted.create.names.get(word) or Name(vi=word, en=word)
        return self._add_category(_code(field_code, word), field_code, name)

    def _add_category(self, code: str, field_code: str | None, name: Name) -> Category:
        known = self._categories.get(code)
        if known is not None:
            return known
        new = Category(
            code=code,
            field_code=field_code,
            name_vi=name.vi,
            name_en=name.en,
            position=_LAST,
            is_restricted=False,
            is_sensitive=False,
            is_urgent=False,
            questions=(),
            is_active=True,
        )
        self._categories[code] = new
        self._new_categories.append(new)
        return new

    def _look_up_agency(self, word: str) -> Agency | None:
        wanted = self._mapping.agency
        if wanted is None or not word:
            return None
        if word in wanted.words:
            return self._agencies[wanted.words[word]]
        if wanted.create is None:
            return None
        create = wanted.create
        parent = self._add_parent(create)
        name = create.names.get(word) or Name(vi=word, en=word)
        return self._add_agency(_code(create.prefix, word), name, create, parent=parent.code)

    def _add_parent(self, create: AgencyCreate) -> Agency:
        return self._add_agency(create.parent.code, create.parent.name, create, parent=None)

    def _add_agency(
        self, code: str, name: Name, create: AgencyCreate, *, parent: str | None
    ) -> Agency:
        known = self._agencies.get(code)
        if known is not None:
            return known
        new = Agency(
            code=code,
            name_vi=name.vi,
            name_en=name.en,
            kind=create.kind if parent else create.parent.kind,
            unit_code=None,
            parent_code=parent,
            calendar_code=create.calendar,
            phone=None,
            is_active=True,
        )
        self._agencies[code] = new
        self._new_agencies.append(new)
        return new

    def _check_words(self) -> None:
        category, agency = self._mapping.category, self._mapping.agency
        leaves = {c.code for c in self._categories.values() if c.field_code}
        _check_known("category.words", category.words, leaves, what="sub-category")
        if agency is not None:
            _check_known("agency.words", agency.words, set(self._agencies), what="agency")


def check_calendar(mapping: Mapping, calendars: Collection[str]) -> None:
    """Refuse agencies that would work by a calendar nobody has described."""
    create = mapping.agency.create if mapping.agency else None
    if create and create.calendar not in calendars:
        raise MappingRefused(
            "agency.create.calendar",
            vi=f"không có lịch làm việc {create.calendar}; hãy mô tả trong [calendar]",
            en=f"there is no calendar {create.calendar}; describe it in [calendar]",
        )


def _check_known(where: str, words: Table[str, str], known: set[str], *, what: str) -> None:
    for word, code in words.items():
        if code not in known:
            raise MappingRefused(
                f"{where}.{word}",
                vi=f"ở đây không có mã {code}",
                en=f"there is no {what} {code} here",
            )


def _field(create: CategoryCreate, word: str) -> tuple[str, Name]:
    if create.field is not None:
        return create.prefix, create.field
    return _code(create.prefix, word), create.names.get(word) or Name(vi=word, en=word)


def _code(prefix: str, word: str) -> str:
    """A code of the prefix and the word's letters; a hash stands for what they cannot say."""
    letters = _SEPARATORS.sub("-", fold_accents(word)).strip("-")
    code = f"{prefix}-{letters}"
    if letters and len(code) <= _CODE_MAX:
        return code
    mark = hashlib.sha256(word.encode()).hexdigest()[:_HASH_LENGTH]
    return f"{code[: _CODE_MAX - _HASH_LENGTH - 1].rstrip('-')}-{mark}"
