"""Quiet hours and the day's batch, as tables of cases and as laws."""

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.clock import VIETNAM
from backend.messages.quiet import (
    QuietHours,
    Timing,
    is_quiet,
    next_batch,
    quiet_until,
    read_quiet_hours,
)

NIGHT = QuietHours(time(21, 0), time(6, 30))
NOON = QuietHours(time(11, 30), time(13, 0))


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        (NIGHT, "2026-11-22T20:59:59", None),
        (NIGHT, "2026-11-22T21:00:00", "2026-11-23T06:30:00"),
        (NIGHT, "2026-11-22T23:59:59", "2026-11-23T06:30:00"),
        (NIGHT, "2026-11-23T00:00:00", "2026-11-23T06:30:00"),
        (NIGHT, "2026-11-23T06:29:59", "2026-11-23T06:30:00"),
        (NIGHT, "2026-11-23T06:30:00", None),
        (NIGHT, "2026-12-31T22:00:00", "2027-01-01T06:30:00"),
        (NIGHT, "2028-02-28T22:00:00", "2028-02-29T06:30:00"),
        (NOON, "2026-11-22T11:29:59", None),
        (NOON, "2026-11-22T12:00:00", "2026-11-22T13:00:00"),
        (NOON, "2026-11-22T13:00:00", None),
        (NOON, "2026-11-22T23:00:00", None),
        (None, "2026-11-22T23:00:00", None),
    ],
)
def test_quiet_hours_end_where_the_table_says(
    hours: QuietHours | None, now: str, until: str | None
) -> None:
    found = quiet_until(local(now).astimezone(UTC), hours)
    assert found == (local(until) if until else None)
    assert is_quiet(local(now), hours) == (until is not None)


def test_hours_are_those_of_vietnam_whatever_zone_the_moment_is_in() -> None:
    assert is_quiet(datetime(2026, 11, 22, 14, 0, tzinfo=UTC), NIGHT)
    assert not is_quiet(datetime(2026, 11, 22, 13, 59, tzinfo=UTC), NIGHT)


@pytest.mark.parametrize(
    ("now", "batch_at", "expected"),
    [
        ("2026-11-22T10:00:00", time(18, 0), "2026-11-22T18:00:00"),
        ("2026-11-22T17:59:59", time(18, 0), "2026-11-22T18:00:00"),
        ("2026-11-22T18:00:00", time(18, 0), "2026-11-23T18:00:00"),
        ("2026-11-22T23:00:00", time(18, 0), "2026-11-23T18:00:00"),
        # an hour chosen inside the quiet hours waits for their end
        ("2026-11-22T10:00:00", time(22, 0), "2026-11-23T06:30:00"),
        ("2026-11-22T10:00:00", time(5, 0), "2026-11-23T06:30:00"),
    ],
)
def test_batch_of_the_day_goes_out_at_its_hour(now: str, batch_at: time, expected: str) -> None:
    assert next_batch(local(now), Timing(NIGHT, batch_at)) == local(expected)


@pytest.mark.parametrize(
    ("text", "hours"),
    [("21:00-06:30", NIGHT), ("11:30-13:00", NOON), ("off", None)],
)
def test_setting_of_quiet_hours_is_read(text: str, hours: QuietHours | None) -> None:
    assert read_quiet_hours(text) == hours


@pytest.mark.parametrize(
    "text", ["", "21-6", "24:00-06:00", "21:60-06:00", "9:00-10:00", "21:00-21:00", "21:00–06:30"]
)
def test_setting_that_is_no_span_of_hours_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="quiet hours"):
        read_quiet_hours(text)


minutes = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))
spans = st.builds(QuietHours, minutes, minutes).filter(lambda span: span.starts != span.ends)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)).map(  # noqa: DTZ001  made aware
    lambda moment: moment.replace(tzinfo=UTC)
)


@given(moments, spans)
def test_what_waits_for_the_end_of_quiet_hours_may_then_be_sent(
    now: datetime, span: QuietHours
) -> None:
    until = quiet_until(now, span)
    if until is None:
        assert not is_quiet(now, span)
        return
    assert is_quiet(now, span)
    assert now < until <= now + timedelta(days=1)
    assert not is_quiet(until, span)
    just_before = until - timedelta(microseconds=1)
    assert is_quiet(just_before, span)
    assert quiet_until(just_before, span) == until


@given(moments, spans, minutes)
def test_batches_are_at_least_a_day_apart_and_never_quiet(
    now: datetime, span: QuietHours, at: time
) -> None:
    timing = Timing(span, at)
    first = next_batch(now, timing)
    assert now < first <= now + timedelta(days=2)
    assert not is_quiet(first, span)
    second = next_batch(first, timing)
    if not is_quiet(datetime.combine(first.date(), at, tzinfo=VIETNAM), span):
        assert second - first == timedelta(days=1)
