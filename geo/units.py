"""Administrative units as values: levels, generations, and a unit at a point.

A code alone names nothing: 69 of the 96 codes of 2025 were another unit's before. A unit is
(code, valid_from), valid_from being the first day of its generation (decision 0003).
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Literal, NewType, get_args

from shapely import MultiPolygon, Point

from geo.errors import PositionRefused

UnitCode = NewType("UnitCode", str)
Level = Literal["province", "district", "commune"]
GenerationState = Literal["loaded", "active"]
Relation = Literal["full", "partial"]

# From the smallest upward: the order in which a point is answered.
LEVELS_LOWEST_FIRST: tuple[Level, ...] = ("commune", "district", "province")
LEVELS: tuple[Level, ...] = get_args(Level)
RELATIONS: tuple[Relation, ...] = get_args(Relation)

# First words of unit names in both eras, longest first, so that "Thị xã" is not cut to "Thị".
KINDS = (
    "Thành phố",
    "Thị trấn",
    "Đặc khu",
    "Thị xã",
    "Phường",
    "Huyện",
    "Quận",
    "Tỉnh",
    "Xã",
)


@dataclass(frozen=True, slots=True)
class Generation:
    """All units of one level from one day on; valid_to is the first day it no longer holds."""

    level: Level
    valid_from: date
    valid_to: date | None
    state: GenerationState
    is_approximate: bool
    source: str
    unit_count: int


@dataclass(frozen=True, slots=True)
class UnitAt:
    """The unit that holds a point on a day; parent is the code one level up, or None."""

    code: UnitCode
    name: str
    kind: str
    level: Level
    parent: UnitCode | None
    valid_from: date
    is_approximate: bool


@dataclass(frozen=True, slots=True)
class UnitShape:
    """A unit with its boundary, EPSG:4326, exactly the stored coordinates."""

    unit: UnitAt
    geom: MultiPolygon


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit as listed: where its label goes (EPSG:4326, inside it) and how large it is."""

    unit: UnitAt
    label_point: Point
    area_km2: float


@dataclass(frozen=True, slots=True)
class UnitDraft:
    """A checked unit, ready to be loaded: valid polygons, EPSG:4326, a label point inside."""

    code: UnitCode
    name: str
    kind: str
    parent: UnitCode | None
    geom: MultiPolygon
    label_point: Point
    area_km2: float
    is_approximate: bool


@dataclass(frozen=True, slots=True)
class Target:
    """Where units go: the generation they are, or will be, and whether an exact one may yield."""

    level: Level
    valid_from: date
    valid_to: date | None
    source: str
    is_approximate: bool = False
    replace: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Successor:
    """What became of an old unit: wholly part of the new one, or split over several."""

    old_code: UnitCode
    old_valid_from: date
    new_code: UnitCode
    new_valid_from: date
    relation: Relation


def check_position(lon: float, lat: float) -> None:
    """Refuse a position that is no place on Earth, in degrees of WGS84.

    Raises PositionRefused for NaN, infinities, and values outside ±180 / ±90.
    """
    if not (isfinite(lon) and isfinite(lat)):
        raise PositionRefused("longitude and latitude must be finite numbers")
    if not -180.0 <= lon <= 180.0:
        raise PositionRefused("longitude must lie between -180 and 180 degrees")
    if not -90.0 <= lat <= 90.0:
        raise PositionRefused("latitude must lie between -90 and 90 degrees")


def tidy_name(text: str) -> str:
    """Give a name in NFC with single spaces, as it is stored and compared."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def find_kind(name: str) -> str | None:
    """Give the kind a full name begins with ("Phường", "Đặc khu"), or None for a bare name."""
    folded = name.casefold()
    for kind in KINDS:
        if folded.startswith(kind.casefold() + " "):
            return kind
    return None


def fold_accents(text: str) -> str:
    """Give text as it is typed without Vietnamese marks: "Sơn Hạ" → "son ha"."""
    decomposed = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def group_colliding(names: Iterable[str]) -> list[list[str]]:
    """List the groups of different names that become one when typed without marks."""
    groups: dict[str, set[str]] = {}
    for name in names:
        groups.setdefault(fold_accents(name), set()).add(name)
    return [sorted(group) for _, group in sorted(groups.items()) if len(group) > 1]
