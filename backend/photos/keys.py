"""Under which keys photos lie in the bucket."""

import re
import uuid
from typing import Final, Literal, TypeAlias

Size: TypeAlias = Literal["full", "small"]

PIXELS: Final[dict[Size, int]] = {"full": 1600, "small": 400}
QUARANTINE: Final = "quarantine/"
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


def quarantine_key(report_id: uuid.UUID, sha256: str) -> str:
    """Where a photo waits as it was sent; only the worker reads it."""
    return f"{QUARANTINE}{report_id}/{sha256}"


def public_photo_key(report_id: uuid.UUID, sha256: str, size: Size) -> str:
    """Where the harmless copy lies: upright WebP, at most 1600 or 400 pixels, without metadata."""
    return f"public/{report_id}/{sha256}-{PIXELS[size]}.webp"


def named_photo(name: str) -> tuple[uuid.UUID, str] | None:
    """Report and SHA-256 out of `<report>/<sha256>` (a job's payload); None if it is neither."""
    report, _, sha256 = name.removeprefix(QUARANTINE).partition("/")
    if _SHA256.fullmatch(sha256) is None:
        return None
    try:
        return uuid.UUID(report), sha256
    except ValueError:
        return None
