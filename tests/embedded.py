"""One embedded PostgreSQL and one S3 server for a whole test session, shared by all its processes.

The session's folder is made by the first pytest process and named in the environment for those
it starts (pytest -n). Whoever first needs a server starts it, under a lock; the first process
ends them.
"""

import fcntl
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.roof import processes
from backend.roof.cluster import Cluster, find_cluster, prepare_cluster
from backend.roof.database_server import running_pid, start_cluster
from backend.roof.libpq import run_client
from backend.roof.objects import ObjectStore, answers, find_store, prepare_store, start_store
from backend.roof.places import prepare_var

_FOLDER_VARIABLE = "CAUNOI_TEST_SESSION"
_PREFIX = "caunoi-tests-"
# In memory where there is room: a test's database is some 20 MB that are copied and thrown away,
# and there are hundreds. What a session holds at once is below 1 GB.
_MEMORY = Path("/dev/shm")
_DISK = Path("/tmp")
_ROOM_BYTES = 4 * 1024**3
TEMPLATE = "caunoi_template"

# What a test writes need not survive a power cut; faults are tested on clusters of their own.
QUICK = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "max_connections": "300",
    # the log of what is thrown away; copies of databases as files do not pass through it
    "max_wal_size": "256MB",
    "autovacuum_naptime": "60s",
    "log_min_duration_statement": "-1",
}


def open_session() -> bool:
    """Make the session's folder unless a parent process has; True for the one that made it."""
    if _FOLDER_VARIABLE in os.environ:
        return False
    _end_abandoned_sessions()
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=place_for_sessions()))
    # PostgreSQL runs as another account when the tests run as root; what is secret is closed below
    folder.chmod(0o755)
    os.environ[_FOLDER_VARIABLE] = str(folder)
    return True


def place_for_sessions() -> Path:
    """The folder that holds what lasts as long as a test session, databases most of all."""
    if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _ROOM_BYTES:
        return _MEMORY
    return _DISK


def close_session() -> None:
    """End the session's servers and delete its folder."""
    folder = Path(os.environ.pop(_FOLDER_VARIABLE))
    _end_servers(folder)
    shutil.rmtree(folder, ignore_errors=True)


def session_cluster() -> Cluster:
    """The session's database server, running."""
    folder = _folder()
    with _locked(folder / "cluster.lock"):
        cluster = find_cluster(folder)
        if cluster is not None and running_pid(cluster) is not None:
            return cluster
        prepare_var(folder)
        cluster = prepare_cluster(folder)
        process = start_cluster(
            cluster,
            log_path=folder / "log" / "postgresql.log",
            options=QUICK,
            ends_with_parent=False,
        )
        # it outlives this process, so nobody is going to wait for it here
        process.returncode = 0
        return cluster


def session_store() -> ObjectStore:
    """The session's S3 server, running."""
    folder = _folder()
    with _locked(folder / "store.lock"):
        store = find_store(folder)
        if store is not None and answers(store):
            return store
        prepare_var(folder)
        store = prepare_store(folder)
        process = start_store(
            store, log_path=folder / "log" / "objects.log", ends_with_parent=False
        )
        (folder / "objects.pid").write_text(str(process.pid))
        process.returncode = 0
        return store


@contextmanager
def only_one(name: str) -> Iterator[None]:
    """A section that only one process of the session is in at a time."""
    with _locked(_folder() / f"{name}.lock"):
        yield


def has_database(url: str, name: str) -> bool:
    """Whether the server at `url` has this database."""
    listed = run_client("psql", ["--list", "-qAt", "-F", " "], url=url)
    return name in (line.split(" ")[0] for line in listed.splitlines())


def _folder() -> Path:
    return Path(os.environ[_FOLDER_VARIABLE])


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _end_abandoned_sessions() -> None:
    """End what a killed test run left behind."""
    for folder in (*_MEMORY.glob(f"{_PREFIX}*"), *_DISK.glob(f"{_PREFIX}*")):
        owner = folder.name.removeprefix(_PREFIX).split("-")[0]
        if owner.isdigit() and not processes.is_alive(int(owner)) and os.access(folder, os.W_OK):
            _end_servers(folder)
            shutil.rmtree(folder, ignore_errors=True)


def _end_servers(folder: Path) -> None:
    cluster = find_cluster(folder)
    pid = running_pid(cluster) if cluster else None
    if pid is not None:
        os.kill(pid, signal.SIGQUIT)
        processes.wait_for_end(pid, seconds=10)
    pid_file = folder / "objects.pid"
    if pid_file.exists() and processes.is_alive(int(pid_file.read_text())):
        os.kill(int(pid_file.read_text()), signal.SIGTERM)
