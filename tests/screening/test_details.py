"""Personal details are found as people write them; what only looks like them is left alone."""

import pytest

from backend.demo.configuration import read_document
from backend.reports.errors import BadRules
from backend.reports.screening import Level, screen
from backend.reports.screening_rules import screening_from_document

RULES = screening_from_document(read_document("screening"))


def details_in(text: str) -> set[str]:
    found = [f for f in screen(RULES, text) if f.kind.code == "personal_details"]
    assert all(f.level is Level.ADVISE for f in found)
    return {name for f in found for name in f.because}


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("Liên hệ ông Nguyễn Văn A số 0905123456 là chủ quán", "phone"),
        ("gọi 0905 123 456 giúp", "phone"),
        ("Gọi 0905.123.456, gặp chị Lan", "phone"),
        ("sđt:0905-123-456.", "phone"),
        ("zalo +84 905 123 456", "phone"),
        ("zalo 84905123456", "phone"),
        ("zalo (+84)905123456", "phone"),
        ("máy bàn (0255) 3822 123", "phone"),
        ("máy bàn 02553822123", "phone"),
        ("Anh ta có CCCD 051090001234 để lại", "citizen_id"),
        ("căn cước 051 090 001 234", "citizen_id"),
        ("CMND số 212345678", "citizen_id"),
        ("gửi thư cho nguyen.van-a@gmail.com nhé", "email"),
        ("STK 19034567891011 Techcombank", "bank_account"),
        ("chuyển vào số tài khoản: 0071 0001 23456", "bank_account"),
        ("so tai khoan 1234567890", "bank_account"),
        ("Vietcombank 0071000123456 tên Lê B", "bank_account"),
    ],
)
def test_details_are_found_however_written(text: str, detail: str) -> None:
    assert detail in details_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "Ổ gà trước nhà 123/45/6 Lê Lợi",
        "nhà số 0123 đường số 9",
        "Xe biển số 76C-123.45 đổ trộm đất",
        "xe 76-B1 123.45 và 76A12345",
        "Thu 5.000.000 đồng không biên lai",
        "phạt 84.905.123.456 đồng",
        "tài khoản bị trừ 15000000 đồng",
        "tài khoản của tôi mất 12.500.000",
        "nợ 0905123456 đồng",
        "Ở tọa độ 15.0905123456, 108.7923123456",
        "từ 15/03/2026 đến 20/11/2026, lúc 08:30 22/11/2026",
        "Quyết định số 1203/QĐ-UBND ngày 05.09.2025",
        "đã gọi 1900 1234 và 113, 114 đều không được",
        "mã phản ánh QN-7K3M9P2X",
        "đồng hồ 12345678 quay ngược, chỉ số 00012345",
        "mua @ giá 5k, a@b",
        "dài 1000 m, rộng 250 m2, sâu 0,5 m",
    ],
)
def test_what_only_looks_like_details_is_left_alone(text: str) -> None:
    assert details_in(text) == set()


def test_a_rule_names_only_details_that_are_known() -> None:
    document = read_document("screening")
    rule = {"id": "x", "kind": "personal_details", "level": "advise", "details": ["shoe_size"]}
    with pytest.raises(BadRules) as refused:
        screening_from_document({**document, "rules": [rule]})
    assert refused.value.where == "rules[0].details"


def test_a_long_hostile_text_takes_no_longer() -> None:
    for text in ("0" * 4000, "a." * 2000, "+84 9" * 800, "stk " * 1000, "0 " * 2000):
        screen(RULES, text)
