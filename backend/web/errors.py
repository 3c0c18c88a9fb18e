"""What the web kit itself refuses.

CaunoiError
├── NotAllowed
│   └── CrossSite      a page of another site tried to act through this browser
└── NotBuilt           a checkout whose web/ was never built; it stops the start

PolicyMissing          a programmer's error: it stops the start
"""

from backend.errors import CaunoiError, NotAllowed


class CrossSite(NotAllowed):
    kind = "cross-site"
    vi = "Yêu cầu đến từ một trang khác nên không được thực hiện. Vui lòng tải lại trang."
    en = "The request came from another site and was not carried out. Please reload the page."


class NotBuilt(CaunoiError):
    kind = "not-built"
    vi = "Chưa dựng phần giao diện (backend/web/static/dist). Hãy chạy ./run setup."
    en = "The browser's part is not built (backend/web/static/dist). Run ./run setup."


class PolicyMissing(Exception):
    """A handler says neither whom it serves nor that it serves anyone."""
