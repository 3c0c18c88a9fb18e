"""Local times of another system as moments in UTC, with its daylight saving time.

A local time may not exist (clocks put forward) or be two moments (clocks put back): the mapping
says what is meant then, and the doubt is reported.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

Ambiguous = Literal["earlier", "later", "refuse"]
Skipped = Literal["forward", "back", "refuse"]
Doubt = Literal["ambiguous", "skipped"]

# Beyond these no report was ever made; they come from empty or broken fields (1/1/0001, 9999).
_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 2200
_UNIX_MAX_SECONDS: Final = 7_258_118_400  # the year 2200
_CLOCK_PARTS: Final = ("%H", "%I", "%c", "%X", "%T", "%R")
_LAST_SECOND: Final = time(23, 59, 59)


@dataclass(frozen=True, slots=True)
class TimeRules:
    """How texts become moments: formats are tried in order, in `zone` unless a text has its own.

    A format is one of strptime, or `iso` (ISO 8601), or `unix` (seconds since 1970).
    """

    zone: ZoneInfo
    formats: tuple[str, ...]
    ambiguous: Ambiguous = "earlier"
    skipped: Skipped = "forward"


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment in UTC; `is_day` when the text named a day only, `doubt` when its zone left one."""

    at: datetime
    is_day: bool = False
    doubt: Doubt | None = None


def read_moment(text: str, rules: TimeRules, *, ends_day: bool = False) -> Moment:
    """The moment a text stands for; a day alone is its first or, with `ends_day`, last second.

    Raises ValueError with a sentence for the operator.
    """
    local, is_day = _parse(text, rules.formats)
    if is_day and ends_day:
        local = datetime.combine(local.date(), _LAST_SECOND)
    if not _FIRST_YEAR <= local.year < _LAST_YEAR:
        raise ValueError(f"the year {local.year} cannot be meant")
    if local.tzinfo is not None:
        return Moment(local.astimezone(UTC), is_day)
    return _settle(local, rules, is_day=is_day)


def _settle(local: datetime, rules: TimeRules, *, is_day: bool) -> Moment:
    first = local.replace(tzinfo=rules.zone)
    second = first.replace(fold=1)
    before, after = first.utcoffset(), second.utcoffset()
    if before == after or before is None or after is None:
        return Moment(first.astimezone(UTC), is_day)
    if before > after:
        # clocks were put back: the same reading came twice
        if rules.ambiguous == "refuse":
            raise ValueError(f"{local} came twice in {rules.zone.key}")
        chosen = first if rules.ambiguous == "earlier" else second
        return Moment(chosen.astimezone(UTC), is_day, "ambiguous")
    # clocks were put forward over it; PEP 495: fold 0 reads it with the offset from before
    if rules.skipped == "refuse":
        raise ValueError(f"{local} never was in {rules.zone.key}")
    chosen = first if rules.skipped == "forward" else second
    return Moment(chosen.astimezone(UTC), is_day, "skipped")


def _parse(text: str, formats: tuple[str, ...]) -> tuple[datetime, bool]:
    for wanted in formats:
        try:
            if wanted == "iso":
                return datetime.fromisoformat(text), len(text) <= len("2026-01-31")
            if wanted == "unix":
                return _from_unix(text), False
            return datetime.strptime(text, wanted), _names_day_only(wanted)  # noqa: DTZ007  the zone is added, or refused, above
        except (ValueError, OverflowError):
            continue
    raise ValueError("fits none of the formats " + ", ".join(repr(name) for name in formats))


def _from_unix(text: str) -> datetime:
    seconds = float(text)
    if not abs(seconds) <= _UNIX_MAX_SECONDS:
        raise ValueError("out of range")
    return datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds)


@cache
def _names_day_only(wanted: str) -> bool:
    return not any(part in wanted for part in _CLOCK_PARTS)
