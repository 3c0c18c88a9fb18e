"""Backups: one tar file with the database, every object of the bucket, the keys, a manifest.

The database is dumped first, the objects are read afterwards. A row only ever refers to an object
that was stored before the row was committed, and objects never change: so whatever the dump refers
to is there when the objects are listed. What was stored in between is an orphan in the restored
installation, and swept like any other. What was deleted in between is named in the manifest.
"""

import io
import json
import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import IO, Any

from minio import Minio
from minio.error import InvalidResponseError, S3Error

from backend.clock import now
from backend.roof.errors import BackupBroken, NotRunning
from backend.roof.installation import with_keys
from backend.roof.libpq import run_client
from backend.roof.preparing import open_client
from backend.settings import S3Settings, Settings

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE_DUMP = "database.dump"
SECRET_KEY = "secret-key"  # noqa: S105  the name of a file
VAPID_KEY = "vapid-key"
OBJECTS = "objects/"
_PIECE_BYTES = 1 << 20

Say = Callable[[str], None]


@dataclass(frozen=True)
class Member:
    """One file of a backup; `content_type` of objects only."""

    name: str
    length_bytes: int
    sha256: str
    content_type: str | None = None


def make_backup(settings: Settings, target: Path, *, say: Say) -> Path:
    """Save everything into `target`, a new file, or a new file in that folder; the file's path.

    The file is readable by its owner only: it holds people's data and the keys.
    """
    database_url, s3 = services_of(settings)
    path = target / f"caunoi-{now():%Y%m%dT%H%M%SZ}.tar" if target.is_dir() else target
    partial = path.with_name(path.name + ".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
            say("saving the database")
            members = [_save_database(tar, database_url, beside=path.parent)]
            say("saving the objects")
            saved, vanished = _save_objects(tar, s3)
            members += [*saved, *_save_keys(tar, settings)]
            _save_manifest(tar, members, vanished=vanished)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(path)
    say(f"{len(members)} files, {path.stat().st_size / 1e6:.1f} MB")
    return path


def check_backup(source: Path) -> dict[str, Member]:
    """Read the whole file and compare every content with the manifest; raises BackupBroken."""
    try:
        found, manifest = _read_through(source)
    except (tarfile.TarError, EOFError, json.JSONDecodeError) as error:
        raise _broken(str(error)) from error
    if manifest is None or manifest.get("format") != FORMAT:
        raise _broken("it has no manifest of this format; it was probably cut off")
    named = {entry["name"]: Member(**entry) for entry in manifest["members"]}
    for name in sorted(named.keys() | found.keys()):
        if name not in found:
            raise _broken(f"{name} is missing")
        if name not in named:
            raise _broken(f"{name} is not in its manifest")
        if found[name] != (named[name].length_bytes, named[name].sha256):
            raise _broken(f"the content of {name} is not what was saved")
    return named


def members_of(source: Path) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    """Every file of a backup with its content, in the order in which it was saved."""
    with tarfile.open(source, mode="r:") as tar:
        for info in tar:
            content = tar.extractfile(info)
            if content is None:
                raise _broken(f"{info.name} is no file")
            yield info, content


def _read_through(source: Path) -> tuple[dict[str, tuple[int, str]], dict[str, Any] | None]:
    """Length and hash of every content, and the manifest if there is one."""
    found: dict[str, tuple[int, str]] = {}
    manifest: dict[str, Any] | None = None
    for info, content in members_of(source):
        if info.name == MANIFEST:
            manifest = json.loads(content.read())
        elif info.name in found:
            raise _broken(f"{info.name} stands in it twice")
        else:
            found[info.name] = _digest(content)
    return found, manifest


def services_of(settings: Settings) -> tuple[str, S3Settings]:
    """Where database and store are; raises NotRunning when the settings do not say."""
    if settings.database_url is None or settings.s3 is None:
        raise NotRunning
    return settings.database_url, settings.s3


def _save_database(tar: tarfile.TarFile, database_url: str, *, beside: Path) -> Member:
    with tempfile.TemporaryDirectory(dir=beside, prefix=".caunoi-backup-") as folder:
        dump = Path(folder) / DATABASE_DUMP
        run_client("pg_dump", ["--format=custom", f"--file={dump}"], url=database_url)
        with dump.open("rb") as content:
            return _add(tar, DATABASE_DUMP, content, length_bytes=dump.stat().st_size)


def _save_objects(tar: tarfile.TarFile, s3: S3Settings) -> tuple[list[Member], list[str]]:
    """The saved members, and the keys that were deleted while we read."""
    client = open_client(s3)
    saved: list[Member] = []
    vanished: list[str] = []
    for listed in client.list_objects(s3.bucket, recursive=True):
        try:
            saved.append(_save_object(tar, client, bucket=s3.bucket, key=listed.object_name))
        except (S3Error, InvalidResponseError) as error:
            if not is_missing(error):
                raise
            vanished.append(listed.object_name)
    return saved, vanished


def _save_object(tar: tarfile.TarFile, client: Minio, *, bucket: str, key: str) -> Member:
    answer = client.get_object(bucket, key)
    try:
        return _add(
            tar,
            OBJECTS + key,
            answer,
            length_bytes=int(answer.headers["Content-Length"]),
            content_type=answer.headers.get("Content-Type"),
        )
    finally:
        answer.close()
        answer.release_conn()


def _save_keys(tar: tarfile.TarFile, settings: Settings) -> list[Member]:
    # wherever they came from: without the secret key no reporter's tracking secret opens anything
    # any more, with another VAPID key no browser is told of anything
    complete = with_keys(settings)
    keys = {SECRET_KEY: complete.secret_key, VAPID_KEY: (complete.vapid_key or "").encode()}
    return [_add(tar, name, io.BytesIO(key), length_bytes=len(key)) for name, key in keys.items()]


def _save_manifest(tar: tarfile.TarFile, members: list[Member], *, vanished: list[str]) -> None:
    content = json.dumps(
        {
            "format": FORMAT,
            "made_at": now().isoformat(),
            "members": [vars(member) for member in members],
            "deleted_meanwhile": vanished,
        },
        indent=1,
    ).encode()
    _add(tar, MANIFEST, io.BytesIO(content), length_bytes=len(content))


def _add(
    tar: tarfile.TarFile,
    name: str,
    content: Any,
    *,
    length_bytes: int,
    content_type: str | None = None,
) -> Member:
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = length_bytes, 0o600, int(now().timestamp())
    reader = _Hashing(content)
    tar.addfile(info, reader)
    return Member(name, length_bytes, reader.digest.hexdigest(), content_type)


class _Hashing(io.RawIOBase):
    """A stream that computes the hash of what is read from it."""

    def __init__(self, content: Any) -> None:
        self._content = content
        self.digest = sha256()

    def read(self, size: int = -1) -> bytes:
        piece: bytes = self._content.read(size)
        self.digest.update(piece)
        return piece


def _digest(content: IO[bytes]) -> tuple[int, str]:
    digest, length_bytes = sha256(), 0
    while piece := content.read(_PIECE_BYTES):
        digest.update(piece)
        length_bytes += len(piece)
    return length_bytes, digest.hexdigest()


def is_missing(error: S3Error | InvalidResponseError) -> bool:
    """Whether the store says that there is no such object; rclone says it without an XML body."""
    if isinstance(error, S3Error):
        return error.code in ("NoSuchKey", "NoSuchObject", "ResourceNotFound")
    return "404" in str(error)


def _broken(reason: str) -> BackupBroken:
    return BackupBroken(
        f"Bản sao lưu không dùng được: {reason}.", f"This backup cannot be used: {reason}."
    )
