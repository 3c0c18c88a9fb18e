"""Where demo reports come from: a position in a unit, and how people there would name it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

import shapely

from backend.demo.configuration import read_document
from geo.units import UnitAt, UnitShape

# What a sub-field's `where` asks of a unit; what is not named here happens anywhere.
_KINDS_FOR: Final[dict[str, frozenset[str]]] = {
    "crossroads": frozenset({"city", "kontum", "town"}),
    "park": frozenset({"city", "kontum", "town"}),
    "beach": frozenset({"coast", "island"}),
    "sea": frozenset({"coast", "island"}),
    "mountain": frozenset({"mountain", "coast"}),
}
_TRIES: Final = 40


@dataclass(frozen=True)
class Place:
    """One spot: WGS84 degrees, its unit, and the words for it that one report keeps using."""

    lon: float
    lat: float
    unit: UnitAt
    kind: str
    road: str
    at: str
    hamlet: str
    crossroads: str


@dataclass(frozen=True)
class Land:
    """A unit to draw from: its shape, the middle of its settlement, how much happens there."""

    unit: UnitAt
    shape: shapely.MultiPolygon
    middle: shapely.Point
    kind: str
    weight: float


def lands_of(shapes: Iterable[UnitShape]) -> list[Land]:
    """The communes as places to draw from; cities and the coast report more than mountains."""
    document = read_document("places")
    west = document["west_of_this_is_mountain_degrees"]
    found = []
    for shape in shapes:
        middle = shape.geom.representative_point()
        if middle.x < west:
            entry = {"kind": "mountain", "weight": document["mountain_weight"]}
        else:
            entry = document["default"]
        entry = document["units"].get(shape.unit.code, entry)
        shapely.prepare(shape.geom)
        found.append(
            Land(shape.unit, shape.geom, middle, kind=entry["kind"], weight=entry["weight"])
        )
    return found


def choose_place(rng: Random, lands: Sequence[Land], where: str) -> Place:
    """Draw a place for something that happens at `where` (road, home, beach …)."""
    kinds = _KINDS_FOR.get(where)
    fitting = [land for land in lands if kinds is None or land.kind in kinds] or list(lands)
    land = rng.choices(fitting, [land.weight for land in fitting])[0]
    point = _point_in(rng, land)
    return _named(rng, land, where, point=point)


def near(rng: Random, place: Place, lands: Sequence[Land]) -> Place:
    """The same place, some 30 metres on: where somebody else sees the same thing."""
    shape = next(land.shape for land in lands if land.unit == place.unit)
    for _ in range(_TRIES):
        lon = place.lon + rng.uniform(-3e-4, 3e-4)
        lat = place.lat + rng.uniform(-3e-4, 3e-4)
        if shape.contains(shapely.Point(lon, lat)):
            break
    else:
        lon, lat = place.lon, place.lat
    return Place(
        lon, lat, place.unit, place.kind, place.road, place.at, place.hamlet, place.crossroads
    )


def _point_in(rng: Random, land: Land) -> shapely.Point:
    spread = read_document("places")["kinds"][land.kind]["spread_degrees"]
    for _ in range(_TRIES):
        lon = round(rng.gauss(land.middle.x, spread), 6)
        lat = round(rng.gauss(land.middle.y, spread), 6)
        point = shapely.Point(lon, lat)
        if land.shape.contains(point):
            return point
    return land.middle


def _named(rng: Random, land: Land, where: str, *, point: shapely.Point) -> Place:
    document = read_document("places")
    kind: dict[str, Any] = document["kinds"][land.kind]
    landmarks = document["landmarks"]
    is_city = land.kind in ("city", "kontum")
    at = rng.choice(landmarks.get(where, landmarks["city" if is_city else "any"]))
    roads = [f"đường {street}" for street in kind["streets"]] + kind["other_roads"]
    streets = rng.sample(kind["streets"], 2) if len(kind["streets"]) > 1 else ["chợ", "cầu"]
    return Place(
        lon=point.x,
        lat=point.y,
        unit=land.unit,
        kind=land.kind,
        road=rng.choice(roads),
        at=at,
        hamlet=rng.choice(kind["hamlets"]),
        crossroads=" – ".join(streets),
    )
