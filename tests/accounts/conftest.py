"""A town whose citizens sign in, and the outbox in which their codes arrive."""

import email
import email.policy
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from backend.accounts.citizens.letters import send_sign_in_code
from backend.messages.gateways import Gateways, open_gateways
from tests.province import (  # noqa: F401  fixtures are found by name in the conftest
    Town,
    module_town,
    province_settings,
    province_template,
    town,
)

Caller = Callable[[], AbstractAsyncContextManager[httpx.AsyncClient]]


async def deliver(town: Town, gateways: Gateways | None = None) -> None:  # noqa: F811
    """Do the worker's work of sending codes; the default gateways write to the outbox."""
    rows = await town.owner.fetch(
        "DELETE FROM pgqueuer WHERE entrypoint = 'send_sign_in_code' RETURNING id, payload"
    )
    for row in sorted(rows, key=lambda row: row["id"]):
        await send_sign_in_code(
            town.database,
            gateways or open_gateways(town.settings),
            settings=town.settings,
            payload=row["payload"],
        )


def newest_letter(town: Town) -> str:  # noqa: F811
    """The letter written last."""
    files = sorted((town.settings.var_dir / "outbox").iterdir(), key=lambda p: p.stat().st_mtime_ns)
    if files[-1].suffix != ".eml":
        return files[-1].read_text()
    message = email.message_from_bytes(files[-1].read_bytes(), policy=email.policy.default)
    return f"{message['To']}\n{message.get_content()}"


def code_in(letter: str) -> str:
    """The six digits in the words of a letter."""
    found = re.search(r"\b(\d{6})\b", letter.partition("\n")[2])
    assert found is not None, letter
    return found[1]


async def ask_code(town: Town, **address: str) -> dict[str, Any]:  # noqa: F811
    """Ask for a code, by `phone=` or `email=`; what was answered, and the code itself."""
    answer = await town.client.post("/api/v1/sign-in", json=address)
    assert answer.status_code == 202, answer.text
    town.client.cookies.clear()
    await deliver(town)
    return {**answer.json(), "code": code_in(newest_letter(town))}


async def sign_in(town: Town, **address: str) -> dict[str, str]:  # noqa: F811
    """The header of a citizen who has signed in with a code."""
    asked = await ask_code(town, **address)
    body = {"request": asked["request"], "code": asked["code"]}
    answer = await town.client.post("/api/v1/sign-in/code", json=body)
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture
async def browser(town: Town) -> AsyncIterator[httpx.AsyncClient]:  # noqa: F811
    """A browser window with cookies of its own."""
    headers = {"Accept": "text/html", "Sec-Fetch-Site": "same-origin"}
    async with httpx.AsyncClient(base_url=town.url, headers=headers, timeout=30) as client:
        yield client


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    """A folder for letters."""
    return tmp_path / "outbox"
