"""A configured province for tests: boundaries, agencies, rules, accounts of every role, one door.

It is made once a session as a template database; each test works on a copy of its own. Tests that
want it import the fixtures `province_settings` and `town` (or `module_town`) in their conftest.
"""

import asyncio
import contextlib
import dataclasses
import hashlib
import os
import secrets
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import asyncpg
import httpx
import pytest
import uvicorn
from litestar import Litestar

from backend import clock
from backend.accounts.passwords import hash_password
from backend.accounts.principals import Role
from backend.accounts.store import NewSession, SessionKind, insert_session
from backend.accounts.tables import Account
from backend.app import create_app
from backend.database import Database, open_database, owner_connection
from backend.demo.boundaries import NEW_VALID_FROM, load_boundaries
from backend.demo.configuration import build_configuration, store_configuration
from backend.identifiers import hash_token, new_uuid7
from backend.roof.libpq import run_client
from backend.roof.preparing import ensure_bucket
from backend.settings import S3Settings, Settings
from backend.web.state import parts_of
from geo.store import list_all_units
from moderation.darkroom import Darkroom
from moderation.jobs import derive_photo
from tests import embedded
from tests.conftest import copy_database, url_of
from tests.factories import a_photo

PASSWORD: Final = "mot-mat-khau-dai-cho-kiem-thu"
SECRET_KEY: Final = b"a-secret-key-for-tests-and-nothing-else"
# A place in a ward of the demo province, whose People's Committee leads for potholes there.
PLACE: Final = (108.7923, 15.1205)
UNIT: Final = "21028"
AGENCY: Final = f"ubnd-{UNIT}"
POLICE: Final = f"congan-{UNIT}"
# It works along with the committee on roads; the other agency has nothing to do with them.
PARTNER: Final = "so-xay-dung"
OTHER: Final = "so-y-te"
POTHOLE: Final = "giao-thong-o-ga"
SENSITIVE: Final = "an-ninh-trat-tu-co-bac"
RESTRICTED: Final = "an-ninh-trat-tu-ma-tuy"
DISABLED: Final = "officer.gone"
WALL: Final = "wall"

ACCOUNTS: Final[tuple[tuple[str, Role, str | None, bool], ...]] = (
    ("officer", "officer", AGENCY, False),
    ("colleague", "officer", AGENCY, False),
    ("key", "key_holder", AGENCY, False),
    (DISABLED, "officer", AGENCY, False),
    ("officer.partner", "officer", PARTNER, False),
    ("key.partner", "key_holder", PARTNER, False),
    ("officer.other", "officer", OTHER, False),
    ("key.other", "key_holder", OTHER, False),
    ("officer.police", "officer", POLICE, True),
    ("key.police", "key_holder", POLICE, True),
    ("constable", "officer", POLICE, False),
    ("moderator", "moderator", None, False),
    ("moderator.cleared", "moderator", None, True),
    ("leader", "leader", None, False),
    ("admin", "admin", None, False),
    ("citizen", "citizen", None, False),
    ("citizen.other", "citizen", None, False),
    (WALL, "wall", None, False),
)


@dataclass
class Town:
    """A running application on a configured database: where it listens and how one signs in."""

    settings: Settings
    app: Litestar
    url: str
    client: httpx.AsyncClient
    owner: asyncpg.Connection
    darkroom: Darkroom | None = None

    @property
    def database(self) -> Database:
        """The application's own pools."""
        database = parts_of(self.app.state).database
        assert database is not None
        return database

    def headers(self, username: str | None) -> dict[str, str]:
        """What a request of this person carries; nothing for a stranger (None)."""
        if username is None:
            return {}
        return {"Authorization": f"Bearer {token_of(username)}"}

    async def ask(
        self,
        method: str,
        path: str,
        *,
        by: str | None = None,
        secret: str | None = None,
        headers: dict[str, str] | None = None,
        **body: Any,
    ) -> httpx.Response:
        """One request by a person of the province, or by whoever has a report's secret."""
        sent = {**self.headers(by), **(headers or {})}
        if secret is not None:
            sent["X-Tracking-Secret"] = secret
        return await self.client.request(method, path, headers=sent, **body)

    async def see(self, path: str, **how: Any) -> Any:
        """The JSON of a GET that succeeds."""
        answer = await self.ask("GET", path, **how)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.json()

    async def a_report(self, **changes: Any) -> "Sent":
        """Submit a report over HTTP, as somebody in the street would."""
        by = changes.pop("by", None)
        key = changes.pop("key", None) or str(uuid4())
        photos = changes.pop("photos", ())
        body = a_submission(photos=photos, **changes)
        answer = await self.ask(
            "POST", "/api/v1/reports", by=by, headers={"Idempotency-Key": key}, json=body
        )
        assert answer.status_code == 201, answer.text
        return Sent(answer=answer.json(), body=body, key=key, photos=tuple(photos))

    async def move(
        self,
        report: "Sent",
        move: str,
        *,
        by: str = "officer",
        version: int | None = None,
        **what: Any,
    ) -> httpx.Response:
        """A move at the desk, at the version the person has just read unless another is given."""
        path = f"/api/v1/desk/reports/{report.id}"
        if "into" in what:
            what["report"] = what.pop("into")
        tag = f'"{version}"' if version is not None else None
        if tag is None:
            tag = (await self.ask("GET", path, by=by)).headers.get("etag", '"1"')
        return await self.ask(
            "POST", f"{path}/moves", by=by, headers={"If-Match": tag}, json={"move": move, **what}
        )

    async def moved(self, report: "Sent", move: str, **what: Any) -> Any:
        """A move at the desk that succeeds."""
        answer = await self.move(report, move, **what)
        assert answer.status_code == 200, (move, answer.status_code, answer.text)
        return answer.json()

    async def send_photo(self, report: "Sent", photo: bytes) -> httpx.Response:
        """The bytes of a photo, sent by the reporter."""
        return await self.ask(
            "PUT",
            f"/api/v1/reports/{report.id}/photos/{sha256_of(photo)}",
            secret=report.secret,
            headers={"Content-Type": "image/jpeg"},
            content=photo,
        )

    async def develop(self, report: "Sent", photo: bytes) -> None:
        """What the worker does with a photo that was sent."""
        objects = parts_of(self.app.state).objects
        assert objects is not None
        if self.darkroom is None:
            self.darkroom = Darkroom()
        await derive_photo(
            self.database,
            objects,
            self.darkroom,
            folder=self.settings.var_dir / "darkroom",
            payload=f"{report.id}/{sha256_of(photo)}".encode(),
        )

    async def send_evidence(
        self, report: "Sent", photo: bytes, *, by: str = "officer"
    ) -> httpx.Response:
        """The bytes of an after photo, sent from the desk."""
        return await self.ask(
            "PUT",
            f"/api/v1/desk/reports/{report.id}/photos/{sha256_of(photo)}",
            by=by,
            headers={"Content-Type": "image/jpeg"},
            content=photo,
        )


@dataclass(frozen=True)
class Sent:
    """A report as its reporter holds it: what was sent, and the acknowledgement."""

    answer: dict[str, Any]
    body: dict[str, Any]
    key: str
    photos: tuple[bytes, ...] = ()

    @property
    def id(self) -> str:
        return str(self.answer["id"])

    @property
    def code(self) -> str:
        return str(self.answer["code"])

    @property
    def secret(self) -> str:
        return str(self.answer["tracking_secret"])


def a_submission(*, photos: tuple[bytes, ...] = (), **changes: Any) -> dict[str, Any]:
    """The body of a submit; `photos` are announced, not sent."""
    body: dict[str, Any] = {
        "category": POTHOLE,
        "text": "Ổ gà sâu giữa đường Quang Trung, đoạn trước chợ.",
        "location": {"lon": PLACE[0], "lat": PLACE[1], "accuracy_metres": 12},
        **changes,
    }
    if photos:
        body["photos"] = [
            {"sha256": sha256_of(photo), "bytes": len(photo), "content_type": "image/jpeg"}
            for photo in photos
        ]
    return body


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def other_photos(count: int) -> tuple[bytes, ...]:
    """So many small photos, each with other bytes."""
    return tuple(
        a_photo(colour=(secrets.randbelow(256), number, secrets.randbelow(256)))
        for number in range(count)
    )


async def sign_in(client: httpx.AsyncClient, username: str, password: str = PASSWORD) -> str:
    """A bearer token for this account."""
    answer = await client.post(
        "/api/v1/sessions", json={"username": username, "password": password}
    )
    assert answer.status_code == 201, (username, answer.text)
    return str(answer.json()["access_token"])


@contextlib.asynccontextmanager
async def open_town(settings: Settings) -> AsyncIterator[Town]:
    """The application on a free port of this machine, as `./run` serves it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        settings = dataclasses.replace(
            settings, port=listener.getsockname()[1], public_url=url, limits_on=False
        )
        app = create_app(settings)
        server = uvicorn.Server(
            uvicorn.Config(
                app,
                http="httptools",
                lifespan="on",
                ws="none",
                access_log=False,
                log_config=None,
                server_header=False,
                timeout_graceful_shutdown=1,
            )
        )
        running = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            # neither uvicorn nor the application has an event to wait for
            while not running.done() and (  # noqa: ASYNC110
                not server.started or parts_of(app.state).database is None
            ):
                await asyncio.sleep(0.01)
            async with (
                httpx.AsyncClient(base_url=url, timeout=30) as client,
                owner_connection(settings.database_url or "") as owner,
            ):
                town = Town(settings, app, url, client, owner)
                yield town
                if town.darkroom is not None:
                    await town.darkroom.close()
        finally:
            server.should_exit = True
            await running


@pytest.fixture(scope="session")
def province_template(server_url: str, template_database: str) -> str:
    """The name of a database that holds the configured province."""
    name = f"{embedded.TEMPLATE}_province_{os.environ.get('PYTEST_XDIST_TESTRUNUID', os.getpid())}"
    with embedded.only_one("province"):
        if not embedded.has_database(server_url, name):
            making = f"{name}_making"
            run_client("dropdb", ["--if-exists", "--force", making], url=server_url)
            copy_database(server_url, template_database, making)
            asyncio.run(_furnish(url_of(server_url, making)))
            run_client(
                "psql", ["-qc", f'ALTER DATABASE "{making}" RENAME TO "{name}"'], url=server_url
            )
    return name


async def _furnish(url: str) -> None:
    """Boundaries, configuration, accounts with their sessions."""
    async with owner_connection(url) as owner:
        await load_boundaries(owner)
        units = [
            unit
            for unit in await list_all_units(owner)
            if unit.level == "commune" and unit.valid_from == NEW_VALID_FROM
        ]
        async with owner.transaction():
            await store_configuration(owner, build_configuration(units))
    database = await open_database(url, app_size=2, public_size=1)
    try:
        await _add_people(database)
    finally:
        await database.close()


async def _add_people(database: Database) -> None:
    """Every account, each with a session for programs and one for pages that lasts a day."""
    now = clock.now()
    password_hash = await hash_password(PASSWORD)
    people = [
        Account(
            id=new_uuid7(),
            username=username,
            role=role,
            name=f"Người {username}",
            password_hash=None if role == "wall" else password_hash,
            agency_code=agency,
            sees_restricted=sees_restricted,
            is_active=username != DISABLED,
            created_at=now,
        )
        for username, role, agency, sees_restricted in ACCOUNTS
    ]
    await Account.insert(*people)
    for person in people:
        kinds: tuple[SessionKind, ...] = ("wall",) if person.role == "wall" else ("access", "page")
        for kind in kinds:
            token = hash_token(token_of(person.username, kind))
            session = NewSession(token, person.id, kind, uuid4(), now, now + timedelta(days=1))
            await insert_session(database.app, session)


def token_of(username: str, kind: SessionKind = "access") -> str:
    """The token of the session that the template holds for this account."""
    return f"wall-of-{WALL}" if username == WALL else f"{kind}-of-{username}"


@contextlib.contextmanager
def province_copy(server_url: str, template: str, folder: Path) -> Iterator[Settings]:
    """Settings of an installation with a copy of the province and an empty bucket."""
    name = f"province_{uuid4().hex}"
    copy_database(server_url, template, name)
    s3: S3Settings = dataclasses.replace(embedded.session_store().s3, bucket=f"test-{uuid4().hex}")
    ensure_bucket(s3)
    yield Settings(
        var_dir=folder,
        database_url=url_of(server_url, name),
        s3=s3,
        secret_key=SECRET_KEY,
        demo=False,
        limits_on=False,
        database_pool_size=6,
        public_pool_size=3,
    )
    run_client("dropdb", ["--force", name], url=server_url)


@pytest.fixture
def province_settings(
    server_url: str, province_template: str, tmp_path: Path
) -> Iterator[Settings]:
    """A province of this test's own."""
    with province_copy(server_url, province_template, tmp_path) as settings:
        yield settings


@pytest.fixture
async def town(province_settings: Settings) -> AsyncIterator[Town]:
    """An application of this test's own."""
    async with open_town(province_settings) as opened:
        yield opened


@pytest.fixture(scope="module")
async def module_town(
    server_url: str,
    province_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Town]:
    """One application for a module whose tests do not mind each other's reports."""
    folder = tmp_path_factory.mktemp("town")
    with province_copy(server_url, province_template, folder) as settings:
        async with open_town(settings) as opened:
            yield opened
