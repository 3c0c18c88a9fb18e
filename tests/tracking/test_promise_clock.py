"""What a citizen is told of a promise: working time left, pauses, extensions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.calendars.working_time import WorkCalendar
from backend.reports.lifecycle import Status
from mobile_api.promise_clock import hours_text, minutes_text, promise_clock
from mobile_api.words import next_step

_DAY = ((450, 690), (810, 1020))
OFFICE = WorkCalendar("van-phong", "Asia/Ho_Chi_Minh", (_DAY,) * 5 + ((), ()))
# Monday 23 November 2026, 08:00 in Vietnam
MONDAY = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def a_row(**changes: Any) -> dict[str, Any]:
    return {
        "accept_by": MONDAY + timedelta(hours=2),
        "resolve_by": MONDAY + timedelta(days=2),
        "paused_at": None,
        "is_overdue": False,
        "accepted_at": None,
        "resolved_at": None,
        "status": "in_progress",
        **changes,
    }


def an_event(kind: str, *, hours: float, paused: bool = False, **notes: str) -> dict[str, Any]:
    return {
        "kind": kind,
        "at": MONDAY + timedelta(hours=hours),
        "body": {"paused": paused, "resolve_by": (MONDAY + timedelta(days=2)).isoformat()},
        "notes": notes,
    }


def clock_of(row: dict[str, Any], *events: dict[str, Any], hours: float = 0) -> dict[str, Any]:
    at = MONDAY + timedelta(hours=hours)
    return promise_clock(row, events, calendar=OFFICE, at=at, language="vi")


def test_what_is_left_counts_working_time_only() -> None:
    clock = clock_of(a_row())
    assert (clock["state"], clock["is_working_now"]) == ("running", True)
    # two whole days of 7 h 30 min lie between Monday 8:00 and Wednesday 8:00
    assert clock["remaining_minutes"] == 900
    assert clock["remaining_text"] == "2 ngày"
    assert clock["changes_at"] == MONDAY + timedelta(hours=3.5)


def test_the_clock_stands_at_noon_and_says_until_when() -> None:
    clock = clock_of(a_row(), hours=4)
    assert clock["is_working_now"] is False
    assert clock["changes_at"] == MONDAY + timedelta(hours=5.5)
    assert clock["remaining_minutes"] == 900 - 210


def test_an_overdue_clock_counts_the_lateness() -> None:
    clock = clock_of(a_row(), hours=49)
    assert (clock["state"], clock["remaining_minutes"]) == ("overdue", -60)
    assert clock["remaining_text"] == "1 giờ"


def test_a_paused_clock_keeps_what_was_left_and_says_why() -> None:
    row = a_row(paused_at=MONDAY + timedelta(hours=1), status="awaiting_citizen")
    asked = an_event("ask", hours=1, paused=True, question="Ở làn nào?")
    clock = clock_of(row, asked, hours=24)
    assert clock["state"] == "paused"
    assert clock["remaining_minutes"] == 900 - 60
    assert clock["pauses"] == [
        {
            "from": MONDAY + timedelta(hours=1),
            "to": None,
            "has_moved_deadline": False,
            "reason": "Ở làn nào?",
        }
    ]
    answered = an_event("answer", hours=25)
    ended = clock_of(a_row(), asked, answered, hours=26)["pauses"]
    assert ended[0]["to"] == MONDAY + timedelta(hours=25)


@pytest.mark.parametrize(("later", "moved"), [(0, False), (30, False), (60, True)])
def test_a_pause_that_moved_no_deadline_says_so(later: int, moved: bool) -> None:
    asked, answered = an_event("ask", hours=1, paused=True), an_event("answer", hours=2)
    until = datetime.fromisoformat(answered["body"]["resolve_by"]) + timedelta(seconds=later)
    answered["body"]["resolve_by"] = until.isoformat()
    (pause,) = clock_of(a_row(), asked, answered, hours=3)["pauses"]
    assert pause["has_moved_deadline"] is moved


def test_a_question_under_terms_without_pauses_is_no_pause() -> None:
    assert clock_of(a_row(), an_event("ask", hours=1, question="Ở đâu?"))["pauses"] == []


def test_an_extension_says_how_long_why_and_from_when_to_when() -> None:
    later = MONDAY + timedelta(days=4)
    extended = an_event("extend", hours=3, reason="Mưa lớn, chưa trải được nhựa.")
    extended["body"] |= {"resolve_by": later.isoformat(), "duration": "2wd"}
    (extension,) = clock_of(a_row(), an_event("start", hours=1), extended)["extensions"]
    assert extension == {
        "at": MONDAY + timedelta(hours=3),
        "reason": "Mưa lớn, chưa trải được nhựa.",
        "duration": "2 ngày làm việc",
        "from": MONDAY + timedelta(days=2),
        "to": later,
    }


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({"resolve_by": None}, "none"),
        ({"resolved_at": MONDAY, "status": "closed"}, "kept"),
        ({"resolved_at": MONDAY + timedelta(days=3), "status": "resolved"}, "missed"),
        ({"status": "declined"}, "ended"),
        ({"status": "withdrawn", "paused_at": MONDAY}, "ended"),
    ],
)
def test_a_promise_that_runs_no_more_has_nothing_left(changes: dict[str, Any], state: str) -> None:
    clock = clock_of(a_row(**changes))
    assert (clock["state"], clock["remaining_minutes"]) == (state, None)


@pytest.mark.parametrize(
    ("minutes", "vi", "en"),
    [
        (0.4, "0 phút", "0 minutes"),
        (-61, "1 giờ 1 phút", "1 hour 1 minute"),
        (450, "1 ngày", "1 day"),
        (1000.9, "2 ngày 1 giờ", "2 days 1 hour"),
        (455, "1 ngày 5 phút", "1 day 5 minutes"),
    ],
)
def test_working_time_in_words(minutes: float, vi: str, en: str) -> None:
    assert minutes_text(minutes, 450, "vi") == vi
    assert minutes_text(minutes, 450, "en") == en


def test_working_hours_in_words() -> None:
    assert hours_text(OFFICE, "vi") == "Thứ Hai–Thứ Sáu 07:30–11:30, 13:30–17:00"
    always = WorkCalendar("truc", "Asia/Ho_Chi_Minh", (((0, 1440),),) * 7)
    assert hours_text(always, "vi") == "Mọi ngày, cả ngày"
    shifts = (((0, 360), (360, 840), (840, 1320), (1320, 1440)),) * 7
    in_shifts = WorkCalendar("truc", "Asia/Ho_Chi_Minh", shifts)
    assert hours_text(in_shifts, "vi") == "Mọi ngày, cả ngày"


@pytest.mark.parametrize("status", Status)
def test_every_status_has_a_next_step(status: Status) -> None:
    promise = {"accept_by": MONDAY, "resolve_by": None}
    for language in ("vi", "en"):
        step = next_step(status, promise, {"name": "UBND phường A"}, language)
        assert step["text"]
        assert "{" not in step["text"]
    assert next_step("received", promise, None, "vi")["by"] == MONDAY
