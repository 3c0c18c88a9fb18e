"""The desk's API: queue, case, history, moves, evidence."""

import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any, Literal

from litestar import Request, Response, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody, PathParameter, QueryParameter
from msgspec import Meta, Struct

from backend.accounts.principals import Principal
from backend.clock import now
from backend.database import Database
from backend.desk import store
from backend.desk.evidence import check_may_add_evidence
from backend.desk.tags import case_tag, part_of, read_place, read_tag, write_place
from backend.desk.views import case_view, history_step, queue_item
from backend.identifiers import report_code_span
from backend.photos.objects import ObjectStore
from backend.reports import store as reports_store
from backend.reports.actions import move_report, sight_of
from backend.reports.errors import UnknownReport
from backend.reports.lifecycle import Language, Move
from backend.reports.moves import MoveOrder
from backend.reports.rulebook import Rulebooks
from backend.settings import Settings
from backend.web.language import language_of
from backend.web.photos import PHOTO_BODY_LIMIT, answer_private_photo, photo_size, take_photo
from backend.web.policies import staff
from backend.web.texts import clean_text

OPT = {"policy": staff()}
# "Soon" in the queue's filter: what falls due within the next day by the clock.
SOON = timedelta(hours=24)

QueueStatus = Literal[
    "open",
    "all",
    "held",
    "unrouted",
    "received",
    "classifying",
    "assigned",
    "in_progress",
    "awaiting_citizen",
    "resolved",
    "awaiting_confirmation",
    "closed",
    "declined",
    "redirected",
    "withdrawn",
    "merged",
]
StaffMove = Literal[
    "accept",
    "decline",
    "redirect",
    "assign",
    "start",
    "ask",
    "answer",
    "transfer",
    "escalate",
    "resolve",
    "close",
    "reopen",
    "extend",
    "merge",
    "unmerge",
    "hide",
    "publish",
]
Words = Annotated[str, Meta(max_length=5000)]
Sum = Annotated[str, PathParameter(pattern="^[0-9a-f]{64}$", description="SHA-256, hex")]


class MoveIn(Struct, forbid_unknown_fields=True):
    move: StaffMove
    reason: Words | None = None
    public_note: Words | None = None
    internal_note: Words | None = None
    agency: Annotated[str, Meta(max_length=64)] | None = None
    officer: uuid.UUID | None = None
    report: uuid.UUID | None = None
    duration: Annotated[str, Meta(max_length=16)] | None = None
    publish: bool | None = None
    reason_code: Annotated[str, Meta(max_length=64)] | None = None
    photos: Annotated[
        list[Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]], Meta(max_length=20)
    ] = []


@get("/api/v1/desk/reports", opt=OPT, summary="Hàng chờ xử lý", tags=["desk"])
async def list_queue(
    request: Request[Any, Any, Any],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    settings: NamedDependency[Settings],
    status: FromQuery[QueueStatus | None] = None,
    agency: Annotated[str | None, QueryParameter(max_length=64)] = None,
    unit: Annotated[str | None, QueryParameter(max_length=16)] = None,
    category: Annotated[str | None, QueryParameter(max_length=64)] = None,
    due: FromQuery[Literal["overdue", "soon"] | None] = None,
    words: Annotated[str | None, QueryParameter(name="q", max_length=100)] = None,
    after: Annotated[str | None, QueryParameter(max_length=64)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    """The cases in sight; of the open ones emergencies, then urgent ones, then by time left.

    `is_emergency`: its words tell of one, and it is `is_urgent` too. `is_held`: for what screening
    found it is not published by being accepted, only by `publish`. `screening[].by`: what a
    finding rests on, the `words` or only the `category`. `status=held`: those of the open ones that
    are held and wait for intake, which reads these first.
    """
    place = read_place(after)
    wanted = store.QueueFilter(
        status=status,
        agency=agency,
        unit=unit,
        category=category,
        due=due,
        words=words,
        codes=report_code_span(words or "", settings.code_prefix),
        soon_before=now() + SOON,
        after=place.after,
        after_part=place.after_part,
        limit=limit,
    )
    items, following = await read_queue(
        database, rulebooks, principal, wanted, language=language_of(request)
    )
    return {"items": items, "next": following}


async def read_queue(
    database: Database,
    rulebooks: Rulebooks,
    principal: Principal,
    wanted: store.QueueFilter,
    *,
    language: Language,
) -> tuple[list[dict[str, Any]], str | None]:
    """One page of the queue as this person sees it, and the cursor of the next."""
    async with database.transaction() as connection:
        await reports_store.enter_sight(connection, sight_of(principal))
        rows = await store.list_queue(connection, wanted)
    page = rows[: wanted.limit]
    following = None
    if len(rows) > wanted.limit:
        last = page[-1]
        moment = last["resolve_by"] or store.FAR_AWAY
        following = write_place(
            moment if wanted.is_open_queue else last["created_at"],
            last["id"],
            part=part_of(last) if wanted.is_open_queue else "other",
        )
    rulebook = await rulebooks.current()
    return [queue_item(row, rulebook, language) for row in page], following


async def count_held(database: Database, principal: Principal) -> int:
    """How many cases this person sees that are held with no agency yet; at most some."""
    async with database.transaction() as connection:
        await reports_store.enter_sight(connection, sight_of(principal))
        return await store.count_held(connection)


@get("/api/v1/desk/reports/{report_id:uuid}", opt=OPT, summary="Một phản ánh", tags=["desk"])
async def get_case(
    request: Request[Any, Any, Any],
    report_id: FromPath[uuid.UUID],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
) -> Response[dict[str, Any]]:
    """Everything about one case; its ETag is what a move must name in If-Match."""
    view = await read_case(database, rulebooks, principal, report_id, language=language_of(request))
    return Response(view, headers={"ETag": f'"{view["etag"]}"'})


async def read_case(
    database: Database,
    rulebooks: Rulebooks,
    principal: Principal,
    report_id: uuid.UUID,
    *,
    language: Language,
) -> dict[str, Any]:
    """The case as this person sees it; raises UnknownReport for what is out of sight."""
    async with database.transaction() as connection:
        await reports_store.enter_sight(connection, sight_of(principal))
        report = await reports_store.find_report(connection, report_id)
        case = await store.find_case(connection, report_id)
        photos = await store.list_photos(connection, report_id)
    if report is None or case is None:
        raise UnknownReport()
    view = case_view(
        case,
        photos=photos,
        report=report,
        principal=principal,
        rulebook=await rulebooks.current(),
        language=language,
    )
    # read with the photos, or it might say that one was seen which was not
    return {**view, "etag": case_tag(report.version, photos)}


@get("/api/v1/desk/reports/{report_id:uuid}/history", opt=OPT, summary="Lịch sử", tags=["desk"])
async def get_history(
    request: Request[Any, Any, Any],
    report_id: FromPath[uuid.UUID],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
) -> dict[str, Any]:
    """Every event of the case, oldest first, with its hash."""
    items = await read_history(
        database, rulebooks, principal, report_id, language=language_of(request)
    )
    return {"items": items, "next": None}


async def read_history(
    database: Database,
    rulebooks: Rulebooks,
    principal: Principal,
    report_id: uuid.UUID,
    *,
    language: Language,
) -> list[dict[str, Any]]:
    """The history as this person sees it; raises UnknownReport for what is out of sight."""
    async with database.transaction() as connection:
        await reports_store.enter_sight(connection, sight_of(principal))
        steps = await store.list_history(connection, report_id)
    if not steps:
        raise UnknownReport()
    rulebook = await rulebooks.current()
    return [history_step(step, rulebook, language) for step in steps]


@post(
    "/api/v1/desk/reports/{report_id:uuid}/moves",
    opt=OPT,
    status_code=200,
    summary="Chuyển bước xử lý",
    tags=["desk"],
)
async def move(
    request: Request[Any, Any, Any],
    report_id: FromPath[uuid.UUID],
    data: JSONBody[MoveIn],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
) -> Response[dict[str, Any]]:
    """Move a case; If-Match names the version it was read at (412 when it has moved on).

    The ETag of a case also says which photos were on it: accepting or publishing shows strangers
    those and holds back what came since. A bare version stands for all that are ready.
    `hide` takes a `reason_code` and, as `public_note`, words of its own: its reporter reads them,
    nobody else; the `reason` stays internal.
    """
    tag = read_tag(request.headers.get("if-match"))
    after = await move_report(
        database,
        rulebooks,
        principal=principal,
        report_id=report_id,
        expected_version=tag.version,
        order=replace(order_from(data), photos_seen_until=tag.photos_seen_until),
    )
    answer = {
        "id": after.id,
        "code": after.code,
        "status": after.status.value,
        "agency": after.agency_code,
        "version": after.version,
        "promises": {"accept_by": after.accept_by, "resolve_by": after.resolve_by},
    }
    return Response(answer, headers={"ETag": f'"{after.version}"'})


def order_from(data: MoveIn) -> MoveOrder:
    """The order that a move's body asks for, its texts checked for control characters."""

    def clean(text: str | None, field: str) -> str | None:
        return clean_text(text, field=field) if text else None

    return MoveOrder(
        move=Move(data.move),
        reason=clean(data.reason, "reason"),
        public_note=clean(data.public_note, "public_note"),
        internal_note=clean(data.internal_note, "internal_note"),
        agency=data.agency,
        officer=data.officer,
        report=data.report,
        duration=data.duration,
        publish=data.publish,
        reason_code=data.reason_code,
        photos=tuple(data.photos),
    )


@put(
    "/api/v1/desk/reports/{report_id:uuid}/photos/{sha256:str}",
    opt=OPT,
    request_max_body_size=PHOTO_BODY_LIMIT,
    status_code=200,
    summary="Tải ảnh sau xử lý",
    tags=["desk"],
)
async def upload_evidence(
    request: Request[Any, Any, Any],
    report_id: FromPath[uuid.UUID],
    sha256: Sum,
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    objects: NamedDependency[ObjectStore],
    settings: NamedDependency[Settings],
) -> dict[str, Any]:
    """Take one photo of the result; name it in the move that resolves the case."""
    await check_may_add_evidence(database, principal, report_id)
    return await take_photo(
        request, database, objects, settings, report_id=report_id, sha256=sha256, purpose="after"
    )


async def check_in_sight(database: Database, principal: Principal, report_id: uuid.UUID) -> None:
    """Raise UnknownReport unless this person may see the case."""
    async with database.transaction() as connection:
        await reports_store.enter_sight(connection, sight_of(principal))
        if await reports_store.find_report(connection, report_id) is None:
            raise UnknownReport()


@get(
    "/api/v1/desk/reports/{report_id:uuid}/photos/{sha256:str}/{name:str}",
    opt=OPT,
    summary="Ảnh của phản ánh (WebP)",
    tags=["desk"],
)
async def show_photo(
    request: Request[Any, Any, Any],
    report_id: FromPath[uuid.UUID],
    sha256: Sum,
    name: FromPath[str],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    objects: NamedDependency[ObjectStore],
) -> Response[bytes]:
    """A photo of a case in sight, published or not."""
    await check_in_sight(database, principal, report_id)
    return await answer_private_photo(
        request, database, objects, report_id=report_id, sha256=sha256, size=photo_size(name)
    )
