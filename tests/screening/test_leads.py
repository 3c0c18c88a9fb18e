"""Cries for help in few words, in Vietnamese and English, lead somewhere; ordinary words do not."""

from typing import Final

import pytest

from backend.demo.configuration import read_document
from backend.reports.screening import Level, screen
from backend.reports.screening_rules import screening_from_document

RULES = screening_from_document(read_document("screening"))
LED: Final = (
    ("Nước lũ lên nhanh, cả nhà đang trên mái, cứu với", "emergency_rescue", "112"),
    ("nuoc lu len nhanh, ca nha dang tren mai, cuu voi", "emergency_rescue", "112"),
    ("Chồng đánh vợ con ở nhà bên cạnh", "emergency_crime", "113"),
    ("chong danh vo con o nha ben canh", "emergency_crime", "111"),
    ("Đường dây điện đứt rơi xuống đường", "emergency_electric", "114"),
    ("duong day dien dut roi xuong duong", "emergency_electric", "19001909"),
    ("Xin tố giác ổ đánh bạc ở thôn 3", "crime", "113"),
    ("Xin tố giác tụ điểm ma túy, mong công an vào cuộc", "crime", "113"),
    ("There is a fire, people trapped inside", "emergency_fire", "114"),
    ("A house is on fire on Le Loi street", "emergency_fire", "114"),
    ("Our boat is sinking near Ly Son", "emergency_rescue", "112"),
    ("My neighbour is beating his wife", "emergency_crime", "113"),
    ("Someone needs an ambulance on Quang Trung", "emergency_medical", "115"),
    ("A power line fell on the road", "emergency_electric", "114"),
)
UNLED: Final = (
    "There is a pothole on Le Loi street",
    "The fire hydrant on Hung Vuong is broken",
    "Fire extinguishers in our building have expired",
    "There was a house on fire last week, the ruins are still there",
    "The street lamp is not working, it is dark at night",
    "The sun is beating down, please plant trees",
    "Police are often late at this crossing",
    "Dây điện võng thấp sát đầu người",
    "Sợ dây điện đứt rơi xuống đường, nhờ xem giúp",
    "Trụ điện nghiêng sắp đổ",
    "Bó dây điện thoại đứt lòng thòng trước chợ",
    "Nhờ kiểm tra rò điện tủ chiếu sáng",
    "danh vo kinh xe toi",
    "Loa phường ồn, cứu với",
    "Cán bộ hướng dẫn tôi đến nhận tiền hỗ trợ bão",
    "Nhà văn hóa thôn dột mái, nước ngập sân",
    "Xin lắp hòm thư tố giác tội phạm ở chợ",
)


@pytest.mark.parametrize(("text", "kind", "phone"), LED)
def test_a_cry_for_help_is_asked_about_and_names_the_number(
    text: str, kind: str, phone: str
) -> None:
    found = screen(RULES, text)[0]
    assert (found.kind.code, found.level) == (kind, Level.MUST_CONFIRM)
    assert phone in {office.phone for office in found.kind.offices}


@pytest.mark.parametrize("text", UNLED)
def test_ordinary_words_lead_nowhere(text: str) -> None:
    assert screen(RULES, text) == ()


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Cán bộ xã nhận tiền của dân để làm sổ đỏ", {"denunciation"}),
        ("An official asked for a bribe", {"denunciation"}),
        ("Tố giác cán bộ xã nhận hối lộ, đề nghị công an xử lý", {"denunciation"}),
        ("Tố giác công an bao che ổ đánh bạc", {"denunciation", "crime"}),
        ("Xin tố giác kẻ lừa đảo chiếm đoạt tiền của mẹ tôi", {"crime"}),
    ],
)
def test_crimes_are_for_the_police_and_wrongs_of_officials_for_the_inspectorate(
    text: str, kinds: set[str]
) -> None:
    assert {found.kind.code for found in screen(RULES, text)} == kinds
