"""Putting a backup back: checked as a whole first, then the objects, then the database."""

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, BinaryIO, cast
from urllib.parse import unquote, urlsplit, urlunsplit

import asyncpg
from minio import Minio

from backend.database import migrate
from backend.roof.backup import (
    DATABASE_DUMP,
    OBJECTS,
    SECRET_KEY,
    VAPID_KEY,
    Member,
    check_backup,
    members_of,
    services_of,
)
from backend.roof.errors import RestoreRefused
from backend.roof.installation import demo_mark, secret_key_path, vapid_key_path
from backend.roof.libpq import run_client
from backend.roof.preparing import ensure_bucket, open_client
from backend.roof.store import list_filled_tables, rename_database
from backend.settings import S3Settings, Settings

Say = Callable[[str], None]
_PART_BYTES = 16 << 20


def restore_backup(settings: Settings, source: Path, *, force: bool, say: Say) -> None:
    """Put the backup back into database, bucket and CAUNOI_VAR, which nobody else may be using.

    Raises BackupBroken before anything is touched, RestoreRefused when the target holds something
    and `force` is False. The old database is there until the new one is complete. An external
    database needs a user that may create databases.
    """
    database_url, s3 = services_of(settings)
    say("checking the backup")
    members = check_backup(source)
    ensure_bucket(s3)
    if not force:
        _refuse_a_full_target(database_url, s3)
    say(f"restoring {len(members)} files")
    client = open_client(s3)
    with tempfile.TemporaryDirectory(dir=settings.var_dir, prefix=".caunoi-restore-") as folder:
        dump, keys = Path(folder) / DATABASE_DUMP, {SECRET_KEY: b"", VAPID_KEY: b""}
        for info, content in members_of(source):
            if info.name == DATABASE_DUMP:
                _copy(content, dump)
            elif info.name in keys:
                keys[info.name] = content.read()
            elif info.name.startswith(OBJECTS):
                _put_object(client, s3.bucket, member=members[info.name], content=content)
        _restore_database(database_url, dump)
        _write_secret_key(settings, keys[SECRET_KEY], say=say)
        _write_vapid_key(settings, keys[VAPID_KEY], say=say)
    # the restored province is the one to show: the next start adds no demo to it
    demo_mark(settings).touch()


def _refuse_a_full_target(database_url: str, s3: S3Settings) -> None:
    tables = asyncio.run(list_filled_tables(database_url))
    if tables:
        raise RestoreRefused(
            f"Cơ sở dữ liệu đã có dữ liệu ({', '.join(tables)}…); thêm --force để thay thế.",
            f"The database already holds rows ({', '.join(tables)}…); --force replaces it.",
        )
    if next(iter(open_client(s3).list_objects(s3.bucket, recursive=True)), None) is not None:
        raise RestoreRefused(
            f"Kho {s3.bucket} đã có tệp; thêm --force để ghi vào.",
            f"The bucket {s3.bucket} already holds objects; --force writes into it.",
        )


def _restore_database(database_url: str, dump: Path) -> None:
    name = unquote(urlsplit(database_url).path.removeprefix("/"))
    server_url = _url_of(database_url, "postgres")
    fresh, old = f"{name}_restoring", f"{name}_replaced"
    for leftover in (fresh, old):
        run_client("dropdb", ["--if-exists", "--force", leftover], url=server_url)
    # Roles belong to the server, not to the dump: migrating makes them where they are missing.
    run_client("createdb", ["--template=template0", fresh], url=server_url)
    asyncio.run(migrate(_url_of(database_url, fresh)))
    run_client("dropdb", ["--force", fresh], url=server_url)
    run_client("createdb", ["--template=template0", fresh], url=server_url)
    run_client(
        "pg_restore",
        ["--exit-on-error", "--no-owner", "--single-transaction", f"--dbname={fresh}", dump],
        url=server_url,
    )
    try:
        asyncio.run(_swap(server_url, name, fresh=fresh, old=old))
    except asyncpg.ObjectInUseError as error:
        run_client("dropdb", ["--force", fresh], url=server_url)
        raise RestoreRefused(
            f"Cơ sở dữ liệu {name} đang có người dùng; hãy dừng mọi kết nối rồi thử lại.",
            f"Somebody is connected to the database {name}; end that and try again.",
        ) from error
    run_client("dropdb", ["--if-exists", "--force", old], url=server_url)


async def _swap(server_url: str, name: str, *, fresh: str, old: str) -> None:
    await rename_database(server_url, name, to=old)
    await rename_database(server_url, fresh, to=name)


def _put_object(client: Minio, bucket: str, *, member: Member, content: IO[bytes]) -> None:
    client.put_object(
        bucket,
        member.name.removeprefix(OBJECTS),
        cast(BinaryIO, content),
        member.length_bytes,
        content_type=member.content_type or "application/octet-stream",
        part_size=_PART_BYTES if member.length_bytes > _PART_BYTES else 0,
    )


def _write_secret_key(settings: Settings, key: bytes, *, say: Say) -> None:
    path = secret_key_path(settings)
    replaced = path.read_text().strip().encode() if path.exists() else b""
    path.touch(mode=0o600)
    path.write_bytes(key)
    if settings.secret_key not in (b"", replaced, key):
        say("CAUNOI_SECRET_KEY is not the key of this backup: unset it, or set the saved one")


def _write_vapid_key(settings: Settings, key: bytes, *, say: Say) -> None:
    path = vapid_key_path(settings)
    replaced = path.read_text().strip() if path.exists() else None
    if not key:
        # a backup from before there was one: the next start makes it follow from the secret key
        path.unlink(missing_ok=True)
        return
    path.touch(mode=0o600)
    path.write_bytes(key)
    if settings.vapid_key not in (None, replaced, key.decode()):
        say("CAUNOI_VAPID_KEY is not the key of this backup: unset it, or set the saved one")


def _copy(content: IO[bytes], path: Path) -> None:
    with path.open("wb") as file:
        while piece := content.read(1 << 20):
            file.write(piece)


def _url_of(database_url: str, name: str) -> str:
    return urlunsplit(urlsplit(database_url)._replace(path=f"/{name}"))
