"""Boundary files as features in EPSG:4326: GeoJSON, GeoPackage, Shapefile, any of them zipped.

Only these formats are opened: GDAL would follow others (VRT, …) to files and addresses elsewhere.
"""

import re
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pyogrio
import pyproj
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError
from pyproj.exceptions import ProjError
from shapely.geometry.base import BaseGeometry

from geo.errors import CrsRefused, FileRefused

# What a file of each kind begins with; a byte order mark and blanks may precede JSON.
BEGINNINGS = {
    ".geojson": re.compile(rb"(\xef\xbb\xbf)?\s*\{"),
    ".json": re.compile(rb"(\xef\xbb\xbf)?\s*\{"),
    ".gpkg": re.compile(rb"SQLite format 3\x00"),
    ".shp": re.compile(rb"\x00\x00\x27\x0a"),
}
JSON = (".geojson", ".json")
FILE_MAX_BYTES = 2 * 1024**3
_READ_ERRORS = (
    DataSourceError,
    DataLayerError,
    FeatureError,
    FieldError,
    GeometryError,
    ValueError,
)


@dataclass(frozen=True, slots=True)
class FieldNames:
    """Which fields of the file hold the code, the full name, the upper unit and the kind."""

    code: str
    name: str
    parent: str | None = None
    kind: str | None = None

    def wanted(self) -> list[str]:
        """The fields to read, each once."""
        names = (self.code, self.name, self.parent, self.kind)
        return list(dict.fromkeys(name for name in names if name))


@dataclass(frozen=True, slots=True)
class Feature:
    """One row of a boundary file as it was read; the geometry is in EPSG:4326, unchecked."""

    row: int
    code: str | None
    name: str | None
    parent: str | None
    kind: str | None
    geom: BaseGeometry | None


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was read: its features, how they were moved, and what GDAL complained about."""

    file_name: str
    layer: str
    crs: str
    moved_by: str | None
    warnings: tuple[str, ...]
    features: tuple[Feature, ...]


def read_boundaries(
    path: Path,
    fields: FieldNames,
    *,
    crs: str | None = None,
    layer: str | None = None,
    encoding: str | None = None,
) -> Source:
    """Read a boundary file and bring it to EPSG:4326, longitude first.

    crs is needed where the file does not say it (a Shapefile without .prj) or says nothing
    (GeoJSON that is not WGS84 after all). Raises FileRefused, CrsRefused.
    """
    location, suffix = _locate(path)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            layer = _choose_layer(location, layer)
            _check_fields(location, layer, fields)
            columns = [
                name for name in (fields.code, fields.name, fields.parent, fields.kind) if name
            ]
            meta, _, wkb, values = pyogrio.raw.read(
                location, layer=layer, columns=columns, encoding=encoding
            )
            # a broken polygon must reach the checks, where it is named, rather than fail here
            geoms = shapely.from_wkb(wkb, on_invalid="fix")
        except _READ_ERRORS as error:
            raise FileRefused(f"{path.name} cannot be read: {error}") from error
    source_crs = _choose_crs(meta["crs"], crs, is_stated=suffix not in JSON or _states_crs(path))
    geoms, moved_by = _to_wgs84(geoms, source_crs)
    table = dict(zip(meta["fields"], values, strict=True))
    return Source(
        file_name=path.name,
        layer=layer,
        crs=source_crs.to_string() if source_crs.to_authority() else source_crs.name,
        moved_by=moved_by,
        warnings=tuple(sorted({str(warning.message) for warning in caught})),
        features=_features(table, geoms, fields),
    )


def _locate(path: Path) -> tuple[str, str]:
    if not path.is_file():
        raise FileRefused(f"{path.name} is not a file")
    if zipfile.is_zipfile(path):
        return _locate_in_zip(path)
    with path.open("rb") as file:
        _check_beginning(path.name, file.read(64), path.stat().st_size)
    return str(path), path.suffix.lower()


def _locate_in_zip(path: Path) -> tuple[str, str]:
    try:
        with zipfile.ZipFile(path) as archive:
            found = [
                member
                for member in archive.infolist()
                if PurePosixPath(member.filename).suffix.lower() in BEGINNINGS
                and "__MACOSX" not in member.filename
            ]
            if len(found) != 1:
                raise FileRefused(f"{path.name} holds {len(found)} boundary files; one is needed")
            with archive.open(found[0]) as file:
                _check_beginning(found[0].filename, file.read(64), found[0].file_size)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise FileRefused(f"{path.name} is a damaged or locked archive: {error}") from error
    inner = found[0].filename
    return f"/vsizip/{{{path.resolve()}}}/{inner}", PurePosixPath(inner).suffix.lower()


def _check_beginning(name: str, beginning: bytes, size_bytes: int) -> None:
    pattern = BEGINNINGS.get(PurePosixPath(name).suffix.lower())
    if pattern is None:
        raise FileRefused(f"{name} is none of {', '.join(BEGINNINGS)} or a .zip of one")
    if size_bytes == 0:
        raise FileRefused(f"{name} is empty")
    if size_bytes > FILE_MAX_BYTES:
        raise FileRefused(f"{name} is larger than {FILE_MAX_BYTES} bytes")
    if not pattern.match(beginning):
        raise FileRefused(f"{name} does not begin as such a file does")


def _choose_layer(location: str, wanted: str | None) -> str:
    layers = [str(name) for name, kind in pyogrio.list_layers(location) if kind is not None]
    if wanted is not None:
        if wanted not in layers:
            raise FileRefused(f"no layer {wanted!r}; there are: {', '.join(layers)}")
        return wanted
    if len(layers) != 1:
        raise FileRefused(
            f"{len(layers)} layers with geometry ({', '.join(layers)}): choose with --layer"
            if layers
            else "no layer with geometry"
        )
    return layers[0]


def _check_fields(location: str, layer: str, fields: FieldNames) -> None:
    described = pyogrio.read_info(location, layer=layer, force_feature_count=True)
    if described["features"] == 0:
        raise FileRefused(f"{PurePosixPath(location).name} has no features")
    present = [str(name) for name in described["fields"]]
    for wanted in fields.wanted():
        if wanted not in present:
            raise FileRefused(f"no field {wanted!r}; there are: {', '.join(present)}")


def _states_crs(path: Path) -> bool:
    # RFC 7946 has no "crs"; the older GeoJSON of 2008 has one, at the top or at the very end
    if zipfile.is_zipfile(path):
        return False
    with path.open("rb") as file:
        head = file.read(65536)
        file.seek(max(0, path.stat().st_size - 4096))
        return re.search(rb'"crs"\s*:\s*\{\s*"', head + b" " + file.read()) is not None


def _choose_crs(in_file: str | None, given: str | None, *, is_stated: bool) -> pyproj.CRS:
    if given is None and in_file is None:
        raise CrsRefused("the file does not say its reference system: give --crs EPSG:…")
    try:
        asked = pyproj.CRS.from_user_input(given) if given else None
        stated = pyproj.CRS.from_user_input(in_file) if in_file else None
    except ProjError as error:
        raise CrsRefused(f"unknown reference system: {error}") from error
    if asked and stated and is_stated and not asked.equals(stated, ignore_axis_order=True):
        raise CrsRefused(f"the file says {stated.name}, --crs says {asked.name}: which is it?")
    chosen = asked or stated
    if chosen is None or not (chosen.is_geographic or chosen.is_projected):
        raise CrsRefused(f"{chosen.name if chosen else in_file} places nothing on Earth")
    return chosen


def _to_wgs84(geoms: Any, crs: pyproj.CRS) -> tuple[Any, str | None]:
    target = pyproj.CRS.from_epsg(4326)
    if crs.to_2d().equals(target, ignore_axis_order=True):
        return geoms, None
    try:
        way = pyproj.Transformer.from_crs(crs.to_2d(), target, always_xy=True, allow_ballpark=False)
    except ProjError as error:
        raise CrsRefused(f"PROJ knows no way from {crs.name} to WGS 84: {error}") from error

    def move(coordinates: Any) -> Any:
        # what cannot be moved becomes infinite, and is named by the checks
        return np.column_stack(way.transform(coordinates[:, 0], coordinates[:, 1]))

    moved = shapely.transform(shapely.force_2d(geoms), move)
    used = way.get_last_used_operation()
    accuracy = f"{used.accuracy:g} m" if used.accuracy >= 0 else "unknown"
    return moved, f"{used.description}; accuracy {accuracy}"


def _features(table: dict[str, Any], geoms: Any, fields: FieldNames) -> tuple[Feature, ...]:
    def value(name: str | None, position: int) -> str | None:
        return None if name is None else _as_text(table[name][position])

    return tuple(
        Feature(
            row=position + 1,
            code=value(fields.code, position),
            name=value(fields.name, position),
            parent=value(fields.parent, position),
            kind=value(fields.kind, position),
            geom=geom,
        )
        for position, geom in enumerate(geoms)
    )


def _as_text(value: Any) -> str | None:
    if value is None or value != value:  # NaN is the absent number
        return None
    if isinstance(value, float | np.floating) and float(value).is_integer():
        value = int(value)
    text = str(value).strip()
    return text or None
