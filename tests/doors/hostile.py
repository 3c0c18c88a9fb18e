"""Strings that have broken other systems, and what a clear refusal looks like."""

import json
from typing import Any, Final

import httpx

from tests.shared_data import shared

OF_OUR_OWN: Final = (
    "Đường Trần Hưng Đạo – “ổ gà” 10 m²",
    "e\u0302\u0301 phải thành ế",  # decomposed: stored composed (NFC)
    "{{7*7}} ${7*7} <%= 7*7 %> {% raw %}",
    "</p><script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    '=HYPERLINK("http://example.org")',
    "dòng một\r\nSet-Cookie: caunoi-session=x",
    "'; DROP TABLE report; --",
    "%s %n %d \\ \\\\ \\u0000 \\x00",
    "\u202eđảo ngược\u202c và \u200bẩn",
    "👩\u200d👩\u200d👧 🇻🇳 \U0001f9d1\U0001f3fd",
    "a" * 4000,
)


def strings(*, every: int = 1) -> list[str]:
    """Naughty strings, scripts, injections; each `every`th of the gathered ones, all of ours."""
    gathered: list[str] = json.loads(shared("hostile/blns.json").read_text())
    for name in (
        "xss_xss-rsnake",
        "html_js_fuzz_HTML5sec_Injections",
        "sql-injection_detect_xplatform",
        "http-protocol_crlf-injection",
        "unicode_naughty-unicode",
        "unicode_corrupted",
        "unicode_right-to-left",
        "unicode_two-byte-chars",
        "control-chars_terminal-escape-codes",
    ):
        text = shared(f"hostile/fuzzdb/{name}.txt").read_bytes().decode(errors="replace")
        gathered += [line for line in text.split("\n") if line.strip()]
    return [*OF_OUR_OWN, *gathered[::every]]


def check_clear(answer: httpx.Response, *, sent: str = "") -> None:
    """Either the thing was done, or a problem says so without repeating what was sent."""
    assert answer.status_code < 500, (answer.status_code, answer.text, sent[:80])
    if answer.status_code < 400:
        return
    if answer.headers["content-type"].startswith("text/html"):
        return  # a page says it to a person
    assert answer.headers["content-type"].startswith("application/problem+json"), answer.text
    problem: dict[str, Any] = answer.json()
    assert problem["type"].startswith("/problems/")
    assert (problem["status"], bool(problem["title"])) == (answer.status_code, True)
    assert len(problem["trace_id"]) == 32
    if len(sent) > 12:
        assert sent not in answer.text, "the input was echoed"
