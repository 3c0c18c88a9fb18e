"""The promise as a citizen reads it: what is left in working time, and why it stood still; pure."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from backend.calendars.working_time import (
    WEEKDAYS,
    WorkCalendar,
    is_working,
    next_working_moment,
    standard_day_minutes,
    working_minutes_between,
)
from backend.calendars.year_index import Spans, micros_of, moment_of
from backend.reports.durations import duration_from_text, duration_text
from backend.reports.errors import BadRules
from backend.reports.lifecycle import Language

# Statuses in which no answer is owed any more, though none was given.
_ENDED: Final = frozenset({"closed", "declined", "redirected", "withdrawn", "merged"})
_DAYS: Final = {
    "vi": ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ Nhật"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}

_PAUSED: Final[Mapping[str, Any]] = {"from": None, "to": None, "has_moved_deadline": False}


def promise_clock(
    row: Mapping[str, Any],
    events: Sequence[Mapping[str, Any]],
    *,
    calendar: WorkCalendar | None,
    at: datetime,
    language: Language,
) -> dict[str, Any]:
    """The promise as it stands at `at`, with each pause and extension and its reason.

    `state` is none, running, paused, overdue, kept, missed or ended. `remaining_minutes` are
    working minutes, negative once overdue, None when nothing runs; it shrinks while
    `is_working_now`, which changes at `changes_at`. None as `calendar`: nobody has the report yet.
    """
    clock = {
        "accept_by": row["accept_by"],
        "resolve_by": row["resolve_by"],
        "is_paused": row["paused_at"] is not None,
        "is_overdue": row["is_overdue"],
        "accepted_at": row["accepted_at"],
        "resolved_at": row["resolved_at"],
        "pauses": _pauses(events),
        "extensions": _extensions(events, language),
        "server_time": at,
        "state": _state(row, at),
        "remaining_minutes": None,
        "remaining_text": None,
        "is_working_now": None,
        "changes_at": None,
        "day_minutes": None,
        "working_hours": None,
    }
    if calendar is None or clock["state"] not in ("running", "paused", "overdue"):
        return clock
    left = working_minutes_between(calendar, row["paused_at"] or at, end=row["resolve_by"])
    if clock["state"] == "paused":
        left = max(left, 0.0)
    day_minutes = standard_day_minutes(calendar)
    works = is_working(calendar, at)
    return {
        **clock,
        "remaining_minutes": left,
        "remaining_text": minutes_text(left, day_minutes, language),
        "is_working_now": works,
        "changes_at": _span_end(calendar, at) if works else next_working_moment(calendar, at),
        "day_minutes": day_minutes,
        "working_hours": hours_text(calendar, language),
    }


def _state(row: Mapping[str, Any], at: datetime) -> str:
    if row["resolve_by"] is None:
        return "none"
    if row["resolved_at"] is not None:
        return "kept" if row["resolved_at"] <= row["resolve_by"] else "missed"
    if row["status"] in _ENDED:
        return "ended"
    if row["paused_at"] is not None:
        return "paused"
    return "overdue" if at > row["resolve_by"] else "running"


def _pauses(events: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Each pause with the question that began it; `to` is None while it lasts.

    `has_moved_deadline` is False also of one that no office hour fell into, or less than a minute.
    """
    pauses: list[dict[str, Any]] = []
    before: str | None = None
    for event in events:
        after = event["body"].get("resolve_by")
        is_paused = event["body"].get("paused")
        if event["kind"] == "ask" and is_paused:
            reason = event["notes"].get("question")
            pauses.append({**_PAUSED, "from": event["at"], "reason": reason})
            before = after
        elif pauses and pauses[-1]["to"] is None and is_paused is False:
            pauses[-1]["to"] = event["at"]
            pauses[-1]["has_moved_deadline"] = _minute(after) != _minute(before)
    return pauses


def _minute(at: str | None) -> datetime | None:
    return datetime.fromisoformat(at).replace(second=0, microsecond=0) if at else None


def _extensions(events: Sequence[Mapping[str, Any]], language: Language) -> list[dict[str, Any]]:
    """Each extension: how long, why, and from which deadline to which."""
    found: list[dict[str, Any]] = []
    before: str | None = None
    for event in events:
        after = event["body"].get("resolve_by")
        if event["kind"] == "extend":
            found.append(
                {
                    "at": event["at"],
                    "reason": event["notes"].get("reason"),
                    "duration": _length(event["body"].get("duration"), language),
                    "from": datetime.fromisoformat(before) if before else None,
                    "to": datetime.fromisoformat(after) if after else None,
                }
            )
        before = after
    return found


def _length(text: str | None, language: Language) -> str | None:
    try:
        return duration_text(duration_from_text(text or ""), language)
    except BadRules:
        # imported history may say it in words of its own
        return text


def _span_end(calendar: WorkCalendar, at: datetime) -> datetime:
    index = calendar.year(at.astimezone(ZoneInfo(calendar.zone)).year)
    return moment_of(index.ends[bisect_right(index.starts, micros_of(at)) - 1])


def minutes_text(minutes: float, day_minutes: int, language: Language) -> str:
    """Working time in days, hours and minutes, two parts at most, without a sign."""
    whole = int(abs(minutes))
    days, rest = divmod(whole, day_minutes)
    hours, left = divmod(rest, 60)
    amounts = ((days, "ngày", "day"), (hours, "giờ", "hour"), (left, "phút", "minute"))
    parts = [part for part in amounts if part[0]][:2] or [amounts[-1]]
    if language == "vi":
        return " ".join(f"{amount} {vi}" for amount, vi, _ in parts)
    return " ".join(f"{amount} {en}{'' if amount == 1 else 's'}" for amount, _, en in parts)


def hours_text(calendar: WorkCalendar, language: Language) -> str:
    """The working hours of a plain week: "Thứ Hai–Thứ Sáu 07:30–11:30, 13:30–17:00"."""
    groups: list[tuple[int, int, Spans]] = []
    for day in range(len(WEEKDAYS)):
        spans = _joined(calendar.week[day])
        if groups and groups[-1][2] == spans:
            groups[-1] = (groups[-1][0], day, spans)
        else:
            groups.append((day, day, spans))
    names = _DAYS[language]
    if len(groups) == 1 and groups[0][2] == ((0, 1440),):
        return "Mọi ngày, cả ngày" if language == "vi" else "Every day, around the clock"
    return "; ".join(
        f"{names[first]}{f'–{names[last]}' if last > first else ''} "
        + ", ".join(f"{_clock(start)}–{_clock(end)}" for start, end in spans)
        for first, last, spans in groups
        if spans
    )


def _joined(spans: Spans) -> Spans:
    """The spans with those that touch made one: shifts around the clock are the whole day."""
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return tuple(joined)


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
