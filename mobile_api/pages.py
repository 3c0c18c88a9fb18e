"""The citizens' pages, which work without JavaScript: report, follow, answer, rate, look around."""

import hashlib
import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import Cookie, UploadFile
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from backend.clock import day_of, now
from backend.database import Database
from backend.errors import CaunoiError, FieldFault, Unprocessable
from backend.identifiers import normal_report_code
from backend.photos.objects import ObjectStore
from backend.photos.uploads import receive_photo
from backend.reports.actions import move_own_report
from backend.reports.errors import UnknownReport
from backend.reports.lifecycle import Language, Move
from backend.reports.moves import MoveOrder
from backend.reports.rulebook import Rulebook, Rulebooks
from backend.reports.submit import Submitted, submit_report
from backend.settings import Settings
from backend.web.cursors import read_cursor, write_cursor
from backend.web.language import page_language
from backend.web.limits import Limit
from backend.web.policies import ANYONE
from backend.web.problems import status_of
from backend.web.texts import clean_text
from geo.store import list_units
from geo.units import UnitRow
from mobile_api import store
from mobile_api.intake import parse_submission
from mobile_api.own import read_own_view
from mobile_api.ownership import get_own_report
from mobile_api.reports import read_tracking
from mobile_api.views import list_item
from mobile_api.words import needed_words

OPT: Final = {"policy": ANYONE}
_WRITE: Final = {"policy": ANYONE, "limit": Limit("citizen_page", per_minute=20, burst=20)}
_FORM_LIMIT: Final = 160 * 1024 * 1024
_WORDS: Final = (
    "category",
    "text",
    "address",
    "unit",
    "lon",
    "lat",
    "accuracy",
    "key",
    "name",
    "phone",
)


@get("/", opt=OPT, include_in_schema=False)
async def report_form(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    settings: NamedDependency[Settings],
) -> Template:
    """The report form; its hidden key makes a second press of the button harmless."""
    return await _form(request, database, rulebooks, settings, given={"key": str(uuid.uuid4())})


async def _form(
    request: Request[Any, Any, Any],
    database: Database,
    rulebooks: Rulebooks,
    settings: Settings,
    *,
    given: Mapping[str, str],
    problem: CaunoiError | None = None,
) -> Template:
    language = page_language(request)
    return Template(
        "citizen/report.html",
        context={
            "categories": category_options(await rulebooks.current(), language),
            "units": [(row.unit.code, row.unit.name) for row in await _communes(database)],
            "given": {**dict.fromkeys(_WORDS, ""), **given},
            "problem": problem,
            "faults": problem.faults if problem else (),
            "photos_most": settings.photos_per_report,
            "photo_megabytes": settings.photo_max_bytes // (1024 * 1024),
        },
        status_code=status_of(problem) if problem else 200,
    )


def category_options(
    rulebook: Rulebook, language: Language
) -> list[tuple[str, list[tuple[str, str]]]]:
    """Fields with their sub-fields, as a select shows them."""
    return [
        (
            field.name(language),
            [
                (child.code, child.name(language))
                for child in rulebook.categories.values()
                if child.field_code == field.code and child.is_active
            ],
        )
        for field in rulebook.categories.values()
        if field.field_code is None and field.is_active
    ]


async def _communes(database: Database) -> list[UnitRow]:
    rows: list[UnitRow] = []
    today = day_of(now())
    while True:
        page = await list_units(
            database.public,
            on=today,
            level="commune",
            after=rows[-1].unit.code if rows else None,
        )
        rows.extend(page)
        if not page:
            return sorted(rows, key=lambda row: row.unit.name.split(" ", 1)[-1])


@post("/", opt=_WRITE, include_in_schema=False, request_max_body_size=_FORM_LIMIT, status_code=200)
async def send_report(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    objects: NamedDependency[ObjectStore],
    settings: NamedDependency[Settings],
) -> Response[Any] | Template:
    """Store the report, then each photo; on to its page, or back to the form with what is wrong."""
    form = await request.form()
    given = {name: str(form.get(name) or "").strip() for name in _WORDS}
    files = [
        item for item in form.getall("photos", []) if isinstance(item, UploadFile) and item.filename
    ]
    try:
        submitted = await _submit(
            given, files, database=database, rulebooks=rulebooks, settings=settings
        )
    except CaunoiError as problem:
        given["key"] = given["key"] or str(uuid.uuid4())
        return await _form(request, database, rulebooks, settings, given=given, problem=problem)
    lost = await _store_photos(files, submitted, database, objects, settings)
    cookie = Cookie(
        key=secret_cookie(submitted.code),
        value=submitted.tracking_secret,
        path="/theo-doi",
        max_age=400 * 86400,
        httponly=True,
        samesite="lax",
        secure=settings.public_url.startswith("https://"),
    )
    where = f"/theo-doi/{submitted.code}?moi=1" + (f"&anh-loi={lost}" if lost else "")
    return Redirect(where, status_code=303, cookies=[cookie])


async def _submit(
    given: Mapping[str, str],
    files: list[UploadFile],
    *,
    database: Database,
    rulebooks: Rulebooks,
    settings: Settings,
) -> Submitted:
    """The same checks and the same action as POST /api/v1/reports."""
    body: dict[str, Any] = {
        "category": given["category"],
        "text": given["text"],
        "location": await _position(given, database),
    }
    if given["address"]:
        body["address"] = given["address"]
    if given["name"] or given["phone"]:
        body["contact"] = {"name": given["name"] or None, "phone": given["phone"] or None}
        body["consent"] = {"handle_report": True}
    if not given["category"]:
        raise _fault("category", "Hãy chọn lĩnh vực.", "Choose a category.")
    body["photos"] = [await _announced(file) for file in files]
    submission, payload_hash = parse_submission(
        msgspec.json.encode(body),
        photo_max_bytes=settings.photo_max_bytes,
        photos_most=settings.photos_per_report,
    )
    try:
        key = uuid.UUID(given["key"])
    except ValueError:
        key = uuid.uuid4()
    return await submit_report(
        database,
        rulebooks,
        settings=settings,
        submission=submission,
        principal="anonymous",
        key=key,
        payload_hash=payload_hash,
    )


async def _position(given: Mapping[str, str], database: Database) -> dict[str, float]:
    """The phone's position, else the middle of the commune that was chosen."""
    if given["lon"] and given["lat"]:
        try:
            position = {"lon": float(given["lon"]), "lat": float(given["lat"])}
            if given["accuracy"]:
                position["accuracy_metres"] = float(given["accuracy"])
        except ValueError:
            raise _fault("lat", "Tọa độ không đúng.", "Not a position.") from None
        return position
    for row in await _communes(database):
        if row.unit.code == given["unit"]:
            radius = (row.area_km2 * 1e6 / 3.14159) ** 0.5
            return {
                "lon": row.label_point.x,
                "lat": row.label_point.y,
                "accuracy_metres": round(radius),
            }
    raise _fault(
        "unit",
        "Hãy lấy vị trí hiện tại, hoặc chọn xã, phường.",
        "Use your present position, or choose the commune.",
    )


async def _announced(file: UploadFile) -> dict[str, Any]:
    digest, size = hashlib.sha256(), 0
    async for chunk in _chunks(file):
        digest.update(chunk)
        size += len(chunk)
    return {"sha256": digest.hexdigest(), "bytes": size, "content_type": _type_of(file)}


def _type_of(file: UploadFile) -> str:
    known = {"image/jpeg", "image/png", "image/webp", "image/heic", "image/heif"}
    if file.content_type in known:
        return str(file.content_type)
    if file.filename.lower().endswith((".heic", ".heif")):
        return "image/heic"
    raise _fault(
        "photos", "Chỉ nhận ảnh JPEG, PNG, WebP hoặc HEIC.", "Only JPEG, PNG, WebP or HEIC photos."
    )


async def _chunks(file: UploadFile) -> AsyncIterator[bytes]:
    await file.seek(0)
    while chunk := await file.read(256 * 1024):
        yield chunk


async def _store_photos(
    files: list[UploadFile],
    submitted: Submitted,
    database: Database,
    objects: ObjectStore,
    settings: Settings,
) -> int:
    """Put each photo into quarantine; the report is safe already. How many could not be taken."""
    lost = 0
    for file, photo in zip(files, submitted.photos, strict=False):
        try:
            await receive_photo(
                database,
                objects,
                settings,
                report_id=submitted.id,
                sha256=photo["sha256"],
                content_type=_type_of(file),
                chunks=_chunks(file),
            )
        except CaunoiError:
            lost += 1
    return lost


def secret_cookie(code: str) -> str:
    """The cookie that keeps a report's secret on the phone that sent it."""
    return f"phan-anh-{code}"


@get("/theo-doi", opt=OPT, include_in_schema=False)
async def track_form(ma: FromQuery[str] = "") -> Response[Any] | Template:
    """Ask for a code; a code that can be one leads on."""
    if ma:
        code = normal_report_code(ma)
        if code:
            return Redirect(f"/theo-doi/{code}", status_code=303)
    return Template("citizen/track.html", context={"typed": ma})


@get("/theo-doi/{code:str}", opt=OPT, include_in_schema=False)
async def track(
    request: Request[Any, Any, Any],
    code: FromPath[str],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    settings: NamedDependency[Settings],
    moi: FromQuery[str] = "",
) -> Template:
    """A report's page: for everybody the public part, for its reporter everything."""
    normal = normal_report_code(code) or ""
    secret = request.cookies.get(secret_cookie(normal))
    return await _tracking_page(
        request,
        database,
        rulebooks,
        settings,
        code=normal,
        secret=secret,
        is_new=bool(moi),
        lost_photos=_whole(request.query_params.get("anh-loi")),
    )


def _whole(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 3 else 0


async def _tracking_page(
    request: Request[Any, Any, Any],
    database: Database,
    rulebooks: Rulebooks,
    settings: Settings,
    *,
    code: str,
    secret: str | None,
    is_new: bool = False,
    lost_photos: int = 0,
    problem: CaunoiError | None = None,
) -> Template:
    view: dict[str, Any] | None = None
    try:
        report_id = await get_own_report(request, database, code, secret=secret)
    except UnknownReport:
        secret = None
        try:
            view = await read_tracking(
                database, rulebooks, code=code, language=page_language(request)
            )
        except UnknownReport as unknown:
            return Template(
                "citizen/track.html",
                context={"typed": code, "problem": unknown},
                status_code=404,
            )
    else:
        view = await read_own_view(request, database, rulebooks, settings, report_id=report_id)
    return Template(
        "citizen/report_page.html",
        context={
            "view": view,
            "mine": view.get("mine"),
            "moves": {move["move"] for move in view.get("mine", {}).get("moves", ())},
            "secret": secret,
            "is_new": is_new,
            "lost_photos": lost_photos,
            "problem": problem,
            "faults": problem.faults if problem else (),
        },
        status_code=status_of(problem) if problem else 200,
    )


@post("/theo-doi/{code:str}", opt=_WRITE, include_in_schema=False, status_code=200)
async def act(
    request: Request[Any, Any, Any],
    code: FromPath[str],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    settings: NamedDependency[Settings],
) -> Response[Any] | Template:
    """What the reporter does here: open it with the secret, answer, rate, reopen, withdraw."""
    normal = normal_report_code(code) or ""
    form = await request.form()
    secret = str(form.get("secret") or "") or request.cookies.get(secret_cookie(normal))
    try:
        report_id = await get_own_report(request, database, normal, secret=secret)
        order = _order(form)
        if order is not None:
            await move_own_report(database, rulebooks, report_id=report_id, order=order)
    except CaunoiError as problem:
        return await _tracking_page(
            request, database, rulebooks, settings, code=normal, secret=secret, problem=problem
        )
    cookie = Cookie(
        key=secret_cookie(normal),
        value=(secret or "").strip().upper().replace("-", "").replace(" ", ""),
        path="/theo-doi",
        max_age=400 * 86400,
        httponly=True,
        samesite="lax",
        secure=settings.public_url.startswith("https://"),
    )
    cookies = [cookie] if secret else []
    return Redirect(f"/theo-doi/{normal}", status_code=303, cookies=cookies)


def _order(form: Mapping[str, Any]) -> MoveOrder | None:
    text = str(form.get("text") or "").strip()
    words = clean_text(text, field="text") if text else None
    match str(form.get("do") or ""):
        case "answer":
            return MoveOrder(move=Move.ANSWER, public_note=needed_words(words, field="text"))
        case "rate":
            score = _whole(str(form.get("score") or ""))
            return MoveOrder(move=Move.RATE, score=score, comment=words)
        case "reopen":
            return MoveOrder(move=Move.REOPEN, reason=words)
        case "withdraw":
            return MoveOrder(move=Move.WITHDRAW, reason=words)
        case _:
            return None


@get("/ban-do", opt=OPT, include_in_schema=False)
async def look_around(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    unit: FromQuery[str] = "",
    category: FromQuery[str] = "",
    after: FromQuery[str] = "",
) -> Template:
    """Published reports as a list, newest first, by commune and field."""
    limit = 20
    rows = await store.list_public(
        database.public,
        store.ListFilter(
            unit=unit or None,
            category=category or None,
            after=read_cursor(after) if after else None,
            limit=limit,
        ),
    )
    rulebook, language = await rulebooks.current(), page_language(request)
    page = rows[:limit]
    following = write_cursor(page[-1]["created_at"], page[-1]["id"]) if len(rows) > limit else None
    return Template(
        "citizen/public_list.html",
        context={
            "items": [list_item(row, rulebook, language) for row in page],
            "units": [(row.unit.code, row.unit.name) for row in await _communes(database)],
            "categories": category_options(rulebook, language),
            "unit": unit,
            "category": category,
            "is_first": not after,
            "following": following,
        },
    )


def _fault(field: str, vi: str, en: str) -> CaunoiError:
    return Unprocessable(faults=(FieldFault(field, vi, en),))
