"""What the leaders' door refuses.

Unavailable (backend.errors)
└── TooManyWatchers   this process has as many open streams as it can serve well
"""

from backend.errors import Unavailable


class TooManyWatchers(Unavailable):
    kind = "too-many-watchers"
    vi = "Đang có quá nhiều màn hình theo dõi. Vui lòng thử lại sau ít phút."
    en = "Too many screens are watching. Please try again in a few minutes."
