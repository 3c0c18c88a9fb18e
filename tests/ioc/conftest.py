"""A served province with a few reports counted, and people who may look at them."""

from collections.abc import AsyncIterator
from datetime import date
from uuid import uuid4

import asyncpg
import pytest

from backend import clock
from backend.accounts.actions import NewAccount, add_account
from backend.accounts.principals import Role
from backend.counts.deltas import Standing, deltas_between
from backend.counts.fold import fold_counts
from backend.counts.store import insert_deltas
from backend.database import Database, open_database, owner_connection
from backend.roof.libpq import run_client
from backend.settings import Settings
from tests.conftest import copy_database, url_of
from tests.counts.cases import a_case, moved, overdue, rated, resolved
from tests.ioc.serving import PASSWORD, Server, serve

TODAY = clock.day_of(clock.now())


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    async with owner_connection(database_url) as connection:
        yield connection


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = await open_database(database_url, app_size=3, public_size=1)
    yield database
    await database.close()


@pytest.fixture
async def board(owner: asyncpg.Connection, database: Database) -> Database:
    """A province with figures, of this test's own."""
    await count_twelve(owner, database)
    return database


async def count_twelve(owner: asyncpg.Connection, database: Database) -> None:
    """Three agencies, two fields, two wards of today; twelve reports, some not folded yet."""
    await owner.execute(
        """
        INSERT INTO calendar (code, version, body) VALUES ('gio', 1, '{}');
        INSERT INTO agency (code, name_vi, name_en, kind, calendar_code) VALUES
            ('so-xay-dung', 'Sở Xây dựng', 'Department of Construction', 'so', 'gio'),
            ('ubnd-21025', 'UBND phường Cẩm Thành', 'Cẩm Thành Committee', 'ubnd', 'gio');
        INSERT INTO category (code, field_code, name_vi, name_en, position) VALUES
            ('giao-thong', NULL, 'Giao thông', 'Roads', 1),
            ('o-ga', 'giao-thong', 'Ổ gà', 'Potholes', 2),
            ('den-hong', 'giao-thong', 'Đèn hỏng', 'Broken lights', 3),
            ('moi-truong', NULL, 'Môi trường', 'Environment', 4),
            ('rac-ton-dong', 'moi-truong', 'Rác tồn đọng', 'Litter', 5);
        INSERT INTO unit_generation (level, valid_from, state, is_approximate, source)
            VALUES ('commune', '2025-07-01', 'active', true, 'test');
        INSERT INTO unit (code, valid_from, level, name, kind, is_approximate, geom, label_point,
            area_km2)
        SELECT code, '2025-07-01', 'commune', name, 'Phường', true,
            ST_GeomFromText('MULTIPOLYGON(((108 15,108.1 15,108.1 15.1,108 15)))', 4326),
            ST_GeomFromText('POINT(108.05 15.02)', 4326), 1
        FROM (VALUES ('21025', 'Phường Cẩm Thành'), ('21028', 'Phường Nghĩa Lộ')) AS v (code, name)
        """
    )
    for case in twelve_cases():
        await receive(database, case)
    await fold_counts(database.app, 7)


def twelve_cases() -> list[Standing]:
    """Eight of Cẩm Thành (six answered, one of them late), four of Nghĩa Lộ (one overdue)."""
    home = a_case(TODAY, agency="ubnd-21025")
    away = a_case(TODAY, "21028@2025-07-01", category="rac-ton-dong", agency="so-xay-dung")
    old = a_case(date(2026, 1, 31), agency="ubnd-21025", category="den-hong")
    return [
        *(rated(resolved(home, 60 * n), satisfied=n > 1) for n in range(1, 6)),
        resolved(old, 6000, on_time=False),
        home,
        moved(home, agency_code="-"),
        *(away, away, away, overdue(away)),
    ]


async def receive(database: Database, case: Standing) -> None:
    """A case as a submit and its answer count it."""
    await insert_deltas(database.app, "report", deltas_between(None, case))


@pytest.fixture
async def people(board: Database) -> None:
    """People of this test's own."""
    await add_people(board)


async def add_people(board: Database) -> None:
    """A leader, an officer of the ward's committee, a moderator, a citizen."""
    roles: list[tuple[str, Role, str | None]] = [
        ("lanhdao", "leader", None),
        ("canbo", "officer", "ubnd-21025"),
        ("kiemduyet", "moderator", None),
        ("nguoidan", "citizen", None),
    ]
    for name, role, agency in roles:
        account = NewAccount(name, role, "Người xem", password=PASSWORD, agency_code=agency)
        await add_account(board, account, now=clock.now())


@pytest.fixture(scope="module")
async def served(
    server_url: str, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Server]:
    """One server, its figures and its people, for a module whose tests only look."""
    name = f"test_ioc_{uuid4().hex}"
    copy_database(server_url, template_database, name)
    url = url_of(server_url, name)
    database = await open_database(url, app_size=3, public_size=1)
    async with owner_connection(url) as connection:
        await count_twelve(connection, database)
    await add_people(database)
    await database.close()
    settings = Settings(
        var_dir=tmp_path_factory.mktemp("ioc"), database_url=url, secret_key=b"a-secret-for-looking"
    )
    with serve(settings) as server:
        yield server
    run_client("dropdb", ["--force", name], url=server_url)
