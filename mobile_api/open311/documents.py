"""What OpenAPI says of operations whose queries and forms are read by hand."""

from dataclasses import dataclass
from typing import Final

from litestar.openapi.spec import (
    OpenAPIMediaType,
    OpenAPIType,
    Operation,
    Parameter,
    RequestBody,
    Schema,
)

_QUERY: Final = {
    "jurisdiction_id": "The place that is asked; may be left out.",
    "service_request_id": "Codes parted by commas, 50 at most; overrides all else.",
    "service_code": "Codes of services parted by commas, 50 at most.",
    "status": "open or closed.",
    "start_date": "W3CDTF; requested at or after. The span is 90 days at most, and by default.",
    "end_date": "W3CDTF; requested before.",
    "updated_after": "Extension. W3CDTF; the list is then in the order of the changes.",
    "updated_before": "Extension. W3CDTF.",
    "lat": "Extension, with long: around this place.",
    "long": "Extension, with lat.",
    "radius": "Extension: metres around lat and long, 500 by default, 5000 at most.",
    "bbox": "Extension: west,south,east,north in degrees.",
    "page_size": "Extension: 50 by default, 500 at most.",
    "page": "Extension, from 1; deep pages are refused: follow the Link rel=next.",
    "after": "Extension: the cursor of a Link rel=next.",
    "extensions": "true adds extended_attributes.",
}
_FIELDS: Final = {
    "api_key": "Issued by the operator.",
    "jurisdiction_id": "May be left out.",
    "service_code": "Of GET services.",
    "lat": "Degrees (WGS84), with long; or address_id; or address_string.",
    "long": "Degrees (WGS84).",
    "address_id": "The code of a commune.",
    "address_string": "Where; names the commune when there is no position.",
    "description": "What is wrong, at most 4000 letters.",
    "first_name": "Kept apart from the report.",
    "last_name": "Kept apart from the report.",
    "phone": "Kept apart from the report.",
    "email": "Kept apart from the report.",
    "media_url": "Kept for the officer to read; never fetched, never published.",
    "device_id": "Read, not kept.",
    "account_id": "Read, not kept.",
    "idempotency_key": "Extension: as the header Idempotency-Key.",
}
_TEXT: Final = Schema(type=OpenAPIType.STRING)


@dataclass
class ListOperation(Operation):
    """GET requests."""

    def __post_init__(self) -> None:
        self.parameters = [
            *(self.parameters or []),
            *(
                Parameter(name=name, param_in="query", description=words, schema=_TEXT)
                for name, words in _QUERY.items()
            ),
        ]


@dataclass
class SendOperation(Operation):
    """POST requests."""

    def __post_init__(self) -> None:
        fields = Schema(
            type=OpenAPIType.OBJECT,
            required=["service_code"],
            properties={
                name: Schema(type=OpenAPIType.STRING, description=words)
                for name, words in _FIELDS.items()
            },
            description="And attribute[CODE]= for each question of the service definition.",
        )
        form = OpenAPIMediaType(schema=fields)
        self.request_body = RequestBody(
            content={"application/x-www-form-urlencoded": form, "multipart/form-data": form},
            required=True,
        )
        self.parameters = [
            *(self.parameters or []),
            Parameter(
                name="Idempotency-Key",
                param_in="header",
                required=False,
                description="Any text; the same key and form give the same answer again.",
                schema=_TEXT,
            ),
        ]
