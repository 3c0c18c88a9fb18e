"""Boundary files of each accepted kind are read and moved to WGS 84; all else is refused."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from shapely import MultiPolygon

from geo.errors import CrsRefused, FileRefused
from geo.reading import FieldNames, read_boundaries
from tests.geo.factories import a_feature, square, write_geojson
from tests.shared_data import shared

FIELDS = FieldNames("code", "name")


def write_layer(path: Path, *, driver: str, crs: str | None, layer: str = "units") -> Path:
    """One square unit near Quảng Ngãi, written by GDAL as it comes from other systems."""
    geoms = np.array([shapely.to_wkb(square(108, 15, size=0.5).geoms[0])], dtype=object)
    fields = [np.array(["21028"], dtype=object), np.array(["Phường Nghĩa Lộ"], dtype=object)]
    pyogrio.raw.write(
        path,
        geoms,
        fields,
        ["code", "name"],
        layer=layer,
        driver=driver,
        crs=crs or "EPSG:4326",
        geometry_type="Polygon",
        encoding="UTF-8",
        append=path.exists(),
    )
    if crs is None:
        path.with_suffix(".prj").unlink()
    return path


@pytest.mark.parametrize(
    ("name", "driver"),
    [("u.geojson", "GeoJSON"), ("u.gpkg", "GPKG"), ("u.shp", "ESRI Shapefile")],
)
def test_each_format_gives_the_same_feature(tmp_path: Path, name: str, driver: str) -> None:
    source = read_boundaries(write_layer(tmp_path / name, driver=driver, crs="EPSG:4326"), FIELDS)
    [feature] = source.features
    assert (feature.code, feature.name) == ("21028", "Phường Nghĩa Lộ")
    assert feature.geom is not None
    assert feature.geom.normalize() == square(108, 15, size=0.5).geoms[0].normalize()


def test_a_shapefile_without_prj_needs_the_reference_system_told(tmp_path: Path) -> None:
    path = write_layer(tmp_path / "u.shp", driver="ESRI Shapefile", crs=None)
    with pytest.raises(CrsRefused, match="--crs"):
        read_boundaries(path, FIELDS)
    assert len(read_boundaries(path, FIELDS, crs="EPSG:4326").features) == 1


def test_a_told_reference_system_must_not_contradict_the_file(tmp_path: Path) -> None:
    path = write_layer(tmp_path / "u.gpkg", driver="GPKG", crs="EPSG:4326")
    with pytest.raises(CrsRefused, match="which is it"):
        read_boundaries(path, FIELDS, crs="EPSG:32648")
    assert read_boundaries(path, FIELDS, crs="EPSG:4326").moved_by is None


@pytest.mark.parametrize(
    "crs", ["EPSG:999999", "nonsense", 'LOCAL_CS["a yard",UNIT["metre",1]]', "EPSG:4978"]
)
def test_reference_systems_that_place_nothing_are_refused(tmp_path: Path, crs: str) -> None:
    path = write_layer(tmp_path / "u.shp", driver="ESRI Shapefile", crs=None)
    with pytest.raises(CrsRefused):
        read_boundaries(path, FIELDS, crs=crs)


def test_a_datum_without_a_known_way_to_wgs84_is_refused(tmp_path: Path) -> None:
    path = write_layer(tmp_path / "u.shp", driver="ESRI Shapefile", crs=None)
    with pytest.raises(CrsRefused, match="no way"):
        read_boundaries(path, FIELDS, crs="+proj=utm +zone=48 +ellps=intl +units=m")


def test_geojson_in_vn2000_metres_is_moved_when_told_so(tmp_path: Path) -> None:
    """108° E, 15° N in VN-2000 / TM-3 108-00 (EPSG:9216), 190 m from the same figures in WGS 84."""
    corner = shapely.box(500_000, 1_658_000, 501_000, 1_659_000)
    path = write_geojson(tmp_path / "vn.geojson", a_feature(geometry=corner))
    source = read_boundaries(path, FIELDS, crs="EPSG:9216")
    assert source.moved_by
    assert "VN-2000" in source.moved_by
    geom = source.features[0].geom
    assert geom is not None
    west, south, *_ = geom.bounds
    assert 107.5 < west < 108.6
    assert 14.9 < south < 15.1


def test_the_old_geojson_crs_member_is_honoured(tmp_path: Path) -> None:
    metres = shapely.box(700_000, 1_660_000, 701_000, 1_661_000)
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32648"}}
    path = write_geojson(tmp_path / "utm.geojson", a_feature(geometry=metres), crs=crs)
    geom = read_boundaries(path, FIELDS).features[0].geom
    assert geom is not None
    assert geom.bounds[0] == pytest.approx(106.86, abs=0.01)
    with pytest.raises(CrsRefused, match="which is it"):
        read_boundaries(path, FIELDS, crs="EPSG:9216")


def test_boston_police_districts_in_us_feet_land_on_boston() -> None:
    """District A-1 holds Faneuil Hall; the GeoJSON of the neighborhoods says the same place."""
    path = shared("civic311/boston/boston_police_districts_epsg2249_shp.zip")
    source = read_boundaries(path, FieldNames("DISTRICT", "DISTRICT"))
    assert source.crs == "EPSG:2249"
    faneuil_hall = shapely.Point(-71.0562, 42.3600)
    assert [f.code for f in source.features if f.geom and f.geom.contains(faneuil_hall)] == ["A1"]
    wards = read_boundaries(
        shared("civic311/boston/boston_neighborhoods.geojson"), FieldNames("OBJECTID", "Name")
    )
    land = shapely.union_all(shapely.make_valid([f.geom for f in wards.features]))
    police = shapely.union_all(shapely.make_valid([f.geom for f in source.features]))
    assert police.intersection(land).area / land.area > 0.97


def test_whole_numbers_become_codes_without_a_decimal_point(tmp_path: Path) -> None:
    path = write_geojson(
        tmp_path / "n.geojson", a_feature(code=21028), a_feature(code=21031.0), a_feature(code=None)
    )
    assert [f.code for f in read_boundaries(path, FIELDS).features] == ["21028", "21031", None]


def test_several_layers_must_be_chosen_from(tmp_path: Path) -> None:
    path = write_layer(tmp_path / "u.gpkg", driver="GPKG", crs="EPSG:4326", layer="communes")
    write_layer(path, driver="GPKG", crs="EPSG:4326", layer="districts")
    with pytest.raises(FileRefused, match="communes, districts"):
        read_boundaries(path, FIELDS)
    with pytest.raises(FileRefused, match="no layer"):
        read_boundaries(path, FIELDS, layer="wards")
    assert read_boundaries(path, FIELDS, layer="districts").layer == "districts"


def test_an_absent_field_is_refused_with_the_names_there_are(tmp_path: Path) -> None:
    path = write_geojson(tmp_path / "u.geojson", a_feature(fullName="Xã Một"))
    with pytest.raises(FileRefused, match="code, name, fullName"):
        read_boundaries(path, FieldNames("ma", "fullName"))


VRT = b'<OGRVRTDataSource><OGRVRTLayer name="u"><SrcDataSource>/etc/passwd</SrcDataSource>'


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.geojson", b""),
        ("text.geojson", b"these are no boundaries"),
        ("cut.geojson", b'{"type": "FeatureCollection", "features": [{"type": "Fea'),
        ("none.geojson", b'{"type": "FeatureCollection", "features": []}'),
        ("list.geojson", b'{"a": [1, 2, 3]}'),
        ("deep.geojson", b'{"a":' * 5_000),
        ("picture.shp", b"\x89PNG\r\n\x1a\n"),
        ("cut.shp", b"\x00\x00\x27\x0a" + b"\x00" * 60),
        ("fake.gpkg", b"SQLite format 3\x00" + b"\x00" * 4_000),
        ("follow.vrt", VRT),
        ("follow.geojson", VRT),
        ("cut.zip", b"PK\x03\x04 and then nothing"),
        ("table.csv", b"code,name\n1,a\n"),
    ],
)
def test_hostile_files_are_refused_with_a_reason(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(FileRefused, match=name.split(".")[0]):
        read_boundaries(path, FIELDS)


def test_archives_with_none_or_several_boundary_files_are_refused(tmp_path: Path) -> None:
    inner = write_geojson(tmp_path / "u.geojson", a_feature())
    for count in (0, 2):
        path = tmp_path / f"{count}.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("read.me", "hello")
            for number in range(count):
                archive.write(inner, f"{number}.geojson")
        with pytest.raises(FileRefused, match=f"{count} boundary files"):
            read_boundaries(path, FIELDS)


def test_a_zipped_file_in_a_folder_is_found_beside_what_macos_adds(tmp_path: Path) -> None:
    inner = write_geojson(tmp_path / "u.geojson", a_feature())
    path = tmp_path / "with blank {and} brace.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(inner, "folder/units of the province.geojson")
        archive.writestr("__MACOSX/folder/._units of the province.geojson", b"\x00\x05")
    assert len(read_boundaries(path, FIELDS).features) == 1


def test_a_folder_or_nothing_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent.geojson"):
        with pytest.raises(FileRefused, match="not a file"):
            read_boundaries(path, FIELDS)


def test_broken_coordinates_are_left_to_the_checks(tmp_path: Path) -> None:
    path = tmp_path / "nan.geojson"
    ring: list[Any] = [[float("nan"), 15], [109, 15], [109, 16], [float("nan"), 15]]
    write_geojson(
        path,
        a_feature("1", geometry={"type": "Polygon", "coordinates": [ring]}),
        a_feature("2", geometry={"type": "Polygon", "coordinates": [[[108, 15], [109, 16]]]}),
        a_feature("3", geometry=None),
        a_feature("4", geometry=MultiPolygon()),
    )
    features = read_boundaries(path, FIELDS).features
    assert [f.code for f in features] == ["1", "2", "3", "4"]
    assert json.loads(path.read_text())["features"][2]["geometry"] is None
