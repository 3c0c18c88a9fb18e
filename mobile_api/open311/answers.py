"""Rows of the public views and entries of the catalogue, as GeoReport v2 writes them.

Field names and their order are those of the specification; what a report does not have (or does not
show) is null. Times are W3CDTF in UTC, to the second.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from backend.agencies.catalogue import Category
from backend.reports.durations import duration_text
from backend.reports.lifecycle import Language, Status, label
from backend.reports.rulebook import Rulebook
from backend.reports.submit import Submitted
from backend.web.moments import written_moment
from mobile_api.views import photo_url

# GeoReport knows two statuses. Answered means closed: the reporter may still ask for more, which
# opens it again.
OPEN_STATUSES: Final = tuple(
    status.value
    for status in (
        Status.RECEIVED,
        Status.CLASSIFYING,
        Status.ASSIGNED,
        Status.IN_PROGRESS,
        Status.AWAITING_CITIZEN,
    )
)
CLOSED_STATUSES: Final = tuple(s.value for s in Status if s.value not in OPEN_STATUSES)
_LONGEST: Final = 4000


def service_of(category: Category, rulebook: Rulebook, language: Language) -> dict[str, Any]:
    """One entry of the service list."""
    field = rulebook.categories.get(category.field_code or "")
    other: Language = "en" if language == "vi" else "vi"
    group = field.name(language) if field else None
    keywords = [category.name(other), *([field.name(other)] if field else [])]
    return {
        "service_code": category.code,
        "service_name": category.name(language),
        "description": promise_of(category, rulebook, language),
        "metadata": bool(category.questions),
        "type": "realtime",
        # a comma parts keywords
        "keywords": ",".join(word.replace(",", " ") for word in keywords),
        "group": group,
    }


def promise_of(category: Category, rulebook: Rulebook, language: Language) -> str:
    """What is promised to whoever reports in this category."""
    terms = rulebook.terms(category)
    accept, resolve = (duration_text(part, language) for part in (terms.accept, terms.resolve))
    if language == "vi":
        return f"Cam kết: tiếp nhận trong {accept}, giải quyết trong {resolve}."
    return f"Promised: accepted within {accept}, resolved within {resolve}."


def request_of(
    row: Mapping[str, Any], rulebook: Rulebook, language: Language, *, public_url: str
) -> dict[str, Any]:
    """One service request; without words, place and photo unless it is published."""
    category = rulebook.categories.get(row["category_code"])
    is_closed = row["status"] in CLOSED_STATUSES
    shown = row["is_published"]
    photo = photo_url(row["id"], row["photo"], "full") if row["photo"] else None
    return {
        "service_request_id": row["code"],
        "status": "closed" if is_closed else "open",
        "status_notes": _status_notes(row, language),
        "service_name": category.name(language) if category else None,
        "service_code": row["category_code"],
        "description": row["text"][:_LONGEST] if shown else None,
        "agency_responsible": _agency_name(rulebook, row["agency_code"], language),
        "service_notice": None if is_closed else _deadline(row, language),
        "requested_datetime": w3c_moment(row["created_at"]),
        "updated_datetime": w3c_moment(_updated_at(row, is_closed=is_closed)),
        "expected_datetime": w3c_moment(row["resolve_by"]),
        "address": (row["address"] or row["unit_name"]) if shown else None,
        "address_id": row["unit_code"] if shown else None,
        "zipcode": None,
        "lat": row["lat"],
        "long": row["lon"],
        "media_url": f"{public_url}{photo}" if photo else None,
    }


def extended(row: Mapping[str, Any], language: Language, *, public_url: str) -> dict[str, Any]:
    """What this system knows beyond GeoReport; for clients that ask with extensions=true."""
    return {
        "extended_attributes": {
            "detailed_status": row["status"],
            "detailed_status_name": label(Status(row["status"]), language),
            "is_published": row["is_published"],
            "is_coarse": row["is_coarse"],
            "unit_name": row["unit_name"],
            "tracking_url": f"{public_url}/theo-doi/{row['code']}",
        }
    }


def acknowledgement(
    submitted: Submitted, language: Language, *, lost_photos: int
) -> dict[str, Any]:
    """The answer to a POST: the id, and in words what happens next and until when."""
    agency = submitted.agency["name"] if submitted.agency else None
    accept_by, resolve_by = (
        written_moment(datetime.fromisoformat(moment), language) if moment else None
        for moment in (submitted.accept_by, submitted.resolve_by)
    )
    if language == "vi":
        parts = [
            f"Đã chuyển {agency}." if agency else "Đang phân loại để chuyển cơ quan xử lý.",
            f"Cam kết tiếp nhận trước {accept_by}." if accept_by else "",
            f"Cam kết giải quyết trước {resolve_by}." if resolve_by else "",
            f"{lost_photos} ảnh chưa lưu được, vui lòng gửi lại." if lost_photos else "",
        ]
    else:
        parts = [
            f"Sent to {agency}." if agency else "Being classified for the agency in charge.",
            f"To be accepted by {accept_by}." if accept_by else "",
            f"To be resolved by {resolve_by}." if resolve_by else "",
            f"{lost_photos} photos could not be stored; send them again." if lost_photos else "",
        ]
    return {
        "service_request_id": submitted.code,
        "service_notice": " ".join(filter(None, parts)),
        "account_id": None,
    }


def definition_of(category: Category, language: Language) -> dict[str, Any]:
    """The questions of a category as a service definition."""
    return {
        "service_code": category.code,
        "attributes": [
            _attribute(question, order, language)
            for order, question in enumerate(category.questions, 1)
        ],
    }


_DATATYPES: Final = {
    "choice": "singlevaluelist",
    "choices": "multivaluelist",
    "yes_no": "singlevaluelist",
    "number": "number",
    "moment": "datetime",
    "text": "text",
}
_YES_NO: Final = (
    {"code": "true", "vi": "Có", "en": "Yes"},
    {"code": "false", "vi": "Không", "en": "No"},
)
_EXPECTED: Final = {
    "singlevaluelist": ("Chọn một giá trị.", "Choose one value."),
    "multivaluelist": ("Có thể chọn nhiều giá trị.", "Choose any number of values."),
    "number": ("Một con số.", "A number."),
    "datetime": ("Thời điểm theo W3CDTF.", "A moment (W3CDTF)."),
    "text": ("Tối đa 1000 ký tự.", "At most 1000 characters."),
}


def datatype_of(question: Mapping[str, Any]) -> str:
    """The GeoReport datatype of a question; what we have no word for is text."""
    return _DATATYPES.get(question["kind"], "text")


def options_of(question: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """What may be chosen; empty when the answer is free."""
    if question["kind"] == "yes_no":
        return _YES_NO
    options: Sequence[Mapping[str, Any]] = question.get("options", ())
    return options


def _attribute(question: Mapping[str, Any], order: int, language: Language) -> dict[str, Any]:
    datatype = datatype_of(question)
    attribute: dict[str, Any] = {
        "variable": True,
        "code": question["code"],
        "datatype": datatype,
        "required": bool(question.get("required", False)),
        "datatype_description": _EXPECTED[datatype][0 if language == "vi" else 1],
        "order": order,
        "description": question[language],
    }
    if options := options_of(question):
        attribute["values"] = [
            {"key": option["code"], "name": option[language]} for option in options
        ]
    return attribute


def _status_notes(row: Mapping[str, Any], language: Language) -> str:
    stage = label(Status(row["status"]), language)
    return f"{stage}: {row['note']}" if row["note"] else stage


def _updated_at(row: Mapping[str, Any], *, is_closed: bool) -> datetime:
    # GeoReport v2: of a closed request this is the moment at which it was closed
    closed_at = (row["resolved_at"] or row["closed_at"]) if is_closed else None
    moment: datetime = closed_at or row["updated_at"]
    return moment


def _deadline(row: Mapping[str, Any], language: Language) -> str | None:
    if row["paused_at"] is not None:
        return (
            "Thời hạn tạm dừng trong lúc chờ người dân bổ sung thông tin."
            if language == "vi"
            else "The clock is paused until the citizen has answered."
        )
    if row["resolve_by"] is None:
        return None
    until = written_moment(row["resolve_by"], language)
    return (
        f"Cam kết giải quyết trước {until}." if language == "vi" else f"To be resolved by {until}."
    )


def _agency_name(rulebook: Rulebook, code: str | None, language: Language) -> str | None:
    agency = rulebook.agencies.get(code) if code else None
    return agency.name(language) if agency else code


def w3c_moment(moment: datetime | None) -> str | None:
    """W3CDTF in UTC, to the second, as the clients' date parsers know it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment else None
