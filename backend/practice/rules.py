"""The documents: when and how long people are told, on which terms open data is given. Pure.

What a document may say has bounds that no version passes: they stand here with their reasons, and
are decision 0020.
"""

import hashlib
import re
from typing import Annotated, Any, Final, Literal, TypeAlias, get_args

import msgspec
from msgspec import Meta, Struct

from backend.practice.errors import BadPractice

Kind: TypeAlias = Literal["notices", "open_data"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

# As most statistical offices have it: no count of fewer than five people is told.
LEAST_FLOOR: Final = 5
# who loaded what came with the software
SHIPPED: Final = "caunoi"
_HOUR: Final = r"([01]\d|2[0-3]):[0-5]\d"
_ENCODER: Final = msgspec.json.Encoder(order="sorted")


class Notices(Struct, frozen=True, forbid_unknown_fields=True):
    """When people are told, and how much: hours on Vietnamese clocks, characters of a notice.

    News older than its hours is given up: of a push that no service took, and of what was held for
    the morning, the day's batch or an e-mail. Held news must outlive the longest night.
    """

    quiet_hours: Annotated[str, Meta(pattern=rf"^(off|{_HOUR}-{_HOUR})\Z")]
    area_batch_at: Annotated[str, Meta(pattern=rf"^{_HOUR}\Z")]
    push_news_hours: Annotated[int, Meta(ge=1, le=168)]
    held_news_hours: Annotated[int, Meta(ge=24, le=336)]
    # shorter says nothing, longer is cut by telephones anyway
    characters_most: Annotated[int, Meta(ge=80, le=400)]


class OpenData(Struct, frozen=True, forbid_unknown_fields=True):
    """The terms of open data; from how many reports on a count is told; how long files are kept."""

    licence_vi: Annotated[str, Meta(min_length=1, max_length=2000)]
    licence_en: Annotated[str, Meta(min_length=1, max_length=2000)]
    licence_url: Annotated[str, Meta(pattern=r"^(https?://[^\s<>\"]{3,300})?\Z")]
    least: Annotated[int, Meta(ge=LEAST_FLOOR, le=1000)]
    kept_days: Annotated[int, Meta(ge=1, le=60)]


Rules: TypeAlias = Notices | OpenData
_TYPES: Final[dict[Kind, type[Notices] | type[OpenData]]] = {
    "notices": Notices,
    "open_data": OpenData,
}


def read_rules(kind: Kind, document: bytes) -> Rules:
    """The rules of a TOML or JSON document; raises BadPractice saying what is wrong."""
    try:
        if document.lstrip().startswith(b"{"):
            rules: Rules = msgspec.json.decode(document, type=_TYPES[kind])
        else:
            rules = msgspec.toml.decode(document, type=_TYPES[kind])
    except (msgspec.DecodeError, UnicodeError, ValueError) as error:
        raise BadPractice(
            f"Quy định {kind} không hợp lệ: {error}",
            f"These rules of {kind} are not valid: {error}",
        ) from None
    if isinstance(rules, Notices) and re.fullmatch(r"(.+)-\1", rules.quiet_hours):
        raise BadPractice(
            "Khung giờ yên lặng không được dài 0 phút hoặc trọn ngày.",
            "Quiet hours of no length, or of a whole day: write off, or other hours.",
        )
    return rules


def write_rules(body: dict[str, Any]) -> str:
    """A document as a TOML file of lines `name = value`, which read_rules reads again."""
    # a basic string of TOML is one of JSON
    return "".join(f"{name} = {_ENCODER.encode(value).decode()}\n" for name, value in body.items())


def digest_of(body: object) -> str:
    """What an event tells of a document: SHA-256 of its JSON with sorted names, in hexadecimal."""
    return hashlib.sha256(_ENCODER.encode(body)).hexdigest()
