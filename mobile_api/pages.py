"""The report form, which works without JavaScript; following a report is tracking_pages.py."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.response import Redirect, Template

from backend.database import Database
from backend.errors import CaunoiError, FieldFault, Unprocessable
from backend.photos.objects import ObjectStore
from backend.reports.errors import KeyReused
from backend.reports.rulebook import Rulebooks
from backend.reports.submit import Submitted, submit_report
from backend.settings import Settings
from backend.web.forms import read_form
from backend.web.language import page_language
from backend.web.limits import Limit
from backend.web.packing import PACKED
from backend.web.policies import ANYONE
from backend.web.problems import status_of
from mobile_api.choices import category_options, commune_options, list_communes, radius_metres
from mobile_api.contact_consent import CONSENT_WANTED, contact_consent, find_contact_consent
from mobile_api.form_answers import ANSWER, given_answers, question_fields, typed_answers
from mobile_api.form_leads import CONFIRMED, calls_first, kinds_of, leads_to_confirm, names_of
from mobile_api.form_photos import FORM_LIMIT, announced, files_of, store_photos
from mobile_api.intake import parse_submission
from mobile_api.ownership import CITIZEN_KEYS, keep_secret, tied_to_account
from mobile_api.screening import offices_elsewhere

OPT: Final = {"policy": ANYONE}
_WRITE: Final = {"policy": ANYONE, "limit": Limit("citizen_page", per_minute=20, burst=20)}
_SENT_BEFORE: Final = (
    "Phản ánh gửi lần trước từ biểu mẫu này đã được tiếp nhận, với nội dung khác. "
    "Nếu đây là phản ánh mới, hãy bấm gửi lần nữa.",
    "What was sent from this form before has been received, with other words. "
    "If this is a new report, press send once more.",
)
_PLACE_WANTED: Final = (
    "Hãy lấy vị trí hiện tại, hoặc chọn xã, phường.",
    "Use your present position, or choose the commune.",
)
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
    "consent",
)


@get("/tro-giup", opt=OPT, include_in_schema=False, middleware=PACKED)
async def help_page() -> Template:
    """How it works, what becomes public, what is done with data: the same for all."""
    return Template("citizen/help.html")


@get("/", opt=OPT, include_in_schema=False, middleware=PACKED)
async def report_form(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    settings: NamedDependency[Settings],
) -> Template:
    """The report form; its hidden key makes a second press of the button harmless."""
    given = {"key": str(uuid.uuid4()), "category": ""}
    return await _form(request, database, rulebooks, settings, given=given)


async def _form(
    request: Request[Any, Any, Any],
    database: Database,
    rulebooks: Rulebooks,
    settings: Settings,
    *,
    given: Mapping[str, str],
    asked: bool = False,
    problem: CaunoiError | None = None,
    leads: Sequence[Mapping[str, Any]] = (),
    chosen: Sequence[str] = (),
) -> Template:
    """The form as it was filled in; with `asked` or answers, the category's questions too.

    `leads`: where to turn instead, to be read and confirmed; `chosen`: what the photos are called.
    """
    language, rulebook = page_language(request), await rulebooks.current()
    wants_questions = asked or any(name.startswith(ANSWER) for name in given)
    questions = question_fields(rulebook, given["category"], language) if wants_questions else []
    names = (*_WORDS, *(f"{ANSWER}{question['code']}" for question in questions))
    return Template(
        "citizen/report.html",
        context={
            "categories": category_options(rulebook, language),
            "questions": questions,
            "units": await commune_options(database),
            "consent": await find_contact_consent(database),
            "given": {**dict.fromkeys(names, ""), **given},
            "asked": asked,
            "leads": leads,
            "kinds": kinds_of(leads),
            "calls": calls_first(rulebook, given, language=language) if problem else [],
            "elsewhere": offices_elsewhere(rulebook, language),
            "chosen": chosen,
            "problem": problem,
            "faults": problem.faults if problem else (),
            "tiles_url": settings.map_tiles_url,
            "tiles_credit": settings.map_tiles_credit,
            "photos_most": settings.photos_per_report,
            "photo_megabytes": settings.photo_max_bytes // (1024 * 1024),
        },
        status_code=status_of(problem) if problem else 200,
    )


@post("/", opt=_WRITE, include_in_schema=False, request_max_body_size=FORM_LIMIT, status_code=200)
async def send_report(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    objects: NamedDependency[ObjectStore],
    settings: NamedDependency[Settings],
) -> Response[Any] | Template:
    """Store the report, then each photo; on to its page, or back to the form with what is wrong.

    Back to the form also, once, with whom to call or write to instead, where the words ask for it.
    """
    async with read_form(request) as form:
        given = {name: str(form.get(name) or "").strip() for name in _WORDS}
        given |= given_answers(form)
        files = files_of(form)
        if form.get("do") == "questions":
            chosen = names_of(files)
            return await _form(
                request, database, rulebooks, settings, given=given, asked=True, chosen=chosen
            )
        given["key"] = given["key"] or str(uuid.uuid4())
        try:
            _check_filled(given)
            leads = leads_to_confirm(
                await rulebooks.current(),
                given,
                confirmed=str(form.get(CONFIRMED) or ""),
                language=page_language(request),
            )
            if leads:
                chosen = names_of(files)
                return await _form(
                    request, database, rulebooks, settings, given=given, leads=leads, chosen=chosen
                )
            submitted = await _submit(
                request, given, files, database=database, rulebooks=rulebooks, settings=settings
            )
        except CaunoiError as refusal:
            problem: CaunoiError = refusal
            if isinstance(refusal, KeyReused):
                # the form was gone back to and changed: another press is another report
                given["key"] = str(uuid.uuid4())
                problem = KeyReused(*_SENT_BEFORE)
            chosen = names_of(files)
            return await _form(
                request, database, rulebooks, settings, given=given, problem=problem, chosen=chosen
            )
        photos = [
            (file, photo["sha256"]) for file, photo in zip(files, submitted.photos, strict=False)
        ]
        lost = len(await store_photos(photos, submitted.id, database, objects, settings))
        secret = submitted.tracking_secret
        # the session opens what belongs to its account
        cookies = [] if submitted.owned else [keep_secret(submitted.code, secret, settings)]
        where = f"/theo-doi/{submitted.code}?moi=1" + (f"&anh-loi={lost}" if lost else "")
        return Redirect(where, status_code=303, cookies=cookies)


async def _submit(
    request: Request[Any, Any, Any],
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
        body["consent"] = contact_consent(given["consent"])
    rulebook = await rulebooks.current()
    if answers := typed_answers(rulebook, given["category"], given):
        body["answers"] = answers
    body["photos"] = [await announced(file) for file in files]
    submission, payload_hash = parse_submission(
        msgspec.json.encode(body),
        photo_max_bytes=settings.photo_max_bytes,
        photos_most=settings.photos_per_report,
    )
    try:
        key = uuid.UUID(given["key"])
    except ValueError:
        key = uuid.uuid4()
    submission, actor = tied_to_account(request, submission)
    return await submit_report(
        database,
        rulebooks,
        settings=settings,
        submission=submission,
        principal=CITIZEN_KEYS,
        key=key,
        payload_hash=payload_hash,
        actor=actor,
    )


def _check_filled(given: Mapping[str, str]) -> None:
    """Say everything that is missing at once."""
    place = given["unit"] or (given["lon"] and given["lat"])
    wanted = (
        ("category", given["category"], "Hãy chọn lĩnh vực.", "Choose a category."),
        ("text", given["text"], "Hãy mô tả sự việc.", "Say what is wrong."),
        ("unit", place, *_PLACE_WANTED),
    )
    faults = tuple(FieldFault(name, vi, en) for name, value, vi, en in wanted if not value)
    if (given["name"] or given["phone"]) and not given["consent"]:
        faults += (FieldFault("consent", *CONSENT_WANTED),)
    if faults:
        raise Unprocessable(faults=faults)


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
    for row in await list_communes(database):
        if row.unit.code == given["unit"]:
            return {
                "lon": row.label_point.x,
                "lat": row.label_point.y,
                "accuracy_metres": radius_metres(row),
            }
    raise _fault("unit", *_PLACE_WANTED)


def _fault(field: str, vi: str, en: str) -> CaunoiError:
    return Unprocessable(faults=(FieldFault(field, vi, en),))
