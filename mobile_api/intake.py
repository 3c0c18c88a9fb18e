"""From the bytes a phone sends to a submission that may be stored: parsing and checking, pure.

Shape errors (JSON, types, ranges) are Malformed (400); content that is readable but cannot be
accepted (unknown answers, a phone number that is none) is Unprocessable (422). Input is never
echoed. The payload hash covers the decoded content, so that white space does not matter.
"""

import hashlib
import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from backend.errors import FieldFault, Malformed, Unprocessable
from backend.reports.store import Contact, NewPhoto
from backend.reports.submit import Submission
from backend.web.texts import clean_text

TEXT_LONGEST: Final = 4000
_FIRST_YEAR, _LAST_YEAR = 1900, 9000
PHOTO_TYPES = Literal["image/jpeg", "image/png", "image/webp", "image/heic", "image/heif"]
_EMAIL: Final = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\"]{1,180}\.[^@\s.,;<>\"]{2,24}")


class PositionIn(Struct):
    lon: Annotated[float, Meta(ge=-180, le=180)]
    lat: Annotated[float, Meta(ge=-90, le=90)]
    accuracy_metres: Annotated[float, Meta(ge=0, le=1e7)] | None = None


class PhotoIn(Struct):
    # the length too: `$` also matches before a line's end
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$", max_length=64)]
    bytes: Annotated[int, Meta(ge=1, le=1 << 30)]
    content_type: PHOTO_TYPES


class ContactIn(Struct):
    name: Annotated[str, Meta(max_length=120)] | None = None
    phone: Annotated[str, Meta(max_length=30)] | None = None
    email: Annotated[str, Meta(max_length=254)] | None = None


class ReportIn(Struct):
    category: Annotated[str, Meta(min_length=1, max_length=64)]
    text: Annotated[str, Meta(min_length=1, max_length=TEXT_LONGEST)]
    location: PositionIn
    address: Annotated[str, Meta(max_length=300)] | None = None
    answers: (
        Annotated[dict[str, str | int | float | bool | list[str] | None], Meta(max_length=40)]
        | None
    ) = None
    happened_at: datetime | None = None
    anonymous: bool | None = None
    contact: ContactIn | None = None
    consent: Annotated[dict[str, str | int | bool], Meta(max_length=20)] | None = None
    photos: Annotated[list[PhotoIn], Meta(max_length=50)] = []


_DECODER: Final = msgspec.json.Decoder(ReportIn)
_ENCODER: Final = msgspec.json.Encoder(order="sorted")


def parse_submission(
    body: bytes, *, photo_max_bytes: int, photos_most: int
) -> tuple[Submission, bytes]:
    """The submission in `body` and the hash of its content; raises Malformed or Unprocessable."""
    try:
        given = _DECODER.decode(body)
        payload_hash = hashlib.sha256(_ENCODER.encode(given)).digest()
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise malformed(error) from None
    return _checked(given, photo_max_bytes=photo_max_bytes, photos_most=photos_most), payload_hash


def malformed(error: Exception) -> Malformed:
    """The Malformed that tells where a body went wrong, by field path, without echoing it."""
    if not isinstance(error, msgspec.ValidationError):
        return Malformed(
            "Nội dung gửi lên không phải JSON hợp lệ.",
            "The body is not valid JSON.",
        )
    message, _, path = str(error).partition(" - at `$")
    field = path.strip("`").lstrip(".").removeprefix("[...]") or "body"
    if "missing required field" in message:
        name = message.rsplit("`", 2)[-2]
        field = name if field == "body" else f"{field}.{name}"
        return Malformed(faults=(FieldFault(field, "Thiếu thông tin này.", "This is missing."),))
    return Malformed(
        faults=(FieldFault(field, "Giá trị không hợp lệ.", f"Not valid: {_expectation(message)}."),)
    )


def _expectation(message: str) -> str:
    # msgspec's messages name types and limits; only an enum's message repeats the input
    return (
        "not one of the allowed values"
        if message.startswith("Invalid enum")
        else message[:120].rstrip(".")
    )


def _checked(given: ReportIn, *, photo_max_bytes: int, photos_most: int) -> Submission:
    faults: list[FieldFault] = []
    text = clean_text(given.text, field="text")
    address = clean_text(given.address, field="address") if given.address else None
    if not text:
        faults.append(FieldFault("text", "Hãy mô tả sự việc.", "Describe what happened."))
    # NFC takes some letters apart, so a text that was short enough may have grown.
    for field, words, longest in (("text", text, TEXT_LONGEST), ("address", address, 300)):
        if len(words or "") > longest:
            faults.append(
                FieldFault(field, f"Tối đa {longest} ký tự.", f"At most {longest} characters.")
            )
    if len(given.photos) > photos_most:
        faults.append(
            FieldFault("photos", f"Tối đa {photos_most} ảnh.", f"At most {photos_most} photos.")
        )
    if any(photo.bytes > photo_max_bytes for photo in given.photos):
        mb = photo_max_bytes // (1024 * 1024)
        faults.append(FieldFault("photos", f"Mỗi ảnh tối đa {mb} MB.", f"At most {mb} MB a photo."))
    if len({photo.sha256 for photo in given.photos}) != len(given.photos):
        faults.append(FieldFault("photos", "Có ảnh bị lặp lại.", "A photo is repeated."))
    happened_at = given.happened_at
    if happened_at is not None and happened_at.tzinfo is None:
        faults.append(
            FieldFault("happened_at", "Thiếu múi giờ.", "The time zone is missing (RFC 3339).")
        )
        happened_at = None
    if happened_at is not None and not _FIRST_YEAR <= happened_at.year <= _LAST_YEAR:
        faults.append(
            FieldFault("happened_at", "Thời điểm không hợp lệ.", "Not a moment that can be meant.")
        )
        happened_at = None
    contact = _checked_contact(given, faults)
    answers = _checked_answers(given.answers or {}, faults)
    if faults:
        raise Unprocessable(faults=tuple(faults))
    return Submission(
        category_code=clean_text(given.category, field="category"),
        text=text,
        lon=given.location.lon,
        lat=given.location.lat,
        accuracy_metres=given.location.accuracy_metres,
        address=address or None,
        answers=answers,
        happened_at=happened_at.astimezone(UTC) if happened_at else None,
        is_anonymous=contact is None if given.anonymous is None else given.anonymous,
        contact=contact,
        photos=tuple(
            NewPhoto(photo.sha256, photo.bytes, photo.content_type) for photo in given.photos
        ),
    )


def _checked_contact(given: ReportIn, faults: list[FieldFault]) -> Contact | None:
    contact = given.contact
    if contact is None or not (contact.name or contact.phone or contact.email):
        return None
    name = clean_text(contact.name, field="contact.name") if contact.name else None
    email = clean_text(contact.email, field="contact.email") if contact.email else None
    if email and not _EMAIL.fullmatch(email):
        faults.append(
            FieldFault("contact.email", "Địa chỉ thư điện tử không đúng.", "Not an e-mail address.")
        )
    phone = normal_phone(contact.phone) if contact.phone else None
    if contact.phone and phone is None:
        faults.append(
            FieldFault("contact.phone", "Số điện thoại không đúng.", "Not a telephone number.")
        )
    return Contact(name=name or None, phone=phone, email=email, consent=dict(given.consent or {}))


def normal_phone(typed: str) -> str | None:
    """The number in E.164 form, read as Vietnamese unless it says otherwise; None if it is none."""
    import phonenumbers  # 30 MB of metadata that most web processes never need

    try:
        number = phonenumbers.parse(typed, "VN")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _checked_answers(answers: dict[str, Any], faults: list[FieldFault]) -> dict[str, Any]:
    checked: dict[str, Any] = {}
    for name, value in answers.items():
        key = clean_text(name, field="answers")
        parts = value if isinstance(value, list) else [value]
        words = [
            clean_text(part, field="answers") if isinstance(part, str) else part for part in parts
        ]
        if len(key) > 64 or len(words) > 20 or any(_is_too_large(word) for word in words):
            faults.append(
                FieldFault("answers", "Có câu trả lời quá dài.", "An answer is too long.")
            )
        elif value is not None:
            checked[key] = words if isinstance(value, list) else words[0]
    return checked


def _is_too_large(value: object) -> bool:
    if isinstance(value, str):
        return len(value) > 1000
    return isinstance(value, int | float) and not abs(value) < 1e15
