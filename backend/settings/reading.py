"""How one setting is read: as a whole number, a choice, a list, or text of a given shape.

All take the environment and the name without its prefix, and raise SettingsError naming it.
"""

import re
from collections.abc import Mapping

from backend.errors import SettingsError


def whole(source: Mapping[str, str], name: str, default: int, *, low: int, high: int) -> int:
    """A whole number from `low` to `high`; the default where nothing is given."""
    text = source.get(f"CAUNOI_{name}", "")
    if not text:
        return default
    try:
        value = int(text)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        raise SettingsError(
            f"CAUNOI_{name} phải là số nguyên từ {low} đến {high}.",
            f"CAUNOI_{name} must be a whole number from {low} to {high}.",
        )
    return value


def choice(source: Mapping[str, str], name: str, default: str, allowed: tuple[str, ...]) -> str:
    """One of the words allowed, in small letters."""
    value = source.get(f"CAUNOI_{name}", default).strip().lower()
    if value not in allowed:
        raise SettingsError(
            f"CAUNOI_{name} chỉ nhận: {', '.join(allowed)}.",
            f"CAUNOI_{name} takes one of: {', '.join(allowed)}.",
        )
    return value


def listed(source: Mapping[str, str], name: str) -> tuple[str, ...]:
    """The parts between commas; none where nothing is given."""
    parts = source.get(f"CAUNOI_{name}", "").split(",")
    return tuple(part.strip() for part in parts if part.strip())


def read_words(source: Mapping[str, str], name: str, default: str) -> tuple[str, ...]:
    """The parts between commas of what is given, or of the default."""
    text = source.get(f"CAUNOI_{name}") or default
    return tuple(part.strip() for part in text.split(",") if part.strip())


def shaped(source: Mapping[str, str], name: str, pattern: str, *, like: str) -> str | None:
    """Text that this pattern fits as a whole, such as `like`; None where nothing is given."""
    value = source.get(f"CAUNOI_{name}") or None
    if value is not None and not re.fullmatch(pattern, value):
        raise SettingsError(
            f"CAUNOI_{name} phải có dạng như {like}.",
            f"CAUNOI_{name} must look like {like}.",
        )
    return value
