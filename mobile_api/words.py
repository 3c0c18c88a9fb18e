"""Words that a reporter must give, and words that tell them what comes next."""

from collections.abc import Mapping
from typing import Any, Final

from backend.errors import FieldFault, Unprocessable
from backend.reports.lifecycle import Language
from backend.web.texts import clean_text

# Who is to do what now, by status; {agency} is the agency's name. The deadline that bounds it is
# named beside the words: accept_by, resolve_by, or none.
_NEXT: Final[Mapping[str, tuple[str, str | None, str, str]]] = {
    "received": (
        "agency",
        "accept_by",
        "{agency} xem nội dung và nhận xử lý.",
        "{agency} reads the report and takes it on.",
    ),
    "classifying": (
        "agency",
        None,
        "Bộ phận điều phối chuyển phản ánh đến đúng cơ quan có trách nhiệm.",
        "The moderators pass the report on to the agency responsible.",
    ),
    "assigned": (
        "agency",
        "resolve_by",
        "{agency} phân công người và bắt đầu xử lý.",
        "{agency} assigns somebody and starts work.",
    ),
    "in_progress": (
        "agency",
        "resolve_by",
        "{agency} xử lý xong và trả lời kèm ảnh hiện trường.",
        "{agency} finishes the work and answers with a photo.",
    ),
    "awaiting_citizen": (
        "citizen",
        None,
        "Người phản ánh bổ sung thông tin; thời hạn tính tiếp ngay khi có trả lời.",
        "The reporter gives the information asked for; the clock then runs on.",
    ),
    "resolved": (
        "citizen",
        None,
        "Người phản ánh xem kết quả và đánh giá.",
        "The reporter looks at the result and rates it.",
    ),
    "awaiting_confirmation": (
        "citizen",
        None,
        "Người phản ánh đánh giá kết quả, hoặc yêu cầu xử lý lại nếu chưa đạt.",
        "The reporter rates the result, or has it done again if it falls short.",
    ),
    "closed": (
        "nobody",
        None,
        "Đã kết thúc. Nếu sự việc tái diễn, người phản ánh có thể yêu cầu xử lý lại.",
        "Finished. Should it come back, the reporter can have it reopened.",
    ),
    "declined": (
        "nobody",
        None,
        "Không tiếp nhận, lý do ghi ở phần diễn biến. Người phản ánh có thể đề nghị xem lại.",
        "Declined for the reason given below. The reporter can ask for another look.",
    ),
    "redirected": (
        "citizen",
        None,
        "Người phản ánh liên hệ nơi có thẩm quyền đã được hướng dẫn.",
        "The reporter turns to the competent office that was named.",
    ),
    "withdrawn": (
        "nobody",
        None,
        "Người dân đã rút phản ánh; không còn bước nào nữa.",
        "The reporter has withdrawn it; nothing more follows.",
    ),
    "merged": (
        "nobody",
        None,
        "Được xử lý chung với phản ánh trùng đã gửi trước; kết quả dùng cho cả hai.",
        "Handled together with an earlier report of the same problem; one answer serves both.",
    ),
}
# One tap is enough to have it done again: reasons that most people give.
_AGAIN: Final = (
    ("Sự việc vẫn còn nguyên, chưa được xử lý.", "Nothing has been done; it is as it was."),
    ("Đã làm nhưng chưa xong hoặc chưa đạt.", "Work was done, but it is unfinished or poor."),
    ("Đã xử lý nhưng nay lại tái diễn.", "It was solved, and has come back since."),
)
_DECLINED_WRONGLY: Final = (
    ("Lý do không tiếp nhận không đúng với thực tế.", "The reason given is not what is the case."),
)
_SOME_AGENCY: Final = ("Cơ quan xử lý", "The agency")


def next_step(
    status: str,
    promise: Mapping[str, Any],
    agency: Mapping[str, Any] | None,
    language: Language,
) -> dict[str, Any]:
    """Who does what next, and by when; `who` is agency, citizen or nobody, `by` may be None."""
    who, deadline, vi, en = _NEXT[status]
    name = agency["name"] if agency else _SOME_AGENCY[language == "en"]
    return {
        "who": who,
        "text": (en if language == "en" else vi).format(agency=name),
        "by": promise[deadline] if deadline else None,
    }


def reopen_reasons(status: str, language: Language) -> list[str]:
    """Reasons to choose from with one tap, when a report is to be taken up again."""
    reasons = _DECLINED_WRONGLY if status == "declined" else _AGAIN
    return [reason[language == "en"] for reason in reasons]


def needed_words(text: str | None, *, field: str, longest: int = 2000) -> str:
    """The text made fit to be stored; raises Unprocessable when nothing, or too much, is left."""
    words = clean_text(text or "", field=field)
    if not words:
        raise Unprocessable(
            faults=(FieldFault(field, "Hãy nhập nội dung.", "Write something here."),)
        )
    return short_enough(words, field=field, longest=longest)


def short_enough(words: str, *, field: str, longest: int) -> str:
    """The words; raises Unprocessable when they have grown too long (NFC takes letters apart)."""
    if len(words) > longest:
        raise Unprocessable(
            faults=(FieldFault(field, f"Tối đa {longest} ký tự.", f"At most {longest} letters."),)
        )
    return words
