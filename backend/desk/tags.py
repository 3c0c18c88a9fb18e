"""What a reader has seen: of a case its version and photos up to a moment, of the queue a place."""

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from backend.errors import FieldFault, Malformed, VersionNeeded
from backend.web.cursors import read_cursor, write_cursor

# The queue's parts in their order.
QueuePart = Literal["emergency", "urgent", "other"]
# Version, then the microsecond (of Unix time) at which the newest photo became ready, 0 for none.
_TAG: Final = re.compile(r"(\d{1,9})(?:-(\d{1,17}))?", re.ASCII)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
# Before the cursor of an urgent case: the queue has them in front, emergencies first. No cursor has
# a dot of its own.
_PARTS: Final[Mapping[QueuePart, str]] = {"emergency": "khan-cap.", "urgent": "khan.", "other": ""}


@dataclass(frozen=True)
class CaseTag:
    """A case as it was read; `photos_seen_until` None where the reader does not say."""

    version: int
    photos_seen_until: datetime | None = None


def case_tag(version: int, photos: Iterable[Mapping[str, Any]]) -> str:
    """The tag of a case with these photos (`ready_at` each, None until it can be seen)."""
    newest = max((photo["ready_at"] for photo in photos if photo["ready_at"]), default=_EPOCH)
    return f"{version}-{(newest - _EPOCH) // _MICROSECOND}"


def read_tag(header: str | None) -> CaseTag:
    """The tag that If-Match names; raises VersionNeeded or Malformed."""
    if header is None:
        raise VersionNeeded()
    found = parse_tag(header.strip().removeprefix("W/").strip('"'))
    if found is None:
        raise Malformed(
            faults=(FieldFault("If-Match", "Cần ETag của phản ánh.", "Needs the case's ETag."),)
        )
    return found


def parse_tag(text: str) -> CaseTag | None:
    """The tag as a form or header has it; None if it is none of ours."""
    found = _TAG.fullmatch(text)
    if found is None:
        return None
    seen = _EPOCH + int(found[2]) * _MICROSECOND if found[2] else None
    return CaseTag(int(found[1]), seen)


@dataclass(frozen=True)
class QueuePlace:
    """The last row seen of the queue: its moment and id, and in which part of the queue it was."""

    after: tuple[datetime, uuid.UUID] | None = None
    after_part: QueuePart = "other"


def part_of(row: Mapping[str, Any]) -> QueuePart:
    """The part of the open queue in which a case stands."""
    if row["is_emergency"]:
        return "emergency"
    return "urgent" if row["is_urgent"] else "other"


def write_place(moment: datetime, report_id: uuid.UUID, *, part: QueuePart) -> str:
    """The cursor that continues the queue after this row."""
    return f"{_PARTS[part]}{write_cursor(moment, report_id)}"


def read_place(text: str | None) -> QueuePlace:
    """Where a cursor of the queue continues; raises Malformed for anything we did not write."""
    if not text:
        return QueuePlace()
    part = next(part for part, mark in _PARTS.items() if text.startswith(mark))
    return QueuePlace(read_cursor(text.removeprefix(_PARTS[part])), part)
