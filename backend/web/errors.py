"""What the web kit itself refuses.

CaunoiError
├── NotAllowed
│   └── CrossSite      a page of another site tried to act through this browser
├── BodyTooSlow        what is sent arrives too slowly, or not at all
├── Refused
│   └── TooManyFiles   a form with more files than any form of ours takes
└── NotBuilt           a checkout whose web/ was never built; it stops the start

PolicyMissing          a programmer's error: it stops the start
"""

from backend.errors import CaunoiError, NotAllowed, Refused


class CrossSite(NotAllowed):
    kind = "cross-site"
    vi = "Yêu cầu đến từ một trang khác nên không được thực hiện. Vui lòng tải lại trang."
    en = "The request came from another site and was not carried out. Please reload the page."


class BodyTooSlow(CaunoiError):
    kind = "body-too-slow"
    vi = "Đường truyền quá chậm nên nội dung chưa gửi xong. Vui lòng thử lại."
    en = "What you sent did not arrive in time. Please try again."


class TooManyFiles(Refused):
    kind = "too-many-files"
    vi = "Biểu mẫu kèm quá nhiều tệp. Vui lòng chọn ít ảnh hơn."
    en = "The form brings too many files. Please choose fewer photos."


class NotBuilt(CaunoiError):
    kind = "not-built"
    vi = "Chưa dựng phần giao diện (backend/web/static/dist). Hãy chạy ./run setup."
    en = "The browser's part is not built (backend/web/static/dist). Run ./run setup."


class PolicyMissing(Exception):
    """A handler says neither whom it serves nor that it serves anyone."""
