"""What OpenAPI says of operations whose bodies are read by hand, for speed or streaming."""

from dataclasses import dataclass
from typing import Any

import msgspec
from litestar.openapi.spec import (
    Example,
    OpenAPIMediaType,
    Operation,
    Parameter,
    RequestBody,
    Schema,
)

from mobile_api.intake import ReportIn

_EXAMPLE = {
    "category": "giao-thong-o-ga",
    "text": "Ổ gà sâu giữa đường Quang Trung, đoạn trước chợ.",
    "location": {"lon": 108.7923, "lat": 15.1205, "accuracy_metres": 12},
    "anonymous": True,
    "photos": [{"sha256": "0" * 64, "bytes": 182311, "content_type": "image/jpeg"}],
}


def _inlined_schema() -> dict[str, Any]:
    (schema,), components = msgspec.json.schema_components([ReportIn], ref_template="#{name}")

    def inlined(part: Any) -> Any:
        if isinstance(part, list):
            return [inlined(item) for item in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            return inlined(components[part["$ref"].removeprefix("#")])
        return {key: inlined(value) for key, value in part.items()}

    whole: dict[str, Any] = inlined(schema)
    return whole


class RawSchema(Schema):
    """A ready JSON schema, given as it is."""

    def __init__(self, raw: dict[str, Any]) -> None:
        super().__init__()
        self._raw = raw

    def to_schema(self) -> dict[str, Any]:
        return self._raw


@dataclass
class SubmitOperation(Operation):
    """POST /reports: the body that `mobile_api.intake` reads, and the key that makes it safe."""

    def __post_init__(self) -> None:
        self.request_body = RequestBody(
            content={
                "application/json": OpenAPIMediaType(
                    schema=RawSchema(_inlined_schema()),
                    examples={"o-ga": Example(summary="Ổ gà, kèm một ảnh", value=_EXAMPLE)},
                )
            },
            required=True,
        )
        self.parameters = [
            *(self.parameters or []),
            Parameter(
                name="Idempotency-Key",
                param_in="header",
                required=True,
                description="UUID; the same key and body give the same answer again.",
                schema=RawSchema({"type": "string", "format": "uuid"}),
            ),
            Parameter(
                name="X-Sign-In",
                param_in="header",
                required=False,
                description=(
                    "For reports that waited in a browser: the cookie `caunoi-lan-dang-nhap` as it"
                    " was when the report was written, empty for none. Under another sign-in the"
                    " report belongs to no account (`owned` of the answer says false)."
                ),
                schema=RawSchema({"type": "string"}),
            ),
        ]


@dataclass
class PhotoOperation(Operation):
    """PUT of a photo: raw image bytes."""

    def __post_init__(self) -> None:
        binary = OpenAPIMediaType(schema=RawSchema({"type": "string", "format": "binary"}))
        self.request_body = RequestBody(
            content=dict.fromkeys(
                ("image/jpeg", "image/png", "image/webp", "image/heic", "image/heif"), binary
            ),
            required=True,
        )
        self.parameters = [
            *(self.parameters or []),
            Parameter(
                name="X-Tracking-Secret",
                param_in="header",
                required=False,
                description="The reporter's secret; or a session of the owner.",
                schema=RawSchema({"type": "string"}),
            ),
        ]
