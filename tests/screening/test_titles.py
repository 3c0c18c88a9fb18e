"""A title without a name names nobody; a name after a title does."""

import pytest

from backend.reports.screening_names import find_name


@pytest.mark.parametrize(
    "text",
    [
        "ông Chủ tịch xã không trả lời",
        "Tôi tố cáo ông Chủ tịch xã nhận hối lộ",
        "Bà Chủ Tịch Xã không tiếp dân",
        "ông Bí thư và ông Trưởng thôn không họp dân",
        "Đề nghị ông Chủ tịch Ủy ban nhân dân xã xem xét",
        "ông Giám đốc bệnh viện chưa trả lời",
    ],
)
def test_a_title_is_no_name(text: str) -> None:
    assert not find_name(text)


@pytest.mark.parametrize(
    "text",
    [
        "ông Chủ tịch Võ Minh Tâm hứa sửa",
        "ông Chủ tịch xã Võ Minh Tâm hứa sửa",
        "ông Chủ tịch Hùng không trả lời",
        "bà Giám đốc Hoa chưa ký",
    ],
)
def test_a_name_after_a_title_is_one(text: str) -> None:
    assert find_name(text)
