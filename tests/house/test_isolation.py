"""What the shared fixtures promise: nothing outside this machine, nothing of another test."""

import socket

import asyncpg
import pytest
from pytest_socket import SocketConnectBlockedError

from backend.database import pending_migrations
from backend.roof.preparing import open_client
from backend.settings import S3Settings, Settings


def test_a_test_reaches_no_other_machine() -> None:
    # 192.0.2.1 belongs to nobody (RFC 5737)
    with (
        socket.socket() as outgoing,
        pytest.warns(UserWarning, match="192.0.2.1"),
        pytest.raises(SocketConnectBlockedError),
    ):
        outgoing.connect(("192.0.2.1", 80))


@pytest.mark.parametrize("round_number", [1, 2])
async def test_each_test_has_a_migrated_database_of_its_own(
    database_url: str, round_number: int
) -> None:
    connection = await asyncpg.connect(database_url)
    assert await pending_migrations(connection) == []
    assert await connection.fetchval("SELECT count(*) FROM calendar") == 0, round_number
    await connection.execute("INSERT INTO calendar (code, version, body) VALUES ('x', 1, '{}')")
    await connection.close()


def test_each_test_has_a_bucket_of_its_own(s3: S3Settings, settings: Settings) -> None:
    assert settings.s3 == s3
    assert list(open_client(s3).list_objects(s3.bucket)) == []
