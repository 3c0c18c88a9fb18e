"""Photos are read only for a sender who may send: its key is judged before they are."""

import asyncio
import dataclasses
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from backend.clock import now
from backend.web.state import parts_of
from mobile_api.open311.keys import add_key
from tests.factories import a_photo
from tests.open311.asking import V2, a_form
from tests.province import Town

_ANNOUNCED_BYTES: Final = 40_000_000
_SENT_BYTES: Final = 1_500_000


@pytest.fixture
def town(module_town: Town) -> Town:
    return module_town


async def half_sent(town: Town, words: dict[str, str], *, query: str = "", sent: int) -> str:
    """The head of what is answered to a large form of which only the beginning was sent."""
    parts = urlsplit(town.url)
    lines = [
        f'--edge\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in words.items()
    ]
    lines.append(
        '--edge\r\nContent-Disposition: form-data; name="media"; filename="a.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write(
            f"POST {V2}/requests.json{query} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            "Content-Type: multipart/form-data; boundary=edge\r\n"
            f"Content-Length: {_ANNOUNCED_BYTES}\r\n\r\n".encode()
        )
        writer.write("".join(lines).encode() + b"\xff" * sent)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    finally:
        writer.close()
    return head.decode().lower()


@pytest.mark.parametrize(
    ("words", "query", "sent"),
    [
        ({"api_key": "wrong"}, "", 1000),
        ({}, "?api_key=wrong", 0),
        ({}, "", _SENT_BYTES),
        ({"api_key": ""}, "", _SENT_BYTES),
    ],
    ids=["wrong-in-form", "wrong-in-query", "none", "empty"],
)
async def test_files_of_nobody_are_not_waited_for(
    town: Town, words: dict[str, str], query: str, sent: int
) -> None:
    head = await half_sent(town, words, query=query, sent=sent)
    assert head.startswith("http/1.1 403")
    assert "connection: close" in head


async def test_who_is_over_the_limit_hears_it_before_the_files(town: Town) -> None:
    key = await add_key(town.database, "brief", contact="x", per_minute=1, per_day=10, at=now())
    parts = parts_of(town.app.state)
    kept = parts.settings
    parts.settings = dataclasses.replace(kept, limits_on=True)
    try:
        first = await town.ask("POST", f"{V2}/requests.json", data=a_form(key))
        assert first.status_code == 201, first.text
        head = await half_sent(town, {"api_key": key}, sent=1000)
        assert head.startswith("http/1.1 429")
        assert "retry-after" in head
        parts.settings = dataclasses.replace(kept, open311_write="off")
        for words in ({"api_key": key}, {}):
            head = await half_sent(town, words, sent=1000)
            assert head.startswith("http/1.1 403")
    finally:
        parts.settings = kept


async def test_a_key_after_small_files_or_beside_another_is_still_heard(
    town: Town, api_key: str
) -> None:
    words: list[Any] = [(name, (None, value)) for name, value in a_form(None).items()]
    photo: Any = ("media", ("a.jpg", a_photo(size=(200, 100)), "image/jpeg"))
    for order in (
        [*words, photo, ("api_key", (None, api_key))],
        [photo, ("api_key", (None, api_key)), *words],
    ):
        answer = await town.client.post(f"{V2}/requests.json", files=order)
        assert answer.status_code == 201, answer.text
    two = [("api_key", (None, api_key)), *words, photo, ("api_key", (None, "other"))]
    answer = await town.client.post(f"{V2}/requests.json", files=two)
    assert answer.status_code == 400, "which of the two was meant?"
    again = await town.client.post(
        f"{V2}/requests.json?api_key={api_key}", files=[("api_key", (None, "other")), *words]
    )
    assert again.status_code == 400
