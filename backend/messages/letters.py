"""The common words of all senders: what is sent, and what becomes of it."""

import email.utils
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal, Protocol, TypeAlias

# sent: handed over. gone: the address is dead. bad: refused for good. later: try again.
Fate: TypeAlias = Literal["sent", "gone", "bad", "later"]

_SECONDS: Final = re.compile(r"\s*([0-9]{1,9})\s*", re.ASCII)


@dataclass(frozen=True)
class Letter:
    """One push or e-mail; `collapse_key` makes repeats of a push replace each other on screen.

    For e-mail: `language` of the body, `also` the body in the other one, `mailbox` what is stopped.
    """

    notification_id: int
    device_kind: str
    device_value: str = field(repr=False)
    collapse_key: str
    title: str
    body: str
    link: str
    code: str
    is_urgent: bool = False
    language: str = "vi"
    also: str = ""
    mailbox: str = field(default="", repr=False)


@dataclass(frozen=True)
class Outcome:
    """What became of one letter; `error` is a stable word without anything of the letter."""

    fate: Fate
    wire_id: str | None = None
    error: str | None = None
    retry_after_seconds: float | None = None


class Push(Protocol):
    """Hands letters over; answers one outcome for each, in order, and raises nothing."""

    async def send(self, letters: Sequence[Letter]) -> list[Outcome]: ...

    async def close(self) -> None: ...


def read_retry_after(value: str | None, now: datetime) -> float | None:
    """For how many seconds a service wants to be left alone; None where it does not say so.

    Retry-After (RFC 9110 §10.2.3): seconds, or a moment.
    """
    if value is None:
        return None
    if found := _SECONDS.fullmatch(value):
        return float(found[1])
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    # RFC 9110 knows no zone but this one
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
