"""Why a report goes where it goes: the routing rules explained for any place and moment."""

from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Request, get
from litestar.di import NamedDependency
from litestar.params import FromQuery, QueryParameter

from backend.clock import now
from backend.desk.views import agency
from backend.errors import FieldFault, Malformed
from backend.reports.errors import OutsideProvince
from backend.reports.promises import make_promise
from backend.reports.rulebook import Rulebooks
from backend.web.language import language_of
from backend.web.policies import staff

# Calendars reach no further.
_FIRST_YEAR, _LAST_YEAR = 1900, 2200


@get(
    "/api/v1/desk/routing/explain",
    opt={"policy": staff()},
    summary="Giải thích phân tuyến",
    tags=["desk"],
)
async def explain(
    request: Request[Any, Any, Any],
    rulebooks: NamedDependency[Rulebooks],
    category: Annotated[str, QueryParameter(max_length=64)],
    lon: Annotated[float, QueryParameter(ge=-180, le=180)],
    lat: Annotated[float, QueryParameter(ge=-90, le=90)],
    at: FromQuery[datetime | None] = None,
) -> dict[str, Any]:
    """Which agency would lead, by which rule of which version, and why the others do not."""
    rulebook, language = await rulebooks.current(), language_of(request)
    if at is not None and not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        raise Malformed(
            faults=(FieldFault("at", "Thời điểm không hợp lệ.", "Not a moment that can be meant."),)
        )
    moment = (at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)) if at else now()
    sub_field = rulebook.get_category(category)
    unit = rulebook.units.locate(lon, lat, "commune")
    if unit is None:
        raise OutsideProvince()
    facts = rulebook.facts(sub_field, unit, lon=lon, lat=lat, at=moment)
    decision, trace = rulebook.decide(facts), rulebook.explain(facts)
    promise = None
    if decision.lead:
        calendar = rulebook.calendar_of(decision.lead)
        promise = make_promise(rulebook.terms(sub_field), calendar, received_at=moment)
    vi = language == "vi"
    return {
        "agency": agency(rulebook, decision.lead, language),
        "co_agencies": [agency(rulebook, code, language) for code in decision.co_agencies],
        "officer_group": decision.officer_group,
        "rule": decision.rule_id,
        "version": decision.version,
        "reason": decision.reason_vi if vi else decision.reason_en,
        "unit": {"code": unit.code, "name": unit.name, "valid_from": unit.valid_from},
        "areas": sorted(facts.areas),
        "is_working_time": facts.is_working_time,
        "is_urgent": facts.is_urgent,
        "promises": {
            "accept_by": promise.accept_by if promise else None,
            "resolve_by": promise.resolve_by if promise else None,
        },
        "rules": [
            {
                "rule": step.rule.id,
                "lead": step.rule.lead,
                "fits": step.fits,
                "is_winner": step.is_winner,
                "why": step.why_vi if vi else step.why_en,
            }
            for step in trace.steps[:200]
        ],
    }
