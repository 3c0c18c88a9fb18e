"""The figures of reports as JSON: a summary, and breakdowns."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal

import msgspec
from litestar import get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery, PathParameter, QueryParameter
from msgspec import Struct

from backend.accounts.principals import Principal
from backend.clock import day_of, now
from backend.counts.figures import Line
from backend.counts.filters import Dimension
from backend.counts.read import ApartLine, Breakdown, by, by_unit_on_boundaries, summary
from backend.database import Database
from backend.errors import FieldFault, Malformed
from ioc_views.questions import VIEWERS, Question, understand, understand_on_boundaries

OPT: dict[str, Any] = {"policy": VIEWERS}
# A breakdown by day that names no first day begins so many days back.
_DAYS_SHOWN = 90
_CURSOR = re.compile(r"(-?\d{1,12})~(.+)", re.ASCII)

Sort = Literal["received", "open", "overdue_open", "resolved", "late"]
First = Annotated[
    date | None, QueryParameter(name="from", description="First day of receipt, in Vietnam.")
]
Last = Annotated[
    date | None, QueryParameter(name="to", description="Last day of receipt, included.")
]
UnitWord = Annotated[
    str | None,
    QueryParameter(
        max_length=48, description="Code on today's boundaries, or code@first day, for older ones."
    ),
]
CategoryWord = Annotated[
    str | None, QueryParameter(max_length=64, description="A category, or a field with all of its.")
]
AgencyWord = Annotated[
    str | None, QueryParameter(max_length=64, description="An agency; `-` is what none has.")
]
Boundaries = Annotated[
    date | None, QueryParameter(description="Show units as they were drawn on this day.")
]


def read_question(
    first: First = None,
    last: Last = None,
    unit: UnitWord = None,
    category: CategoryWord = None,
    agency: AgencyWord = None,
    boundaries: Boundaries = None,
) -> Question:
    """What every address of figures may ask for."""
    return Question(first, last, unit, category, agency, boundaries)


_ASKS: dict[str, Provide] = {"question": Provide(read_question, sync_to_thread=False)}


class LineAnswer(Struct):
    """One unit, category, agency or day; shares lie in 0–1, null where fewer than 5 cases count."""

    key: str
    code: str
    name: str
    name_en: str
    received: int
    accepted: int
    resolved: int
    open: int
    on_time: int
    late: int
    overdue_open: int
    reopened: int
    declined: int
    rated: int
    on_time_share: float | None
    mean_hours: float | None
    satisfaction: float | None
    valid_from: str | None
    approximate: bool


class ApartAnswer(Struct):
    """A split unit whose figures belong to several of the units asked for, unknown which."""

    line: LineAnswer
    among: list[str]


class SummaryAnswer(Struct):
    """The figures of all reports a filter picks; hours are elapsed, shares lie in 0–1."""

    received: int
    accepted: int
    resolved: int
    open: int
    on_time: int
    late: int
    overdue_open: int
    reopened: int
    declined: int
    rated: int
    on_time_share: float | None
    median_hours: float | None
    mean_hours: float | None
    satisfaction: float | None
    as_of: datetime
    approximate: bool = False
    apart: list[ApartAnswer] = []


class BreakdownAnswer(Struct):
    """The lines of a breakdown; `apart` only where other boundaries were asked for."""

    items: list[LineAnswer]
    next: str | None
    as_of: datetime
    apart: list[ApartAnswer] = []


@get(
    "/api/v1/ioc/reports/summary",
    opt=OPT,
    dependencies=_ASKS,
    summary="Số liệu tổng hợp phản ánh",
    tags=["ioc"],
)
async def show_summary(
    database: NamedDependency[Database],
    principal: NamedDependency[Principal | None],
    question: NamedDependency[Question],
) -> SummaryAnswer:
    """Everything received in the range, and what has become of it by now.

    Officers and key-holders get the figures of their own agency.
    """
    asked = await understand_on_boundaries(database.app, question, principal)
    figures = await summary(database.app, asked.wanted)
    answer = msgspec.convert(figures, SummaryAnswer, from_attributes=True)
    answer.apart = [_apart(part) for part in asked.apart]
    answer.approximate = bool(asked.apart)
    return answer


@get(
    "/api/v1/ioc/reports/by/{dimension:str}",
    opt=OPT,
    dependencies=_ASKS,
    summary="Số liệu phản ánh theo đơn vị, lĩnh vực, cơ quan hoặc ngày",
    tags=["ioc"],
)
async def show_breakdown(
    database: NamedDependency[Database],
    principal: NamedDependency[Principal | None],
    dimension: Annotated[Dimension, PathParameter()],
    question: NamedDependency[Question],
    level: FromQuery[Literal["category", "field"]] = "category",
    sort: FromQuery[Sort] = "received",
    after: Annotated[str | None, QueryParameter(max_length=120)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 100,
) -> BreakdownAnswer:
    """One line for each key that has reports: most first, days in order.

    `level=field` sums sub-categories up to their fields. Without `from`, days go back 90.
    """
    if dimension == "day":
        question = with_first_day(question, today=day_of(now()))
    broken_down = await break_down(
        database, dimension, question, principal=principal, by_field=level == "field"
    )
    items, following = cut_page(
        broken_down.lines, sort=None if dimension == "day" else sort, after=after, limit=limit
    )
    return BreakdownAnswer(
        items=[_line(line) for line in items],
        next=following,
        as_of=broken_down.as_of,
        apart=[_apart(part) for part in broken_down.apart],
    )


async def break_down(
    database: Database,
    dimension: Dimension,
    question: Question,
    *,
    principal: Principal | None,
    by_field: bool = False,
) -> Breakdown:
    """The breakdown that a question asks for, on the boundaries it names."""
    if question.boundaries is not None and dimension == "unit":
        wanted = await understand(database.app, question, principal)
        return await by_unit_on_boundaries(database.app, wanted, question.boundaries)
    asked = await understand_on_boundaries(database.app, question, principal)
    found = await by(database.app, dimension, asked.wanted, by_field=by_field)
    return replace(found, apart=asked.apart)


def with_first_day(question: Question, *, today: date) -> Question:
    """The question limited to the last days, unless it says where to begin."""
    if question.first is not None:
        return question
    last = question.last or today
    return replace(question, first=last - timedelta(days=_DAYS_SHOWN - 1))


def cut_page(
    lines: tuple[Line, ...], *, sort: Sort | None, after: str | None, limit: int
) -> tuple[list[Line], str | None]:
    """The lines after a cursor, in order, and the cursor that goes on; days (no sort) by date.

    Raises Malformed for a cursor we did not write.
    """

    def place(line: Line) -> tuple[int, str]:
        return (-int(getattr(line, sort)) if sort else 0, line.key)

    ordered = sorted(lines, key=place)
    if after is not None:
        reached = _read_cursor(after)
        ordered = [line for line in ordered if place(line) > reached]
    page = ordered[:limit]
    if len(ordered) <= limit:
        return page, None
    value, key = place(page[-1])
    return page, f"{value}~{key}"


def _read_cursor(after: str) -> tuple[int, str]:
    found = _CURSOR.fullmatch(after)
    if found is None:
        raise Malformed(
            faults=(FieldFault("after", "Con trỏ không hợp lệ.", "Not a cursor of ours."),)
        )
    return int(found[1]), found[2]


def _line(line: Line) -> LineAnswer:
    values = {name: getattr(line, name) for name in LineAnswer.__struct_fields__[:-1]}
    return LineAnswer(**values, approximate=line.is_approximate)


def _apart(part: ApartLine) -> ApartAnswer:
    return ApartAnswer(_line(part.line), list(part.among))
