"""What the reporter does with their own report: see all of it, answer, rate, reopen, withdraw."""

import hashlib
import hmac
import uuid
from datetime import datetime, timedelta
from typing import Annotated, Any

from litestar import Request, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter
from msgspec import Meta, Struct

from backend.clock import now
from backend.database import Database
from backend.identifiers import normal_report_code
from backend.reports import store as reports_store
from backend.reports.errors import UnknownReport
from backend.reports.lifecycle import Move, Role, Status, allowed_moves, label
from backend.reports.moves import MoveOrder, is_rating_final, rating_change_ends
from backend.reports.report import Report
from backend.reports.reporter import store as reporter_store
from backend.reports.rulebook import Rulebooks
from backend.reports.terms import TermsBook
from backend.settings import Settings
from backend.web.clients import client_address, limit_key
from backend.web.language import language_of
from backend.web.limits import Limit
from backend.web.policies import ANYONE, principal_of
from backend.web.state import parts_of
from mobile_api import store
from mobile_api.described import MineOperation
from mobile_api.own_deeds import (
    answer_order,
    edit_own,
    move_own,
    rate_order,
    reopen_order,
    withdraw_order,
)
from mobile_api.ownership import get_own_report
from mobile_api.photos import own_photo_view
from mobile_api.screening import is_for_public, kept_view
from mobile_api.views import hidden_view, tracking_view

_LIMIT = Limit("own_report", per_minute=60, burst=40)
_OPT = {"policy": ANYONE, "limit": _LIMIT}

Code = Annotated[str, PathParameter(max_length=40)]
Words = Annotated[str, Meta(min_length=1, max_length=2000)]


class MessageIn(Struct, forbid_unknown_fields=True):
    text: Words


class RatingIn(Struct, forbid_unknown_fields=True):
    score: Annotated[int, Meta(ge=1, le=4)]
    comment: Annotated[str, Meta(max_length=2000)] | None = None


class ReopenIn(Struct, forbid_unknown_fields=True):
    reason: Words


class WithdrawIn(Struct, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(max_length=2000)] | None = None


class EditIn(Struct, forbid_unknown_fields=True):
    text: Annotated[str, Meta(min_length=1, max_length=4000)] | None = None
    address: Annotated[str, Meta(max_length=300)] | None = None


@get(
    "/api/v1/reports/{code:str}/mine",
    opt=_OPT,
    operation_class=MineOperation,
    summary="Phản ánh của tôi",
    tags=["reports"],
)
async def mine(
    request: Request[Any, Any, Any],
    code: Code,
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    settings: NamedDependency[Settings],
) -> dict[str, Any]:
    """The reporter's view: the public part, own words and data, photos, messages."""
    report_id = await get_own_report(request, database, code)
    return await read_own_view(request, database, rulebooks, settings, report_id=report_id)


async def read_own_view(
    request: Request[Any, Any, Any],
    database: Database,
    rulebooks: Rulebooks,
    settings: Settings,
    *,
    report_id: uuid.UUID,
) -> dict[str, Any]:
    """Everything the reporter may see of their report."""
    report = await reports_store.find_report(database.app, report_id)
    row = await store.find_own_tracking(database.app, report_id)
    if report is None or row is None:
        raise UnknownReport()
    own = await reporter_store.get_own_view(database.app, report_id)
    language = language_of(request)
    published, rulebook = row["is_published"], await rulebooks.current()
    book = rulebook.terms_books[report.promise_version]
    is_closed = report.is_restricted or report.is_held
    view = tracking_view(
        row,
        await store.find_published(database.public, report_id) if published else None,
        events=await store.list_own_events(database.app, report_id),
        photos=await store.list_public_photos(database.public, report_id),
        rulebook=rulebook,
        language=language,
    )
    view["mine"] = {
        "text": own.text,
        "address": own.address,
        "answers": own.answers,
        "happened_at": own.happened_at,
        "location": {"lon": own.lon, "lat": own.lat, "accuracy_metres": own.accuracy_metres},
        "is_anonymous": own.is_anonymous,
        "in_account": report.account_id is not None,
        "is_hidden": report.visibility == "hidden",
        # whether accepting it shows it to all, and whether others may follow it by its code
        "is_to_be_published": not is_closed,
        "is_followed_by_code": not report.is_restricted and report.visibility != "hidden",
        "hidden": hidden_view(
            await reporter_store.find_hiding(database.app, report_id), rulebook, language
        )
        if report.visibility == "hidden"
        else None,
        # the report it is handled with, where that one may be read
        "merged_into": await store.find_published_code(database.public, report.merged_into)
        if report.merged_into
        else None,
        "contact": own.contact,
        "photos": [own_photo_view(request, report.code, photo) for photo in own.photos],
        "messages": own.messages,
        "screening": [
            kept_view(kept, rulebook, unit=report.unit_code, language=language)
            for kept in own.screening
            if not (is_closed and is_for_public(kept, rulebook))
        ],
        "can_edit_until": edit_ends(report, settings),
        "can_rate_until": rating_ends(report, book),
        "moves": [
            {"move": move.value, "label": label(move, language)} for move in own_moves(report, book)
        ],
    }
    return view


def own_moves(report: Report, book: TermsBook) -> list[Move]:
    """What the reporter may do now."""
    return [
        move
        for move in allowed_moves(report.status, {Role.CITIZEN})
        if not (move is Move.RATE and is_rating_final(report, book, now()))
    ]


def rating_ends(report: Report, book: TermsBook) -> datetime | None:
    """Until when a closed report's rating may be changed; None while none is, or no more."""
    if report.rating is None or report.status is not Status.CLOSED:
        return None
    return None if is_rating_final(report, book, now()) else rating_change_ends(report, book)


def edit_ends(report: Report, settings: Settings) -> datetime | None:
    """Until when the reporter may still change the words; None when that time is over."""
    ends = report.created_at + timedelta(minutes=settings.edit_window_minutes)
    may = Move.EDIT in allowed_moves(report.status, {Role.CITIZEN}) and now() < ends
    return ends if may else None


async def _moved(
    request: Request[Any, Any, Any],
    database: Database,
    rulebooks: Rulebooks,
    code: str,
    order: MoveOrder,
) -> dict[str, Any]:
    report_id = await get_own_report(request, database, code)
    after = await move_own(request, database, rulebooks, report_id=report_id, order=order)
    return {
        "code": after.code,
        "status": after.status.value,
        "status_label": label(after.status, language_of(request)),
        "promises": {"accept_by": after.accept_by, "resolve_by": after.resolve_by},
    }


@post(
    "/api/v1/reports/{code:str}/messages",
    opt=_OPT,
    status_code=200,
    summary="Bổ sung thông tin cho cơ quan",
    tags=["reports"],
)
async def answer(
    request: Request[Any, Any, Any],
    code: Code,
    data: JSONBody[MessageIn],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
) -> dict[str, Any]:
    """Answer the agency's question; anonymous reporters too. The promise clock runs on."""
    return await _moved(request, database, rulebooks, code, answer_order(data.text))


@post(
    "/api/v1/reports/{code:str}/rating",
    opt=_OPT,
    status_code=200,
    summary="Đánh giá mức độ hài lòng",
    tags=["reports"],
)
async def rate(
    request: Request[Any, Any, Any],
    code: Code,
    data: JSONBody[RatingIn],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
) -> dict[str, Any]:
    """Rate the answer: 4 Rất hài lòng, 3 Hài lòng, 2 Chấp nhận, 1 Không hài lòng; 3 and 4 close.

    A second rating takes the place of the first, until `mine.can_rate_until` once it is closed.
    """
    order = rate_order(data.score, data.comment)
    return await _moved(request, database, rulebooks, code, order)


@post(
    "/api/v1/reports/{code:str}/reopen",
    opt=_OPT,
    status_code=200,
    summary="Yêu cầu xử lý lại",
    tags=["reports"],
)
async def reopen(
    request: Request[Any, Any, Any],
    code: Code,
    data: JSONBody[ReopenIn],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
) -> dict[str, Any]:
    """Ask for the work to be done again, with a reason."""
    return await _moved(request, database, rulebooks, code, reopen_order(data.reason))


@post(
    "/api/v1/reports/{code:str}/withdraw",
    opt=_OPT,
    status_code=200,
    summary="Rút phản ánh",
    tags=["reports"],
)
async def withdraw(
    request: Request[Any, Any, Any],
    code: Code,
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    data: JSONBody[WithdrawIn],
) -> dict[str, Any]:
    """Take the report back before it is resolved; it disappears from public view."""
    return await _moved(request, database, rulebooks, code, withdraw_order(data.reason))


@patch("/api/v1/reports/{code:str}", opt=_OPT, summary="Sửa phản ánh", tags=["reports"])
async def edit(
    request: Request[Any, Any, Any],
    code: Code,
    data: JSONBody[EditIn],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    settings: NamedDependency[Settings],
) -> dict[str, Any]:
    """Correct the words within the edit window, before an agency has accepted the report."""
    report_id = await get_own_report(request, database, code)
    after = await edit_own(
        request,
        database,
        rulebooks,
        settings,
        report_id=report_id,
        text=data.text,
        address=data.address,
    )
    return {"code": after.code, "status": after.status.value}


@post(
    "/api/v1/reports/{code:str}/support",
    opt={"policy": ANYONE, "limit": Limit("support", per_minute=10, burst=10)},
    status_code=200,
    summary="Tôi cũng gặp",
    tags=["reports"],
)
async def support(
    request: Request[Any, Any, Any],
    code: Code,
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> dict[str, Any]:
    """Say that one has met the same problem; each account, or else each address, counts once."""
    return await support_report(request, database, settings, code=code)


async def support_report(
    request: Request[Any, Any, Any], database: Database, settings: Settings, *, code: str
) -> dict[str, Any]:
    """Count the caller among the supporters of a published report; raises UnknownReport."""
    normal = normal_report_code(code)
    row = await store.find_tracking(database.public, normal) if normal else None
    if row is None or not row["is_published"]:
        raise UnknownReport()
    principal = principal_of(request.scope)
    who = (
        f"account:{principal.account_id}"
        if principal
        # one subscriber has a whole /64 of IPv6, and is still one supporter
        else limit_key(client_address(request, parts_of(request.app.state).trusted))
    )
    # Kept as a keyed digest: who supported what is nobody's business.
    supporter = hmac.new(
        settings.secret_key, f"support:{row['id']}:{who}".encode(), hashlib.sha256
    ).hexdigest()
    async with database.transaction() as connection:
        count = await reporter_store.add_support(connection, row["id"], supporter)
    return {"code": row["code"], "supporters": count}
