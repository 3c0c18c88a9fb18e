"""Before sending: is this a report at all, and what is it about. Nothing said here is kept."""

from collections.abc import Mapping
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
            for found in rulebook.screen(text, data.category)
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
    """The office as it is called here: the agency that a role names in this unit, its telephone."""
    name = office.name_vi if language == "vi" else office.name_en
    code = office.agency
    if code is not None and code.startswith(_UNIT_ROLE):
        code = rulebook.unit_agencies.get(unit or "", {}).get(code.removeprefix(_UNIT_ROLE))
    agency = rulebook.agencies.get(code or "")
    if agency is None:
        return {"name": name, "phone": office.phone, "url": office.url, "agency": None}
    return {
        "name": agency.name(language) if agency.unit_code else name,
        "phone": office.phone or agency.phone,
        "url": office.url,
        "agency": agency.code,
    }
