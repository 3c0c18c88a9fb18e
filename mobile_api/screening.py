"""Before sending: is this a report at all, and what is it about. Nothing said here is kept."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from litestar import Request, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct

from backend.reports.lifecycle import Language
from backend.reports.rulebook import Rulebook, Rulebooks
from backend.reports.screening import Finding, Ground, Kind, Level, Office
from backend.web.language import language_of
from backend.web.limits import Limit
from backend.web.policies import ANYONE
from backend.web.texts import clean_text
from mobile_api.described import ScreenOperation
from mobile_api.intake import TEXT_LONGEST

_LIMIT: Final = Limit("screen", per_minute=120, burst=60)
_UNIT_ROLE: Final = "unit:"


class ScreenIn(Struct, forbid_unknown_fields=True):
    text: Annotated[str, Meta(max_length=TEXT_LONGEST)]
    category: Annotated[str, Meta(max_length=64)] | None = None
    unit: Annotated[str, Meta(max_length=16)] | None = None


@post(
    "/api/v1/reports/screen",
    opt={"policy": ANYONE, "limit": _LIMIT},
    status_code=200,
    operation_class=ScreenOperation,
    summary="Kiểm tra trước khi gửi: có phải phản ánh không, thuộc lĩnh vực nào",
    tags=["reports"],
)
async def screen(
    request: Request[Any, Any, Any],
    data: JSONBody[ScreenIn],
    rulebooks: NamedDependency[Rulebooks],
) -> dict[str, Any]:
    """What the words are recognised as, with the office to turn to, and the likely categories.

    `level` says what follows: `advise` nothing; `must_confirm` ask before sending, the report is
    then looked at by intake and, where `is_held`, not published by itself; `not_taken` POST
    /reports refuses it. `by` says what it rests on: the `words`, or only the `category` chosen.
    """
    rulebook, language = await rulebooks.current(), language_of(request)
    text = clean_text(data.text, field="text")
    return {
        "findings": [
            finding_view(found, rulebook, unit=data.unit, language=language)
            for found in worth_saying(rulebook, text, data.category)
        ],
        "suggestions": [
            {
                "category": suggestion.category,
                "name": rulebook.categories[suggestion.category].name(language),
                "score": suggestion.score,
                "because": list(suggestion.because),
            }
            for suggestion in rulebook.suggest(text)
        ],
    }


def worth_saying(rulebook: Rulebook, text: str, category: str | None) -> Sequence[Finding]:
    """What screening finds, without advice on what the public reads where it will read nothing."""
    findings = rulebook.screen(text, category)
    chosen = rulebook.categories.get(category or "")
    is_closed = (chosen is not None and chosen.is_restricted) or any(
        found.level is not Level.ADVISE and (found.kind.is_held or found.level is Level.NOT_TAKEN)
        for found in findings
    )
    return [found for found in findings if not (is_closed and found.kind.look_first)]


def offices_elsewhere(rulebook: Rulebook, language: Language) -> list[dict[str, Any]]:
    """Where to turn with what is no report and no emergency, by kind, as the rules have it."""
    kinds = rulebook.screening.kinds.values() if rulebook.screening else ()
    return [
        {
            "title": kind.title_vi if language == "vi" else kind.title_en,
            "offices": [_office(office, rulebook, None, language) for office in kind.offices],
        }
        for kind in kinds
        if kind.to_intake
    ]


def finding_view(
    found: Finding, rulebook: Rulebook, *, unit: str | None, language: Language
) -> dict[str, Any]:
    """One finding in people's words: what it is, what to do, where to go."""
    kind, vi = found.kind, language == "vi"
    return {
        "kind": kind.code,
        "level": found.level.value,
        "by": found.ground.value,
        "is_held": kind.is_held and found.level is not Level.ADVISE,
        "is_urgent": kind.is_urgent and found.level is not Level.ADVISE,
        "title": kind.title_vi if vi else kind.title_en,
        "advice": kind.advice_vi if vi else kind.advice_en,
        "offices": [_office(office, rulebook, unit, language) for office in kind.offices],
        "because": list(found.because),
    }


def is_for_public(kept: Mapping[str, Any], rulebook: Rulebook) -> bool:
    """Whether a finding that was kept only advises on what the public is going to read."""
    kind = rulebook.screening.kinds.get(kept["kind"]) if rulebook.screening else None
    return kind is not None and kind.look_first


def kept_view(
    kept: Mapping[str, Any], rulebook: Rulebook, *, unit: str, language: Language
) -> dict[str, Any]:
    """A finding that was kept with a report, told by the rules of today."""
    rules = rulebook.screening
    kind = rules.kinds.get(kept["kind"]) if rules else None
    found = Finding(
        kind or Kind(kept["kind"], "", "", "", "", offices=()),
        Level(kept["level"]),
        rules=(),
        because=(),
        ground=rules.ground_of(kept["rules"]) if rules else Ground.WORDS,
    )
    return finding_view(found, rulebook, unit=unit, language=language)


def _office(
    office: Office, rulebook: Rulebook, unit: str | None, language: Language
) -> dict[str, str | None]:
    """The office as it is called here: the agency that a role names in this unit, how to reach it.

    `role`: what the office is named for ("Tố giác tội phạm"), where its agency has another name.
    """
    name = office.name_vi if language == "vi" else office.name_en
    code = office.agency
    if code is not None and code.startswith(_UNIT_ROLE):
        code = rulebook.unit_agencies.get(unit or "", {}).get(code.removeprefix(_UNIT_ROLE))
    agency = rulebook.agencies.get(code or "")
    called = agency.name(language) if agency is not None and agency.unit_code else name
    return {
        "name": called,
        "role": name if called != name else None,
        "phone": office.phone or (agency.phone if agency is not None else None),
        "url": office.url,
        "address": office.address,
        "agency": agency.code if agency is not None else None,
    }
