"""The two forms of every answer: JSON and XML, chosen by the path's extension, else by Accept.

XML is built as a tree by the standard library, so that no text can become markup, and is never
parsed here: clients send forms.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias
from xml.etree import ElementTree

import msgspec
from litestar import Response
from litestar.connection import ASGIConnection

Form: TypeAlias = Literal["json", "xml"]

_TYPES: Final[dict[Form, str]] = {
    "json": "application/json; charset=utf-8",
    "xml": "application/xml; charset=utf-8",
}
# What a list's members are called as elements (GeoReport v2 writes `services` as many `service`).
_MEMBERS: Final = {
    "attributes": "attribute",
    "endpoints": "endpoint",
    "formats": "format",
    "values": "value",
}
# What XML 1.0 §2.2 does not let stand in a document, not even escaped.
_NO_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Answers are public, and nothing of a session is read: pages of other sites may ask (CORS).
_HEADERS: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Link, Location, Retry-After",
    "Vary": "Accept, Accept-Language",
}
_ENCODER: Final = msgspec.json.Encoder()


def form_of(connection: ASGIConnection[Any, Any, Any, Any]) -> Form:
    """The form that the path's extension names, else the first that Accept prefers, else JSON."""
    path = connection.url.path.lower()
    if path.endswith(".xml"):
        return "xml"
    if path.endswith(".json"):
        return "json"
    return _preferred(connection.headers.get("accept", "")[:500])


def bare(name: str) -> str:
    """The last part of a path without the extension that names a form."""
    stem, _, extension = name.rpartition(".")
    return stem if stem and extension.lower() in ("json", "xml") else name


def answer(
    connection: ASGIConnection[Any, Any, Any, Any],
    content: Sequence[Mapping[str, Any]] | Mapping[str, Any],
    *,
    root: str,
    member: str | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> Response[bytes]:
    """`content` in the form asked for; in XML under `root`, each of a list as a `member`."""
    form = form_of(connection)
    encoded = (
        _ENCODER.encode(content)
        if form == "json"
        else write_xml(content, root=root, member=member or "")
    )
    return Response(
        encoded,
        status_code=status,
        media_type=_TYPES[form],
        headers={**_HEADERS, **(headers or {})},
    )


def write_xml(
    content: Sequence[Mapping[str, Any]] | Mapping[str, Any], *, root: str, member: str
) -> bytes:
    """The document; None is an empty element, true and false are words."""
    top = ElementTree.Element(root)
    if isinstance(content, Mapping):
        _add_fields(top, content)
    else:
        for item in content:
            _add_fields(ElementTree.SubElement(top, member), item)
    tree: bytes = ElementTree.tostring(top, "utf-8")
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + tree


def _add_fields(parent: ElementTree.Element, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        _add(ElementTree.SubElement(parent, name), value)


def _add(element: ElementTree.Element, value: Any) -> None:
    if isinstance(value, Mapping):
        _add_fields(element, value)
    elif isinstance(value, list):
        for item in value:
            _add(ElementTree.SubElement(element, _MEMBERS[element.tag]), item)
    elif isinstance(value, bool):
        element.text = "true" if value else "false"
    elif value is not None:
        # a parser turns every line end into one newline anyway (XML 1.0 §2.11)
        element.text = _NO_XML.sub("\ufffd", str(value).replace("\r\n", "\n").replace("\r", "\n"))


def _preferred(accept: str) -> Form:
    weights: dict[Form, float] = {"json": 0.0, "xml": 0.0}
    for part in accept.split(","):
        kind, _, rest = part.partition(";")
        form = _FORM_OF_KIND.get(kind.strip().lower())
        if form is not None:
            weights[form] = max(weights[form], _weight(rest))
    return "xml" if weights["xml"] > weights["json"] else "json"


def _weight(parameters: str) -> float:
    found = re.search(r"\bq\s*=\s*([01](?:\.\d{0,3})?)", parameters)
    return float(found[1]) if found else 1.0


_FORM_OF_KIND: Final[dict[str, Form]] = {
    "application/json": "json",
    "text/json": "json",
    "application/xml": "xml",
    "text/xml": "xml",
}
