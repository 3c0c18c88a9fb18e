"""What privacy refuses.

CaunoiError
├── Conflict
│   └── ReportClaimed     the report belongs to another account
└── Unprocessable
    └── BadRetention      a document of periods that cannot be one
"""

from backend.errors import Conflict, Unprocessable


class ReportClaimed(Conflict):
    kind = "report-claimed"
    vi = "Phản ánh này đã thuộc một tài khoản khác."
    en = "This report belongs to another account."


class BadRetention(Unprocessable):
    kind = "bad-retention"
    vi = "Quy định thời hạn lưu trữ không hợp lệ."
    en = "These retention periods are not valid."
