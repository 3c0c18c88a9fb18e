"""What people call each kind of event, in the citizen's timeline and on the desk."""

from collections.abc import Mapping
from typing import Final

from backend.reports.lifecycle import Language

_LABELS: Final[Mapping[str, tuple[str, str]]] = {
    "submitted": ("Gửi phản ánh", "Report sent"),
    "accept": ("Cơ quan đã nhận xử lý", "Accepted by the agency"),
    "decline": ("Không tiếp nhận", "Declined"),
    "redirect": ("Hướng dẫn gửi cơ quan có thẩm quyền", "Referred to another office"),
    "assign": ("Đã phân công cán bộ", "Officer assigned"),
    "start": ("Bắt đầu xử lý", "Work started"),
    "ask": ("Yêu cầu bổ sung thông tin", "More information asked"),
    "answer": ("Người dân đã bổ sung thông tin", "Information given"),
    "transfer": ("Chuyển cơ quan khác xử lý", "Handed over to another agency"),
    "escalate": ("Chuyển cấp trên", "Escalated"),
    "resolve": ("Đã xử lý", "Resolved"),
    "await_confirmation": ("Chờ người dân xác nhận", "Waiting for the citizen to confirm"),
    "close": ("Đã đóng", "Closed"),
    "auto_close": ("Đã đóng (hết thời gian xác nhận)", "Closed (confirmation period over)"),
    "rate": ("Người dân đánh giá", "Rated by the citizen"),
    "reopen": ("Yêu cầu xử lý lại", "Reopened"),
    "extend": ("Gia hạn", "Deadline extended"),
    "merge": ("Gộp với phản ánh trùng", "Merged with a duplicate"),
    "unmerge": ("Tách khỏi phản ánh đã gộp", "Separated again"),
    "publish": ("Công khai", "Published"),
    "withdraw": ("Người dân rút phản ánh", "Withdrawn by the citizen"),
    "hide": ("Gỡ công khai", "Hidden"),
    "edit": ("Người dân sửa nội dung", "Corrected by the citizen"),
    "accept_due_soon": ("Sắp đến hạn tiếp nhận", "Acceptance due soon"),
    "accept_overdue": ("Quá hạn tiếp nhận", "Acceptance overdue"),
    "resolve_due_soon": ("Sắp đến hạn trả lời", "Answer due soon"),
    "called_parent": ("Báo cơ quan cấp trên do quá hạn", "Superior agency called: overdue"),
    "overdue": ("Quá hạn", "Overdue"),
    "claimed": ("Người dân nhận phản ánh vào tài khoản", "Claimed for an account"),
    "person_erased": ("Đã xóa thông tin người gửi", "The reporter's data were erased"),
    "contact_erased": ("Đã xóa liên hệ hết hạn lưu trữ", "Contact erased, kept long enough"),
}


def event_label(kind: str, language: Language) -> str:
    """The words for a kind of event; the kind itself where none are known."""
    vi, en = _LABELS.get(kind, (kind, kind))
    return en if language == "en" else vi
