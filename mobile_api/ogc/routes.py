"""OGC API – Features over HTTP, Part 1 (core, GeoJSON, HTML, OpenAPI 3.0) and Part 2 (CRS)."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from backend.database import Database
from backend.errors import NotFound
from backend.reports.rulebook import Rulebooks
from backend.settings import Settings
from backend.web.conditional import conditional_answer
from backend.web.language import Language, api_language, page_language
from backend.web.limits import Limit
from backend.web.policies import ANYONE
from mobile_api.ogc import documents, features, store
from mobile_api.ogc.crs import Box, Reference, list_references
from mobile_api.ogc.documents import COLLECTIONS, GEOJSON, OPENAPI, Collection, link
from mobile_api.ogc.queries import check_words, read_form, read_items, read_reference

_ENCODER: Final = msgspec.json.Encoder()
_OPT: Final = {"policy": ANYONE, "limit": Limit("features", per_minute=600, burst=200)}
_SECONDS: Final = 10
_WORLD: Final = (-180.0, -90.0, 180.0, 90.0)


@get("/ogc", opt=_OPT, summary="OGC API – Features: trang đầu", tags=["maps"])
async def landing(
    request: Request[Any, Any, Any], settings: NamedDependency[Settings]
) -> Response[Any]:
    """The landing page, with links to everything else."""
    check_words(request)
    return _answer(request, documents.landing(settings.public_url, _language(request)))


@get("/ogc/conformance", opt=_OPT, summary="OGC API: các lớp đáp ứng", tags=["maps"])
async def conformance(request: Request[Any, Any, Any]) -> Response[Any]:
    """The conformance classes that hold."""
    check_words(request)
    return _answer(request, {"conformsTo": list(documents.CONFORMANCE)})


@get("/ogc/api", opt=_OPT, summary="OGC API: mô tả OpenAPI 3.0", tags=["maps"])
async def api(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """The OpenAPI 3.0 description of these addresses alone."""
    check_words(request)
    _, _, references = await _extent(database)
    return _answer(request, documents.openapi(settings.public_url, references), kind=OPENAPI)


@get("/ogc/collections", opt=_OPT, summary="OGC API: các bộ dữ liệu", tags=["maps"])
async def collections(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """Both collections."""
    check_words(request)
    here = f"{settings.public_url}/ogc/collections"
    every = [await _described(one, request, database, settings) for one in COLLECTIONS.values()]
    return _answer(
        request,
        {
            "collections": every,
            "links": [
                link(here, "self", "application/json"),
                link(f"{here}?f=html", "alternate", "text/html"),
            ],
        },
    )


@get("/ogc/collections/{name:str}", opt=_OPT, summary="OGC API: một bộ dữ liệu", tags=["maps"])
async def collection(
    request: Request[Any, Any, Any],
    name: FromPath[str],
    database: NamedDependency[Database],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """One collection: extent, reference systems, links."""
    check_words(request)
    return _answer(request, await _described(_collection(name), request, database, settings))


@get(
    "/ogc/collections/{name:str}/items",
    opt=_OPT,
    summary="OGC API: các đối tượng (GeoJSON)",
    tags=["maps"],
)
async def items(
    request: Request[Any, Any, Any],
    name: FromPath[str],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """A page of features; `limit`, `bbox`, `bbox-crs`, `crs`, `datetime` and properties."""
    one = _collection(name)
    _, _, references = await _extent(database)
    query = read_items(request, references, properties=one.properties)
    if one is documents.UNITS:
        page = await features.list_units(database, query)
    else:
        page = await features.list_reports(
            database, await rulebooks.current(), query, _language(request)
        )
    here = f"{settings.public_url}/ogc/collections/{one.id}"
    asked = {key: value for key, value in request.query_params.items() if key != "f"}
    links = [
        link(_with(f"{here}/items", asked), "self", GEOJSON),
        link(_with(f"{here}/items", {**asked, "f": "html"}), "alternate", "text/html"),
        link(here, "collection", "application/json"),
    ]
    if page.following:
        following = {**asked, "after": page.following}
        links.append(link(_with(f"{here}/items", following), "next", GEOJSON))
    return _answer(
        request,
        {
            "type": "FeatureCollection",
            "numberReturned": len(page.features),
            "links": links,
            "features": page.features,
        },
        kind=GEOJSON,
        reference=query.reference,
        title=one.title(_language(request)),
    )


@get(
    "/ogc/collections/{name:str}/items/{feature_id:str}",
    opt=_OPT,
    summary="OGC API: một đối tượng (GeoJSON)",
    tags=["maps"],
)
async def item(
    request: Request[Any, Any, Any],
    name: FromPath[str],
    feature_id: FromPath[str],
    database: NamedDependency[Database],
    rulebooks: NamedDependency[Rulebooks],
    settings: NamedDependency[Settings],
) -> Response[Any]:
    """One feature; a report by its code, a unit by `code@first day`."""
    one = _collection(name)
    _, _, references = await _extent(database)
    reference = read_reference(request, references)
    if one is documents.UNITS:
        feature = await features.find_unit(database, feature_id, reference)
    else:
        feature = await features.find_report(
            database, await rulebooks.current(), feature_id, reference, _language(request)
        )
    here = f"{settings.public_url}/ogc/collections/{one.id}"
    feature["links"] = [
        link(f"{here}/items/{feature['id']}", "self", GEOJSON),
        link(f"{here}/items/{feature['id']}?f=html", "alternate", "text/html"),
        link(here, "collection", "application/json"),
    ]
    title = f"{one.title(_language(request))}: {feature['id']}"
    return _answer(request, feature, kind=GEOJSON, reference=reference, title=title)


def _collection(name: str) -> Collection:
    found = COLLECTIONS.get(name)
    if found is None:
        raise NotFound()
    return found


async def _described(
    one: Collection, request: Request[Any, Any, Any], database: Database, settings: Settings
) -> dict[str, Any]:
    extent, first_on, references = await _extent(database)
    return documents.collection_document(
        settings.public_url,
        one,
        _language(request),
        extent=extent,
        first_on=first_on if one is documents.UNITS else None,
        references=references,
    )


async def _extent(database: Database) -> tuple[Box, date | None, tuple[Reference, ...]]:
    row = await store.find_extent(database.public)
    if row is None:
        return _WORLD, None, list_references(_WORLD)[:3]
    extent = (row["west"], row["south"], row["east"], row["north"])
    return extent, row["first"], list_references(extent)


def _language(request: Request[Any, Any, Any]) -> Language:
    asked = request.query_params.get("lang")
    if asked in ("vi", "en"):
        return "en" if asked == "en" else "vi"
    return page_language(request) if read_form(request) == "html" else api_language(request)


def _with(address: str, words: Mapping[str, str]) -> str:
    return f"{address}?{urlencode(words)}" if words else address


def _answer(
    request: Request[Any, Any, Any],
    document: Mapping[str, Any],
    *,
    kind: str = "application/json",
    reference: Reference | None = None,
    title: str | None = None,
) -> Response[Any]:
    """The document as JSON, or as a page; `title`: of one that has none of its own."""
    if read_form(request) == "html":
        shown = msgspec.json.format(_ENCODER.encode(document), indent=2).decode()
        return Template(
            "citizen/ogc.html", context={"document": document, "shown": shown, "title": title}
        )
    headers = {"Content-Crs": f"<{reference.uri}>"} if reference else None
    return conditional_answer(
        request,
        _ENCODER.encode(document),
        media_type=kind,
        max_age_seconds=_SECONDS,
        headers=headers,
        varies_by=("Accept",),
    )
