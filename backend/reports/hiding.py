"""Why a report is hidden, in words for whoever sent it: a code and its words, as documents.

    "hiding": [{"code": "personal_details", "vi": "Có thông tin cá nhân", "en": "…",
                "text_vi": "…", "text_en": "…", "needs_words": false}]

Strangers learn neither the reason nor that there was a report (404). The list stands in the
document of screening (screening_rules.py) and so has its version; without one these hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from backend.errors import FieldFault, Unprocessable
from backend.reports.documents import read_list, read_mapping, read_text
from backend.reports.errors import BadRules

_KEYS: Final = frozenset({"code", "vi", "en", "text_vi", "text_en", "needs_words"})
_WORDS_LEAST: Final = 10


@dataclass(frozen=True)
class HidingReason:
    """One reason: a title to choose it by, and what its sender reads.

    `needs_words`: it says nothing by itself, so that who hides has to explain.
    """

    code: str
    title_vi: str
    title_en: str
    text_vi: str
    text_en: str
    needs_words: bool = False


def _listed(*reasons: HidingReason) -> Mapping[str, HidingReason]:
    return MappingProxyType({reason.code: reason for reason in reasons})


HIDING: Final[Mapping[str, HidingReason]] = _listed(
    HidingReason(
        "personal_details",
        "Có thông tin cá nhân",
        "Personal details",
        "Nội dung hoặc ảnh có thông tin cá nhân (tên, số điện thoại, khuôn mặt, biển số…).",
        "The words or photos show personal details (a name, a number, a face, a plate…).",
    ),
    HidingReason(
        "unsuitable_words",
        "Lời lẽ không phù hợp",
        "Unsuitable words",
        "Lời lẽ có chỗ xúc phạm hoặc không phù hợp để công khai.",
        "Some of the words are insulting or not fit to be published.",
    ),
    HidingReason(
        "unsuitable_photo",
        "Ảnh không phù hợp",
        "Unsuitable photo",
        "Ảnh không phù hợp để công khai hoặc không phải ảnh hiện trường.",
        "A photo is not fit to be published, or does not show the place.",
    ),
    HidingReason(
        "not_verified",
        "Chưa kiểm chứng được",
        "Not verified",
        "Nội dung nêu sự việc hoặc cá nhân, tổ chức mà cơ quan chưa kiểm chứng được.",
        "It says things of people or organisations that could not be verified yet.",
    ),
    HidingReason(
        "other_authority",
        "Thuộc thủ tục khác (khiếu nại, tố cáo, vụ án)",
        "Another procedure (complaint, denunciation, case)",
        "Việc này được giải quyết theo thủ tục khác, không được công khai.",
        "The matter belongs to another procedure and must not be published.",
    ),
    HidingReason(
        "other",
        "Lý do khác (ghi rõ)",
        "Another reason (say which)",
        "Cơ quan đã xem xét và thấy không nên công khai nội dung này.",
        "The agency has looked at it and holds that it should not be public.",
        needs_words=True,
    ),
)


def hiding_from_document(value: object) -> Mapping[str, HidingReason]:
    """Read the list of reasons; raises BadRules where it is wrong, or empty."""
    found: dict[str, HidingReason] = {}
    for i, item in enumerate(read_list(value, "hiding")):
        where = f"hiding[{i}]"
        reason = read_mapping(item, where, _KEYS)
        code = read_text(reason.get("code"), f"{where}.code")
        if code in found:
            raise BadRules(f"{where}.code", "mã này đã có ở trên", "this code is given twice")
        needs_words = reason.get("needs_words", False)
        if not isinstance(needs_words, bool):
            raise BadRules(
                f"{where}.needs_words", "phải là true hoặc false", "must be true or false"
            )
        found[code] = HidingReason(
            code,
            title_vi=read_text(reason.get("vi"), f"{where}.vi"),
            title_en=read_text(reason.get("en"), f"{where}.en"),
            text_vi=read_text(reason.get("text_vi"), f"{where}.text_vi", longest=500),
            text_en=read_text(reason.get("text_en"), f"{where}.text_en", longest=500),
            needs_words=needs_words,
        )
    if not found:
        raise BadRules("hiding", "cần ít nhất một lý do", "needs at least one reason")
    return MappingProxyType(found)


def check_hiding(
    reasons: Mapping[str, HidingReason], *, code: str | None, words: str | None
) -> None:
    """Raise Unprocessable for a reason that is not listed, or that needs words and has none."""
    if code is None:
        return
    reason = reasons.get(code)
    if reason is None:
        raise Unprocessable(
            faults=(FieldFault("reason_code", "Không có lý do này.", "There is no such reason."),)
        )
    if reason.needs_words and len((words or "").strip()) < _WORDS_LEAST:
        raise Unprocessable(
            faults=(
                FieldFault(
                    "public_note",
                    f"Hãy giải thích cho người phản ánh, từ {_WORDS_LEAST} ký tự.",
                    f"Explain it to the reporter, in at least {_WORDS_LEAST} letters.",
                ),
            )
        )
