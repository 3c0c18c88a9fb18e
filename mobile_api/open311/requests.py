"""Reports for programs: lists, one by its code, and the report behind a token."""

from collections.abc import Sequence
from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import PathParameter

from backend import clock
from backend.database import Database, Record
from backend.errors import NotAllowed
from backend.identifiers import normal_report_code
from backend.reports.errors import UnknownReport
from backend.reports.rulebook import Rulebooks
from backend.settings import Settings
from backend.web.cursors import write_cursor
from backend.web.language import api_language
from mobile_api.open311 import forms, store
from mobile_api.open311.answers import extended, request_of
from mobile_api.open311.documents import ListOperation
from mobile_api.open311.errors import UnknownToken
from mobile_api.open311.keys import find_sender
from mobile_api.open311.places import READ, check_jurisdiction, paths, query_of
from mobile_api.open311.questions import next_query, read_codes, read_extensions, read_question
from mobile_api.open311.submissions import key_of

Code = Annotated[str, PathParameter(description="Code, with .json or .xml", max_length=300)]


@get(
    paths("/open311/v2/requests"),
    opt=READ,
    operation_class=ListOperation,
    summary="Open311: danh sách phản ánh",
    tags=["open311"],
)
async def requests(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    settings: NamedDependency[Settings],
) -> Response[bytes]:
    """Published reports, newest first; the header Link leads to the next page."""
    query = query_of(request)
    check_jurisdiction(settings, query.get("jurisdiction_id"))
    codes = read_codes(query)
    if codes is not None:
        rows = await store.list_requests_by_code(database.public, codes)
        return await _answer(request, rows, rulebooks, settings)
    question = read_question(query, at=clock.now())
    page = await store.list_requests(database.public, question)
    headers = {}
    if page.following is not None:
        more = next_query(query, write_cursor(*page.following))
        headers["Link"] = f'<{settings.public_url}{request.url.path}?{more}>; rel="next"'
    return await _answer(request, page.rows, rulebooks, settings, headers=headers)


@get(
    "/open311/v2/requests/{code:str}",
    opt=READ,
    summary="Open311: một phản ánh",
    tags=["open311"],
)
async def one_request(
    request: Request[Any, Any, Any],
    code: Code,
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    settings: NamedDependency[Settings],
) -> Response[bytes]:
    """A report by its code: stage and promise at once, words, place and photo once published."""
    check_jurisdiction(settings, query_of(request).get("jurisdiction_id"))
    normal = normal_report_code(forms.bare(code))
    rows = await store.list_requests_by_code(database.public, [normal]) if normal else []
    if not rows:
        raise UnknownReport()
    return await _answer(request, rows, rulebooks, settings)


@get(
    "/open311/v2/tokens/{code:str}",
    opt=READ,
    summary="Open311: mã phản ánh của một token",
    tags=["open311"],
)
async def token(
    request: Request[Any, Any, Any],
    code: Code,
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[bytes]:
    """The code behind a token: a code itself, or the idempotency key under which one was sent.

    POST answers the code at once, so a token is asked for only by a sender whose answer was lost;
    it names its own key, with the api_key it was sent with.
    """
    query = query_of(request)
    check_jurisdiction(settings, query.get("jurisdiction_id"))
    name = forms.bare(code)
    found = await _followed(database, name) or await _sent(
        database, settings, name, query.get("api_key")
    )
    if found is None:
        raise UnknownToken()
    return forms.answer(
        request,
        [{"service_request_id": found, "token": name}],
        root="service_requests",
        member="request",
    )


async def _followed(database: Database, name: str) -> str | None:
    code = normal_report_code(name)
    rows = await store.list_requests_by_code(database.public, [code]) if code else []
    return rows[0]["code"] if rows else None


async def _sent(
    database: Database, settings: Settings, name: str, api_key: str | None
) -> str | None:
    try:
        sender = await find_sender(database, settings, api_key)
    except NotAllowed:
        # whoever has sent nothing has no tokens: as if there were none
        return None
    return await store.find_code_of_key(database.app, sender.principal, key_of(name))


async def _answer(
    request: Request[Any, Any, Any],
    rows: Sequence[Record],
    rulebooks: Rulebooks,
    settings: Settings,
    *,
    headers: dict[str, str] | None = None,
) -> Response[bytes]:
    rulebook, language = await rulebooks.current(), api_language(request)
    is_extended, here = read_extensions(query_of(request)), settings.public_url
    items = []
    for row in rows:
        item = request_of(row, rulebook, language, public_url=here)
        items.append(item | extended(row, language, public_url=here) if is_extended else item)
    return forms.answer(request, items, root="service_requests", member="request", headers=headers)
