"""From the form of a POST to the body that the app's own intake reads: parsing and checking, pure.

Fields that GeoReport does not know are left alone, as are `device_id` and `account_id`: they name
people and telephones in somebody else's system, nothing here needs them, so they are not kept.
`media_url` is kept as a word of the reporter for the officer to read, beside the answers. It is
never fetched and never shown to the public: a server that opens addresses strangers send can be
made to open its own neighbours.
"""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from backend.agencies.catalogue import Category
from backend.errors import FieldFault, Malformed
from geo.units import UnitRow
from mobile_api.open311.addresses import place_of_address, place_of_unit
from mobile_api.open311.answers import datatype_of, options_of
from mobile_api.open311.moments import read_moment

# Any text may be a key; those that are no UUID are made one by name (RFC 9562 §5.5).
_KEYS: Final = uuid.UUID("6f3a3fb2-4d5f-5d0c-9c61-6f70656e3331")
_BY_NAME: Final = 5
_KEY_LONGEST: Final = 255
_URL_LONGEST: Final = 1000
_ATTRIBUTE: Final = re.compile(r"attribute\[([^\[\]]{1,64})\](\[\d{0,3}\])?")
_NUMBER: Final = re.compile(r"[+-]?\d{1,14}([.,]\d{1,6})?", re.ASCII)
_DEGREES: Final = re.compile(r"[+-]?\d{1,3}(\.\d{1,20})?", re.ASCII)
_YES: Final = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


@dataclass(frozen=True)
class Form:
    """What was sent: each field's values in their order, without the empty ones."""

    values: Mapping[str, Sequence[str]]

    def one(self, name: str) -> str | None:
        """The field's only value; None without one; raises Malformed for several that differ."""
        found = self.values.get(name, ())
        if len(set(found)) > 1:
            raise _fault(name, "Chỉ được gửi một lần.", "Is sent more than once.")
        return found[0] if found else None


def read_fields(pairs: Sequence[tuple[str, str]]) -> Form:
    """The fields of a form and of its query."""
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        if value.strip():
            values.setdefault(name, []).append(value.strip())
    return Form(values)


def read_key(header: str | None, form: Form, *, is_shared: bool) -> uuid.UUID | None:
    """What makes a repeated POST safe: the header Idempotency-Key or the field idempotency_key.

    Senders without an api_key share one room of keys (`is_shared`): there a key is a UUID, which
    two of them do not choose alike.
    """
    text = (header or "").strip().strip('"') or form.one("idempotency_key")
    if not text:
        return None
    key = key_of(text)
    if is_shared and key.version == _BY_NAME:
        raise _fault("Idempotency-Key", "Cần một UUID ngẫu nhiên.", "Needs a random UUID.")
    return key


def key_of(text: str) -> uuid.UUID:
    """The key that this text means; raises Malformed."""
    if len(text) > _KEY_LONGEST or not text.isprintable():
        raise _fault(
            "Idempotency-Key", "Tối đa 255 ký tự in được.", "At most 255 printable letters."
        )
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.uuid5(_KEYS, text)


def names_position(form: Form) -> bool:
    """Whether the form has a position, so that no commune need be looked for."""
    return bool(form.one("lat") and form.one("long"))


def submission_body(form: Form, category: Category, units: Sequence[UnitRow]) -> dict[str, Any]:
    """The body for mobile_api.intake, with photos left out; raises Malformed."""
    body: dict[str, Any] = {
        "category": category.code,
        # GeoReport does not ask for words; what it is about is then all that is known
        "text": form.one("description") or category.name_vi,
        "location": _location(form, units),
    }
    if address := form.one("address_string") or form.one("address"):
        body["address"] = address
    # Vietnamese names begin with the family name
    name = " ".join(filter(None, (form.one("last_name"), form.one("first_name"))))
    contact = {"name": name or None, "phone": form.one("phone"), "email": form.one("email")}
    if any(contact.values()):
        body["contact"] = contact
    answers = _answers(form, category)
    if media_url := form.one("media_url"):
        answers["media_url"] = _checked_url(media_url)
    if answers:
        body["answers"] = answers
    return body


def _location(form: Form, units: Sequence[UnitRow]) -> dict[str, Any]:
    """Position, else the commune named by id, else by the address; one of them is needed."""
    lat, lon = _degrees(form, "lat", 90), _degrees(form, "long", 180)
    if lat is not None and lon is not None:
        return {"lon": lon, "lat": lat}
    if lat is not None or lon is not None:
        missing = "long" if lon is None else "lat"
        raise _fault(missing, "Cần đủ lat và long.", "Needs lat and long together.")
    if address_id := form.one("address_id"):
        return place_of_unit(units, address_id)
    if address := form.one("address_string") or form.one("address"):
        return place_of_address(units, address)
    raise _fault(
        "lat",
        "Cần lat và long, hoặc address_id, hoặc address_string.",
        "Needs lat and long, or address_id, or address_string.",
    )


def _degrees(form: Form, name: str, most: int) -> float | None:
    text = form.one(name)
    if text is None:
        return None
    value = float(text) if _DEGREES.fullmatch(text) else None
    if value is None or abs(value) > most:
        raise _fault(
            name, f"Cần số độ từ -{most} đến {most}.", f"Needs degrees, -{most} to {most}."
        )
    return value


def _answers(form: Form, category: Category) -> dict[str, Any]:
    """The attributes as the answers of the category's questions; others are kept as they came."""
    given: dict[str, list[str]] = {}
    for name, values in form.values.items():
        if found := _ATTRIBUTE.fullmatch(name):
            given.setdefault(found[1], []).extend(values)
    answers: dict[str, Any] = {}
    for question in category.questions:
        code = question["code"]
        if code in given:
            answers[code] = _answer(question, given.pop(code))
        elif question.get("required", False):
            raise _fault(f"attribute[{code}]", "Câu hỏi này bắt buộc.", "This is required.")
    given.pop("media_url", None)  # has a field of its own, where its address is checked
    for code, values in given.items():
        answers[code] = values[0] if len(values) == 1 else values
    return answers


def _answer(question: Mapping[str, Any], values: Sequence[str]) -> Any:
    datatype, field = datatype_of(question), f"attribute[{question['code']}]"
    if datatype != "multivaluelist" and len(values) > 1:
        raise _fault(field, "Chỉ nhận một giá trị.", "Takes one value.")
    if question["kind"] == "yes_no":
        if values[0].lower() not in _YES:
            raise _fault(field, "Chỉ nhận true hoặc false.", "Takes true or false.")
        return _YES[values[0].lower()]
    allowed = {option["code"] for option in options_of(question)}
    if allowed and not allowed.issuperset(values):
        raise _fault(
            field, "Giá trị không nằm trong danh sách.", "Not one of the values of the definition."
        )
    if datatype == "number":
        if not _NUMBER.fullmatch(values[0]):
            raise _fault(field, "Cần một con số.", "Needs a number.")
        number = float(values[0].replace(",", "."))
        return int(number) if number.is_integer() else number
    if datatype == "datetime":
        return read_moment(values[0], field=field).isoformat()
    return list(values) if datatype == "multivaluelist" else values[0]


def _checked_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_web = False
    if not is_web or len(text) > _URL_LONGEST or not text.isprintable() or " " in text:
        raise _fault(
            "media_url",
            f"Cần địa chỉ http(s), tối đa {_URL_LONGEST} ký tự.",
            f"Needs an http(s) address of at most {_URL_LONGEST} letters.",
        )
    return text


def _fault(field: str, vi: str, en: str) -> Malformed:
    return Malformed(faults=(FieldFault(field, vi, en),))
