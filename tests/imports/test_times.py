"""Local times of another system as moments, against a search through all moments there are."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.reports.imports.times import Moment, TimeRules, read_moment

BOSTON = ZoneInfo("America/New_York")
# zones with an hour, half an hour and three quarters, and the day Samoa left out
ZONES = (
    "America/New_York",
    "Asia/Ho_Chi_Minh",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Casablanca",
)
# moments of these years, and the same as readings of a clock
YEARS = st.datetimes(
    datetime(1975, 1, 1),  # noqa: DTZ001  hypothesis wants these without a zone
    datetime(2037, 1, 1),  # noqa: DTZ001  as above
)
FORMAT = "%Y-%m-%d %H:%M:%S"


def moments_that_read(local: datetime, zone: ZoneInfo) -> list[datetime]:
    """Every moment at which a clock in the zone shows this, found by trying each offset."""
    found = []
    for minutes in range(-26 * 60, 26 * 60 + 1, 15):
        at = (local - timedelta(minutes=minutes)).replace(tzinfo=UTC)
        if at.astimezone(zone).replace(tzinfo=None) == local:
            found.append(at)
    return found


@given(
    local=YEARS.map(lambda reading: reading.replace(microsecond=0)),
    zone=st.sampled_from(ZONES).map(ZoneInfo),
)
def test_a_local_time_is_the_moment_at_which_a_clock_there_shows_it(
    local: datetime, zone: ZoneInfo
) -> None:
    possible = moments_that_read(local, zone)
    text = local.strftime(FORMAT)
    earlier = read_moment(text, TimeRules(zone, (FORMAT,)))
    later = read_moment(text, TimeRules(zone, (FORMAT,), ambiguous="later"))
    if not possible:
        assert earlier.doubt == "skipped"
        # as the clock would have shown, had it not been put forward
        assert earlier.at.astimezone(zone).replace(tzinfo=None) > local
        return
    assert (earlier.at, later.at) == (min(possible), max(possible))
    assert earlier.doubt == (None if len(possible) == 1 else "ambiguous")


@given(utc=YEARS, zone=st.sampled_from(ZONES).map(ZoneInfo))
def test_a_time_with_an_offset_needs_no_zone(utc: datetime, zone: ZoneInfo) -> None:
    at = utc.replace(tzinfo=UTC)
    there = at.astimezone(zone)
    rules = TimeRules(BOSTON, ("%Y-%m-%d %H:%M:%S.%f%z",))
    assert read_moment(there.isoformat(" ", "microseconds"), rules).at == at
    assert read_moment(there.isoformat(), TimeRules(BOSTON, ("iso",))) == Moment(at)


@given(text=st.text())
def test_any_other_text_is_refused_with_a_sentence(text: str) -> None:
    rules = TimeRules(BOSTON, ("iso", "unix", FORMAT, "%d/%m/%Y"))
    try:
        said = read_moment(text, rules).at.isoformat()
    except ValueError as error:
        said = str(error)
    assert said.endswith("+00:00") or "fits none" in said or "cannot be meant" in said


@pytest.mark.parametrize(
    ("policy", "utc_hour"), [("earlier", 5), ("later", 6)], ids=["earlier", "later"]
)
def test_the_hour_that_came_twice_is_the_one_the_mapping_says(policy: str, utc_hour: int) -> None:
    rules = TimeRules(BOSTON, (FORMAT,), ambiguous=policy)  # type: ignore[arg-type]  # parametrised
    read = read_moment("2019-11-03 01:30:00", rules)
    assert read == Moment(datetime(2019, 11, 3, utc_hour, 30, tzinfo=UTC), doubt="ambiguous")


@pytest.mark.parametrize(
    ("policy", "utc_hour"), [("forward", 7), ("back", 6)], ids=["forward", "back"]
)
def test_the_hour_that_never_was_is_put_where_the_mapping_says(policy: str, utc_hour: int) -> None:
    rules = TimeRules(BOSTON, (FORMAT,), skipped=policy)  # type: ignore[arg-type]  # parametrised
    read = read_moment("2019-03-10 02:30:00", rules)
    assert read == Moment(datetime(2019, 3, 10, utc_hour, 30, tzinfo=UTC), doubt="skipped")


@pytest.mark.parametrize("text", ["2019-11-03 01:30:00", "2019-03-10 02:30:00"])
def test_doubtful_times_can_be_refused(text: str) -> None:
    rules = TimeRules(BOSTON, (FORMAT,), ambiguous="refuse", skipped="refuse")
    with pytest.raises(ValueError, match=r"came twice|never was"):
        read_moment(text, rules)


def test_a_due_day_lasts_until_its_last_second() -> None:
    rules = TimeRules(BOSTON, ("%d/%m/%Y",))
    assert read_moment("06/05/2019", rules).at == datetime(2019, 5, 6, 4, tzinfo=UTC)
    ended = read_moment("06/05/2019", rules, ends_day=True)
    assert ended == Moment(datetime(2019, 5, 7, 3, 59, 59, tzinfo=UTC), is_day=True)


def test_formats_are_tried_in_order() -> None:
    american = TimeRules(BOSTON, ("%m/%d/%Y %H:%M", "%d/%m/%Y %H:%M"))
    assert read_moment("05/06/2019 10:00", american).at.month == 5
    assert read_moment("25/06/2019 10:00", american).at.month == 6


@pytest.mark.parametrize("text", ["0001-01-01 00:00:00", "9999-12-31 23:59:59", "nan", "1e400"])
def test_times_nobody_can_mean_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"cannot be meant|fits none"):
        read_moment(text, TimeRules(BOSTON, ("iso", "unix")))
