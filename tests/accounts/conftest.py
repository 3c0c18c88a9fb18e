"""A town whose citizens sign in, and the outbox in which their codes arrive."""

import email
import email.policy
import re
from typing import Any

import pytest

from backend.accounts.citizens.letters import send_sign_in_code
from backend.messages.gateways import Gateways, open_gateways
from backend.web.limits import forget_limits
from backend.web.state import parts_of
from tests.province import (  # noqa: F401  fixtures are found by name in the conftest
    Town,
    module_town,
    province_settings,
    province_template,
)


async def deliver(town: Town, gateways: Gateways | None = None) -> None:
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


def newest_letter(town: Town) -> str:
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


async def ask_code(town: Town, **address: str) -> dict[str, Any]:
    """Ask for a code, by `phone=` or `email=`; what was answered, and the code itself."""
    answer = await town.client.post("/api/v1/sign-in", json=address)
    assert answer.status_code == 202, answer.text
    town.client.cookies.clear()
    await deliver(town)
    return {**answer.json(), "code": code_in(newest_letter(town))}


async def sign_in(town: Town, **address: str) -> dict[str, str]:
    """The header of a citizen who has signed in with a code."""
    asked = await ask_code(town, **address)
    body = {"request": asked["request"], "code": asked["code"]}
    answer = await town.client.post("/api/v1/sign-in/code", json=body)
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture(scope="module")
async def furnished(module_town: Town) -> Town:  # noqa: F811  the fixture
    """A town whose sessions are kept aside, to be put back after each test."""
    await module_town.owner.execute("CREATE TABLE kept_session AS TABLE session")
    return module_town


@pytest.fixture
async def town(furnished: Town) -> Town:
    """The module's town as it was before anybody came: a copy of its own costs ten times more."""
    forget_limits()
    parts_of(furnished.app.state).settings = furnished.settings
    await furnished.owner.execute(
        """
        SET session_replication_role = replica;
        TRUNCATE report, event, note, idempotency_key, device, sign_in_code, account_identity,
            oidc_attempt, consent, retention_run, pgqueuer, count_delta, rate_limit, session
            CASCADE;
        DELETE FROM account WHERE username LIKE 'dan.%' OR username LIKE 'da-xoa.%';
        DELETE FROM consent_text WHERE version > 1;
        UPDATE consent_text SET is_active = true;
        INSERT INTO session SELECT * FROM kept_session;
        SET session_replication_role = DEFAULT;
        """
    )
    return furnished
