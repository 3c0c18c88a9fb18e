"""What OGC API – Features answers besides features: landing page, conformance, collections, API."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from typing import Any, Final

from backend.reports.lifecycle import Language
from mobile_api.lists.filter import SHOWN
from mobile_api.ogc.crs import CRS84, Box, Reference
from mobile_api.ogc.queries import LIMIT_DEFAULT, LIMIT_MOST

CONFORMANCE: Final = (
    "http://www.opengis.net/spec/ogcapi-common-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/oas30",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/html",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
    "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs",
)
GEOJSON: Final = "application/geo+json"
OPENAPI: Final = "application/vnd.oai.openapi+json;version=3.0"


@dataclass(frozen=True)
class Collection:
    """One collection: its words in both languages and the properties it can be filtered by."""

    id: str
    titles: tuple[str, str]
    words: tuple[str, str]
    properties: tuple[str, ...]

    def title(self, language: Language) -> str:
        return self.titles[language == "en"]


REPORTS: Final = Collection(
    "reports",
    ("Phản ánh đã công khai", "Published reports"),
    (
        "Phản ánh của người dân đã được công khai, mới nhất trước; datetime là lúc tiếp nhận. Phản "
        "ánh nhạy cảm, hoặc chỉ biết thuộc xã, phường nào, nằm ở giữa xã, phường (is_coarse).",
        "Citizens' published reports, newest first; datetime is the moment of receipt. Sensitive "
        "ones, and those of which only the commune is known, lie at its middle (is_coarse).",
    ),
    ("category", "status", "unit"),
)
UNITS: Final = Collection(
    "units",
    ("Đơn vị hành chính", "Administrative units"),
    (
        "Tỉnh, huyện, xã theo từng thời kỳ địa giới; datetime chọn thời kỳ, mặc định là hôm nay, "
        "../.. là mọi thời kỳ.",
        "Province, districts and communes by generation of boundaries; datetime picks the "
        "generation, today's by default, ../.. all of them.",
    ),
    ("code", "level", "parent"),
)
COLLECTIONS: Final = {one.id: one for one in (REPORTS, UNITS)}


def link(href: str, rel: str, kind: str, title: str = "") -> dict[str, str]:
    """One link of any document."""
    return {"href": href, "rel": rel, "type": kind, **({"title": title} if title else {})}


def landing(base: str, language: Language) -> dict[str, Any]:
    """The landing page."""
    is_vi = language == "vi"
    return {
        "title": "Cầu Nối – Quảng Ngãi",
        "description": "Phản ánh đã công khai và đơn vị hành chính, theo OGC API – Features."
        if is_vi
        else "Published reports and administrative units, by OGC API – Features.",
        "links": [
            link(f"{base}/ogc", "self", "application/json"),
            link(f"{base}/ogc?f=html", "alternate", "text/html"),
            link(f"{base}/ogc/api", "service-desc", OPENAPI, "OpenAPI"),
            link(f"{base}/ogc/api?f=html", "service-doc", "text/html", "OpenAPI"),
            link(f"{base}/ogc/conformance", "conformance", "application/json"),
            link(f"{base}/ogc/collections", "data", "application/json"),
            link(f"{base}/du-lieu-mo", "license", "text/html"),
        ],
    }


def collection_document(
    base: str,
    one: Collection,
    language: Language,
    *,
    extent: Box,
    first_on: date | None,
    references: Sequence[Reference],
) -> dict[str, Any]:
    """One collection with its extent and reference systems."""
    here = f"{base}/ogc/collections/{one.id}"
    return {
        "id": one.id,
        "title": one.title(language),
        "description": one.words[language == "en"],
        "itemType": "feature",
        "extent": {
            "spatial": {"bbox": [list(extent)], "crs": CRS84},
            "temporal": {"interval": [[f"{first_on}T00:00:00+07:00" if first_on else None, None]]},
        },
        "crs": [reference.uri for reference in references],
        "storageCrs": CRS84,
        "links": [
            link(here, "self", "application/json"),
            link(f"{here}?f=html", "alternate", "text/html"),
            link(f"{here}/items", "items", GEOJSON, one.title(language)),
            link(f"{here}/items?f=html", "items", "text/html", one.title(language)),
            link(f"{base}/du-lieu-mo", "license", "text/html"),
        ],
    }


def openapi(base: str, references: Sequence[Reference]) -> dict[str, Any]:
    """The API of the features as OpenAPI 3.0, as Part 1's class oas30 wants."""
    crs = {"type": "string", "format": "uri", "enum": [one.uri for one in references]}
    common = [
        _parameter("f", {"type": "string", "enum": ["json", "html"]}),
        _parameter("lang", {"type": "string", "enum": ["vi", "en"]}),
    ]
    paths: dict[str, Any] = {
        "/ogc": _operation("landingPage", common),
        "/ogc/api": _operation("api", common),
        "/ogc/conformance": _operation("conformance", common),
        "/ogc/collections": _operation("collections", common),
    }
    for one in COLLECTIONS.values():
        here = f"/ogc/collections/{one.id}"
        paths[here] = _operation(f"{one.id}Collection", common)
        paths[f"{here}/items"] = _operation(
            f"{one.id}Items",
            [*common, *_items_parameters(crs), *_properties(one)],
            kind=GEOJSON,
        )
        paths[f"{here}/items/{{featureId}}"] = _operation(
            f"{one.id}Item",
            [
                {
                    "name": "featureId",
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string"},
                },
                *common,
                _parameter("crs", crs),
            ],
            kind=GEOJSON,
        )
    return {
        "openapi": "3.0.3",
        "info": {"title": "Cầu Nối – OGC API – Features", "version": version("caunoi")},
        "servers": [{"url": base}],
        "paths": paths,
    }


def _items_parameters(crs: dict[str, Any]) -> Iterable[dict[str, Any]]:
    limit = {"type": "integer", "minimum": 1, "maximum": LIMIT_MOST, "default": LIMIT_DEFAULT}
    box = {"type": "array", "minItems": 4, "maxItems": 6, "items": {"type": "number"}}
    yield _parameter("limit", limit, explode=False)
    yield _parameter("bbox", box, explode=False)
    yield _parameter("bbox-crs", crs)
    yield _parameter("crs", crs)
    yield _parameter("datetime", {"type": "string"})
    yield _parameter("after", {"type": "string"})


def _properties(one: Collection) -> Iterable[dict[str, Any]]:
    for name in one.properties:
        values = {"status": list(SHOWN), "level": ["province", "district", "commune"]}.get(name)
        yield _parameter(name, {"type": "string", **({"enum": values} if values else {})})


def _parameter(name: str, schema: dict[str, Any], *, explode: bool | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"name": name, "in": "query", "required": False, "schema": schema}
    if explode is not None:
        found |= {"style": "form", "explode": explode}
    return found


def _operation(
    name: str, parameters: Sequence[dict[str, Any]], *, kind: str = "application/json"
) -> dict[str, Any]:
    return {
        "get": {
            "operationId": name,
            "parameters": list(parameters),
            "responses": {
                "200": {
                    "description": "OK",
                    "content": {kind: {"schema": {"type": "object"}}, "text/html": {"schema": {}}},
                },
                "default": {
                    "description": "A problem (RFC 9457)",
                    "content": {"application/problem+json": {"schema": {"type": "object"}}},
                },
            },
        }
    }
