"""What there is: service discovery, the services, and the questions of each."""

from typing import Annotated, Any, Final

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import PathParameter

from backend.reports.rulebook import Rulebooks
from backend.settings import Settings
from backend.web.language import api_language
from mobile_api.open311 import forms
from mobile_api.open311.answers import definition_of, service_of
from mobile_api.open311.places import (
    READ,
    check_jurisdiction,
    get_service,
    list_services,
    paths,
    query_of,
)

# When this interface was last changed; clients cache what discovery says until it moves.
_CHANGESET: Final = "2026-11-22T00:00:00Z"
_SPECIFICATION: Final = "http://wiki.open311.org/GeoReport_v2"
_FORMATS: Final = ["application/json", "text/xml"]


@get(
    paths("/open311/discovery", "/open311/v2/discovery"),
    opt=READ,
    summary="Open311: khám phá dịch vụ",
    tags=["open311"],
)
async def discover(
    request: Request[Any, Any, Any], settings: NamedDependency[Settings]
) -> Response[bytes]:
    """Where GeoReport v2 is served, in which forms, and how one gets a key."""
    contact = settings.open311_contact
    is_vietnamese = api_language(request) == "vi"
    if settings.open311_write == "key":
        key_service = (
            "Khóa do đơn vị vận hành cấp; liên hệ theo mục contact."
            if is_vietnamese
            else "Keys are issued by the operator; ask the contact."
        )
    elif settings.open311_write == "open":
        key_service = "Không cần khóa." if is_vietnamese else "No key is needed."
    else:
        key_service = "Chỉ đọc." if is_vietnamese else "Read only."
    document = {
        "changeset": _CHANGESET,
        "contact": contact or f"{settings.public_url}/",
        "key_service": key_service,
        "endpoints": [
            {
                "specification": _SPECIFICATION,
                "url": f"{settings.public_url}/open311/v2",
                "changeset": _CHANGESET,
                "type": "production",
                "formats": _FORMATS,
            }
        ],
    }
    return forms.answer(request, document, root="discovery")


@get(
    paths("/open311/v2/services"),
    opt=READ,
    summary="Open311: danh mục dịch vụ",
    tags=["open311"],
)
async def services(
    request: Request[Any, Any, Any],
    rulebooks: NamedDependency[Rulebooks],
    settings: NamedDependency[Settings],
) -> Response[bytes]:
    """The categories in which reports are taken, with promise, group and keywords."""
    check_jurisdiction(settings, query_of(request).get("jurisdiction_id"))
    rulebook, language = await rulebooks.current(), api_language(request)
    return forms.answer(
        request,
        [service_of(one, rulebook, language) for one in list_services(rulebook, settings)],
        root="services",
        member="service",
    )


@get(
    "/open311/v2/services/{service_code:str}",
    opt=READ,
    summary="Open311: câu hỏi của một dịch vụ",
    tags=["open311"],
)
async def definition(
    request: Request[Any, Any, Any],
    service_code: Annotated[str, PathParameter(max_length=80)],
    rulebooks: NamedDependency[Rulebooks],
    settings: NamedDependency[Settings],
) -> Response[bytes]:
    """The extra questions of a category: datatype, whether required, order, values."""
    check_jurisdiction(settings, query_of(request).get("jurisdiction_id"))
    category = get_service(await rulebooks.current(), settings, forms.bare(service_code))
    return forms.answer(
        request, definition_of(category, api_language(request)), root="service_definition"
    )
