"""A citizen's account over HTTP."""

import uuid
from typing import Annotated, Any, Final, Literal

from litestar import Request, Response, delete, get, patch, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.response import Stream
from msgspec import UNSET, Meta, Struct, UnsetType

from backend import clock
from backend.accounts.citizens import store as citizens_store
from backend.accounts.citizens.actions import Typed, add_address, drop_address
from backend.accounts.citizens.codes import LIFETIME
from backend.accounts.consents.actions import Said, put_consents
from backend.accounts.consents.store import list_texts
from backend.accounts.principals import Principal
from backend.database import Database
from backend.privacy.erase import claim_report, delete_person
from backend.reports.rulebook import Rulebooks
from backend.settings import Settings
from backend.web.language import language_of
from backend.web.leaving import leaving_cookies
from backend.web.limits import Limit
from backend.web.policies import ANYONE, roles
from backend.web.texts import clean_text
from mobile_api.account.export import write_export
from mobile_api.account.reading import read_account, read_consents, read_reports, text_view
from mobile_api.ownership import get_own_report
from mobile_api.sign_in import AskedOut, AskIn, CodeIn, ask_held, hold_guess, one_address
from mobile_api.store import PAGE_MOST

OWN: Final = {"policy": roles("citizen"), "limit": Limit("account", per_minute=60, burst=60)}
EXPORT: Final = {"policy": roles("citizen"), "limit": Limit("export", per_minute=1, burst=5)}
_TAGS: Final = ["account"]


class AccountIn(Struct, forbid_unknown_fields=True):
    """What may be corrected; what is left out stays."""

    name: Annotated[str, Meta(max_length=120)] | UnsetType = UNSET
    language: Literal["vi", "en"] | UnsetType = UNSET


class ConsentIn(Struct, forbid_unknown_fields=True):
    """Agreeing needs the version of the words that were read; taking back does not."""

    purpose: Annotated[str, Meta(max_length=41)]
    given: bool
    version: Annotated[int, Meta(ge=0)] = 0


class ConsentsIn(Struct, forbid_unknown_fields=True):
    """What is left out stays as it is."""

    consents: Annotated[list[ConsentIn], Meta(max_length=50)]


class ClaimIn(Struct, forbid_unknown_fields=True):
    """A report that was sent without signing in, and its secret."""

    code: Annotated[str, Meta(max_length=40)]
    tracking_secret: Annotated[str, Meta(min_length=1, max_length=100)]


@get("/api/v1/consents", opt={"policy": ANYONE}, summary="Nội dung đồng ý", tags=_TAGS)
async def consent_texts(
    request: Request[Any, Any, Any], database: NamedDependency[Database]
) -> dict[str, Any]:
    """For which purposes people are asked, in which words, by which version."""
    language = language_of(request)
    texts = await list_texts(database.public)
    return {"items": [text_view(text, language) for text in texts], "next": None}


@get("/api/v1/me", opt=OWN, summary="Tài khoản của tôi", tags=_TAGS)
async def me(
    request: Request[Any, Any, Any],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
) -> dict[str, Any]:
    """Name, language, proved addresses and consents."""
    return await read_account(database, principal.account_id, language_of(request))


@patch("/api/v1/me", opt=OWN, summary="Sửa tài khoản", tags=_TAGS)
async def correct(
    request: Request[Any, Any, Any],
    data: JSONBody[AccountIn],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
) -> dict[str, Any]:
    """Correct the name, or choose the language of messages."""
    await citizens_store.update_particulars(
        database.app,
        principal.account_id,
        name=clean_text(data.name, field="name") if isinstance(data.name, str) else None,
        language=data.language if isinstance(data.language, str) else None,
    )
    return await read_account(database, principal.account_id, language_of(request))


@delete("/api/v1/me", opt=OWN, status_code=204, summary="Xóa tài khoản", tags=_TAGS)
async def leave(
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    settings: NamedDependency[Settings],
) -> Response[None]:
    """Close the account for good: person, contacts and own words go; reports stay without them."""
    cookies = await leaving_cookies(database, settings, principal.account_id)
    await delete_person(database, rulebooks, principal.account_id, now=clock.now())
    return Response(None, status_code=204, cookies=cookies)


@get("/api/v1/me/export", opt=EXPORT, summary="Tải dữ liệu của tôi", tags=_TAGS)
async def export(
    request: Request[Any, Any, Any],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    settings: NamedDependency[Settings],
) -> Stream:
    """Everything held about the caller, as one JSON document."""
    pieces = write_export(
        request,
        database=database,
        rulebooks=rulebooks,
        settings=settings,
        account_id=principal.account_id,
    )
    return Stream(
        pieces,
        media_type="application/json",
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": 'attachment; filename="caunoi-du-lieu-cua-toi.json"',
        },
    )


@get("/api/v1/me/reports", opt=OWN, summary="Phản ánh của tôi", tags=_TAGS)
async def reports(
    request: Request[Any, Any, Any],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    after: Annotated[str | None, QueryParameter(max_length=64)] = None,
    limit: Annotated[int, QueryParameter(ge=1, le=PAGE_MOST)] = 50,
) -> dict[str, Any]:
    """The caller's reports in every state, newest first, by keyset."""
    return await read_reports(
        database,
        rulebooks,
        principal.account_id,
        after=after,
        limit=limit,
        language=language_of(request),
    )


@post(
    "/api/v1/me/reports",
    opt=OWN,
    status_code=200,
    summary="Nhận phản ánh đã gửi trước đây",
    tags=_TAGS,
)
async def claim(
    request: Request[Any, Any, Any],
    data: JSONBody[ClaimIn],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
) -> dict[str, Any]:
    """Tie a report that was sent without signing in to the account, by its secret."""
    report_id = await get_own_report(request, database, data.code, secret=data.tracking_secret)
    await claim_report(
        database, rulebooks, report_id, account_id=principal.account_id, now=clock.now()
    )
    return {"code": data.code, "claimed": True}


@put("/api/v1/me/consents", opt=OWN, summary="Đồng ý hoặc rút lại", tags=_TAGS)
async def say_consents(
    request: Request[Any, Any, Any],
    data: JSONBody[ConsentsIn],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
) -> dict[str, Any]:
    """Agree, or take it back, purpose by purpose; 409 when the words have changed meanwhile."""
    said = [Said(one.purpose, one.version, one.given) for one in data.consents]
    await put_consents(database, principal.account_id, said, now=clock.now())
    items = await read_consents(database, principal.account_id, language_of(request))
    return {"items": items, "next": None}


@post(
    "/api/v1/me/addresses",
    opt=OWN,
    status_code=202,
    summary="Thêm số điện thoại hoặc thư điện tử",
    tags=_TAGS,
)
async def ask_address(
    request: Request[Any, Any, Any],
    data: JSONBody[AskIn],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> AskedOut:
    """Have a code sent to a further address, to prove that it is the caller's."""
    address = one_address(data.phone, data.email, settings)
    asked = await ask_held(
        request, address, database=database, settings=settings, account_id=principal.account_id
    )
    return AskedOut(asked.request, address.masked, int(LIFETIME.total_seconds()))


@post(
    "/api/v1/me/addresses/code",
    opt=OWN,
    status_code=200,
    summary="Xác nhận địa chỉ bằng mã",
    tags=_TAGS,
)
async def prove_address(
    request: Request[Any, Any, Any],
    data: JSONBody[CodeIn],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> dict[str, Any]:
    """Prove a further address with the code that came there."""
    await hold_guess(request, database=database, settings=settings)
    await add_address(
        database,
        Typed(data.request or "", data.code),
        account_id=principal.account_id,
        settings=settings,
        now=clock.now(),
    )
    return await read_account(database, principal.account_id, language_of(request))


@delete(
    "/api/v1/me/addresses/{address_id:uuid}",
    opt=OWN,
    status_code=204,
    summary="Bỏ một địa chỉ",
    tags=_TAGS,
)
async def forget_address(
    address_id: FromPath[uuid.UUID],
    principal: NamedDependency[Principal],
    database: NamedDependency[Database],
) -> None:
    """Let go of an address; not of the last one, by which alone the account can be opened."""
    await drop_address(database, address_id, account_id=principal.account_id)


ROUTES: Final = [
    consent_texts,
    me,
    correct,
    leave,
    export,
    reports,
    claim,
    say_consents,
    ask_address,
    prove_address,
    forget_address,
]
