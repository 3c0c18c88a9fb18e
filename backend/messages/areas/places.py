"""What of the map somebody follows."""

import math
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

RADIUS_METRES: Final = range(100, 5001)


@dataclass(frozen=True)
class Circle:
    """Everything within `radius_metres` of a point (WGS 84, degrees)."""

    lon: float
    lat: float
    radius_metres: int

    def is_possible(self) -> bool:
        """Whether it lies on the globe and has a size that may be followed."""
        return (
            math.isfinite(self.lon)
            and math.isfinite(self.lat)
            and abs(self.lon) <= 180
            and abs(self.lat) <= 85
            and self.radius_metres in RADIUS_METRES
        )


@dataclass(frozen=True)
class Alert:
    """One commune by its code, or one circle; `category` None is every field that is public."""

    id: uuid.UUID
    unit: str | None
    circle: Circle | None
    category: str | None
    created_at: datetime
