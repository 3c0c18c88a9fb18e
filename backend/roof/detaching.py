"""Going on in the background once the start has succeeded, told to whoever waits for it."""

import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from backend.errors import CaunoiError

Say = Callable[[str], None]
_READY = "ready"


def run_detached(
    body: Callable[[Say, Callable[[], None]], None], *, log_path: Path, say: Say
) -> bool:
    """Run `body(say, ready)` in a process of its own session that outlives this one.

    Returns True as soon as the body called `ready`, False when it ended before; what it says until
    then is said here too. The background process keeps none of our streams, so that whoever reads
    our output to its end is not kept waiting.
    """
    reading, writing = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    first = os.fork()
    if first == 0:
        os.close(reading)
        _become_background(body, log_path=log_path, writing=writing)
    os.close(writing)
    os.waitpid(first, 0)
    with os.fdopen(reading) as heard:
        for line in heard:
            if line.strip() == _READY:
                return True
            say(line.rstrip("\n"))
    return False


def _become_background(
    body: Callable[[Say, Callable[[], None]], None], *, log_path: Path, writing: int
) -> None:
    """Never returns."""
    os.setsid()
    if os.fork() != 0:
        os._exit(0)
    status = 1
    try:
        _replace_streams(log_path)
        teller = _Teller(writing)
        try:
            body(teller.say, teller.ready)
            status = 0
        except CaunoiError as error:
            teller.say(error.en)
        except Exception as error:  # the log keeps it, and who waits is told
            traceback.print_exc()
            teller.say(f"{type(error).__name__}: {error} (see {log_path})")
    finally:
        sys.stdout.flush()
        os._exit(status)


def _replace_streams(log_path: Path) -> None:
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)


class _Teller:
    """Speaks into the log, and to the waiting process while there is one."""

    def __init__(self, writing: int) -> None:
        self._writing: int | None = writing

    def say(self, text: str) -> None:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
        self._tell(text)

    def ready(self) -> None:
        self._tell(_READY)
        if self._writing is not None:
            os.close(self._writing)
            self._writing = None

    def _tell(self, text: str) -> None:
        if self._writing is None:
            return
        try:
            os.write(self._writing, (text + "\n").encode())
        except BrokenPipeError:
            # nobody waits any more; the start goes on all the same
            self._writing = None
