"""When a generation holds: the rule by which one ends where the next begins."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from geo.units import Generation


def settle_periods(stored: Sequence[Generation], started: Generation) -> list[Generation]:
    """Give the generations that change when one becomes active, the one itself last.

    The generation before it ends where it begins. It ends itself where the next one begins, or
    where the one before it ended: a better map of a closed period does not reopen it.
    """
    same_level = [
        other
        for other in stored
        if other.level == started.level
        and other.state == "active"
        and other.valid_from != started.valid_from
    ]
    before = [other for other in same_level if other.valid_from < started.valid_from]
    after = [other for other in same_level if other.valid_from > started.valid_from]
    changed = []
    ends: list[date] = [started.valid_to] if started.valid_to else []
    if after:
        ends.append(min(other.valid_from for other in after))
    if before:
        last = max(before, key=lambda other: other.valid_from)
        if last.valid_to is None or last.valid_to > started.valid_from:
            changed.append(replace(last, valid_to=started.valid_from))
            if last.valid_to is not None and started.valid_to is None:
                ends.append(last.valid_to)
    return [*changed, replace(started, state="active", valid_to=min(ends, default=None))]
