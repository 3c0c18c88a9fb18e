"""What can be wrong with a report, with a wish to change one, or with the rules themselves.

CaunoiError
├── NotFound
│   └── UnknownReport           no such report, or not for this caller
├── Unavailable
│   ├── NotConfigured           agencies, calendars, rules or terms are not loaded yet
│   └── SubmitUnsettled         the same submission is still being stored, or the rules just changed
├── Refused
│   ├── Conflict
│   │   ├── EditOver            the reporter's time for corrections is over
│   │   └── IllegalMove         the report is not in a status from which this move leads anywhere
│   └── Unprocessable
│       ├── KeyReused           the idempotency key belongs to another submission
│       ├── OutsideProvince     the position lies in no unit
│       ├── NotTakenHere        the law has it go to another office and no other way; `screened`
│       ├── UnknownCategory     no such category in use
│       ├── UnknownAgency       no such agency in use
│       ├── TextNeeded          a text is missing, too short or too long; `least`, `most`, `field`
│       │   ├── ReasonNeeded    the reason of a refusal, transfer, reopening …
│       │   └── NoteNeeded      the question or answer that the citizen reads
│       ├── EvidenceNeeded      no after photo and no reason why there can be none
│       ├── TargetNeeded        the agency, officer or other report is missing; `field`
│       ├── ScoreNeeded         a rating is a whole number from 1 to 4
│       ├── AlreadyRated        too late to change the rating of a closed report
│       ├── TooManyReopenings   reopened as often as the category allows
│       ├── PromiseFixed        the promise cannot be changed like that
│       │   ├── TooManyExtensions
│       │   ├── ExtensionTooLong
│       │   ├── ExtensionTooLate
│       │   └── ClockNotRunning paused, though it should run; or running, though paused
│       └── BadRules            a document of rules or promises is wrong; `where`
│           └── RoutingTie      two rules could fit the same report equally well
└── NotAllowed
    └── NotYourMove             the move exists, but not for this person's roles
"""

from typing import ClassVar, Protocol

from backend.errors import (
    Conflict,
    FieldFault,
    NotAllowed,
    NotFound,
    Unavailable,
    Unprocessable,
)


class UnknownReport(NotFound):
    kind: ClassVar[str] = "unknown-report"
    vi = "Không tìm thấy phản ánh này."
    en = "There is no such report."


class NotConfigured(Unavailable):
    kind = "not-configured"
    vi = "Hệ thống chưa được cấu hình xong. Vui lòng thử lại sau."
    en = "The system is not configured yet. Please try again later."


class SubmitUnsettled(Unavailable):
    kind = "submit-unsettled"
    vi = "Phản ánh đang được ghi nhận. Vui lòng thử lại sau vài giây."
    en = "The report is still being stored. Please try again in a few seconds."


class KeyReused(Unprocessable):
    kind = "key-reused"
    vi = "Mã gửi này đã dùng cho một nội dung khác."
    en = "This idempotency key has been used for other content."


class OutsideProvince(Unprocessable):
    kind = "outside-province"

    def __init__(self) -> None:
        vi, en = "Vị trí nằm ngoài địa bàn tỉnh.", "The position lies outside the province."
        super().__init__(vi, en, faults=(FieldFault("location", vi, en),))


class ScreenedKind(Protocol):
    """What NotTakenHere says of the kind of thing it is about (backend.reports.screening.Kind)."""

    @property
    def code(self) -> str: ...
    @property
    def title_vi(self) -> str: ...
    @property
    def title_en(self) -> str: ...
    @property
    def advice_vi(self) -> str: ...
    @property
    def advice_en(self) -> str: ...


class NotTakenHere(Unprocessable):
    kind = "not-taken-here"

    def __init__(self, found: ScreenedKind) -> None:
        self.screened = found.code
        super().__init__(
            f"Không tiếp nhận tại đây: {found.title_vi}.",
            f"Not taken here: {found.title_en}.",
            faults=(FieldFault("text", found.advice_vi, found.advice_en),),
        )


class UnknownCategory(Unprocessable):
    kind = "unknown-category"

    def __init__(self) -> None:
        vi, en = "Không có lĩnh vực này.", "There is no such category."
        super().__init__(vi, en, faults=(FieldFault("category", vi, en),))


class UnknownAgency(Unprocessable):
    kind = "unknown-agency"

    def __init__(self) -> None:
        vi, en = "Không có cơ quan này.", "There is no such agency."
        super().__init__(vi, en, faults=(FieldFault("agency", vi, en),))


class EditOver(Conflict):
    kind = "edit-over"
    vi = "Đã hết thời gian được sửa phản ánh. Bạn có thể rút và gửi phản ánh mới."
    en = "The time for corrections is over. You may withdraw the report and send a new one."


class IllegalMove(Conflict):
    kind: ClassVar[str] = "illegal-move"

    def __init__(self, status: str, move: str, *, vi: str, en: str) -> None:
        self.status = status
        self.move = move
        super().__init__(vi, en)


class NotYourMove(NotAllowed):
    kind = "not-your-move"

    def __init__(self, move: str, *, vi: str, en: str) -> None:
        self.move = move
        super().__init__(vi, en)


class TextNeeded(Unprocessable):
    kind = "text-needed"
    what: ClassVar[tuple[str, str]] = ("Nội dung", "The text")

    def __init__(self, field: str, *, least: int, most: int) -> None:
        self.field, self.least, self.most = field, least, most
        vi = f"{self.what[0]} phải có từ {least} đến {most} ký tự."
        en = f"{self.what[1]} must have {least} to {most} characters."
        super().__init__(vi, en, faults=(FieldFault(field, vi, en),))


class ReasonNeeded(TextNeeded):
    kind = "reason-needed"
    what = ("Lý do", "The reason")


class NoteNeeded(TextNeeded):
    kind = "note-needed"
    what = ("Nội dung gửi người dân", "The text for the citizen")


class EvidenceNeeded(Unprocessable):
    kind = "evidence-needed"

    def __init__(self) -> None:
        vi = "Cần ảnh sau xử lý, hoặc lý do không thể có ảnh (từ 10 ký tự)."
        en = (
            "An after photo is needed, or the reason why there can be none (10 characters or more)."
        )
        super().__init__(vi, en, faults=(FieldFault("photos", vi, en),))


class TargetNeeded(Unprocessable):
    kind = "target-needed"

    def __init__(self, field: str, *, vi: str, en: str) -> None:
        self.field = field
        super().__init__(vi, en, faults=(FieldFault(field, vi, en),))


class ScoreNeeded(Unprocessable):
    kind = "score-needed"

    def __init__(self) -> None:
        vi, en = "Mức đánh giá phải từ 1 đến 4.", "The score must be a whole number from 1 to 4."
        super().__init__(vi, en, faults=(FieldFault("score", vi, en),))


class AlreadyRated(Unprocessable):
    kind = "already-rated"
    vi = "Phản ánh đã đóng và đã hết thời gian đổi đánh giá."
    en = "The report is closed, and its rating can no longer be changed."


class TooManyReopenings(Unprocessable):
    kind = "too-many-reopenings"

    def __init__(self, at_most: int) -> None:
        self.at_most = at_most
        super().__init__(
            f"Chỉ được yêu cầu xử lý lại tối đa {at_most} lần. Bạn có thể gửi phản ánh mới.",
            f"A report can be reopened at most {at_most} times. You may send a new one.",
        )


class PromiseFixed(Unprocessable):
    kind = "promise-fixed"


class TooManyExtensions(PromiseFixed):
    kind = "too-many-extensions"

    def __init__(self, at_most: int) -> None:
        self.at_most = at_most
        super().__init__(
            f"Chỉ được gia hạn tối đa {at_most} lần.",
            f"The time limit can be extended at most {at_most} times.",
        )


class ExtensionTooLong(PromiseFixed):
    kind = "extension-too-long"

    def __init__(self, longest_vi: str, longest_en: str) -> None:
        super().__init__(
            f"Mỗi lần gia hạn phải lớn hơn 0 và không quá {longest_vi}.",
            f"An extension must be more than nothing and at most {longest_en}.",
        )


class ExtensionTooLate(PromiseFixed):
    kind = "extension-too-late"
    vi = "Đã quá thời điểm được phép gia hạn."
    en = "It is too late to extend the time limit."


class ClockNotRunning(PromiseFixed):
    kind = "clock-not-running"
    vi = "Đồng hồ thời hạn không ở trạng thái cho phép thao tác này."
    en = "The clock of the time limit is not in the state this needs."


class BadRules(Unprocessable):
    """A document of rules that cannot be; `where` is the place in it, such as `rules[3].lead`."""

    kind = "rules-bad"

    def __init__(self, where: str, vi: str, en: str) -> None:
        self.where = where
        super().__init__(f"{where}: {vi}", f"{where}: {en}", faults=(FieldFault(where, vi, en),))


class RoutingTie(BadRules):
    kind = "routing-tie"

    def __init__(self, where: str, one: str, other: str) -> None:
        self.rules = (one, other)
        super().__init__(
            where,
            f"quy tắc {one} và {other} có thể cùng khớp một phản ánh mà không rõ quy tắc nào hơn",
            f"rules {one} and {other} can match the same report and neither is more specific",
        )
