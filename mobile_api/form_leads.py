"""Before a form without scripts is sent: what its words may be instead of a report, and a yes."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from litestar.datastructures import UploadFile

from backend.reports.lifecycle import Language
from backend.reports.rulebook import Rulebook
from backend.reports.screening import Level
from backend.reports.submit import words_to_screen
from mobile_api.screening import finding_view, worth_saying

CONFIRMED: Final = "confirmed"
_NAME_LONGEST: Final = 80


def leads_to_confirm(
    rulebook: Rulebook, given: Mapping[str, str], *, confirmed: str, language: Language
) -> list[dict[str, Any]]:
    """What the words are recognised as, with the offices to turn to; empty when nothing is asked.

    Asked is what must be confirmed and has not been. `confirmed` names the kinds that were: other
    words, which are something else, are asked for again. What is not taken at all is refused by
    submitting it.
    """
    said = words_to_screen(given["text"], given["address"] or None)
    findings = worth_saying(rulebook, said, given["category"])
    if any(found.level is Level.NOT_TAKEN for found in findings):
        return []
    asked = {found.kind.code for found in findings if found.level is Level.MUST_CONFIRM}
    if asked <= set(confirmed.split()):
        return []
    unit = given["unit"] or _unit_at(rulebook, given["lon"], given["lat"])
    return [finding_view(found, rulebook, unit=unit, language=language) for found in findings]


def calls_first(
    rulebook: Rulebook, given: Mapping[str, str], *, language: Language
) -> list[dict[str, Any]]:
    """Whom to call at once, should the words of a form that cannot be sent tell of an emergency."""
    said = words_to_screen(given["text"], given["address"] or None)
    unit = given["unit"] or _unit_at(rulebook, given["lon"], given["lat"])
    told = [
        finding_view(found, rulebook, unit=unit, language=language)
        for found in worth_saying(rulebook, said, given["category"])
    ]
    return [view for view in told if view["is_urgent"]]


def kinds_of(leads: Collection[Mapping[str, Any]]) -> str:
    """The kinds that a yes to these leads confirms."""
    return " ".join(lead["kind"] for lead in leads if lead["level"] == Level.MUST_CONFIRM.value)


def names_of(files: Sequence[UploadFile]) -> list[str]:
    """What the photos are called, since no page may choose them again for its reader."""
    return [file.filename[:_NAME_LONGEST] for file in files]


def _unit_at(rulebook: Rulebook, lon: str, lat: str) -> str | None:
    try:
        unit = rulebook.units.locate(float(lon), float(lat), "commune")
    except ValueError:
        return None
    return unit.code if unit else None
