"""What the citizens' door alone can refuse.

NotFound
└── OutsideEveryUnit    no unit held the point on that day
"""

from backend.errors import NotFound


class OutsideEveryUnit(NotFound):
    """No unit held this point on that day."""

    kind = "outside-every-unit"
    vi = "Vị trí này không thuộc đơn vị hành chính nào trong hệ thống vào ngày đó."
    en = "No administrative unit known here held this position on that day."
