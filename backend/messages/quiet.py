"""When people are told: quiet hours and the day's batch, on Vietnamese clocks. Pure rules."""

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final

from backend.clock import VIETNAM
from backend.practice.rules import Notices

_HOURS: Final = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True)
class QuietHours:
    """From `starts` until just before `ends`, each day; over midnight if `starts` is the later."""

    starts: time
    ends: time


@dataclass(frozen=True)
class Timing:
    """When notices go out; `quiet` None is at any hour, `batch_at` the hour of areas."""

    quiet: QuietHours | None = QuietHours(time(21, 0), time(6, 30))
    batch_at: time = time(18, 0)
    # news older than that is given up: pushes that wait for a service, and what was held
    push_news_hours: int = 24
    held_news_hours: int = 48


def read_quiet_hours(text: str) -> QuietHours | None:
    """The hours in `21:00-06:30`; None for `off`. Raises ValueError for anything else."""
    if text == "off":
        return None
    found = _HOURS.fullmatch(text)
    if found is None:
        raise ValueError("quiet hours are HH:MM-HH:MM or off")
    start_hour, start_minute, end_hour, end_minute = map(int, found.groups())
    hours = QuietHours(time(start_hour, start_minute), time(end_hour, end_minute))
    if hours.starts == hours.ends:
        raise ValueError("quiet hours of no length, or of a whole day")
    return hours


def timing_of(rules: Notices) -> Timing:
    """The hours that the rules in force ask for; raises ValueError for what is none."""
    return Timing(
        read_quiet_hours(rules.quiet_hours),
        time.fromisoformat(rules.area_batch_at),
        push_news_hours=rules.push_news_hours,
        held_news_hours=rules.held_news_hours,
    )


def is_quiet(now: datetime, quiet: QuietHours | None) -> bool:
    """Whether only what is urgent may be sent now."""
    if quiet is None:
        return False
    local = now.astimezone(VIETNAM).time()
    if quiet.starts < quiet.ends:
        return quiet.starts <= local < quiet.ends
    return local >= quiet.starts or local < quiet.ends


def quiet_until(now: datetime, quiet: QuietHours | None) -> datetime | None:
    """The end of the quiet hours that `now` lies in; None outside of them."""
    if quiet is None or not is_quiet(now, quiet):
        return None
    return _next(now, quiet.ends)


def next_batch(now: datetime, timing: Timing) -> datetime:
    """When the next batch of areas' news goes out: after `now`, never in quiet hours."""
    batch = _next(now, timing.batch_at)
    return quiet_until(batch, timing.quiet) or batch


def _next(now: datetime, at: time) -> datetime:
    local = now.astimezone(VIETNAM)
    day = local.date() if local.time() < at else local.date() + timedelta(days=1)
    return datetime.combine(day, at, tzinfo=VIETNAM)
