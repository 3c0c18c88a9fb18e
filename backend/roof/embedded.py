"""The embedded database and store for the length of one command."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from backend.roof import processes
from backend.roof.cluster import prepare_cluster
from backend.roof.database_server import ensure_database, start_cluster
from backend.roof.errors import AlreadyRuns
from backend.roof.installation import complete_settings, holder, locked, with_keys
from backend.roof.objects import prepare_store, start_store
from backend.settings import Settings


@contextmanager
def running_services(settings: Settings, *, alone: bool = False) -> Iterator[Settings]:
    """Settings whose database and store run: those of the running installation, else started here.

    With `alone` nobody else may use this CAUNOI_VAR meanwhile; raises AlreadyRuns.
    """
    pid = holder(settings.var_dir)
    if pid is not None and not alone:
        yield complete_settings(settings)
        return
    if pid is not None:
        raise AlreadyRuns(
            f"Hãy dừng hệ thống trước (./run stop); tiến trình {pid} đang chạy.",
            f"Stop it first (./run stop); process {pid} runs here.",
            pid=pid,
        )
    with locked(settings.var_dir), ExitStack() as started:
        completed = with_keys(settings)
        if completed.database_url is None:
            completed = _start_database(completed, started)
        if completed.s3 is None:
            completed = _start_store(completed, started)
        yield completed


def _start_database(settings: Settings, started: ExitStack) -> Settings:
    cluster = prepare_cluster(settings.var_dir)
    process = start_cluster(cluster, log_path=settings.var_dir / "log" / "postgresql.log")
    started.callback(processes.end, process, first=signal.SIGINT, patience_seconds=30)
    ensure_database(cluster)
    return replace(settings, database_url=cluster.url)


def _start_store(settings: Settings, started: ExitStack) -> Settings:
    store = prepare_store(settings.var_dir)
    process = start_store(store, log_path=settings.var_dir / "log" / "objects.log")
    started.callback(processes.end, process)
    return replace(settings, s3=store.s3)
