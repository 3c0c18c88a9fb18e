"""The supervisor's children: each knows how to start, is restarted with patience, and is ended."""

import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from backend.roof import processes
from backend.roof.installation import PartState

_BACKOFF_SECONDS = (0.2, 0.5, 1, 2, 5, 10, 30)
# a child that lived this long failed for another reason than the last time
_STABLE_SECONDS = 60.0


@dataclass
class Child:
    """A part of the stack that is kept running; `start` returns when the part is up."""

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    port: int | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    patience_seconds: float = 6.0
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restarts: int = 0
    failures: int = 0
    _restart_at: float | None = field(default=None, repr=False)

    def bring_up(self) -> None:
        """Start it now; whatever `start` raises goes to the caller."""
        self._restart_at = None
        self.process = self.start()
        self.started_at = time.time()

    def look_after(self, say: Callable[[str], None]) -> bool:
        """Notice a death, restart when its time has come; True when something changed."""
        if self._restart_at is not None:
            return time.monotonic() >= self._restart_at and self._restart(say)
        if self.process is None or self.process.poll() is None:
            return False
        if time.time() - self.started_at > _STABLE_SECONDS:
            self.failures = 0
        self._plan_restart(f"ended with status {self.process.returncode}", say)
        return True

    def end(self) -> None:
        """End it, first politely."""
        self._restart_at = None
        if self.process is not None:
            processes.end(
                self.process, first=self.stop_signal, patience_seconds=self.patience_seconds
            )

    @property
    def state(self) -> PartState | None:
        """What `caunoi status` shows of it; None while it is down."""
        if self.process is None or self.process.returncode is not None:
            return None
        return PartState(
            name=self.name,
            pid=self.process.pid,
            port=self.port,
            started_at=self.started_at,
            restarts=self.restarts,
        )

    def _restart(self, say: Callable[[str], None]) -> bool:
        self.restarts += 1
        try:
            self.bring_up()
        except Exception as error:  # the watch goes on whatever made one attempt fail
            self._plan_restart(f"does not start: {error}", say)
        else:
            say(f"{self.name} runs again")
        return True

    def _plan_restart(self, reason: str, say: Callable[[str], None]) -> None:
        wait_seconds = _BACKOFF_SECONDS[min(self.failures, len(_BACKOFF_SECONDS) - 1)]
        self.failures += 1
        self._restart_at = time.monotonic() + wait_seconds
        say(f"{self.name} {reason}; starting it again in {wait_seconds:g} s")


def end_all(children: list[Child]) -> None:
    """Ask all of them to end at once, then wait for each with its own patience."""
    for child in children:
        if child.process is not None and child.process.poll() is None:
            child.process.send_signal(child.stop_signal)
    for child in children:
        child.end()
