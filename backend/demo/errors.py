"""What the demo province refuses.

CaunoiError
└── Conflict
    ├── AlreadyConfigured   the installation has rules of its own; a demo would mix with them
    └── NoDemo              there is nothing of the demo province to remove
"""

from backend.errors import Conflict


class AlreadyConfigured(Conflict):
    kind = "already-configured"
    vi = "Hệ thống đã có cấu hình riêng; không nạp dữ liệu mẫu vào."
    en = "This installation has a configuration of its own; no demo is loaded into it."


class NoDemo(Conflict):
    kind = "no-demo"
    vi = "Không có dữ liệu mẫu để gỡ."
    en = "There is no demo province to remove."
