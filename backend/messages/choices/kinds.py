"""What can be chosen: the kinds of event a person is told of, and what holds until they choose."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from backend.errors import FieldFault
from backend.messages.errors import UnknownKind
from backend.messages.wording import CITIZEN, OFFICER, Words

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


# Two events that are the same to whoever is told are chosen about once.
_SAME_AS: Final = {"auto_close": "close"}

_TITLES: Final[Mapping[str, Words]] = {
    "accept": Words("Được tiếp nhận", "Accepted"),
    "start": Words("Bắt đầu xử lý", "Work begins"),
    "ask": Words("Đề nghị bổ sung thông tin", "More information is asked for"),
    "transfer": Words("Chuyển cơ quan khác", "Handed to another agency"),
    "escalate": Words("Chuyển lên cấp trên", "Handed to the higher authority"),
    "extend": Words("Gia hạn xử lý", "The deadline is extended"),
    "resolve": Words("Có kết quả xử lý", "Answered"),
    "close": Words("Đóng phản ánh", "Closed"),
    "decline": Words("Không tiếp nhận", "Not accepted"),
    "redirect": Words("Hướng dẫn gửi cơ quan có thẩm quyền", "Referred to another office"),
    "merge": Words("Gộp với phản ánh trùng", "Merged with another"),
    "reopen": Words("Xử lý lại", "Taken up again"),
    AREA_ALERT: Words("Phản ánh mới trong khu vực theo dõi", "New reports in followed areas"),
    "submitted": Words("Phản ánh mới", "New report"),
    "called_parent": Words("Quá hạn ở cấp dưới", "Overdue at a lower agency"),
    "assign": Words("Được phân công", "Assigned to me"),
    "answer": Words("Người dân bổ sung thông tin", "The citizen has answered"),
    "accept_due_soon": Words("Sắp đến hạn tiếp nhận", "To be accepted soon"),
    "accept_overdue": Words("Quá hạn tiếp nhận", "Not accepted in time"),
    "resolve_due_soon": Words("Sắp đến hạn xử lý", "Due soon"),
    "overdue": Words("Quá hạn xử lý", "Overdue"),
    "withdraw": Words("Người dân rút phản ánh", "Withdrawn by the citizen"),
}


def list_kinds(*, is_staff: bool) -> dict[str, Words]:
    """The kinds somebody can choose about, with their titles."""
    kinds = [kind for kind in (OFFICER if is_staff else CITIZEN) if kind not in _SAME_AS]
    return {kind: _TITLES[kind] for kind in (kinds if is_staff else [*kinds, AREA_ALERT])}


def chosen_as(kind: str) -> str:
    """The kind under which somebody chooses about events of this kind."""
    return _SAME_AS.get(kind, kind)


def is_by_default(kind: str, channel: Channel) -> bool:
    """Whether somebody who has chosen nothing is told."""
    return channel == "push" or chosen_as(kind) in _EMAIL_BY_DEFAULT


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
