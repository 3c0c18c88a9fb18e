"""The drill: what a backup saved stands there again, and a spoilt backup touches nothing."""

import asyncio
import dataclasses
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from minio import Minio

from backend.roof.backup import check_backup, make_backup
from backend.roof.errors import BackupBroken, RestoreRefused
from backend.roof.installation import secret_key_path, vapid_key_path, with_keys
from backend.roof.libpq import run_client
from backend.roof.preparing import open_client
from backend.roof.restoring import restore_backup
from backend.settings import S3Settings, Settings
from tests.conftest import url_of
from tests.frontdoor.conftest import MakeInstallation
from tests.frontdoor.installation import Installation

PHOTOS = {
    "public/qng/ảnh đẹp.webp": b"\x00\x01photo" * 5000,
    "quarantine/0/empty": b"",
    "exports/a b+c%20d.xlsx": b"sheet",
}


def quiet(_: str) -> None:
    """Nobody listens to the progress here."""


@pytest.fixture
async def province(settings: Settings) -> Settings:
    """An installation that holds rows and objects."""
    connection = await asyncpg.connect(settings.database_url)
    await connection.execute(
        "INSERT INTO calendar (code, version, body) VALUES ('lịch', 1, '{\"a\": [1, 2]}')"
    )
    await connection.close()
    for key, content in PHOTOS.items():
        client_of(settings).put_object(bucket_of(settings), key, io.BytesIO(content), len(content))
    return with_keys(dataclasses.replace(settings, secret_key=b""))


@pytest.fixture
def target(server_url: str, s3: S3Settings, tmp_path: Path) -> Iterator[Settings]:
    """A second installation on a database and bucket that hold nothing."""
    name = f"restored_{uuid4().hex}"
    run_client("createdb", [name], url=server_url)
    (tmp_path / "second" / "secrets").mkdir(parents=True)
    yield Settings(
        var_dir=tmp_path / "second",
        database_url=url_of(server_url, name),
        s3=dataclasses.replace(s3, bucket=f"restored-{uuid4().hex}"),
    )
    run_client("dropdb", ["--force", name], url=server_url)


def test_a_restored_installation_has_the_same_rows_objects_and_key(
    province: Settings, target: Settings, tmp_path: Path
) -> None:
    saved = make_backup(province, tmp_path, say=quiet)
    assert saved.stat().st_mode & 0o777 == 0o600
    restore_backup(target, saved, force=False, say=quiet)
    assert rows_of(target) == rows_of(province)
    assert "lịch" in rows_of(target)
    assert objects_of(target) == PHOTOS
    assert with_keys(target).secret_key == province.secret_key
    assert secret_key_path(target).stat().st_mode & 0o777 == 0o600
    assert with_keys(target).vapid_key == province.vapid_key
    assert vapid_key_path(target).stat().st_mode & 0o777 == 0o600
    assert (target.var_dir / "demo.loaded").exists()


def test_a_key_set_from_outside_is_saved_and_a_wrong_one_is_named(
    province: Settings, target: Settings, tmp_path: Path
) -> None:
    outside = dataclasses.replace(province, secret_key=b"set by the environment")
    saved = make_backup(outside, tmp_path / "one.tar", say=quiet)
    said: list[str] = []
    other = dataclasses.replace(target, secret_key=b"another")
    restore_backup(other, saved, force=False, say=said.append)
    assert secret_key_path(target).read_bytes() == b"set by the environment"
    assert any("CAUNOI_SECRET_KEY" in line for line in said)


def test_restoring_twice_needs_force_and_then_replaces(
    province: Settings, target: Settings, tmp_path: Path
) -> None:
    saved = make_backup(province, tmp_path / "one.tar", say=quiet)
    restore_backup(target, saved, force=False, say=quiet)
    with pytest.raises(RestoreRefused, match="calendar"):
        restore_backup(target, saved, force=False, say=quiet)
    restore_backup(target, saved, force=True, say=quiet)
    assert rows_of(target) == rows_of(province)


async def test_a_database_in_use_is_not_replaced(
    province: Settings, target: Settings, tmp_path: Path
) -> None:
    saved = await asyncio.to_thread(make_backup, province, tmp_path / "one.tar", say=quiet)
    somebody = await asyncpg.connect(target.database_url)
    with pytest.raises(RestoreRefused, match="connected"):
        await asyncio.to_thread(restore_backup, target, saved, force=False, say=quiet)
    assert await somebody.fetchval("SELECT 1") == 1
    assert not secret_key_path(target).exists()
    await somebody.close()


def test_a_bucket_that_holds_something_is_not_written_into(
    province: Settings, target: Settings, tmp_path: Path
) -> None:
    saved = make_backup(province, tmp_path / "one.tar", say=quiet)
    client_of(target).make_bucket(bucket_of(target))
    client_of(target).put_object(bucket_of(target), "mine", io.BytesIO(b"x"), 1)
    with pytest.raises(RestoreRefused):
        restore_backup(target, saved, force=False, say=quiet)
    assert objects_of(target) == {"mine": b"x"}


@pytest.mark.parametrize("harm", ["a flipped bit", "cut off", "a member lost", "a member added"])
def test_a_spoilt_backup_is_refused_before_anything_is_touched(
    province: Settings, target: Settings, tmp_path: Path, harm: str
) -> None:
    saved = make_backup(province, tmp_path / "one.tar", say=quiet)
    spoil(saved, harm)
    with pytest.raises(BackupBroken):
        restore_backup(target, saved, force=True, say=quiet)
    assert rows_of(target).count("COPY") == 0
    assert not secret_key_path(target).exists()


def test_a_backup_that_breaks_off_leaves_no_file_that_looks_whole(
    province: Settings, tmp_path: Path
) -> None:
    assert province.s3 is not None
    gone = dataclasses.replace(province, s3=dataclasses.replace(province.s3, bucket="no-such"))
    with pytest.raises(Exception, match="NoSuchBucket"):
        make_backup(gone, tmp_path / "one.tar", say=quiet)
    assert list(tmp_path.glob("*.tar")) == []


@pytest.mark.nightly
@pytest.mark.timeout(300)
def test_the_demo_province_survives_the_loss_of_its_whole_folder(
    make_installation: MakeInstallation, tmp_path: Path
) -> None:
    lost = make_installation(demo="on")
    lost.start()
    saved = command(lost, "backup", str(tmp_path / "province.tar"))
    assert len(check_backup(tmp_path / "province.tar")) > 100, saved
    lost.run("stop")
    found = make_installation(demo="on")
    command(found, "restore", str(tmp_path / "province.tar"))
    found.start()
    assert found.status_of("/readyz") == 200
    command(found, "audit", "verify")
    found.run("stop")


def command(installation: Installation, *words: str) -> str:
    """`./run caunoi WORDS`, which must succeed; its output."""
    ended = installation.run("caunoi", *words, seconds=200)
    assert ended.returncode == 0, ended.stdout
    return ended.stdout


def spoil(path: Path, harm: str) -> None:
    """Do to a backup what disks and people do."""
    content = bytearray(path.read_bytes())
    if harm == "a flipped bit":
        content[content.index(b"photo")] ^= 1
    elif harm == "cut off":
        del content[len(content) // 2 :]
    elif harm == "a member added":
        path.write_bytes(content)
        with tarfile.open(path, "a") as tar:
            tar.addfile(tarfile.TarInfo("objects/more"), io.BytesIO())
        return
    else:
        with tarfile.open(path) as whole, tarfile.open(path.with_suffix(".less"), "w") as less:
            for info in whole:
                if not info.name.endswith(".webp"):
                    less.addfile(info, whole.extractfile(info))
        path.with_suffix(".less").rename(path)
        return
    path.write_bytes(content)


def rows_of(settings: Settings) -> str:
    """Everything that the database holds, as text."""
    assert settings.database_url is not None
    dumped = run_client("pg_dump", ["--data-only", "--schema=public"], url=settings.database_url)
    # newer servers put a random word into each dump
    return "\n".join(line for line in dumped.splitlines() if "restrict" not in line)


def objects_of(settings: Settings) -> dict[str, bytes]:
    """Every object of the bucket with its content."""
    client, bucket = client_of(settings), bucket_of(settings)
    found = {}
    for listed in client.list_objects(bucket, recursive=True):
        answer = client.get_object(bucket, listed.object_name or "")
        found[listed.object_name or ""] = answer.read()
        answer.close()
        answer.release_conn()
    return found


def client_of(settings: Settings) -> Minio:
    assert settings.s3 is not None
    return open_client(settings.s3)


def bucket_of(settings: Settings) -> str:
    assert settings.s3 is not None
    return settings.s3.bucket
