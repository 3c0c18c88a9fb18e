"""A living app on a test's own database, and people to sign in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from litestar import Litestar

from backend import clock
from backend.accounts.actions import NewAccount, add_account
from backend.accounts.principals import Role
from backend.app import create_app
from backend.database import Database
from backend.settings import Settings
from backend.web.limits import forget_limits
from backend.web.state import parts_of

PASSWORD = "chiều nay đi dạo bờ kè"
_AGENCY = "ubnd-21028"


@asynccontextmanager
async def living(
    settings: Settings, *handlers: Any, client: tuple[str, int] = ("127.0.0.1", 50000)
) -> AsyncIterator[tuple[Litestar, httpx.AsyncClient]]:
    """The app with these further handlers, alive, and a client at that address."""
    forget_limits()
    app = create_app(settings)
    for handler in handlers:
        app.register(handler)
    transport = httpx.ASGITransport(app, client=client)
    async with (
        app.lifespan(),
        httpx.AsyncClient(transport=transport, base_url=settings.public_url) as asking,
    ):
        yield app, asking


def database_of(app: Litestar) -> Database:
    """The app's database."""
    database = parts_of(app.state).database
    assert database is not None
    return database


async def a_person(
    database: Database, owner: Any, username: str, role: Role, *, password: str = PASSWORD
) -> None:
    """An account with an agency where it needs one; `owner` is the owner's connection."""
    await owner.execute(
        """
        INSERT INTO calendar (code, version, body) VALUES ('c', 1, '{}') ON CONFLICT DO NOTHING
        """
    )
    await owner.execute(
        """
        INSERT INTO agency (code, name_vi, name_en, kind, calendar_code)
        VALUES ($1, 'UBND phường Nghĩa Lộ', 'People''s Committee', 'ubnd', 'c')
        ON CONFLICT DO NOTHING
        """,
        _AGENCY,
    )
    new = NewAccount(
        username,
        role,
        "Nguyễn Thị Lan",
        password=None if role == "wall" else password,
        agency_code=_AGENCY if role in ("officer", "key_holder") else None,
    )
    await add_account(database, new, now=clock.now())


async def sign_in(client: httpx.AsyncClient, username: str, **more: str) -> dict[str, Any]:
    """The answer of POST /api/v1/sessions with the usual password."""
    body = {"username": username, "password": PASSWORD, **more}
    answer = await client.post("/api/v1/sessions", json=body)
    assert answer.status_code == 201, answer.text
    tokens: dict[str, Any] = answer.json()
    return tokens


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    """The header that carries the access token."""
    return {"Authorization": f"Bearer {tokens['access_token']}"}
