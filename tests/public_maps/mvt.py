"""A reader of Mapbox Vector Tiles 2.1, written from the specification and not from our writer."""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Feature:
    """One feature: properties, kind (1 point, 2 line, 3 polygon), first corner in tile units."""

    properties: dict[str, Any]
    kind: int
    x: int
    y: int


@dataclass(frozen=True)
class Layer:
    name: str
    version: int
    extent: int
    features: tuple[Feature, ...]


def read_tile(content: bytes) -> dict[str, Layer]:
    """The layers of a tile by name."""
    layers = [_layer(value) for number, value in _fields(content) if number == 3]
    return {layer.name: layer for layer in layers}


def place_of(feature: Feature, layer: Layer, *, zoom: int, x: int, y: int) -> tuple[float, float]:
    """Longitude and latitude of a feature's first corner."""
    across = (x + feature.x / layer.extent) / (1 << zoom)
    down = (y + feature.y / layer.extent) / (1 << zoom)
    lat = math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * down))))
    return across * 360 - 180, lat


def tile_at(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    """The tile that holds a place."""
    side = 1 << zoom
    down = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2
    return int((lon + 180) / 360 * side), int(down * side)


def _layer(content: bytes) -> Layer:
    name, version, extent = "", 1, 4096
    keys: list[str] = []
    values: list[Any] = []
    raw: list[bytes] = []
    for number, value in _fields(content):
        match number:
            case 1:
                name = value.decode()
            case 2:
                raw.append(value)
            case 3:
                keys.append(value.decode())
            case 4:
                values.append(_value(value))
            case 5:
                extent = value
            case 15:
                version = value
    return Layer(name, version, extent, tuple(_feature(one, keys, values) for one in raw))


def _feature(content: bytes, keys: list[str], values: list[Any]) -> Feature:
    tags: list[int] = []
    shape: list[int] = []
    kind = 0
    for number, value in _fields(content):
        if number == 2:
            tags = list(_varints(value))
        elif number == 3:
            kind = value
        elif number == 4:
            shape = list(_varints(value))
    properties = {
        keys[key]: values[value] for key, value in zip(tags[::2], tags[1::2], strict=True)
    }
    assert shape[0] & 7 == 1, "every shape begins with MoveTo"
    return Feature(properties, kind, _unzigzag(shape[1]), _unzigzag(shape[2]))


def _value(content: bytes) -> Any:
    ((number, value),) = _fields(content)
    match number:
        case 1:
            return value.decode()
        case 2:
            return struct.unpack("<f", value)[0]
        case 3:
            return struct.unpack("<d", value)[0]
        case 6:
            return _unzigzag(value)
        case 7:
            return bool(value)
        case _:
            return value


def _fields(content: bytes) -> Iterator[tuple[int, Any]]:
    at = 0
    while at < len(content):
        key, at = _varint(content, at)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, at = _varint(content, at)
            yield number, value
            continue
        if kind == 2:
            size, at = _varint(content, at)
        else:
            size = {1: 8, 5: 4}[kind]
        yield number, content[at : at + size]
        at += size


def _varints(content: bytes) -> Iterator[int]:
    at = 0
    while at < len(content):
        value, at = _varint(content, at)
        yield value


def _varint(content: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = content[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return value, at


def _unzigzag(value: int) -> int:
    return (value >> 1) ^ -(value & 1)
