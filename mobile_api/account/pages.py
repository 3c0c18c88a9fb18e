"""/toi: a citizen's account on one page that needs no script."""

import uuid
from collections.abc import Mapping
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template

from backend import clock
from backend.accounts.addresses import read_address
from backend.accounts.citizens import store as citizens_store
from backend.accounts.citizens.actions import Typed, add_address, drop_address
from backend.accounts.consents.actions import Said, put_consents
from backend.accounts.principals import Principal
from backend.accounts.sessions import close_session
from backend.accounts.store import delete_sessions_of
from backend.database import Database
from backend.errors import CaunoiError, FieldFault, Malformed, Unprocessable
from backend.identifiers import normal_report_code
from backend.messages.devices import drop_device
from backend.privacy import store as privacy_store
from backend.privacy.erase import claim_report, delete_person
from backend.reports.rulebook import Rulebooks
from backend.settings import Settings
from backend.web.forms import read_form
from backend.web.language import page_language
from backend.web.leaving import leaving_cookies
from backend.web.limits import Limit
from backend.web.policies import roles
from backend.web.problems import status_of
from backend.web.texts import clean_text
from mobile_api.account.reading import read_account, read_reports
from mobile_api.ownership import get_own_report, get_own_report_here, secret_cookies
from mobile_api.sign_in import REQUEST_COOKIE, ask_held, hold_guess, request_cookie

_ENTRY: Final = "/dang-nhap/nguoi-dan"
_READ: Final = {"policy": roles("citizen"), "sign_in": _ENTRY}
_WRITE: Final = {**_READ, "limit": Limit("account_page", per_minute=30, burst=30)}
_REPORTS: Final = 20


@get("/toi", opt=_READ, include_in_schema=False)
async def account_page(
    request: Request[Any, Any, Any],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    sau: FromQuery[str] = "",
    xong: FromQuery[str] = "",
) -> Template:
    """Reports, particulars, consents, devices, and the way out."""
    return await _page(request, principal, database, rulebooks, after=sau, done=xong)


@post("/toi", opt=_WRITE, include_in_schema=False, status_code=200)
async def act(
    request: Request[Any, Any, Any],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """What the form asks for, by its field `do`; back to the page, which says that it is done."""
    async with read_form(request) as form:
        given = {name: str(value) for name, value in form.multi_items() if isinstance(value, str)}
        ticked = frozenset(str(value) for value in form.getall("consent", []))
    try:
        cookies = await _do(
            given,
            ticked,
            request=request,
            principal=principal,
            database=database,
            rulebooks=rulebooks,
            settings=settings,
        )
    except CaunoiError as problem:
        return await _page(request, principal, database, rulebooks, problem=problem)
    done = given.get("do", "")
    left = {"delete": "delete", "sign-out": "sign-out-everywhere"}.get(done)
    where = f"/dang-nhap/nguoi-dan?xong={left}" if left else f"/toi?xong={done}"
    return Redirect(where, status_code=303, cookies=cookies)


@post("/theo-doi/{code:str}/vao-tai-khoan", opt=_WRITE, include_in_schema=False, status_code=200)
async def claim_here(
    request: Request[Any, Any, Any],
    code: FromPath[str],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Tie the report whose secret this browser keeps to the account."""
    normal = normal_report_code(code) or ""
    report_id = await get_own_report_here(request, database, normal)
    await claim_report(
        database, rulebooks, report_id, account_id=principal.account_id, now=clock.now()
    )
    # from now on the session opens it
    cookies = await secret_cookies(request, database, settings, code=normal)
    return Redirect(f"/theo-doi/{normal}?xong=claim", status_code=303, cookies=cookies)


async def _do(
    given: Mapping[str, str],
    ticked: frozenset[str],
    *,
    request: Request[Any, Any, Any],
    principal: Principal,
    database: Database,
    rulebooks: Rulebooks,
    settings: Settings,
) -> list[Cookie]:
    account_id, now = principal.account_id, clock.now()
    match given.get("do"):
        case "name":
            name = clean_text(given.get("name", "")[:120], field="name")
            language = "en" if given.get("language") == "en" else "vi"
            await citizens_store.update_particulars(
                database.app, account_id, name=name, language=language
            )
        case "consents":
            await put_consents(database, account_id, _said(given, ticked), now=now)
        case "claim":
            report_id = await get_own_report(
                request, database, given.get("code", ""), secret=given.get("secret", "")[:100]
            )
            await claim_report(database, rulebooks, report_id, account_id=account_id, now=now)
        case "add-address":
            address = read_address(given.get("address", "")[:254], countries=settings.sms_countries)
            asked = await ask_held(
                request, address, database=database, settings=settings, account_id=account_id
            )
            return [request_cookie(settings, asked.request)]
        case "prove-address":
            await hold_guess(request, database=database, settings=settings)
            token = request.cookies.get(REQUEST_COOKIE, "")[:100]
            typed = Typed(token, given.get("code", "")[:12])
            await add_address(database, typed, account_id=account_id, settings=settings, now=now)
            return [request_cookie(settings, "", seconds=0)]
        case "drop-address":
            await drop_address(database, _id(given), account_id=account_id)
        case "drop-device":
            await drop_device(database, _id(given), account_id=account_id)
        case "sign-out":
            await close_session(database, principal)
            await delete_sessions_of(database.app, account_id)
            return await leaving_cookies(database, settings, account_id)
        case "delete":
            if given.get("sure") != "1":
                raise _not_sure()
            cookies = await leaving_cookies(database, settings, account_id)
            await delete_person(database, rulebooks, account_id, now=now)
            return cookies
        case _:
            raise Malformed()
    return []


def _said(given: Mapping[str, str], ticked: frozenset[str]) -> list[Said]:
    """What the form's boxes say: each names its purpose, and a hidden field the version shown."""
    said = []
    for name, value in given.items():
        purpose = name.removeprefix("version-")
        if purpose != name and value.isascii() and value.isdigit() and len(value) < 9:
            said.append(Said(purpose, int(value), purpose in ticked))
    return said


def _id(given: Mapping[str, str]) -> uuid.UUID:
    try:
        return uuid.UUID(given.get("id", ""))
    except ValueError:
        raise Malformed() from None


def _not_sure() -> CaunoiError:
    vi = "Hãy đánh dấu xác nhận trước khi xóa tài khoản."
    en = "Tick the confirmation before you delete the account."
    return Unprocessable(vi, en, faults=(FieldFault("sure", vi, en),))


async def _page(
    request: Request[Any, Any, Any],
    principal: Principal,
    database: Database,
    rulebooks: Rulebooks,
    *,
    after: str = "",
    done: str = "",
    problem: CaunoiError | None = None,
) -> Template:
    language, account_id = page_language(request), principal.account_id
    reports = await read_reports(
        database, rulebooks, account_id, after=after or None, limit=_REPORTS, language=language
    )
    headers = {"Cache-Control": "no-store"}
    if problem is not None and problem.retry_after_seconds is not None:
        headers["Retry-After"] = str(problem.retry_after_seconds)
    return Template(
        "citizen/account.html",
        context={
            "account": await read_account(database, account_id, language),
            "reports": reports["items"],
            "next_url": f"/toi?sau={reports['next']}" if reports["next"] else None,
            "is_first": not after,
            "devices": await privacy_store.list_devices(database.app, account_id),
            "sessions": await citizens_store.list_sessions(database.app, account_id),
            "done": done,
            "problem": problem,
        },
        status_code=status_of(problem) if problem else 200,
        headers=headers,
    )


ROUTES: Final = [account_page, act, claim_here]
