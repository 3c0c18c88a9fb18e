"""One person's address is always the same text; where no code can or may go, there is none."""

import csv

import phonenumbers
import pytest

from backend.accounts.addresses import Address, read_address, read_email, read_phone
from backend.accounts.errors import AddressRefused
from tests.shared_data import shared

VN = ("VN",)


@pytest.mark.parametrize(
    "typed",
    [
        "0912345678",
        "0912 345 678",
        "+84 912 345 678",
        "84912345678",
        "+84(0)912345678",
        "(091) 234-5678",
        "0084 912345678",
        "\uff10\uff19\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18",  # full width
    ],
)
def test_a_number_is_the_same_however_it_is_typed(typed: str) -> None:
    assert read_phone(typed, countries=VN) == Address("phone", "+84912345678")


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "0912",
        "1900123456",  # premium rate
        "1800123456",  # toll free, cannot receive
        "02553822822",  # a landline
        "+1 202 555 0123",  # another country, which is where pumped messages go
        "113",
        "0912345678 ext. 5",
        "0912345678; 0912345679",
        "九一二三四五六七八",
        "\x00",
        "0" * 4000,
    ],
)
def test_what_no_code_can_be_sent_to_is_refused(typed: str) -> None:
    with pytest.raises(AddressRefused):
        read_phone(typed, countries=VN)


def test_other_countries_are_a_setting() -> None:
    assert read_phone("+856 20 23 123 456", countries=("VN", "LA")).value.startswith("+856")


def test_real_mobile_ranges_of_vietnam_are_accepted_and_premium_ones_are_not() -> None:
    taken = {"MOBILE": 0, "OTHER": 0}
    with shared("phones/vn_84_examples.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter=";", skipinitialspace=True):
            kind, number = (value.strip().strip('"') for value in list(row.values())[1:3])
            try:
                read_phone(f"+84{number}", countries=VN)
            except AddressRefused:
                assert kind != "MOBILE", number
                continue
            assert kind == "MOBILE", (kind, number)
            taken["MOBILE"] += 1
    assert taken["MOBILE"] == 1


def test_every_carrier_prefix_of_the_real_plan_gives_numbers_that_are_accepted() -> None:
    read = 0
    for line in shared("phones/vn_84_carrier.txt").read_text("utf-8").splitlines():
        prefix = line.partition("|")[0]
        if not prefix.isdigit():
            continue
        number = f"+{prefix}{'1234567890'[: 11 - len(prefix)]}"
        parsed = phonenumbers.parse(number, None)
        if not phonenumbers.is_valid_number(parsed):
            continue  # ranges that were renumbered away
        read += 1
        assert read_phone(number, countries=VN).value == number
    assert read >= 20


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("Lan.Nguyen@Example.VN", "lan.nguyen@example.vn"),
        (" lan@example.vn ", "lan@example.vn"),
        ("lan+caunoi@mail.example.vn", "lan+caunoi@mail.example.vn"),
        ("lan@thưđiệntử.vn", "lan@xn--thint-lub7b7s0a35a.vn"),
    ],
)
def test_an_email_address_has_one_form(typed: str, value: str) -> None:
    found = read_email(typed)
    assert found.kind == "email"
    assert found.value == value or (value.startswith("lan@xn--") and "@xn--" in found.value)


@pytest.mark.parametrize(
    "typed",
    [
        "lan",
        "@example.vn",
        "lan@",
        "lan@example",
        "lan@@example.vn",
        "lan@example.vn\nBcc: other@example.vn",
        "lan@example.vn,other@example.vn",
        '"lan"@example.vn',
        "lan@[127.0.0.1]",
        "lan@-example.vn",
        ".lan@example.vn",
        f"{'a' * 65}@example.vn",
        f"lan@{'a' * 64}.vn",
        "lan@example.vn\x00",
        "lan@exa mple.vn",
    ],
)
def test_what_is_no_email_address_is_refused(typed: str) -> None:
    with pytest.raises(AddressRefused):
        read_email(typed)


def test_an_address_is_told_apart_and_masked() -> None:
    phone = read_address("0912345678", countries=VN)
    email = read_address("lan@example.vn", countries=VN)
    assert (phone.masked, email.masked) == ("+84 ••• ••• 678", "l•••@example.vn")
    assert "912345" not in repr(phone)
    assert "lan@" not in repr(email)
