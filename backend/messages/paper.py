"""What is written to people by e-mail and SMS; neither words nor addresses show in a repr."""

import re
from dataclasses import dataclass, field
from typing import Final

_REFERENCE: Final = re.compile(r"[A-Za-z0-9.-]{1,80}")


def _check_reference(reference: str) -> None:
    # it becomes part of a Message-ID and of a file's name
    if not _REFERENCE.fullmatch(reference):
        raise ValueError("a reference is letters, digits, dots and dashes")


@dataclass(frozen=True)
class Mail:
    """One e-mail. `text` is complete by itself; `html` None sends plain text only.

    `reference` is a word of ours, the same at every attempt (letters, digits, dashes, dots).
    `unsubscribe_url` is for what nobody asked for each time (RFC 8058: one click ends it).
    """

    to: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    reference: str
    html: str | None = field(default=None, repr=False)
    unsubscribe_url: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        _check_reference(self.reference)


@dataclass(frozen=True)
class Sms:
    """One text message to a number in E.164 form (`+84912345678`)."""

    to: str = field(repr=False)
    text: str = field(repr=False)
    reference: str

    def __post_init__(self) -> None:
        _check_reference(self.reference)
