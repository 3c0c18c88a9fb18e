"""The description of the HTTP interface (OpenAPI 3.1), served at /openapi.json."""

from importlib.metadata import version
from typing import Any

import msgspec
from litestar import Request, Response, Router, get
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, Contact, License, SecurityScheme, Tag

from backend.web.policies import NOBODY_ASKED

_DESCRIPTION = """Cầu Nối connects citizens and their government: reports with photos and a place,
routed under working-time promises. JSON, snake_case, RFC 3339 UTC times, positions as WGS84
`{lon, lat}`. Errors are `application/problem+json` (RFC 9457); see `/problems`."""


def describe() -> OpenAPIConfig:
    """What Litestar needs to describe every handler."""
    return OpenAPIConfig(
        title="Cầu Nối – Quảng Ngãi",
        version=version("caunoi"),
        description=_DESCRIPTION,
        contact=Contact(name="Cầu Nối", url="/"),
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        components=Components(
            security_schemes={
                "bearer": SecurityScheme(
                    type="http",
                    scheme="bearer",
                    description="An access token of POST /api/v1/sessions.",
                )
            }
        ),
        tags=[
            Tag(name="reports", description="Citizens: submit and follow a report."),
            Tag(name="maps", description="Vector tiles of published reports and units."),
            Tag(name="sessions", description="Staff: sign in and out."),
        ],
        use_handler_docstrings=True,
        render_plugins=[JsonRenderPlugin()],
        # Litestar insists on a router for its viewers; ours shows the plain document only
        openapi_router=Router(
            "/openapi", route_handlers=[], include_in_schema=False, opt={"policy": NOBODY_ASKED}
        ),
    )


@get("/openapi.json", opt={"policy": NOBODY_ASKED}, include_in_schema=False)
async def openapi_json(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The whole description; made once per process."""
    global _encoded
    if _encoded is None:
        schema = _with_problems(request.app.openapi_schema.to_schema())
        _encoded = msgspec.json.encode(schema)
    return Response(
        _encoded,
        media_type="application/vnd.oai.openapi+json;version=3.1",
        headers={"Cache-Control": "no-cache"},
    )


_encoded: bytes | None = None
_PROBLEM = {
    "type": "object",
    "description": "RFC 9457. `type` is a page that explains the problem.",
    "required": ["type", "title", "status", "trace_id"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "trace_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
    },
    "examples": [
        {
            "type": "/problems/malformed",
            "title": "Yêu cầu gửi lên không đọc được.",
            "status": 400,
            "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
            "errors": [{"field": "location.lon", "message": "Giá trị lớn hơn mức cho phép (180)."}],
        }
    ],
}


def _with_problems(schema: dict[str, Any]) -> dict[str, Any]:
    """Every operation may answer with a problem; Litestar's own error shape is not ours."""
    components = schema.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = _PROBLEM
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for operations in schema.get("paths", {}).values():
        for operation in operations.values():
            if not isinstance(operation, dict) or "responses" not in operation:
                continue
            responses = operation["responses"]
            for status in [status for status in responses if status[0] in "45"]:
                responses[status] = {
                    "description": responses[status].get("description", ""),
                    "content": content,
                }
            responses["default"] = {"description": "A problem", "content": content}
    return schema
