"""What the checks of an import find, refuse, mend and let pass."""

import unicodedata
from typing import Any

import pytest
import shapely
from shapely import LineString, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from geo.findings import Finding, has_errors
from geo.reading import Feature, FieldNames, read_boundaries
from geo.units import UnitAt, UnitCode, find_kind, fold_accents
from geo.validate import CheckRules, check_features, find_label_point
from tests.geo.factories import NEW, real_communes, real_districts, square
from tests.shared_data import shared

BOW_TIE = Polygon([(108, 15), (109, 16), (109, 15), (108, 16)])


def a_row(code: str | None = "1", name: str | None = "Xã Một", **more: Any) -> Feature:
    geom: BaseGeometry | None = more.pop("geom", square(108, 15))
    return Feature(
        more.pop("row", 1), code, name, more.pop("parent", None), more.pop("kind", None), geom
    )


def with_corner(lon: float) -> MultiPolygon:
    """A square whose second corner is moved to a longitude that may be no number."""

    def move(corners: Any) -> Any:
        corners[1, 0] = lon
        return corners

    return shapely.transform(square(108, 15), move)


def check(*rows: Feature, known: dict[str, UnitAt] | None = None, **rules: Any) -> Any:
    return check_features(rows, CheckRules(**rules), known=known or {}, is_approximate=False)


def errors(findings: list[Finding]) -> list[str]:
    return [finding.check for finding in findings if finding.severity == "error"]


@pytest.mark.parametrize(
    ("row", "check_name"),
    [
        (a_row(code=None), "code"),
        (a_row(code="2 1"), "code"),
        (a_row(code="'; DROP TABLE unit; --"), "code"),
        (a_row(code="9" * 40), "code"),
        (a_row(name=None), "name"),
        (a_row(name="Xã\u0000Một"), "name"),
        (a_row(name="Xã\u202eMột"), "name"),
        (a_row(name="Xã " + "a" * 300), "name"),
        (a_row(parent="5 1"), "parent"),
        (a_row(geom=None), "geometry"),
        (a_row(geom=Polygon()), "geometry"),
        (a_row(geom=Point(108, 15)), "geometry"),
        (a_row(geom=LineString([(108, 15), (109, 16)])), "geometry"),
        (a_row(geom=shapely.GeometryCollection([square(108, 15)])), "geometry"),
        (a_row(geom=BOW_TIE), "geometry"),
        (a_row(geom=square(700_000, 1_660_000)), "coordinates"),
        (a_row(geom=square(15, 108)), "coordinates"),
        (a_row(geom=with_corner(float("nan"))), "coordinates"),
        (a_row(geom=with_corner(float("inf"))), "coordinates"),
    ],
)
def test_each_flaw_refuses_the_import(row: Feature, check_name: str) -> None:
    _, findings = check(row)
    assert errors(findings) == [check_name]


def test_a_sound_row_becomes_a_unit_without_findings() -> None:
    [draft], findings = check(a_row(parent="51"))
    assert findings == []
    assert (draft.code, draft.name, draft.kind, draft.parent) == ("1", "Xã Một", "Xã", "51")
    assert isinstance(draft.geom, MultiPolygon)
    assert draft.geom.contains(draft.label_point)
    assert draft.area_km2 == pytest.approx(11_880, rel=0.01)


def test_a_repeated_code_is_named_with_its_rows() -> None:
    _, findings = check(a_row(row=3), a_row(row=9, geom=square(110, 15)))
    assert "1 appears 2 times (rows 3, 9)" in [finding.message for finding in findings]
    assert has_errors(findings)


def test_names_are_brought_to_nfc_and_single_blanks_and_it_is_said() -> None:
    decomposed = unicodedata.normalize("NFD", "Phường  Nghĩa Lộ ")
    [draft], findings = check(a_row(name=decomposed))
    assert draft.name == "Phường Nghĩa Lộ"
    assert [(f.severity, f.check) for f in findings] == [("note", "name")]
    assert "NFC" in findings[0].message


def test_names_that_collide_without_marks_are_pointed_out() -> None:
    _, findings = check(
        a_row("21484", "Xã Ba Tơ", geom=square(108, 15)),
        a_row("21523", "Xã Ba Tô", geom=square(109, 15)),
        a_row("21289", "Xã Sơn Hà", geom=square(110, 15)),
        a_row("21292", "Xã Sơn Hạ", geom=square(111, 15)),
        a_row("21293", "Xã Sơn Hạ", geom=square(112, 15)),
    )
    assert {f.codes for f in findings if f.severity == "warning"} == {
        ("21484", "21523"),
        ("21289", "21292", "21293"),
        ("21292", "21293"),
    }
    assert not has_errors(findings)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Thành phố Quảng Ngãi", "Thành phố"),
        ("Thị xã Đức Phổ", "Thị xã"),
        ("Thị Trấn Châu Ổ", "Thị trấn"),
        ("Đặc khu Lý Sơn", "Đặc khu"),
        ("Xã Ba Tơ", "Xã"),
        ("Xãm", None),
        ("Allston", None),
    ],
)
def test_the_kind_is_the_first_words_of_a_full_name(name: str, kind: str | None) -> None:
    assert find_kind(name) == kind


def test_the_kind_field_completes_a_bare_name() -> None:
    [draft], findings = check(a_row(name="Nghĩa Lộ", kind="Phường"))
    assert (draft.name, draft.kind, findings) == ("Phường Nghĩa Lộ", "Phường", [])
    [draft], _ = check(a_row(name="Phường Nghĩa Lộ", kind="Phường"))
    assert draft.name == "Phường Nghĩa Lộ"


def test_a_bare_name_keeps_the_full_one_and_parent_of_the_unit_it_replaces() -> None:
    known = {
        "1": UnitAt(
            UnitCode("1"), "Phường Nghĩa Lộ", "Phường", "commune", UnitCode("51"), NEW, True
        )
    }
    [draft], findings = check(a_row(name="Nghĩa Lộ"), known=known)
    assert (draft.name, draft.kind, draft.parent) == ("Phường Nghĩa Lộ", "Phường", "51")
    assert [f.severity for f in findings] == ["note"]
    [draft], findings = check(a_row(name="Khác"), known=known)
    assert (draft.name, draft.kind) == ("Khác", "")
    assert [f.check for f in findings] == ["kind"]


def test_heights_are_dropped_and_polygons_become_multipolygons() -> None:
    high = Polygon([(108, 15, 7), (109, 15, 7), (109, 16, 7)])
    [draft], findings = check(a_row(geom=high))
    assert not draft.geom.has_z
    assert [(f.severity, f.message) for f in findings] == [("note", "row 1 (1) heights dropped")]


def test_an_invalid_shape_is_mended_only_when_asked_and_each_is_reported() -> None:
    drafts, findings = check(a_row(geom=BOW_TIE))
    assert drafts == []
    assert "Self-intersection" in findings[0].message
    [draft], findings = check(a_row(geom=BOW_TIE), repair=True)
    assert draft.geom.is_valid
    assert len(draft.geom.geoms) == 2
    assert [(f.severity, f.check) for f in findings] == [("warning", "geometry")]
    flat = Polygon([(108, 15), (109, 15), (108, 15)])
    assert errors(check(a_row(geom=flat), repair=True)[1]) == ["geometry"]


def test_overlaps_name_both_units_and_their_size() -> None:
    rows = a_row("1", geom=square(108, 15)), a_row("2", "Xã Hai", geom=square(108.9, 15))
    _, findings = check(*rows)
    [overlap] = [f for f in findings if f.check == "overlap"]
    assert (overlap.severity, overlap.codes) == ("error", ("1", "2"))
    assert overlap.square_metres == pytest.approx(0.1 * 107_000 * 110_700, rel=0.02)
    assert not has_errors(check(*rows, allow_overlaps=True)[1])
    assert has_errors(check(*rows, allow_gaps=True)[1])
    assert not has_errors(check(*rows, tolerance_square_metres=2e9)[1])


def test_gaps_name_the_units_around_and_the_open_sea_is_none() -> None:
    rows = (
        a_row("1", geom=MultiPolygon([shapely.box(108, 15, 109, 15.4)])),
        a_row("2", "Xã Hai", geom=MultiPolygon([shapely.box(108, 15.6, 109, 16)])),
        a_row("3", "Xã Ba", geom=MultiPolygon([shapely.box(108, 15.4, 108.4, 15.6)])),
    )
    assert check(*rows)[1] == []
    closing = a_row("4", "Xã Tư", geom=MultiPolygon([shapely.box(108.6, 15.4, 109, 15.6)]))
    _, findings = check(*rows, closing)
    [gap] = findings
    assert (gap.check, gap.severity, gap.codes) == ("gap", "error", ("1", "2", "3", "4"))
    assert gap.square_metres == pytest.approx(0.2 * 107_000 * 0.2 * 110_700, rel=0.02)
    assert not has_errors(check(*rows, closing, allow_gaps=True)[1])


def test_slivers_of_rounding_are_counted_not_listed() -> None:
    _, findings = check(
        a_row("1", geom=square(108, 15)), a_row("2", "Xã Hai", geom=square(109 - 1e-12, 15))
    )
    assert [(f.severity, f.message) for f in findings] == [("note", "1 under 1 m², from rounding")]


def test_the_label_sits_in_the_widest_place_of_the_largest_part() -> None:
    horseshoe = Polygon([(0, 0), (9, 0), (9, 9), (6, 9), (6, 1), (1, 1), (1, 9), (0, 9)])
    label = find_label_point(MultiPolygon([square(20, 20).geoms[0], horseshoe]))
    assert horseshoe.contains(label)
    assert label.x > 6


def test_the_real_communes_pass_with_the_slivers_they_have() -> None:
    drafts, findings = check(*real_communes().features)
    assert len(drafts) == 96
    assert errors(findings) == []
    sizes = [f.square_metres for f in findings if f.check in ("overlap", "gap") and f.codes]
    assert max(size for size in sizes if size) == pytest.approx(1_260, abs=60)
    assert {f.codes for f in findings if f.check == "name"} == {
        ("21289", "21292"),
        ("21484", "21523"),
    }
    assert sum(draft.area_km2 for draft in drafts) == pytest.approx(14_832, rel=0.005)
    assert all(draft.geom.contains(draft.label_point) for draft in drafts)
    assert {draft.kind for draft in drafts} == {"Phường", "Xã", "Đặc khu"}


def test_the_real_districts_pass_clean() -> None:
    drafts, findings = check(*real_districts().features)
    assert len(drafts) == 13
    assert [f for f in findings if f.severity != "note"] == []


def test_the_thinned_communes_of_2008_are_refused_for_their_overlaps_and_gaps() -> None:
    path = shared("boundaries/quang_ngai_2008_communes.geojson")
    source = read_boundaries(path, FieldNames("code", "name"))
    _, findings = check(*source.features)
    assert {"overlap", "gap"} <= set(errors(findings))
    _, findings = check(*source.features, allow_overlaps=True, allow_gaps=True)
    assert "overlap" not in errors(findings)
    assert "gap" not in errors(findings)


def test_bostons_three_invalid_wards_are_refused_or_mended() -> None:
    path = shared("civic311/boston/boston_wards.geojson")
    rows = read_boundaries(path, FieldNames("WARD", "WARD")).features
    _, findings = check(*rows)
    assert errors(findings) == ["geometry"] * 3
    drafts, findings = check(*rows, repair=True)
    assert len(drafts) == 22
    assert errors(findings) == []
    assert sum("repaired" in f.message for f in findings) == 3


def test_folding_takes_every_vietnamese_mark_away() -> None:
    assert (
        fold_accents("Đặc khu Lý Sơn, Ba Tơ, Trà Bồng Ưỡ") == "dac khu ly son, ba to, tra bong uo"
    )
