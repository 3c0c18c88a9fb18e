"""The units of Quảng Ngãi before and after July 2025, read from vietnamadminunits' SQLite file."""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from shapely import Point

from geo.units import tidy_name

PROVINCE = "51"
# The old Kon Tum, merged into province 51; its communes only shape the new units here.
MERGED_PROVINCE = "62"

_PROVINCE_KEY = "tinhquangngai"
_DATA = Path(str(files("vietnamadminunits"))) / "data"
# Where a geocoder knew no better, several communes got one and the same point.
_TWIN_STEP_DEGREES = 0.004
_TWINS_MAX = 2


@dataclass(frozen=True, slots=True)
class NewUnit:
    """A unit since July 2025, spelt as in Resolution 1677/NQ-UBTVQH15."""

    code: str
    name: str
    middle: Point


@dataclass(frozen=True, slots=True)
class OldUnit:
    """A commune before July 2025; `into` are the codes of the units it went into."""

    code: str
    name: str
    district: str
    province: str
    middle: Point
    into: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """Communes before (of both provinces), units since by code, names of the old districts."""

    old: tuple[OldUnit, ...]
    new: Mapping[str, NewUnit]
    districts: Mapping[str, str]


def read_gazetteer() -> Gazetteer:
    """Read all units by code; where the file knows no middle, a stand-in is given."""
    with closing(sqlite3.connect(f"file:{_DATA / 'dataset.db'}?mode=ro", uri=True)) as names:
        new_codes, new = _read_new(names)
        old = _read_old(names, _successor_keys(), new_codes, new)
        return Gazetteer(tuple(old), new, _read_districts(names))


def _read_new(names: sqlite3.Connection) -> tuple[dict[str, str], dict[str, NewUnit]]:
    rows = names.execute(
        "SELECT wardKey, wardCode, ward, wardLon, wardLat FROM admin_units"
        " WHERE provinceCode = ? ORDER BY wardCode",
        (PROVINCE,),
    ).fetchall()
    codes = {key: code for key, code, *_ in rows}
    return codes, {
        code: NewUnit(code, tidy_name(name), Point(lon, lat)) for _, code, name, lon, lat in rows
    }


def _read_old(
    names: sqlite3.Connection,
    successor_keys: Mapping[str, Sequence[str]],
    new_codes: Mapping[str, str],
    new: Mapping[str, NewUnit],
) -> list[OldUnit]:
    rows = names.execute(
        "SELECT wardCode, ward, districtCode, provinceCode, wardLon, wardLat,"
        " provinceKey || '_' || districtKey || '_' || wardKey FROM admin_units_legacy"
        " WHERE provinceCode IN (?, ?) AND wardCode IS NOT NULL ORDER BY wardCode",
        (PROVINCE, MERGED_PROVINCE),
    ).fetchall()
    shared = Counter((lon, lat) for *_, lon, lat, _ in rows)
    taken: set[tuple[float, float]] = set()
    units = []
    for code, name, district, province, lon, lat, key in rows:
        into = tuple(sorted(new_codes[new_key] for new_key in successor_keys[key]))
        if shared[lon, lat] > _TWINS_MAX:
            # not its middle but its province's: the unit it went into is nearer to the truth
            lon, lat = new[into[0]].middle.x, new[into[0]].middle.y
        while (lon, lat) in taken:
            lon += _TWIN_STEP_DEGREES
        taken.add((lon, lat))
        units.append(OldUnit(code, tidy_name(name), district, province, Point(lon, lat), into))
    return units


def _read_districts(names: sqlite3.Connection) -> dict[str, str]:
    rows = names.execute(
        "SELECT DISTINCT districtCode, district FROM admin_units_legacy"
        " WHERE provinceCode = ? ORDER BY districtCode",
        (PROVINCE,),
    )
    return {code: tidy_name(name) for code, name in rows}


def _successor_keys() -> dict[str, list[str]]:
    converter = json.loads((_DATA / "converter_2025.json").read_text(encoding="utf-8"))
    into: dict[str, list[str]] = defaultdict(list)
    for new_key, old_keys in converter["DICT_PROVINCE_WARD_NO_DIVIDED"][_PROVINCE_KEY].items():
        for old_key in old_keys:
            into[old_key].append(new_key)
    for old_key, parts in converter["DICT_PROVINCE_WARD_DIVIDED"][_PROVINCE_KEY].items():
        into[old_key] += [part["newWardKey"] for part in parts]
    return into
