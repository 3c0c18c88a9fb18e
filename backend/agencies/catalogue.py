"""Agencies and categories as values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Agency:
    """An organisation that answers reports; `kind` names its role in its unit (ubnd, congan, …)."""

    code: str
    name_vi: str
    name_en: str
    kind: str
    unit_code: str | None
    parent_code: str | None
    calendar_code: str
    phone: str | None
    is_active: bool

    def name(self, language: str) -> str:
        return self.name_en if language == "en" else self.name_vi


@dataclass(frozen=True)
class Category:
    """One entry of the taxonomy; a field (lĩnh vực) has no `field_code`, its sub-fields have.

    Restricted: seen by entitled staff and the reporter only. Sensitive: public without the exact
    place. Urgent: counted in working hours, announced at night too.
    """

    code: str
    field_code: str | None
    name_vi: str
    name_en: str
    position: int
    is_restricted: bool
    is_sensitive: bool
    is_urgent: bool
    questions: Sequence[Mapping[str, Any]]
    is_active: bool

    def name(self, language: str) -> str:
        return self.name_en if language == "en" else self.name_vi
