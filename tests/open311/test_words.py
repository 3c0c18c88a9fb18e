"""Moments, spans and addresses as people and programs write them."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner, Result
from shapely import Point

from backend.__main__ import caunoi
from backend.database import open_database
from backend.errors import Malformed
from backend.identifiers import hash_token
from backend.settings import Settings
from geo.units import UnitAt, UnitCode, UnitRow
from mobile_api.open311 import store
from mobile_api.open311.addresses import place_of_address, place_of_unit
from mobile_api.open311.answers import w3c_moment
from mobile_api.open311.moments import read_moment, read_span
from mobile_api.open311.submissions import key_of

AT = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T03:04:05Z", "2026-11-22T03:04:05+00:00"),
        ("2026-11-22T10:04:05+07:00", "2026-11-22T03:04:05+00:00"),
        ("2026-11-22T10:04:05+0700", "2026-11-22T03:04:05+00:00"),
        ("2026-11-22T10:04:05 07:00", "2026-11-22T03:04:05+00:00"),
        ("2026-11-21T22:04:05-05:00", "2026-11-22T03:04:05+00:00"),
        ("2026-11-22T10:04:05", "2026-11-22T03:04:05+00:00"),
        ("2026-11-22T10:04", "2026-11-22T03:04:00+00:00"),
        ("2026-11-22T03:04:05.25Z", "2026-11-22T03:04:05.250000+00:00"),
        ("2026-11-22T03:04:05.123456789Z", "2026-11-22T03:04:05.123456+00:00"),
        ("2026-11-22", "2026-11-21T17:00:00+00:00"),
    ],
)
def test_moments_are_read_as_w3cdtf_and_as_vietnamese_without_a_zone(
    text: str, moment: str
) -> None:
    assert read_moment(text, field="start_date").isoformat() == moment


def test_a_day_as_an_end_includes_the_day() -> None:
    end = read_moment("2026-11-22", field="end_date", is_end=True)
    assert end == datetime(2026, 11, 22, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        *("", "now", "2026", "2026-11", "22/11/2026", "2026-02-30", "2026-11-22T25:00:00Z"),
        *(
            "2026-11-22T03:04:05+99:99",
            "1899-01-01",
            "9999-01-01",
            "20261122T030405Z",
            "٢٠٢٦-١١-٢٢",
        ),
    ],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(Malformed) as refused:
        read_moment(text, field="start_date")
    assert refused.value.faults[0].field == "start_date"


def test_times_are_written_in_utc_to_the_second() -> None:
    assert w3c_moment(AT + timedelta(microseconds=999_999)) == "2026-11-22T03:04:05Z"
    assert w3c_moment(None) is None


def test_a_span_without_ends_is_the_last_ninety_days() -> None:
    span = read_span(None, None, fields=("start_date", "end_date"), at=AT)
    assert span.since == AT - timedelta(days=90)
    assert span.until > AT
    one = read_span("2026-01-01", "2026-04-01", fields=("start_date", "end_date"), at=AT)
    assert one.until - one.since == timedelta(days=91), "both days are in it"
    with pytest.raises(Malformed):
        read_span("2026-01-01", "2026-04-02", fields=("start_date", "end_date"), at=AT)


def a_unit(code: str, name: str) -> UnitRow:
    unit = UnitAt(
        code=UnitCode(code),
        name=name,
        kind=name.split(" ")[0].lower(),
        level="commune",
        parent=None,
        valid_from=date(2025, 7, 1),
        is_approximate=True,
    )
    return UnitRow(unit, Point(108.0 + int(code) / 1000, 15), 12.5)


UNITS = [
    a_unit("1", "Phường Nghĩa Lộ"),
    a_unit("2", "Phường Cẩm Thành"),
    a_unit("3", "Xã Sơn Hà"),
    a_unit("4", "Xã Sơn Hạ"),
    a_unit("5", "Xã Sơn Tây"),
    a_unit("6", "Xã Sơn Tây Thượng"),
    a_unit("7", "Xã Trà Bồng"),
    a_unit("8", "Đặc khu Lý Sơn"),
]


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("12 Quang Trung, phường Nghĩa Lộ, tỉnh Quảng Ngãi", "1"),
        ("12 Quang Trung, Nghĩa Lộ", "1"),
        ("12 duong Quang Trung, PHUONG NGHIA LO", "1"),
        ("Đường Trà Bồng, phường Cẩm Thành", "2"),
        ("thôn 3, xã Sơn Hạ", "4"),
        ("xã Sơn Tây Thượng", "6"),
        ("xã  Sơn   Tây", "5"),
        ("Cầu cảng, Lý Sơn", "8"),
        ("đặc khu Lý Sơn", "8"),
    ],
)
def test_the_commune_that_an_address_names_is_found(address: str, code: str) -> None:
    place = place_of_address(UNITS, address)
    assert place == place_of_unit(UNITS, code)
    assert place["accuracy_metres"] == 1995


@pytest.mark.parametrize(
    "address",
    [
        *("Main Street 1", "Quảng Ngãi", "đường Nghĩa Lộ 5", "thon 3, xa Son Ha"),
        *("phường Nghĩa Lộ, phường Cẩm Thành", "phường Nghĩa Lộc", ""),
    ],
)
def test_an_address_that_names_no_single_commune_is_refused(address: str) -> None:
    with pytest.raises(Malformed):
        place_of_address(UNITS, address)


def test_any_text_is_a_key_and_the_same_text_the_same_key() -> None:
    key = "0191f6a4-0000-7000-8000-000000000000"
    assert str(key_of(key)) == key
    assert key_of("job-7") == key_of("job-7") != key_of("job-8")
    for text in ("a\x00b", "k" * 256):
        with pytest.raises(Malformed):
            key_of(text)


def test_keys_are_issued_once_listed_without_the_key_and_revoked(settings: Settings) -> None:
    def run(*words: str) -> Result:
        return CliRunner().invoke(
            caunoi, ["open311", "keys", *words], obj=SimpleNamespace(settings=settings)
        )

    issued = run("add", "hue-s", "--contact", "it@example.org", "--per-minute", "7")
    assert issued.exit_code == 0, issued.output
    key = issued.output.strip()
    assert asyncio.run(found(settings, key)) == "hue-s"
    shown = run("list").output
    assert "hue-s" in shown
    assert "7/min 2000/day" in shown
    assert "never used" in shown
    assert key not in shown
    assert run("add", "hue-s", "--contact", "x").exception is not None, "the name is taken"
    for name in ("Hue S", "-x", "a", "x" * 61, "x\n"):
        assert run("add", name, "--contact", "x").exception is not None, name
    assert run("revoke", "hue-s").exit_code == 0
    assert asyncio.run(found(settings, key)) is None
    assert "(revoked" in run("list").output
    assert run("revoke", "hue-s").exception is not None, "it is revoked already"


async def found(settings: Settings, key: str) -> Any:
    database = await open_database(settings.database_url or "", app_size=2, public_size=1)
    try:
        row = await store.find_key(database.app, hash_token(key))
        return row.name if row else None
    finally:
        await database.close()
