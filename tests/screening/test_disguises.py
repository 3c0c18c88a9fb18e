"""Words taken apart or run together are recognised; ordinary dots and initials are not."""

import time

import pytest

from backend.demo.configuration import read_document
from backend.reports.folding import without_accents
from backend.reports.screening import Level, screen
from backend.reports.screening_numbers import find_details
from backend.reports.screening_rules import screening_from_document
from backend.web.texts import clean_text
from tests.screening.examples import UNSEEN, examples

RULES = screening_from_document(read_document("screening"))
PLAIN = "Tôi tố cáo chủ tịch xã nhận tiền của dân"


def kinds_in(text: str) -> set[str]:
    return {found.kind.code for found in screen(RULES, text) if found.level is not Level.ADVISE}


@pytest.mark.parametrize(
    "written",
    [
        "t.ố cáo",
        "t.ố c.á.o",
        "t.ố.c.á.o",
        "T-Ố C-Á-O",
        "t_ố c_á_o",
        "t*ố c*áo",
        "t ố c á o",
        "t . ố . c . á . o",
        "tốcáo",
        "t\u200bố c\u200bá\u200bo",
        "tố\u200bcáo",
        "t\u00adố cá\u00ado",
        "t\u3164ố c\uffa0áo",
        "t\u1160ố c\u115fáo",
        "t\u2800ố c\u2063áo",
        "t\u034fố c\u180eáo",
        "t\U000e0061ố cá\ufe0fo",
        "ｔố ｃáｏ",
        "t\u0336o\u0302\u0301\u0336 c\u0336a\u0301o",
        "t.o\u0302\u0301 ca\u0301.o",
    ],
)
def test_a_denunciation_is_recognised_however_its_words_are_taken_apart(written: str) -> None:
    said = PLAIN.replace("tố cáo", written)
    assert written in said
    assert "denunciation" in kinds_in(PLAIN)
    assert "denunciation" in kinds_in(said), ascii(said)
    # what is stored, and screened again when it is edited, has lost the letters that show nothing
    assert "denunciation" in kinds_in(clean_text(said, field="text")), ascii(said)


def test_so_it_is_without_accents() -> None:
    plain = without_accents(PLAIN)
    assert "denunciation" in kinds_in(plain)
    for written in ("t.o c.a.o", "t.o.c.a.o", "t o c a o", "t\u3164o cao"):
        assert "denunciation" in kinds_in(plain.replace("to cao", written)), written


@pytest.mark.parametrize(
    "text",
    [
        "Đèn đường hỏng ở P.Nghĩa Lộ, TP.Quảng Ngãi, T.Quảng Ngãi",
        "Hẻm 45/2/1 Q.1, đường 30/4, ổ gà v.v. và v.v...",
        "B.ệnh viện tắc đường; xin đ.c. chủ tịch xã xem giúp cái cống",
        "Bảng chữ a b c d e trước cổng trường bị gãy",
        "Cột điện A.B.C nghiêng, số C-1-2-3",
        "Rác ở ô A, ô B, ô C, ô D khu E chợ Thu Lộ",
        "U.B.N.D xã nên sửa đường này, bụi quá",
        "Xe tải biển 76C-123.45 làm rơi đất đá",
        "Chợ họp ở.Cáo thị dán bừa bãi.Tố chất giáo viên tốt",
        "Nước m á y có màu đục",
        "Trường THPT.T.Q.T thiếu đèn",
    ],
)
def test_ordinary_dots_initials_and_lists_raise_no_alarm(text: str) -> None:
    assert kinds_in(text) == set()


def test_a_second_reading_never_changes_what_an_ordinary_text_is_taken_for() -> None:
    """Initials, dots without a blank after them, lists: none of them makes an alarm of its own."""
    for kind, text in [*((kind, text) for kind, text, _ in examples()), *UNSEEN]:
        if kind is not None:
            continue
        for dressed in (
            text.replace(". ", ".").replace(", ", ","),
            f"P.{text} Q.1",
            f"{text} v.v. a-b-c",
            f"A.{text}.B",
        ):
            assert kinds_in(dressed) <= kinds_in(text), dressed


def test_what_is_taken_back_is_not_found_by_being_taken_apart() -> None:
    assert kinds_in("Tôi không t.ố cáo chủ tịch xã, chỉ báo đèn hỏng") == set()


@pytest.mark.parametrize("letter", ["\u3164", "\u200b", "\u00ad", "\u2063", "\uffa0", "\U000e0030"])
def test_details_and_empty_texts_do_not_hide_behind_what_shows_nothing(letter: str) -> None:
    number = letter.join("0905123456")
    assert find_details(f"gọi {number} nhé", ("phone",)) == ("phone",)
    assert clean_text(f" {letter} {letter}\u200d ", field="text") == ""
    assert clean_text(f"a{letter}b", field="text") == "ab"


def test_pictures_keep_their_joiners() -> None:
    family = "👨\u200d👩\u200d👧 ❤\ufe0f"
    assert clean_text(family, field="text") == family


def test_a_long_hostile_text_takes_no_longer() -> None:
    began = time.perf_counter()
    for text in ("t." * 2000, "t ố c á o" * 440, "tốcáo" * 800, "\u3164a" * 2000, "_" * 4000):
        screen(RULES, text[:4000])
    assert time.perf_counter() - began < 1.5
