"""What may be asked of the public list."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from backend.reports.lifecycle import Status, is_public_stage

PAGE_MOST: Final = 200
NEAR_MOST_METRES: Final = 5_000
# The stages in which strangers may see a report.
SHOWN: Final = tuple(status.value for status in Status if is_public_stage(status))


@dataclass(frozen=True)
class ListFilter:
    """What of the public list is asked for; `after` is (created_at, id) of the last one seen."""

    bbox: tuple[float, float, float, float] | None = None
    category: str | None = None
    status: str | None = None
    unit: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    words: str | None = None
    after: tuple[datetime, uuid.UUID] | None = None
    limit: int = 50
