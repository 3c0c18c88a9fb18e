"""What services answer besides: their word is read, whatever it is."""

from datetime import UTC, datetime

import httpx
import pytest
from firebase_admin import exceptions

from backend.messages.firebase import judge
from backend.messages.letters import read_retry_after

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (None, None),
        ("", None),
        ("7", 7),
        (" 120 ", 120),
        ("Sun, 22 Nov 2026 12:00:30 GMT", 30),
        ("Sun, 22 Nov 2026 12:00:30 -0000", 30),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0),
        ("\N{SUPERSCRIPT TWO}", None),
        ("\N{ARABIC-INDIC DIGIT TWO}", None),
        ("9" * 400, None),
        ("-1", None),
        ("soon", None),
        ("Sun, 22 Nov 99999999999999999999 12:00:30 GMT", None),
        ("Sun, 22 Nov 2026 12:00:30 +9999999", None),
    ],
    ids=[
        *("nothing", "empty", "seconds", "blanks", "moment", "no-zone", "past", "superscript"),
        *("arabic", "endless", "negative", "words", "far-year", "far-zone"),
    ],
)
def test_service_is_left_alone_for_as_long_as_it_asks(
    said: str | None, seconds: float | None
) -> None:
    assert read_retry_after(said, NOW) == seconds


def test_what_firebase_cannot_mean_leaves_the_letter_for_later() -> None:
    busy = httpx.Response(503, headers=[(b"Retry-After", "\N{SUPERSCRIPT TWO}".encode())])
    outcome = judge(exceptions.UnavailableError("busy", http_response=busy))
    assert (outcome.fate, outcome.retry_after_seconds) == ("later", None)
