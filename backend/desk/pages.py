"""The officers' pages: the queue by time left, one case with all its moves; no JavaScript."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlencode

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter
from litestar.response import Redirect, Template

from backend.accounts.principals import Principal
from backend.clock import now
from backend.database import Database
from backend.desk import store
from backend.desk.evidence import check_may_add_evidence
from backend.desk.reports import (
    OPT,
    SOON,
    QueueStatus,
    count_held,
    read_case,
    read_history,
    read_queue,
)
from backend.desk.tags import CaseTag, parse_tag, read_place
from backend.errors import CaunoiError, FieldFault, Unprocessable
from backend.identifiers import normal_report_code, report_code_span
from backend.photos.objects import ObjectStore
from backend.photos.uploads import receive_photo
from backend.reports import store as reports_store
from backend.reports.actions import move_report, sight_of
from backend.reports.lifecycle import Language, Move, Status, label
from backend.reports.moves import MoveOrder
from backend.reports.reporter import store as reporter_store
from backend.reports.rulebook import Rulebook, Rulebooks
from backend.settings import Settings
from backend.web.forms import read_form
from backend.web.language import page_language
from backend.web.photos import PHOTO_FORM_LIMIT, chunks_of, files_of, sum_of
from backend.web.problems import status_of
from backend.web.texts import clean_text

_PAGE: Final = 30
# Who reads first what screening held back.
_INTAKE: Final = ("moderator", "admin")
_WORDS: Final = (
    *("move", "reason", "public_note", "internal_note", "agency"),
    *("officer", "report", "days", "reason_code"),
)


@get("/can-bo", opt=OPT, include_in_schema=False)
async def queue(
    request: Request[Any, Any, Any],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    settings: NamedDependency[Settings],
    status: FromQuery[QueueStatus | Literal[""]] = "",
    due: FromQuery[Literal["", "overdue", "soon"]] = "",
    category: Annotated[str, QueryParameter(max_length=64)] = "",
    words: Annotated[str, QueryParameter(name="q", max_length=100)] = "",
    after: Annotated[str, QueryParameter(max_length=64)] = "",
    done: Annotated[str, QueryParameter(name="xong", max_length=32)] = "",
) -> Template:
    """The cases in sight, urgent ones first, then by time left; filters stand in the address."""
    language = page_language(request)
    place = read_place(after)
    wanted = store.QueueFilter(
        status=status or None,
        category=category or None,
        due=due or None,
        words=normal_report_code(words) or words.strip() or None,
        codes=report_code_span(words, settings.code_prefix),
        soon_before=now() + SOON,
        after=place.after,
        after_part=place.after_part,
        limit=_PAGE,
    )
    items, following = await read_queue(database, rulebooks, principal, wanted, language=language)
    rulebook = await rulebooks.current()
    kept = {"status": status, "due": due, "category": category, "q": words}
    address = urlencode({name: value for name, value in kept.items() if value})
    return Template(
        "desk/queue.html",
        context={
            "items": items,
            "agency": rulebook.agencies.get(principal.agency_code or ""),
            "language": language,
            "statuses": [
                ("open", None),
                ("held", None),
                ("unrouted", None),
                *((value.value, label(value, language)) for value in Status),
                ("all", None),
            ],
            "categories": _category_options(rulebook, language),
            "chosen": kept,
            "held": await count_held(database, principal) if principal.role in _INTAKE else None,
            "held_most": store.HELD_COUNTED_MOST,
            "done": _move_words(done, language),
            "is_first": not after,
            "first_url": f"/can-bo?{address}" if after else None,
            "next_url": f"/can-bo?{address}{'&' if address else ''}after={following}"
            if following
            else None,
            "soon": now() + SOON,
        },
    )


def _move_words(move: str, language: Language) -> str:
    """What was just done, for the page that follows; "" when it is no move."""
    return label(Move(move), language) if move in set(Move) else ""


def _category_options(rulebook: Rulebook, language: Language) -> list[tuple[str, str]]:
    return [
        (category.code, category.name(language))
        for category in rulebook.categories.values()
        if category.field_code is None
    ]


@get("/can-bo/phan-anh/{report_id:uuid}", opt=OPT, include_in_schema=False)
async def case(
    request: Request[Any, Any, Any],
    report_id: FromPath[uuid.UUID],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    done: Annotated[str, QueryParameter(name="xong", max_length=32)] = "",
) -> Template:
    """One case: what was reported, the promise, why it is here, what may be done, what was done."""
    return await _case_page(request, database, rulebooks, principal, report_id, done=done)


async def _case_page(
    request: Request[Any, Any, Any],
    database: Database,
    rulebooks: Rulebooks,
    principal: Principal,
    report_id: uuid.UUID,
    *,
    done: str = "",
    problem: CaunoiError | None = None,
    given: Mapping[str, str] | None = None,
) -> Template:
    language = page_language(request)
    view = await read_case(database, rulebooks, principal, report_id, language=language)
    rulebook = await rulebooks.current()
    officers = []
    if view["agency"]:
        async with database.transaction() as connection:
            await reports_store.enter_sight(connection, sight_of(principal))
            officers = await store.list_officers(connection, view["agency"]["code"])
    return Template(
        "desk/case.html",
        context={
            "case": view,
            "history": list(
                reversed(
                    await read_history(database, rulebooks, principal, report_id, language=language)
                )
            ),
            "officers": [(str(row["id"]), row["name"]) for row in officers],
            "agencies": [
                (agency.code, agency.name(language))
                for agency in sorted(rulebook.agencies.values(), key=lambda a: a.name_vi)
                if agency.is_active and agency.code != (view["agency"] or {}).get("code")
            ],
            "hiding": [
                (reason.code, reason.title_vi if language == "vi" else reason.title_en)
                for reason in rulebook.hiding.values()
            ],
            "language": language,
            "done": _move_words(done, language),
            "problem": problem,
            "given": {**dict.fromkeys(_WORDS, ""), **(given or {})},
            "faults": problem.faults if problem else (),
        },
        status_code=status_of(problem) if problem else 200,
    )


@post(
    "/can-bo/phan-anh/{report_id:uuid}",
    opt=OPT,
    include_in_schema=False,
    request_max_body_size=PHOTO_FORM_LIMIT,
    status_code=200,
)
async def act(
    request: Request[Any, Any, Any],
    report_id: FromPath[uuid.UUID],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    objects: NamedDependency[ObjectStore],
    settings: NamedDependency[Settings],
) -> Response[Any] | Template:
    """Make one move from the page's form; what is wrong is said beside the form, words kept."""
    async with read_form(request) as form:
        given = {name: str(form.get(name) or "") for name in form if name != "photos"}
        try:
            files = files_of(form)
            photos: list[str] = []
            if files:
                await check_may_add_evidence(database, principal, report_id)
                photos = [
                    await _store_evidence(file, report_id, database, objects, settings)
                    for file in files
                ]
            tag = parse_tag(given.get("version", "")) or CaseTag(-1)
            order = await _order(given, tuple(photos), database, principal)
            await move_report(
                database,
                rulebooks,
                principal=principal,
                report_id=report_id,
                expected_version=tag.version,
                order=replace(order, photos_seen_until=tag.photos_seen_until),
            )
        except CaunoiError as problem:
            return await _case_page(
                request, database, rulebooks, principal, report_id, problem=problem, given=given
            )
        # Who hands a case over may not see it any more.
        gone = given["move"] in (Move.TRANSFER, Move.ESCALATE)
        onward = "/can-bo" if gone else f"/can-bo/phan-anh/{report_id}"
        return Redirect(f"{onward}?xong={given['move']}", status_code=303)


async def _store_evidence(
    file: UploadFile,
    report_id: uuid.UUID,
    database: Database,
    objects: ObjectStore,
    settings: Settings,
) -> str:
    sha256, _ = await sum_of(file)
    await receive_photo(
        database,
        objects,
        settings,
        report_id=report_id,
        sha256=sha256,
        content_type=file.content_type or "",
        chunks=chunks_of(file),
        purpose="after",
    )
    return sha256


async def _order(
    given: Mapping[str, str], photos: tuple[str, ...], database: Database, principal: Principal
) -> MoveOrder:
    def words(name: str) -> str | None:
        text = given.get(name, "").strip()
        return clean_text(text, field=name) if text else None

    try:
        move = Move(given.get("move", ""))
        officer = uuid.UUID(given["officer"]) if given.get("officer") else None
    except ValueError:
        raise _fault("move", "Thao tác không hợp lệ.", "Not a move.") from None
    return MoveOrder(
        move=move,
        reason=words("reason"),
        public_note=words("public_note"),
        internal_note=words("internal_note"),
        agency=given.get("agency") or None,
        officer=officer,
        report=await _other_report(given.get("report", ""), database, principal),
        duration=f"{given['days'].strip()}wd" if given.get("days") else None,
        reason_code=given.get("reason_code") or None,
        publish=None if move is not Move.ACCEPT else given.get("publish") == "1",
        photos=photos,
    )


async def _other_report(code: str, database: Database, principal: Principal) -> uuid.UUID | None:
    """The report that a code typed into the merge form names, if it is in sight."""
    if not code.strip():
        return None
    normal = normal_report_code(code)
    async with database.transaction() as connection:
        await reports_store.enter_sight(connection, sight_of(principal))
        owner = await reporter_store.find_owner(connection, normal) if normal else None
    if owner is None:
        raise _fault("report", "Không tìm thấy phản ánh có mã này.", "There is no such report.")
    return owner.report_id


def _fault(field: str, vi: str, en: str) -> Unprocessable:
    return Unprocessable(faults=(FieldFault(field, vi, en),))
