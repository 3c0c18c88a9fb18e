"""What can be chosen: the kinds of event a person is told of, and what holds until they choose."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from backend.errors import FieldFault
from backend.messages.errors import UnknownKind
from backend.messages.wording import AREA, CITIZEN, OFFICER

Channel: TypeAlias = Literal["push", "email"]
CHANNELS: Final[tuple[Channel, ...]] = ("push", "email")
AREA_ALERT: Final = "area_alert"

# Letters are for what asks something of the reader or ends the matter; the rest may be chosen.
_EMAIL_BY_DEFAULT: Final = frozenset(
    ("accept", "ask", "resolve", "close", "decline", "redirect", "merge", AREA_ALERT)
)


@dataclass(frozen=True)
class Choices:
    """What differs from the defaults: kind → wanted or not, by channel."""

    push: Mapping[str, bool] = field(default_factory=dict)
    email: Mapping[str, bool] = field(default_factory=dict)

    def of(self, channel: Channel) -> Mapping[str, bool]:
        return self.push if channel == "push" else self.email


def list_kinds(*, is_staff: bool) -> dict[str, tuple[str, str]]:
    """The kinds somebody can choose about, with what they read then: (Vietnamese, English)."""
    words = dict(OFFICER if is_staff else CITIZEN)
    found = {kind: (one.vi, one.en) for kind, one in words.items()}
    return found if is_staff else {**found, AREA_ALERT: (AREA.vi, AREA.en)}


def is_by_default(kind: str, channel: Channel) -> bool:
    """Whether somebody who has chosen nothing is told."""
    return channel == "push" or kind in _EMAIL_BY_DEFAULT


def check_choices(choices: Choices, *, is_staff: bool) -> None:
    """Raises UnknownKind naming each kind that this person is never told of."""
    known = list_kinds(is_staff=is_staff)
    faults = tuple(
        FieldFault(
            f"{channel}[{number}]",
            "Không có loại thông báo này.",
            "There is no such kind of notice.",
        )
        for channel in CHANNELS
        for number, kind in enumerate(choices.of(channel))
        if kind not in known
    )
    if faults:
        raise UnknownKind(faults=faults)
