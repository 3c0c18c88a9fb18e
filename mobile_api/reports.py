"""Reports over HTTP, for citizens: submit, follow, list."""

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final

import msgspec
from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery, PathParameter, QueryParameter

from backend.database import Database
from backend.errors import FieldFault, Malformed
from backend.identifiers import normal_report_code
from backend.reports.errors import UnknownReport
from backend.reports.lifecycle import Language, Status
from backend.reports.rulebook import Rulebooks
from backend.reports.submit import submit_report
from backend.web.cursors import read_cursor, write_cursor
from backend.web.language import language_of
from backend.web.limits import Limit
from backend.web.policies import ANYONE
from backend.web.problems import UnknownMediaType
from backend.web.state import provide_database, provide_rulebooks, settings_of
from mobile_api import store
from mobile_api.described import TrackingOperation
from mobile_api.documents import SubmitOperation
from mobile_api.intake import parse_submission
from mobile_api.lists.days import read_period
from mobile_api.ownership import CITIZEN_KEYS, tied_to_account
from mobile_api.views import list_item, submit_answer, tracking_view

_ENCODER: Final = msgspec.json.Encoder()
_SUBMIT_LIMIT: Final = Limit("submit_report", per_minute=20, burst=20)
_READ_LIMIT: Final = Limit("public_read", per_minute=600, burst=200)

Code = Annotated[str, PathParameter(description="Report code, e.g. QNG-7K3M-2F9A", max_length=40)]


@post(
    "/api/v1/reports",
    opt={"policy": ANYONE, "limit": _SUBMIT_LIMIT},
    status_code=201,
    operation_class=SubmitOperation,
    summary="Gửi phản ánh",
    tags=["reports"],
)
async def submit(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Store a report once: the same Idempotency-Key and content give the same answer again."""
    check_is_json(request)
    key = read_idempotency_key(request.headers.get("idempotency-key"))
    settings = settings_of(request)
    submission, payload_hash = parse_submission(
        await request.body(),
        photo_max_bytes=settings.photo_max_bytes,
        photos_most=settings.photos_per_report,
    )
    submission, actor = tied_to_account(request, submission)
    submitted = await submit_report(
        provide_database(request.app.state),
        provide_rulebooks(request.app.state),
        settings=settings,
        submission=submission,
        principal=CITIZEN_KEYS,
        key=key,
        payload_hash=payload_hash,
        actor=actor,
    )
    return Response(
        content=_ENCODER.encode(submit_answer(submitted)),
        media_type="application/json",
        status_code=201,
        headers={"Location": f"/api/v1/reports/{submitted.code}"},
    )


def check_is_json(request: Request[Any, Any, Any]) -> None:
    """Raise UnknownMediaType for a body that says it is something else, or that is packed."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    packing = request.headers.get("content-encoding", "identity").strip().lower()
    if kind not in ("", "application/json") or packing != "identity":
        raise UnknownMediaType()


def read_idempotency_key(text: str | None) -> uuid.UUID:
    """The key of a submit; raises Malformed when it is missing or no UUID."""
    try:
        return uuid.UUID((text or "").strip('"'))
    except ValueError:
        raise Malformed(
            faults=(
                FieldFault(
                    "Idempotency-Key",
                    "Cần mã chống gửi trùng dạng UUID.",
                    "A UUID is needed, so that a repeated request is not stored twice.",
                ),
            )
        ) from None


@get(
    "/api/v1/reports/{code:str}",
    opt={"policy": ANYONE, "limit": _READ_LIMIT},
    operation_class=TrackingOperation,
    summary="Tra cứu phản ánh theo mã",
    tags=["reports"],
)
async def follow(
    request: Request[Any, Any, Any],
    code: Code,
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
) -> dict[str, Any]:
    """The public projection: stage, promise, timeline; words, place and photos once published."""
    return await read_tracking(database, rulebooks, code=code, language=language_of(request))


async def read_tracking(
    database: Database, rulebooks: Rulebooks, *, code: str, language: Language
) -> dict[str, Any]:
    """What anybody who knows the code may see; raises UnknownReport."""
    normal = normal_report_code(code)
    row = await store.find_tracking(database.public, normal) if normal else None
    if row is None:
        raise UnknownReport()
    published: Mapping[str, Any] | None = None
    if row["is_published"]:
        published = await store.find_published(database.public, row["id"])
    return tracking_view(
        row,
        published,
        events=await store.list_public_events(database.public, row["id"]),
        photos=await store.list_public_photos(database.public, row["id"]),
        rulebook=await rulebooks.current(),
        language=language,
    )


@get(
    "/api/v1/reports",
    opt={"policy": ANYONE, "limit": _READ_LIMIT},
    summary="Danh sách phản ánh công khai",
    tags=["reports"],
)
async def list_reports(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    bbox: Annotated[str | None, QueryParameter(max_length=120)] = None,
    category: Annotated[str | None, QueryParameter(max_length=64)] = None,
    status: FromQuery[Status | None] = None,
    unit: Annotated[str | None, QueryParameter(max_length=16)] = None,
    since: Annotated[date | None, QueryParameter(name="from")] = None,
    until: Annotated[date | None, QueryParameter(name="to")] = None,
    words: Annotated[str | None, QueryParameter(name="q", max_length=100)] = None,
    after: Annotated[str | None, QueryParameter(max_length=64)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=store.PAGE_MOST)] = 50,
) -> dict[str, Any]:
    """Published reports, newest first, by keyset; days are days in Vietnam, `to` inclusive."""
    first, end = read_period(since, until)
    wanted = store.ListFilter(
        bbox=read_bbox(bbox) if bbox else None,
        category=category,
        status=status.value if status else None,
        unit=unit,
        since=first,
        until=end,
        words=words,
        after=read_cursor(after) if after else None,
        limit=limit,
    )
    rows = await store.list_public(database.public, wanted)
    rulebook, language = await rulebooks.current(), language_of(request)
    page = rows[:limit]
    more = len(rows) > limit
    return {
        "items": [list_item(row, rulebook, language) for row in page],
        "next": write_cursor(page[-1]["created_at"], page[-1]["id"]) if more else None,
    }


@get(
    "/api/v1/reports/near",
    opt={"policy": ANYONE, "limit": _READ_LIMIT},
    summary="Phản ánh đang mở ở gần",
    tags=["reports"],
)
async def list_reports_near(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    lon: Annotated[float, QueryParameter(ge=-180, le=180)],
    lat: Annotated[float, QueryParameter(ge=-90, le=90)],
    radius_metres: Annotated[float, QueryParameter(gt=0, le=store.NEAR_MOST_METRES)] = 250,
    category: Annotated[str | None, QueryParameter(max_length=64)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=50)] = 20,
) -> dict[str, Any]:
    """Open published reports around a place, the nearest first."""
    rows = await store.list_near(
        database.public,
        lon=lon,
        lat=lat,
        radius_metres=radius_metres,
        category=category,
        limit=limit,
    )
    rulebook, language = await rulebooks.current(), language_of(request)
    return {"items": [list_item(row, rulebook, language) for row in rows], "next": None}


def read_bbox(text: str) -> tuple[float, float, float, float]:
    """West, south, east, north in degrees; raises Malformed."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        west, south, east, north = 1.0, 0.0, 0.0, 0.0
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise Malformed(
            faults=(
                FieldFault(
                    "bbox",
                    "Cần bốn số: tây, nam, đông, bắc (độ).",
                    "Needs four numbers: west, south, east, north in degrees.",
                ),
            )
        )
    return west, south, east, north
