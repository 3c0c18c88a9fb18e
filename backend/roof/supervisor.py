"""The supervisor: brings an installation up, keeps every part running, takes it down in order."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from backend.roof import processes
from backend.roof.children import Child, end_all
from backend.roof.cluster import prepare_cluster
from backend.roof.database_server import ensure_database, start_cluster
from backend.roof.errors import RoofError, StartFailed
from backend.roof.installation import is_demo_wanted, locked, with_keys, write_state
from backend.roof.logs import shorten_logs
from backend.roof.objects import prepare_store, start_store
from backend.roof.places import prepare_var, tail
from backend.roof.readiness import ask_readiness
from backend.settings import Settings

Say = Callable[[str], None]

# sysexits.h EX_TEMPFAIL: `caunoi prepare` found no database; it may come
NO_DATABASE_STATUS = 75
_READY_SECONDS = 60.0
_DATABASE_SECONDS = 30.0
_LOOK_SECONDS = 0.2
_LOG_CHECK_SECONDS = 5.0


def serve(settings: Settings, *, say: Say, ready: Callable[[Settings], None]) -> None:
    """Run the whole installation until SIGTERM or SIGINT; `ready` is called once it answers.

    Raises AlreadyRuns, StartFailed (after ending what had started) and ToolMissing.
    """
    stopping = threading.Event()
    kept = {
        number: signal.signal(number, lambda *_: stopping.set())
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    }
    try:
        with locked(settings.var_dir), _listen(settings) as listener:
            _Supervisor(settings, listener=listener, say=say, stopping=stopping).run(ready)
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)


def own_command(*words: str) -> list[str]:
    """The command line that runs `caunoi WORDS` with this very Python."""
    return [sys.executable, "-P", "-m", "backend", *words]


@dataclass
class _Supervisor:
    settings: Settings
    listener: socket.socket
    say: Say
    stopping: threading.Event
    # what the others stand on; ended last, in the order opposite to their start
    ground: list[Child] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)

    def run(self, ready: Callable[[Settings], None]) -> None:
        try:
            self._bring_up()
            if not self.stopping.is_set():
                ready(self.settings)
            self._watch()
        finally:
            self._take_down()

    def _bring_up(self) -> None:
        prepare_var(self.settings.var_dir)
        self.settings = with_keys(self.settings)
        self._start_database()
        self._start_store()
        self._prepare()
        if self.stopping.is_set():
            return
        self.say("starting web and worker")
        self._start_own("web", count=self.settings.web_processes, port=self.settings.port)
        self._start_own("worker", count=self.settings.worker_processes, port=None)
        self._wait_until_ready()

    def _start_database(self) -> None:
        if self.settings.database_url is not None:
            return
        cluster = prepare_cluster(self.settings.var_dir, say=self.say)
        child = Child(
            "postgresql",
            lambda: start_cluster(
                cluster, log_path=self._log("postgresql"), is_wanted=self._is_wanted
            ),
            port=cluster.port,
            stop_signal=signal.SIGINT,
            patience_seconds=20.0,
        )
        self.say("starting PostgreSQL")
        self.ground.append(child)
        child.bring_up()
        ensure_database(cluster)
        self.settings = replace(self.settings, database_url=cluster.url)

    def _start_store(self) -> None:
        if self.settings.s3 is not None:
            return
        store = prepare_store(self.settings.var_dir)
        child = Child(
            "objects",
            lambda: start_store(store, log_path=self._log("objects")),
            port=store.port,
            patience_seconds=3.0,
        )
        self.say("starting the photo store")
        self.ground.append(child)
        child.bring_up()
        self.settings = replace(self.settings, s3=store.s3)

    def _prepare(self) -> None:
        """Schema, bucket and demo, in a process that gives its memory back when done."""
        is_first = is_demo_wanted(self.settings)
        self.say("loading the demo province" if is_first else "checking the database's schema")
        deadline = time.monotonic() + _DATABASE_SECONDS
        while not self.stopping.is_set():
            prepared = self._spawn_own("prepare")
            while prepared.poll() is None:
                if self.stopping.wait(0.05):
                    processes.end(prepared)
            if prepared.returncode == 0:
                return
            is_waiting = prepared.returncode == NO_DATABASE_STATUS and time.monotonic() < deadline
            if not is_waiting and not self.stopping.is_set():
                raise StartFailed(
                    f"Chuẩn bị dữ liệu không thành công.\n{tail(self._log('prepare'), lines=25)}",
                    f"Preparing the data failed.\n{tail(self._log('prepare'), lines=25)}",
                )
            self.say(f"waiting for the database: {tail(self._log('prepare'), lines=1)}")
            self.stopping.wait(1.0)

    def _start_own(self, name: str, *, count: int, port: int | None) -> None:
        for number in range(1, count + 1):
            child = Child(
                name if count == 1 else f"{name}-{number}",
                lambda: self._spawn_own(name),
                port=port,
            )
            self.children.append(child)
            child.bring_up()

    def _spawn_own(self, name: str) -> subprocess.Popen[bytes]:
        descriptor = self.listener.fileno()
        words = ["web", "--listener", str(descriptor)] if name == "web" else [name]
        return processes.spawn(
            own_command(*words),
            log_path=self._log(name),
            environ={**os.environ, "CAUNOI_VAR": str(self.settings.var_dir)},
            pass_fds=[descriptor] if name == "web" else [],
        )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        self._write_state()
        while not self.stopping.is_set():
            for child in self.children:
                if child.process is not None and child.process.poll() is not None:
                    log = tail(self._log(child.name.split("-")[0]), lines=25)
                    raise StartFailed(
                        f"{child.name} dừng ngay khi khởi động.\n{log}",
                        f"{child.name} ended while starting.\n{log}",
                    )
            answer = ask_readiness(self.settings)
            if answer.is_ready:
                return
            if time.monotonic() > deadline:
                raise StartFailed(
                    f"Hệ thống chưa sẵn sàng: {answer.reason}",
                    f"It does not get ready: {answer.reason}",
                )
            self.stopping.wait(0.05)

    def _watch(self) -> None:
        logs_at = 0.0
        while not self.stopping.wait(_LOOK_SECONDS):
            # no short cut: each child is looked at every time
            changed = [child.look_after(self.say) for child in (*self.ground, *self.children)]
            if any(changed):
                self._write_state()
            if time.monotonic() >= logs_at:
                shorten_logs(self.settings.var_dir / "log")
                logs_at = time.monotonic() + _LOG_CHECK_SECONDS

    def _take_down(self) -> None:
        self.say("stopping")
        end_all(self.children)
        for child in reversed(self.ground):
            child.end()
        (self.settings.var_dir / "state.json").unlink(missing_ok=True)

    def _write_state(self) -> None:
        states = [child.state for child in (*self.ground, *self.children)]
        write_state(
            self.settings.var_dir,
            url=self.settings.public_url,
            parts=[state for state in states if state is not None],
        )

    def _is_wanted(self) -> bool:
        return not self.stopping.is_set()

    def _log(self, name: str) -> Path:
        return self.settings.var_dir / "log" / f"{name}.log"


def _listen(settings: Settings) -> socket.socket:
    """The listening socket that every web process shares.

    The supervisor holds it, so that connections wait in its queue while a web process restarts.
    """
    host = "127.0.0.1" if settings.host == "localhost" else settings.host
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, settings.port))
    except OSError as error:
        listener.close()
        raise RoofError(
            f"Không mở được cổng {settings.port} ({error.strerror}); hãy chọn CAUNOI_PORT khác.",
            f"Port {settings.port} cannot be used ({error.strerror}); choose another CAUNOI_PORT.",
        ) from error
    listener.listen(2048)
    return listener
