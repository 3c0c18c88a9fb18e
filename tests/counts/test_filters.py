"""Ranges of days fall apart into whole periods; days are days in Vietnam."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.clock import day_of
from backend.counts.deltas import THRESHOLDS, bucket_of, minutes_of
from backend.counts.figures import median_hours, share
from backend.counts.filters import Span, split_range

DAYS = st.dates(date(2023, 1, 1), date(2027, 12, 31))


def days_of(span: Span) -> set[date]:
    return {span.first + timedelta(days=n) for n in range((span.last - span.first).days + 1)}


@given(first=DAYS, last=DAYS)
def test_a_range_is_made_of_whole_periods_each_day_once(first: date, last: date) -> None:
    spans = split_range(first, last)
    covered: set[date] = set()
    for span in spans:
        days = days_of(span)
        assert not covered & days
        covered |= days
        after = span.last + timedelta(days=1)
        if span.grain == "month":
            assert span.first.day == after.day == 1
        if span.grain == "year":
            assert (span.first.month, span.first.day, after.month, after.day) == (1, 1, 1, 1)
    assert covered == (days_of(Span("day", first, last)) if first <= last else set())
    assert len(spans) <= 5


@pytest.mark.parametrize(
    ("first", "last", "spans"),
    [
        (None, None, [Span("year", date.min, date.max)]),
        (
            date(2026, 1, 1),
            date(2026, 12, 31),
            [Span("year", date(2026, 1, 1), date(2026, 12, 31))],
        ),
        (date(2026, 2, 1), date(2026, 2, 28), [Span("month", date(2026, 2, 1), date(2026, 2, 28))]),
        (date(2024, 2, 1), date(2024, 2, 28), [Span("day", date(2024, 2, 1), date(2024, 2, 28))]),
        (
            date(2026, 12, 31),
            None,
            [
                Span("day", date(2026, 12, 31), date(2026, 12, 31)),
                Span("year", date(2027, 1, 1), date.max),
            ],
        ),
        (
            None,
            date(2026, 2, 1),
            [
                Span("year", date.min, date(2025, 12, 31)),
                Span("month", date(2026, 1, 1), date(2026, 1, 31)),
                Span("day", date(2026, 2, 1), date(2026, 2, 1)),
            ],
        ),
    ],
)
def test_whole_years_and_months_are_read_whole(
    first: date | None, last: date | None, spans: list[Span]
) -> None:
    assert split_range(first, last) == spans


@pytest.mark.parametrize(
    ("moment", "day"),
    [
        (datetime(2026, 6, 30, 16, 59, 59, 999999, tzinfo=UTC), date(2026, 6, 30)),
        (datetime(2026, 6, 30, 17, 0, tzinfo=UTC), date(2026, 7, 1)),
        (datetime(2025, 12, 31, 17, 0, tzinfo=UTC), date(2026, 1, 1)),
    ],
)
def test_a_day_begins_at_17_hours_utc(moment: datetime, day: date) -> None:
    assert day_of(moment) == day


@given(st.integers(0, 60 * 24 * 365 * 20))
def test_a_bucket_is_within_its_bound_of_every_duration_in_it(minutes: int) -> None:
    middle = minutes_of(bucket_of(minutes))
    assert abs(middle - minutes) <= max(0.025 * minutes, 3.0)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=60))
def test_the_median_is_within_its_bound(minutes: list[int]) -> None:
    histogram: dict[int, int] = {}
    for value in minutes:
        histogram[bucket_of(value)] = histogram.get(bucket_of(value), 0) + 1
    ordered = sorted(minutes)
    exact = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
    found = median_hours(histogram)
    assert found is not None
    assert abs(found * 60 - exact) <= max(0.025 * exact, 3.0) + 0.31


def test_buckets_grow_by_five_percent_and_fit_a_smallint() -> None:
    assert all(high / low == pytest.approx(1.05) for low, high in pairwise(THRESHOLDS))
    assert bucket_of(10**12) == len(THRESHOLDS) < 2**15


def test_nothing_is_shared_out_below_the_minimum() -> None:
    assert share(4, 4, minimum=5) is None
    assert share(5, 5, minimum=5) == 1.0
    assert share(0, 0) is None
