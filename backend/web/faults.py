"""What Litestar and msgspec say about a bad field, in words for people and without the input."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from litestar.exceptions import ValidationException
from litestar.handlers import BaseRouteHandler

from backend.errors import FieldFault

_PARAMETER = re.compile(r"Missing required \w+ parameter '([^']+)'")
_FIELD = re.compile(r"[A-Za-z0-9_.\[\]…-]{1,80}")

# msgspec's messages, each with what to tell the sender. Numbers are limits of ours, not input.
_SENTENCES: Final[tuple[tuple[re.Pattern[str], str, str], ...]] = tuple(
    (re.compile(pattern), vi, en)
    for pattern, vi, en in (
        (r"missing required field", "Thiếu thông tin này.", "This is missing."),
        (r"Missing required", "Thiếu thông tin này.", "This is missing."),
        (r"contains unknown field", "Có trường không được hỗ trợ.", "There is an unknown field."),
        (r"Invalid enum value", "Giá trị không nằm trong danh sách.", "Not one of the values."),
        (r"Invalid UUID", "Mã định danh (UUID) không hợp lệ.", "Not a valid UUID."),
        (r"Invalid RFC3339|Invalid datetime", "Thời điểm không hợp lệ.", "Not a valid time."),
        (r"Invalid date", "Ngày không hợp lệ.", "Not a valid date."),
        (r"length >= (\d+)", "Cần ít nhất {0} ký tự hoặc phần tử.", "At least {0} long, please."),
        (r"length <= (\d+)", "Tối đa {0} ký tự hoặc phần tử.", "At most {0} long, please."),
        (r"(?:>=|> ?) ?(-?[\d.]+)", "Giá trị nhỏ hơn mức cho phép ({0}).", "Too small ({0})."),
        (r"(?:<=|< ?) ?(-?[\d.]+)", "Giá trị lớn hơn mức cho phép ({0}).", "Too large ({0})."),
        (r"matching regex", "Sai định dạng.", "Not in the expected form."),
        (r"out of range", "Giá trị quá lớn.", "The value is too large."),
        (
            r"Expected `([a-z |]+)`",
            "Sai kiểu dữ liệu (cần {0}).",
            "Of the wrong type (expects {0}).",
        ),
    )
)
_OTHER: Final = ("Giá trị không hợp lệ.", "Not a valid value.")


def public_names(handler: object) -> Mapping[str, str]:
    """What a route's parameters are called in requests, by what they are called in our code."""
    if not isinstance(handler, BaseRouteHandler):
        return {}
    provided = (step.parsed_fn_signature for step in handler.resolve_dependencies().values())
    found = {}
    for signature in (handler.parsed_fn_signature, *provided):
        for name, parameter in signature.parameters.items():
            public = getattr(parameter.kwarg_definition, "name", None)
            if public:
                found[name] = public
    return found


def from_validation(
    error: ValidationException, names: Mapping[str, str] = MappingProxyType({})
) -> tuple[FieldFault, ...]:
    """The faults of each field, by its public name; the input itself never appears in them."""
    missing = _PARAMETER.match(error.detail)
    if missing:
        return (_fault({"key": missing[1], "message": "Missing required"}),)
    extra = error.extra
    if not isinstance(extra, Iterable) or isinstance(extra, str | dict):
        return ()
    found = [
        _fault({**item, "key": names.get(str(item.get("key")), item.get("key", ""))})
        for item in extra
        if isinstance(item, dict)
    ]
    return tuple(found[:50])


def _fault(item: dict[str, object]) -> FieldFault:
    field = str(item.get("key", ""))
    message = str(item.get("message", ""))
    shown = field if _FIELD.fullmatch(field) else ""
    for pattern, vi, en in _SENTENCES:
        match = pattern.search(message)
        if match:
            return FieldFault(shown, vi.format(*match.groups()), en.format(*match.groups()))
    return FieldFault(shown, *_OTHER)
