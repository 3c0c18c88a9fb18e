"""The demo province: approximate, but sound, nested, and the same every time."""

import csv
import time
from datetime import date
from typing import Any

import pytest
import shapely
from vietnam_provinces import Ward

from backend.demo.boundaries import (
    NEW_VALID_FROM,
    OLD_VALID_FROM,
    DemoBoundaries,
    DemoGeneration,
    build_boundaries,
    load_boundaries,
)
from geo.coverage import check_coverage
from geo.locate import load_unit_index
from geo.store import find_unit_at, list_all_successors, list_generations
from geo.units import Level
from tests.geo.factories import BEFORE, NGHIA_LO, NOW, real_communes, real_districts
from tests.shared_data import shared


@pytest.fixture(scope="module")
def demo() -> DemoBoundaries:
    return build_boundaries()


def generation(demo: DemoBoundaries, level: Level, valid_from: date) -> DemoGeneration:
    wanted = (level, valid_from)
    return next(g for g in demo.generations if (g.target.level, g.target.valid_from) == wanted)


def test_both_eras_have_the_units_they_had(demo: DemoBoundaries) -> None:
    assert {(g.target.level, g.target.valid_from, len(g.units)) for g in demo.generations} == {
        ("province", OLD_VALID_FROM, 1),
        ("district", OLD_VALID_FROM, 13),
        ("commune", OLD_VALID_FROM, 170),
        ("province", NEW_VALID_FROM, 1),
        ("commune", NEW_VALID_FROM, 96),
    }
    kinds = [unit.kind for unit in generation(demo, "commune", NEW_VALID_FROM).units]
    assert [kinds.count(kind) for kind in ("Xã", "Phường", "Đặc khu")] == [86, 9, 1]


def test_everything_is_labelled_approximate(demo: DemoBoundaries) -> None:
    assert all(g.target.is_approximate for g in demo.generations)
    assert all(unit.is_approximate for g in demo.generations for unit in g.units)


def test_shapes_are_valid_and_neither_overlap_nor_leave_gaps(demo: DemoBoundaries) -> None:
    for found in demo.generations:
        shapes = {unit.code: unit.geom for unit in found.units}
        assert all(shape.is_valid for shape in shapes.values())
        findings = check_coverage(
            shapes, tolerance_square_metres=0, allow_overlaps=False, allow_gaps=False
        )
        assert [f for f in findings if f.severity != "note"] == []


def test_communes_nest_in_their_districts_and_these_in_the_province(demo: DemoBoundaries) -> None:
    districts = {u.code: u for u in generation(demo, "district", OLD_VALID_FROM).units}
    [province] = generation(demo, "province", OLD_VALID_FROM).units
    for commune in generation(demo, "commune", OLD_VALID_FROM).units:
        assert commune.parent
        district = districts[commune.parent]
        assert district.geom.contains(commune.label_point)
        assert commune.geom.difference(district.geom).area < 1e-8
    assert {district.parent for district in districts.values()} == {"51"}
    total = sum(district.area_km2 for district in districts.values())
    assert total == pytest.approx(province.area_km2, rel=1e-4)


def test_ly_son_is_an_island_apart_in_both_eras(demo: DemoBoundaries) -> None:
    for level, day, code in [
        ("district", OLD_VALID_FROM, "536"),
        ("commune", NEW_VALID_FROM, "21548"),
    ]:
        units = generation(demo, level, day).units  # type: ignore[arg-type]  # both are levels
        [island] = [unit for unit in units if unit.code == code]
        assert island.geom.contains(shapely.Point(109.115, 15.385))
        mainland = shapely.union_all([unit.geom for unit in units if unit.code != code])
        assert island.geom.distance(mainland) > 0.05


def test_it_is_the_same_every_time_and_takes_seconds_at_most(demo: DemoBoundaries) -> None:
    started = time.process_time()
    assert build_boundaries() == demo
    assert time.process_time() - started < 3


def test_names_and_codes_are_those_of_the_official_lists(demo: DemoBoundaries) -> None:
    with shared("boundaries/quang_ngai_units_2025.csv").open(encoding="utf-8") as file:
        official = {row["code"]: row["full_name"] for row in csv.DictReader(file)}
    here = {u.code: u.name for u in generation(demo, "commune", NEW_VALID_FROM).units}
    assert here.keys() == official.keys()
    # this list marks "uy" on the other letter; the Resolution writes them as we do
    assert {here[code] for code in here if here[code] != official[code]} <= {
        "Xã Sơn Thủy",
        "Xã Đặng Thùy Trâm",
    }
    assert {ward.code.value for ward in Ward.iter_all() if ward.province_code == 51} == {
        int(code) for code in here
    }
    path = shared("boundaries/quang_ngai_kon_tum_units_pre2025.csv")
    with path.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["province_code"] == "51"]
    listed = {u.code: u.parent for u in generation(demo, "commune", OLD_VALID_FROM).units}
    assert listed == {row["code"]: row["district_code"] for row in rows}


def test_successors_are_those_of_the_resolution(demo: DemoBoundaries) -> None:
    path = shared("boundaries/quang_ngai_merger_2025_old_to_new.csv")
    with path.open(encoding="utf-8") as file:
        official = {
            (row["old_code"], row["new_code"], row["relation"])
            for row in csv.DictReader(file)
            if row["old_province_code"] == "51"
        }
    ours = {(s.old_code, s.new_code, s.relation) for s in demo.successors}
    assert ours - official == set()
    assert official - ours == set()


def test_tra_bui_is_split_and_all_others_went_whole(demo: DemoBoundaries) -> None:
    split = [s for s in demo.successors if s.relation == "partial"]
    assert {(s.old_code, s.new_code) for s in split} == {("21142", "21157"), ("21142", "21136")}


def test_most_of_the_land_gets_the_unit_it_belongs_to(demo: DemoBoundaries) -> None:
    for source, level, day, at_least in [
        (real_communes(), "commune", NEW_VALID_FROM, 0.73),
        (real_districts(), "district", OLD_VALID_FROM, 0.88),
    ]:
        real = {f.code: f.geom for f in source.features if f.code and f.geom}
        units = generation(demo, level, day).units  # type: ignore[arg-type]  # both are levels
        right = sum(real[unit.code].intersection(unit.geom).area for unit in units)
        assert right / sum(geom.area for geom in real.values()) > at_least


async def test_the_demo_loads_once_and_answers_for_both_eras(conn: Any) -> None:
    for _ in range(2):
        await load_boundaries(conn)
        assert len(await list_generations(conn)) == 5
        assert len(await list_all_successors(conn)) == 172
    now = await find_unit_at(conn, *NGHIA_LO, on=NOW)
    then = await find_unit_at(conn, *NGHIA_LO, on=BEFORE)
    assert now
    assert (now.code, now.parent, now.is_approximate) == ("21028", "51", True)
    assert then
    assert (then.level, then.parent) == ("commune", "522")
    assert (await load_unit_index(conn, on=NOW)).locate(*NGHIA_LO) == now
