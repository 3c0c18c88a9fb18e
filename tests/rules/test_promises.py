"""Promises: given once, moved only by rule."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from backend.calendars.holidays import vietnam_calendar
from backend.calendars.working_time import (
    WorkCalendar,
    add_working_minutes,
    working_minutes_between,
)
from backend.reports.errors import (
    BadRules,
    ClockNotRunning,
    ExtensionTooLate,
    ExtensionTooLong,
    PromiseFixed,
    TooManyExtensions,
)
from backend.reports.promises import (
    Coming,
    Duration,
    Promise,
    PromiseTerms,
    add_duration,
    coming_moments,
    duration_from_text,
    duration_minutes,
    duration_text,
    extend,
    is_due_soon,
    is_on_time,
    is_overdue,
    make_promise,
    move_to_calendar,
    next_moment,
    pause,
    renew,
    resume,
)

HERE = ZoneInfo("Asia/Ho_Chi_Minh")
OFFICE = vietnam_calendar("office", range(2025, 2029))
MINUTES = vietnam_calendar("minutes", range(2025, 2029), day_rule="same_time")
SATURDAYS = WorkCalendar(
    "sat", "Asia/Ho_Chi_Minh", (((420, 690), (810, 1020)),) * 5 + (((420, 690),), ())
)
MORNINGS = WorkCalendar("am", "Asia/Ho_Chi_Minh", (((480, 690),),) * 5 + ((), ()))
ALWAYS = WorkCalendar("always", "Asia/Ho_Chi_Minh", (((0, 1440),),) * 7)


def wh(amount: float) -> Duration:
    return Duration(Decimal(str(amount)), "wh")


def wd(amount: float) -> Duration:
    return Duration(Decimal(str(amount)), "wd")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=HERE).astimezone(UTC)


def some_terms(**changes: object) -> PromiseTerms:
    return replace(PromiseTerms(1, accept=wh(8), resolve=wd(3)), **changes)


TERMS = some_terms()
MONDAY = at("2026-03-09 10:00")
GIVEN = make_promise(TERMS, OFFICE, received_at=MONDAY)  # due Thursday 16:30


def minutes(start: datetime, end: datetime, calendar: WorkCalendar = OFFICE) -> float:
    return working_minutes_between(calendar, start, end=end)


@pytest.mark.parametrize(
    ("accept", "resolve", "received", "accept_by", "resolve_by"),
    [
        (wh(8), wd(3), "2026-03-09 10:00", "2026-03-10 10:00", "2026-03-12 16:30"),
        (wh(2), wh(4), "2026-03-09 10:00", "2026-03-09 12:00", "2026-03-09 15:00"),  # K
        (wh(2), wh(4), "2026-03-14 22:15", "2026-03-16 09:30", "2026-03-16 11:30"),
        (wh(8), wh(4), "2026-03-09 10:00", "2026-03-09 15:00", "2026-03-09 15:00"),
        (wd(1), wd(10), "2026-02-12 10:00", "2026-02-13 16:30", "2026-03-05 16:30"),  # Tết
        (wh(0.5), wd(0.5), "2026-03-09 10:00:20", "2026-03-09 10:30:20", "2026-03-09 15:00:20"),
    ],
)
def test_a_promise_counts_from_receipt(
    accept: Duration, resolve: Duration, received: str, accept_by: str, resolve_by: str
) -> None:
    terms = PromiseTerms(1, accept=accept, resolve=resolve)
    promise = make_promise(terms, OFFICE, received_at=at(received))
    assert promise == Promise(at(accept_by), at(resolve_by))


def test_on_time_is_up_to_the_very_moment() -> None:
    late = GIVEN.resolve_by + timedelta(microseconds=1)
    assert is_on_time(GIVEN, GIVEN.resolve_by)
    assert not is_overdue(GIVEN, GIVEN.resolve_by)
    assert not is_on_time(GIVEN, late)
    assert is_overdue(GIVEN, late)


def test_a_paused_clock_stands_still() -> None:
    paused = pause(GIVEN, OFFICE, at=at("2026-03-10 10:00"))
    assert paused.remaining_minutes == 330 + 480 + 480
    assert not is_overdue(paused, at("2026-12-31 10:00"))
    assert not is_due_soon(paused, TERMS, now=at("2026-03-12 16:00"), calendar=OFFICE)
    back = resume(paused, OFFICE, at=at("2026-03-16 10:00"))
    assert back == replace(GIVEN, resolve_by=at("2026-03-18 16:30"))


def test_a_pause_after_the_deadline_does_not_undo_the_lateness() -> None:
    paused = pause(GIVEN, OFFICE, at=at("2026-03-13 08:00"))
    assert is_overdue(paused, at("2026-03-13 08:00"))
    assert paused.remaining_minutes == 0
    assert resume(paused, OFFICE, at=at("2026-03-20 08:00")) == GIVEN


def test_a_pause_without_working_time_changes_nothing() -> None:
    for start, end in (
        ("2026-03-10 17:00", "2026-03-11 07:30"),
        ("2026-03-12 16:30", "2026-03-12 19:00"),  # begun at the very deadline
    ):
        assert resume(pause(GIVEN, OFFICE, at=at(start)), OFFICE, at=at(end)) == GIVEN


def test_the_clock_cannot_be_stopped_or_started_twice() -> None:
    paused = pause(GIVEN, OFFICE, at=MONDAY)
    with pytest.raises(ClockNotRunning):
        pause(paused, OFFICE, at=MONDAY)
    with pytest.raises(ClockNotRunning):
        extend(paused, TERMS, OFFICE, duration=wd(1), at=MONDAY)
    with pytest.raises(ClockNotRunning):
        resume(GIVEN, OFFICE, at=MONDAY)


def test_an_extension_is_bounded_in_number_length_and_time() -> None:
    terms = some_terms(extensions_at_most=2, extension_longest=wd(2), extension_notice=wd(1))
    early = at("2026-03-10 10:00")
    once = extend(GIVEN, terms, OFFICE, duration=wd(2), at=early)
    assert once == replace(GIVEN, resolve_by=at("2026-03-16 16:30"), extensions=1)
    twice = extend(once, terms, OFFICE, duration=wh(16), at=early)
    assert (twice.resolve_by, twice.extensions) == (at("2026-03-18 16:30"), 2)
    with pytest.raises(TooManyExtensions) as raised:
        extend(twice, terms, OFFICE, duration=wd(1), at=early)
    assert raised.value.at_most == 2
    for too_long in (wd(2.1), wh(16.5), wd(0)):
        with pytest.raises(ExtensionTooLong, match="2 working days"):
            extend(GIVEN, terms, OFFICE, duration=too_long, at=early)
    assert extend(GIVEN, terms, OFFICE, duration=wd(1), at=at("2026-03-11 16:30")).extensions == 1
    with pytest.raises(ExtensionTooLate):
        extend(GIVEN, terms, OFFICE, duration=wd(1), at=at("2026-03-12 07:31"))


def test_without_notice_an_extension_is_possible_up_to_the_deadline() -> None:
    assert extend(GIVEN, TERMS, OFFICE, duration=wd(1), at=GIVEN.resolve_by).extensions == 1
    # 17:00 is past the deadline although no working time has passed since
    with pytest.raises(ExtensionTooLate):
        extend(GIVEN, TERMS, OFFICE, duration=wd(1), at=at("2026-03-12 17:00"))
    with pytest.raises(TooManyExtensions):
        extend(GIVEN, some_terms(extensions_at_most=0), OFFICE, duration=wd(1), at=MONDAY)


def test_a_transfer_keeps_the_promise_unless_the_terms_say_otherwise() -> None:
    now = at("2026-03-11 16:00")  # 510 minutes are left on the old calendar

    def moved(rule: str, promise: Promise = GIVEN) -> Promise:
        terms = some_terms(on_transfer=rule)
        return move_to_calendar(promise, terms, old=OFFICE, new=MORNINGS, at=now)

    assert moved("keep") == GIVEN
    # 8 hours of mornings would end on Monday: accepting is never due after resolving
    assert moved("accept_anew") == replace(GIVEN, accept_by=GIVEN.resolve_by)
    # 210 minutes each on Thursday and Friday, then 90 (resolve) and 60 (accept) on Monday
    assert moved("recount").resolve_by == at("2026-03-16 09:30")
    assert moved("recount").accept_by == at("2026-03-16 09:00")
    late = replace(GIVEN, resolve_by=at("2026-03-10 16:30"))
    assert moved("recount", late).resolve_by == late.resolve_by
    assert moved("accept_anew", late).accept_by == late.resolve_by
    paused = pause(GIVEN, OFFICE, at=at("2026-03-11 10:00"))
    assert moved("recount", paused).remaining_minutes == paused.remaining_minutes
    assert moved("recount", paused).resolve_by == paused.resolve_by


def test_a_reopened_report_is_promised_an_answer_anew() -> None:
    used = replace(GIVEN, extensions=1)
    again = renew(used, TERMS, OFFICE, at=at("2026-03-20 10:00"))
    assert again == replace(used, resolve_by=at("2026-03-25 16:30"))
    assert renew(GIVEN, some_terms(resolve=wh(1)), OFFICE, at=MONDAY) == GIVEN  # never earlier
    assert renew(pause(GIVEN, OFFICE, at=MONDAY), TERMS, OFFICE, at=MONDAY) == GIVEN


def test_what_comes_is_listed_in_order() -> None:
    terms = some_terms(due_soon=wh(4), escalate_after=wh(8), close_after=wd(5))
    coming = coming_moments(GIVEN, terms, OFFICE, is_accepted=False)
    after = timedelta(microseconds=1)
    assert [(moment.at, moment.what) for moment in coming] == [
        (at("2026-03-09 15:00"), Coming.ACCEPT_DUE_SOON),
        (at("2026-03-10 10:00") + after, Coming.ACCEPT_OVERDUE),
        (at("2026-03-12 11:30"), Coming.RESOLVE_DUE_SOON),
        (at("2026-03-12 16:30") + after, Coming.RESOLVE_OVERDUE),
        (at("2026-03-13 16:30"), Coming.ESCALATE),
    ]
    accepted = coming_moments(GIVEN, terms, OFFICE, is_accepted=True)
    assert accepted == coming[2:]
    assert coming_moments(pause(GIVEN, OFFICE, at=MONDAY), terms, OFFICE, is_accepted=True) == ()
    answered = at("2026-03-12 09:00")
    closing = coming_moments(GIVEN, terms, OFFICE, is_accepted=True, resolved_at=answered)
    assert [(c.at, c.what) for c in closing] == [(at("2026-03-19 16:30"), Coming.AUTO_CLOSE)]
    assert coming_moments(GIVEN, TERMS, OFFICE, is_accepted=True, resolved_at=answered) == ()
    assert Coming.ESCALATE not in {
        moment.what for moment in coming_moments(GIVEN, TERMS, OFFICE, is_accepted=False)
    }


def test_the_next_timer_is_the_first_moment_after_now() -> None:
    terms = some_terms(escalate_after=wh(8), close_after=wd(5))
    now, seen = MONDAY, []
    while (now := next_moment(GIVEN, terms, OFFICE, now=now, is_accepted=False)) is not None:
        seen.append(now)
    assert seen == [moment.at for moment in coming_moments(GIVEN, terms, OFFICE, is_accepted=False)]
    paused = pause(GIVEN, OFFICE, at=MONDAY)
    assert next_moment(paused, terms, OFFICE, now=MONDAY, is_accepted=True) is None


def test_escalation_at_once_still_comes_after_the_deadline() -> None:
    terms = some_terms(escalate_after=wh(0))
    last = coming_moments(GIVEN, terms, OFFICE, is_accepted=True)[-1]
    assert last.what is Coming.ESCALATE
    assert is_overdue(GIVEN, last.at)


@pytest.mark.parametrize(
    ("text", "duration", "vi", "en"),
    [
        ("4wh", wh(4), "4 giờ làm việc", "4 working hours"),
        ("1wd", wd(1), "1 ngày làm việc", "1 working day"),
        ("0.5wd", wd(0.5), "0,5 ngày làm việc", "0.5 working days"),
        ("10wd", wd(10), "10 ngày làm việc", "10 working days"),
        ("1.50wh", wh(1.5), "1,5 giờ làm việc", "1.5 working hours"),
    ],
)
def test_durations_are_read_and_shown(text: str, duration: Duration, vi: str, en: str) -> None:
    assert duration_from_text(text) == duration
    assert duration_text(duration, "vi") == vi
    assert duration_text(duration, "en") == en


@pytest.mark.parametrize("text", ["", "4", "4h", "-4wh", "4 wh", "wd", "1e3wh", "٤wh", "4wh\n"])
def test_other_texts_are_no_durations(text: str) -> None:
    with pytest.raises(BadRules):
        duration_from_text(text)


@pytest.mark.parametrize(
    ("amount", "unit"), [("-1", "wh"), ("NaN", "wd"), ("Infinity", "wd"), ("1", "d")]
)
def test_impossible_durations_are_refused(amount: str, unit: str) -> None:
    with pytest.raises(BadRules):
        Duration(Decimal(amount), unit)


# -- for all promises ---------------------------------------------------------------------------

FROM = datetime(2025, 1, 2, tzinfo=UTC)
moments = st.builds(
    lambda half_hours, micros: FROM + timedelta(minutes=30 * half_hours, microseconds=micros),
    st.integers(0, 42_000),
    st.just(0) | st.integers(0, 1_800_000_000),
)
calendars = st.sampled_from([OFFICE, MINUTES, SATURDAYS, ALWAYS])
durations = st.builds(
    lambda quarters, unit: Duration(Decimal(quarters) / 4, unit),
    st.integers(1, 60),
    st.sampled_from(["wh", "wd"]),
)
terms_of_any_kind = st.builds(
    PromiseTerms,
    version=st.just(1),
    accept=durations,
    resolve=durations,
    extensions_at_most=st.integers(0, 3),
    extension_longest=durations,
    extension_notice=st.sampled_from([wh(0), wh(2), wd(1)]),
    due_soon=durations,
    escalate_after=durations | st.none() | st.just(wh(0)),
    close_after=durations | st.none(),
    on_transfer=st.sampled_from(["keep", "accept_anew", "recount"]),
)
spells = st.timedeltas(timedelta(0), timedelta(days=15))


@given(calendar=calendars, terms=terms_of_any_kind, received=moments, wait=spells, spell=spells)
def test_a_pause_moves_the_deadline_by_the_working_time_it_took(
    calendar: WorkCalendar,
    terms: PromiseTerms,
    received: datetime,
    wait: timedelta,
    spell: timedelta,
) -> None:
    promise = make_promise(terms, calendar, received_at=received)
    paused_at = received + wait
    assume(paused_at <= promise.resolve_by)
    resumed_at = paused_at + spell
    back = resume(pause(promise, calendar, at=paused_at), calendar, at=resumed_at)
    moved = working_minutes_between(calendar, promise.resolve_by, end=back.resolve_by)
    taken = working_minutes_between(calendar, paused_at, end=resumed_at)
    assert moved == pytest.approx(taken, abs=1e-7)
    assert round(moved * 60e6) == round(taken * 60e6)  # to the microsecond
    assert back.resolve_by >= promise.resolve_by
    assert (back.paused_at, back.remaining_minutes) == (None, None)
    assert (back.accept_by, back.extensions) == (promise.accept_by, promise.extensions)


@given(calendar=calendars, terms=terms_of_any_kind, received=moments, wait=spells)
def test_pausing_and_resuming_at_once_changes_nothing(
    calendar: WorkCalendar, terms: PromiseTerms, received: datetime, wait: timedelta
) -> None:
    promise = make_promise(terms, calendar, received_at=received)
    moment = received + wait
    assert resume(pause(promise, calendar, at=moment), calendar, at=moment) == promise


@given(
    calendar=calendars,
    terms=terms_of_any_kind,
    received=moments,
    stops=st.lists(st.tuples(spells, spells), min_size=1, max_size=4),
)
def test_several_pauses_add_up(
    calendar: WorkCalendar, terms: PromiseTerms, received: datetime, stops: list
) -> None:
    given_first = promise = make_promise(terms, calendar, received_at=received)
    moment, taken = received, 0.0
    for run, stand in stops:
        paused_at = moment + run
        if paused_at > promise.resolve_by:
            break
        moment = paused_at + stand
        promise = resume(pause(promise, calendar, at=paused_at), calendar, at=moment)
        taken += working_minutes_between(calendar, paused_at, end=moment)
    moved = working_minutes_between(calendar, given_first.resolve_by, end=promise.resolve_by)
    assert moved == pytest.approx(taken, abs=1e-6)


@given(
    calendar=calendars, terms=terms_of_any_kind, received=moments, wait=spells, duration=durations
)
def test_an_extension_is_granted_within_the_terms_or_refused_by_name(
    calendar: WorkCalendar,
    terms: PromiseTerms,
    received: datetime,
    wait: timedelta,
    duration: Duration,
) -> None:
    promise = make_promise(terms, calendar, received_at=received)
    asked_at = received + wait
    length = duration_minutes(calendar, duration)
    left = working_minutes_between(calendar, asked_at, end=promise.resolve_by)
    may = (
        terms.extensions_at_most > 0
        and length <= duration_minutes(calendar, terms.extension_longest)
        and asked_at <= promise.resolve_by
        and left >= duration_minutes(calendar, terms.extension_notice)
    )
    try:
        extended = extend(promise, terms, calendar, duration=duration, at=asked_at)
    except PromiseFixed:
        assert not may
        return
    assert may
    assert extended.extensions == 1
    assert extended.resolve_by == add_duration(calendar, promise.resolve_by, duration=duration)
    moved = working_minutes_between(calendar, promise.resolve_by, end=extended.resolve_by)
    assert moved > 0
    if duration.unit == "wh" or calendar is MINUTES:
        assert moved == pytest.approx(length, abs=1e-7)


@given(terms=terms_of_any_kind, received=moments, wait=spells)
def test_the_same_calendar_makes_a_transfer_change_no_deadline(
    terms: PromiseTerms, received: datetime, wait: timedelta
) -> None:
    promise = make_promise(terms, OFFICE, received_at=received)
    moved = move_to_calendar(promise, terms, old=OFFICE, new=OFFICE, at=received + wait)
    if received + wait <= promise.resolve_by:
        assert minutes(promise.resolve_by, moved.resolve_by) == 0
    else:
        assert moved.resolve_by == promise.resolve_by
    assert moved.accept_by <= moved.resolve_by


@given(calendar=calendars, terms=terms_of_any_kind, received=moments)
def test_each_moment_named_is_the_first_at_which_its_word_is_true(
    calendar: WorkCalendar, terms: PromiseTerms, received: datetime
) -> None:
    promise = make_promise(terms, calendar, received_at=received)
    coming = coming_moments(promise, terms, calendar, is_accepted=False)
    assert list(coming) == sorted(coming, key=lambda moment: moment.at)
    by_word = {moment.what: moment.at for moment in coming}
    tick = timedelta(microseconds=1)

    def due_soon(now: datetime) -> bool:
        return is_due_soon(promise, terms, now=now, calendar=calendar)

    overdue_at = by_word[Coming.RESOLVE_OVERDUE]
    assert is_overdue(promise, overdue_at)
    assert not is_overdue(promise, overdue_at - tick)
    assert due_soon(by_word[Coming.RESOLVE_DUE_SOON])
    assert not due_soon(by_word[Coming.RESOLVE_DUE_SOON] - tick)
    assert not due_soon(overdue_at)
    assert by_word.get(Coming.ESCALATE, overdue_at) >= overdue_at


@given(calendar=calendars, received=moments, work=st.integers(0, 10_000))
def test_working_whenever_the_clock_runs_meets_an_hour_promise_exactly(
    calendar: WorkCalendar, received: datetime, work: int
) -> None:
    """K working minutes of promise are K minutes of work, not one more."""
    terms = PromiseTerms(1, accept=wh(1), resolve=Duration(Decimal(work) / 60, "wh"))
    done_at = add_working_minutes(calendar, received, minutes=work)
    promise = make_promise(terms, calendar, received_at=received)
    assert abs(promise.resolve_by - done_at) <= timedelta(microseconds=1)


def test_an_unannounced_holiday_counts_for_the_citizen_only_when_resuming() -> None:
    """What was left is kept; a day off announced during the pause moves the new deadline."""
    paused = pause(GIVEN, OFFICE, at=at("2026-03-11 10:00"))
    stormy = vietnam_calendar("office", range(2025, 2029), overrides={date(2026, 3, 17): ()})
    assert resume(paused, OFFICE, at=at("2026-03-16 10:00")).resolve_by == at("2026-03-17 16:30")
    assert resume(paused, stormy, at=at("2026-03-16 10:00")).resolve_by == at("2026-03-18 16:30")
