"""A database, the twin of FCM, and people with devices."""

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

import pytest

from backend.database import Database, open_database, owner_connection
from backend.identifiers import new_uuid7
from backend.messages.announce import Terms
from backend.messages.devices import follow_case, register_device
from backend.messages.firebase import FirebasePush
from backend.messages.quiet import Timing
from backend.settings import Settings
from tests.twins.fcm import FcmTwin, fcm_twin

SECRET_KEY: Final = b"a-secret-key-for-tests-and-nothing-else"
# tests that are not about quiet hours pass at any hour
TERMS: Final = Terms(Timing(quiet=None), SECRET_KEY)


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    assert settings.database_url is not None
    opened = await open_database(settings.database_url, app_size=4, public_size=1)
    yield opened
    await opened.close()


@pytest.fixture
def fcm() -> Iterator[FcmTwin]:
    with fcm_twin() as twin:
        yield twin


@pytest.fixture
async def push(fcm: FcmTwin) -> AsyncIterator[FirebasePush]:
    sender = FirebasePush(Path("no-credentials"), fcm.url)
    yield sender
    await sender.close()


class People:
    """Makes accounts and devices."""

    def __init__(self, database: Database, url: str) -> None:
        self.database, self._url = database, url

    async def agency(self, code: str, *, parent: str | None = None) -> str:
        async with owner_connection(self._url) as connection:
            await connection.execute(
                "INSERT INTO calendar (code, version, body) VALUES ('lich', 1, '{}')"
                " ON CONFLICT DO NOTHING"
            )
            await connection.execute(
                """
                INSERT INTO agency (code, name_vi, name_en, kind, parent_code, calendar_code)
                VALUES ($1, $1, $1, 'ubnd', $2, 'lich')
                """,
                code,
                parent,
            )
        return code

    async def account(
        self, role: str, *, agency: str | None = None, sees_restricted: bool = False
    ) -> uuid.UUID:
        account_id = new_uuid7()
        await self.database.app.execute(
            """
            INSERT INTO account (id, username, role, name, agency_code, sees_restricted)
            VALUES ($1, $2, $3, 'A person', $4, $5)
            """,
            account_id,
            f"u{account_id.hex}",
            role,
            agency,
            sees_restricted,
        )
        return account_id

    async def device(
        self, account_id: uuid.UUID | None = None, *, value: str = "", language: str = "vi"
    ) -> tuple[uuid.UUID, str]:
        address = value or f"token-{uuid.uuid4().hex}"
        device_id = await register_device(
            self.database, kind="token", value=address, account_id=account_id, language=language
        )
        return device_id, address

    async def follower(self, case_id: uuid.UUID, *, language: str = "vi") -> str:
        device_id, address = await self.device(language=language)
        await follow_case(self.database.app, "report", case_id, device_id=device_id)
        return address


@pytest.fixture
def people(database: Database, settings: Settings) -> People:
    assert settings.database_url is not None
    return People(database, settings.database_url)


@pytest.fixture
async def a_commune(settings: Settings) -> str:
    """The commune in which a report of factories.py lies, with fields to report about."""
    assert settings.database_url is not None
    async with owner_connection(settings.database_url) as connection:
        await connection.execute(
            """
            INSERT INTO unit_generation (level, valid_from, state, is_approximate, source)
            VALUES ('commune', '2025-07-01', 'active', true, 'tests');
            INSERT INTO unit (code, valid_from, level, name, kind, is_approximate, geom,
                label_point, area_km2)
            VALUES ('21028', '2025-07-01', 'commune', 'Phường Cẩm Thành', 'phường', true,
                ST_Multi(ST_MakeEnvelope(108.7, 15.0, 108.9, 15.2, 4326)),
                ST_SetSRID(ST_MakePoint(108.8, 15.1), 4326), 10);
            INSERT INTO category (code, field_code, name_vi, name_en, is_restricted) VALUES
                ('moi-truong', NULL, 'Môi trường', 'Environment', false),
                ('rac-ton-dong', 'moi-truong', 'Rác tồn đọng', 'Rubbish', false),
                ('o-ga', NULL, 'Ổ gà', 'Potholes', false),
                ('to-giac', NULL, 'Tố giác', 'Crime', true);
            """
        )
    return "21028"
