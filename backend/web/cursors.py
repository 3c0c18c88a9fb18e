"""Cursors of keyset paging: opaque to clients, checked on the way in."""

import base64
import binascii
import uuid
from datetime import UTC, datetime

from backend.errors import FieldFault, Malformed


def write_cursor(created_at: datetime, report_id: uuid.UUID) -> str:
    """The cursor that continues after this row."""
    micros = int(created_at.timestamp() * 1_000_000)
    return (
        base64.urlsafe_b64encode(micros.to_bytes(8, "big") + report_id.bytes).decode().rstrip("=")
    )


def read_cursor(text: str) -> tuple[datetime, uuid.UUID]:
    """Where a cursor continues; raises Malformed for anything we did not write."""
    try:
        raw = base64.urlsafe_b64decode(text.encode("ascii") + b"==")
        if len(raw) != 24:
            raise ValueError(text)
        micros = int.from_bytes(raw[:8], "big")
        moment = datetime.fromtimestamp(micros // 1_000_000, UTC).replace(
            microsecond=micros % 1_000_000
        )
        return moment, uuid.UUID(bytes=raw[8:])
    except (ValueError, OverflowError, OSError, binascii.Error):
        raise Malformed(
            faults=(FieldFault("after", "Con trỏ không hợp lệ.", "Not a cursor of ours."),)
        ) from None
