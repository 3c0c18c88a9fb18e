"""The words of the lifecycle: statuses, moves and roles as stored, and as people read them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

Language = Literal["vi", "en"]


class Status(StrEnum):
    RECEIVED = "received"
    CLASSIFYING = "classifying"
    ASSIGNED = "assigned"
    IN_PROGRESS = "in_progress"
    AWAITING_CITIZEN = "awaiting_citizen"
    RESOLVED = "resolved"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    CLOSED = "closed"
    DECLINED = "declined"
    REDIRECTED = "redirected"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"


class Move(StrEnum):
    ACCEPT = "accept"
    DECLINE = "decline"
    REDIRECT = "redirect"
    ASSIGN = "assign"
    START = "start"
    ASK = "ask"
    ANSWER = "answer"
    TRANSFER = "transfer"
    ESCALATE = "escalate"
    RESOLVE = "resolve"
    CLOSE = "close"
    REOPEN = "reopen"
    EXTEND = "extend"
    MERGE = "merge"
    UNMERGE = "unmerge"
    HIDE = "hide"
    PUBLISH = "publish"
    WITHDRAW = "withdraw"
    RATE = "rate"
    EDIT = "edit"
    AWAIT_CONFIRMATION = "await_confirmation"
    AUTO_CLOSE = "auto_close"
    MARK_OVERDUE = "mark_overdue"


class Role(StrEnum):
    CITIZEN = "citizen"
    OFFICER = "officer"
    KEY_HOLDER = "key_holder"
    MODERATOR = "moderator"
    LEADER = "leader"
    ADMIN = "admin"
    SYSTEM = "system"


_LABELS: Mapping[Status | Move, tuple[str, str]] = {
    Status.RECEIVED: ("Đã tiếp nhận", "Received"),
    Status.CLASSIFYING: ("Đang phân loại", "Being classified"),
    Status.ASSIGNED: ("Đã chuyển xử lý", "Assigned"),
    Status.IN_PROGRESS: ("Đang xử lý", "In progress"),
    Status.AWAITING_CITIZEN: ("Chờ người dân bổ sung", "Waiting for the citizen"),
    Status.RESOLVED: ("Đã xử lý", "Resolved"),
    Status.AWAITING_CONFIRMATION: ("Chờ người dân xác nhận", "Waiting for confirmation"),
    Status.CLOSED: ("Đã đóng", "Closed"),
    Status.DECLINED: ("Không tiếp nhận", "Declined"),
    Status.REDIRECTED: (
        "Đã hướng dẫn gửi cơ quan có thẩm quyền",
        "Referred to another office",
    ),
    Status.WITHDRAWN: ("Người dân đã rút", "Withdrawn"),
    Status.MERGED: ("Đã gộp vào phản ánh trùng", "Merged with another report"),
    Move.ACCEPT: ("Nhận xử lý", "Accept"),
    Move.DECLINE: ("Không tiếp nhận", "Decline"),
    Move.REDIRECT: ("Hướng dẫn gửi cơ quan có thẩm quyền", "Refer to another office"),
    Move.ASSIGN: ("Phân công", "Assign"),
    Move.START: ("Bắt đầu xử lý", "Start work"),
    Move.ASK: ("Yêu cầu bổ sung", "Ask the citizen"),
    Move.ANSWER: ("Bổ sung thông tin", "Answer"),
    Move.TRANSFER: ("Chuyển đơn vị khác", "Transfer"),
    Move.ESCALATE: ("Chuyển cấp trên", "Escalate"),
    Move.RESOLVE: ("Trả kết quả xử lý", "Resolve"),
    Move.CLOSE: ("Đóng phản ánh", "Close"),
    Move.REOPEN: ("Yêu cầu xử lý lại", "Reopen"),
    Move.EXTEND: ("Gia hạn", "Extend"),
    Move.MERGE: ("Gộp phản ánh trùng", "Merge"),
    Move.UNMERGE: ("Bỏ gộp", "Undo the merge"),
    Move.HIDE: ("Gỡ công khai", "Hide"),
    Move.PUBLISH: ("Công khai", "Publish"),
    Move.WITHDRAW: ("Rút phản ánh", "Withdraw"),
    Move.RATE: ("Đánh giá mức độ hài lòng", "Rate"),
    Move.EDIT: ("Sửa phản ánh", "Edit"),
    Move.AWAIT_CONFIRMATION: ("Chờ người dân xác nhận", "Wait for confirmation"),
    Move.AUTO_CLOSE: ("Tự động đóng", "Close automatically"),
    Move.MARK_OVERDUE: ("Ghi nhận quá hạn", "Mark as overdue"),
}


def label(word: Status | Move, language: Language = "vi") -> str:
    """What a person reads for a status or a move."""
    return _LABELS[word][0 if language == "vi" else 1]
