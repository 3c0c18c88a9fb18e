"""What a push says. It names the product and a stage, never a case's words, place or people.

The only thing that leads to the case is its code, in the link; whoever opens it is asked who they
are there. Audiences: 'citizen' sent the report, 'supporter' follows another's,
'officer' belongs to the agency that has it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Audience: TypeAlias = Literal["citizen", "supporter", "officer"]
BundleAudience: TypeAlias = Audience | Literal["area"]
Language: TypeAlias = Literal["vi", "en"]

TITLE: Final = "Cầu Nối"
TRACKING: Final = "/theo-doi"


@dataclass(frozen=True)
class Words:
    """One sentence in both languages."""

    vi: str
    en: str

    def in_language(self, language: str) -> str:
        return self.en if language == "en" else self.vi


# An event whose kind an audience does not find here is not announced to it.
CITIZEN: Final[Mapping[str, Words]] = {
    "accept": Words(
        "Phản ánh của bạn đã được cơ quan chức năng tiếp nhận xử lý.",
        "An agency has accepted your report.",
    ),
    "start": Words("Phản ánh của bạn đang được xử lý.", "Work on your report has begun."),
    "ask": Words(
        "Cơ quan xử lý đề nghị bạn bổ sung thông tin.", "The agency asks you for more information."
    ),
    "transfer": Words(
        "Phản ánh của bạn đã được chuyển đến cơ quan có thẩm quyền.",
        "Your report was handed to the competent agency.",
    ),
    "escalate": Words(
        "Phản ánh của bạn đã được chuyển lên cấp trên xử lý.",
        "Your report was handed to the higher authority.",
    ),
    "extend": Words(
        "Thời hạn xử lý phản ánh của bạn đã được gia hạn.",
        "The deadline of your report was extended.",
    ),
    "resolve": Words(
        "Phản ánh của bạn đã có kết quả xử lý. Mời bạn xem và đánh giá.",
        "Your report has been answered. Please look and rate the answer.",
    ),
    "close": Words("Phản ánh của bạn đã được đóng.", "Your report was closed."),
    "auto_close": Words("Phản ánh của bạn đã được đóng.", "Your report was closed."),
    "decline": Words(
        "Phản ánh của bạn không được tiếp nhận. Mời bạn xem lý do.",
        "Your report was not accepted. Please see the reason.",
    ),
    "redirect": Words(
        "Có hướng dẫn gửi phản ánh của bạn đến cơ quan có thẩm quyền.",
        "Your report belongs with another office. Please see which.",
    ),
    "merge": Words(
        "Phản ánh của bạn đã được gộp với một phản ánh trùng.",
        "Your report was merged with another about the same matter.",
    ),
    "reopen": Words("Phản ánh được xử lý lại.", "Work on the report is taken up again."),
}

# Who has met the same and follows: told of stages, asked for nothing.
SUPPORTER: Final[Mapping[str, Words]] = {
    "accept": Words(
        "Phản ánh bạn theo dõi đã được cơ quan chức năng tiếp nhận xử lý.",
        "An agency has accepted a report you follow.",
    ),
    "start": Words("Phản ánh bạn theo dõi đang được xử lý.", "Work on a report you follow began."),
    "extend": Words(
        "Thời hạn xử lý phản ánh bạn theo dõi đã được gia hạn.",
        "The deadline of a report you follow was extended.",
    ),
    "resolve": Words(
        "Phản ánh bạn theo dõi đã có kết quả xử lý.", "A report you follow has been answered."
    ),
    "close": Words("Phản ánh bạn theo dõi đã được đóng.", "A report you follow was closed."),
    "auto_close": Words("Phản ánh bạn theo dõi đã được đóng.", "A report you follow was closed."),
    "reopen": Words(
        "Phản ánh bạn theo dõi được xử lý lại.", "Work on a report you follow is taken up again."
    ),
}

OFFICER: Final[Mapping[str, Words]] = {
    "submitted": Words("Có phản ánh mới cần tiếp nhận.", "A new report waits to be accepted."),
    "transfer": Words(
        "Có phản ánh được chuyển đến cơ quan bạn.", "A report was handed to your agency."
    ),
    "escalate": Words(
        "Có phản ánh được chuyển lên cơ quan bạn.", "A report was handed up to your agency."
    ),
    "called_parent": Words(
        "Có phản ánh quá hạn cần cơ quan cấp trên đôn đốc.",
        "An overdue report needs the attention of the higher agency.",
    ),
    "assign": Words("Bạn được phân công một phản ánh.", "A report was assigned to you."),
    "answer": Words("Người dân đã bổ sung thông tin.", "The citizen has answered."),
    "reopen": Words("Có phản ánh được yêu cầu xử lý lại.", "A report is to be taken up again."),
    "accept_due_soon": Words(
        "Có phản ánh sắp đến hạn tiếp nhận.", "A report must be accepted soon."
    ),
    "accept_overdue": Words("Có phản ánh quá hạn tiếp nhận.", "A report was not accepted in time."),
    "resolve_due_soon": Words("Có phản ánh sắp đến hạn xử lý.", "A report is due soon."),
    "overdue": Words("Có phản ánh quá hạn xử lý.", "A report is overdue."),
    "withdraw": Words("Người dân đã rút phản ánh.", "The citizen has withdrawn a report."),
}


# One report by itself, and several at once.
AREA: Final = Words(
    "Có phản ánh mới trong khu vực bạn theo dõi.", "There is a new report in an area you follow."
)
AREA_URGENT: Final = Words(
    "Có phản ánh khẩn cấp trong khu vực bạn theo dõi.",
    "There is an urgent report in an area you follow.",
)
MANY: Final[Mapping[BundleAudience, Words]] = {
    "citizen": Words(
        "Có {n} cập nhật về phản ánh bạn theo dõi.", "There are {n} updates on reports you follow."
    ),
    "supporter": Words(
        "Có {n} cập nhật về phản ánh bạn theo dõi.", "There are {n} updates on reports you follow."
    ),
    "officer": Words("Có {n} việc cần bạn xem.", "{n} matters wait for you."),
    "area": Words(
        "Có {n} phản ánh mới trong khu vực bạn theo dõi.",
        "There are {n} new reports in areas you follow.",
    ),
}


_BY_AUDIENCE: Final[Mapping[Audience, Mapping[str, Words]]] = {
    "citizen": CITIZEN,
    "supporter": SUPPORTER,
    "officer": OFFICER,
}


def is_announced(kind: str) -> bool:
    """Whether anybody is told of such an event."""
    return kind in CITIZEN or kind in OFFICER


def sentence(kind: str, audience: Audience, language: str) -> str | None:
    """What this audience reads of an event of this kind; None if it is not told."""
    words = _BY_AUDIENCE[audience].get(kind)
    return words.in_language(language) if words else None


def audience(kind: str, *, is_officer: bool, is_supporter: bool = False) -> Audience:
    """In whose words: an officer's if the device is one's and officers are told of such events."""
    if is_supporter:
        return "supporter"
    told = kind in OFFICER and (is_officer or kind not in CITIZEN)
    return "officer" if told else "citizen"


def fit(text: str, characters_most: int) -> str:
    """The text, cut behind a word where it has more characters than the rules allow."""
    if len(text) <= characters_most:
        return text
    return text[:characters_most].rpartition(" ")[0].rstrip(" ,.;:") + "…"


def link(audience: Audience, code: str) -> str:
    """Where the notification leads, as a path of our own site."""
    return "/can-bo" if audience == "officer" else f"{TRACKING}/{code}"
