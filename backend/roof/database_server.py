"""The embedded PostgreSQL server: started as our child, asked whether it is ready, ended."""

import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from backend.roof import processes
from backend.roof.cluster import DATABASE, Cluster, server_environment
from backend.roof.errors import StartFailed
from backend.roof.libpq import run_client, try_client
from backend.roof.places import tail

_RETRY_SECONDS = 10.0

# Sized so that the whole stack rests below 600 MB; max_wal_size bounds the time of a recovery.
_OPTIONS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_permissions": "0700",
    "max_connections": "150",
    "shared_buffers": "256MB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "max_wal_size": "1GB",
    "min_wal_size": "128MB",
    "wal_compression": "lz4",
    "checkpoint_completion_target": "0.9",
    # small tables that are written all day (queue, counters) need to be cleaned soon
    "autovacuum_naptime": "20s",
    "autovacuum_vacuum_scale_factor": "0.05",
    "autovacuum_analyze_scale_factor": "0.05",
    # ANALYZE samples 300 rows a unit of target: at 100 it holds a core for a second while
    # reports come in, and no query here needs finer statistics
    "default_statistics_target": "20",
    "idle_in_transaction_session_timeout": "60s",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %a ",
    "log_min_duration_statement": "1000",
    # statements carry people's words and numbers: never log what was bound
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_lock_waits": "on",
}


def start_cluster(
    cluster: Cluster,
    *,
    log_path: Path,
    options: Mapping[str, str] | None = None,
    patience_seconds: float = 300.0,
    ends_with_parent: bool = True,
    is_wanted: Callable[[], bool] = lambda: True,
) -> subprocess.Popen[bytes]:
    """Start the server as a child of this process and wait until it answers.

    `options` override the usual ones; the wait ends early when `is_wanted` turns False. Raises
    StartFailed with the log's last lines. Back ends that outlive a killed postmaster hold its
    shared memory for a moment, so a start that fails at once is tried again for some seconds; one
    that lives is recovering, and is given the whole of `patience_seconds`.
    """
    stop_leftover(cluster)
    begun = time.monotonic()
    while True:
        process = processes.spawn(
            _server_command(cluster, options or {}),
            log_path=log_path,
            account=cluster.account,
            ends_with_parent=ends_with_parent,
            parent_death_signal="INT",
            environ=server_environment(),
        )
        while (
            process.poll() is None and is_wanted() and time.monotonic() < begun + patience_seconds
        ):
            if is_ready(cluster):
                return process
            time.sleep(0.03)
        if process.poll() is None or not is_wanted() or time.monotonic() > begun + _RETRY_SECONDS:
            processes.end(process, first=signal.SIGINT, patience_seconds=10)
            raise StartFailed(
                f"PostgreSQL không khởi động được.\n{tail(log_path)}",
                f"PostgreSQL did not start.\n{tail(log_path)}",
            )
        time.sleep(0.5)


def ensure_database(cluster: Cluster, name: str = DATABASE) -> None:
    """Make the database `name` in a running cluster unless it is there."""
    url = cluster.url_of("postgres")
    listed = run_client("psql", ["--list", "-qAt", "-F", " "], url=url)
    if name not in (line.split(" ")[0] for line in listed.splitlines()):
        run_client("createdb", [name], url=url)


def is_ready(cluster: Cluster) -> bool:
    """Whether the server accepts connections on its socket."""
    if not (cluster.socket_folder / f".s.PGSQL.{cluster.port}").exists():
        return False
    asked = try_client("pg_isready", ["-q"], url=cluster.url_of("postgres"))
    return asked.returncode == 0


def stop_leftover(cluster: Cluster) -> None:
    """End a server that an earlier, killed parent left behind, and its stale pid file."""
    pid = running_pid(cluster)
    pid_file = cluster.folder / "postmaster.pid"
    if pid is None:
        # the number may meanwhile belong to another program, which would keep PostgreSQL away
        pid_file.unlink(missing_ok=True)
        return
    processes.run_as(
        [
            cluster.bin_folder / "pg_ctl",
            "-D",
            cluster.folder,
            "-m",
            "fast",
            "-w",
            "-t",
            "20",
            "stop",
        ],
        account=cluster.account,
    )
    if not processes.wait_for_end(pid, seconds=5):
        raise StartFailed(
            f"PostgreSQL cũ (tiến trình {pid}) không dừng.",
            f"An earlier PostgreSQL (process {pid}) does not stop.",
        )


def running_pid(cluster: Cluster) -> int | None:
    """The process id of the server that runs on this cluster's folder, whoever started it."""
    try:
        pid = int((cluster.folder / "postmaster.pid").read_text().splitlines()[0])
        works_in = Path(f"/proc/{pid}/cwd").readlink()
    except (FileNotFoundError, ProcessLookupError, ValueError, IndexError, PermissionError):
        return None
    return pid if works_in == cluster.folder.resolve() and processes.is_alive(pid) else None


def _server_command(cluster: Cluster, options: Mapping[str, str]) -> list[str | Path]:
    merged = {
        **_OPTIONS,
        "port": str(cluster.port),
        "unix_socket_directories": str(cluster.socket_folder),
        **options,
    }
    command: list[str | Path] = [cluster.bin_folder / "postgres", "-D", cluster.folder]
    for name, value in merged.items():
        command += ["-c", f"{name}={value}"]
    return command
