"""Child processes: started so that they end with their parent, measured, and ended in time."""

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from backend.roof.errors import ToolMissing

# What our own processes are told by the environment and other programs have no business with.
_PRIVATE = ("CAUNOI_SECRET_KEY", "CAUNOI_DATABASE_URL", "CAUNOI_S3_SECRET_KEY")


def find_tool(name: str, *, package: str) -> Path:
    """Where the program `name` lies; raises ToolMissing naming the Debian package it comes in."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if found is None:
        raise ToolMissing(
            f"Thiếu chương trình {name} (gói {package}).",
            f"The program {name} is missing (Debian package {package}).",
        )
    return Path(found)


def spawn(
    command: Sequence[str | Path],
    *,
    log_path: Path | None = None,
    account: pwd.struct_passwd | None = None,
    ends_with_parent: bool = True,
    parent_death_signal: str = "TERM",
    environ: Mapping[str, str] | None = None,
    pass_fds: Iterable[int] = (),
) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own, its output appended to `log_path`.

    `account` is whom to run as (needs root). The kernel sends `parent_death_signal` when the
    calling thread's process dies, so that even a SIGKILL of the parent leaves nobody behind.
    """
    wrapped = [*_wrapper(account, ends_with_parent, parent_death_signal), *map(str, command)]
    output = subprocess.DEVNULL if log_path is None else _open_log(log_path)
    try:
        return subprocess.Popen(  # noqa: S603  the command is ours, no shell reads it
            wrapped,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=dict(os.environ if environ is None else environ),
            pass_fds=tuple(pass_fds),
        )
    finally:
        if output != subprocess.DEVNULL:
            os.close(output)


def run_as(
    command: Sequence[str | Path],
    *,
    account: pwd.struct_passwd | None,
    environ: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run `command` to its end as `account` and return its output as text, both streams in one."""
    return subprocess.run(  # noqa: S603  the command is ours, no shell reads it
        [*_wrapper(account, False, ""), *map(str, command)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment_without_secrets() if environ is None else dict(environ),
        cwd="/",
        text=True,
        check=False,
    )


def environment_without_secrets() -> dict[str, str]:
    """The parent's environment for a program that is not ours and must not read our secrets."""
    return {name: value for name, value in os.environ.items() if name not in _PRIVATE}


def end(
    process: subprocess.Popen[bytes],
    *,
    first: signal.Signals = signal.SIGTERM,
    then: signal.Signals = signal.SIGKILL,
    patience_seconds: float = 5.0,
) -> bool:
    """Ask the process to end, insist after `patience_seconds`; True when asking was enough."""
    if process.poll() is None:
        process.send_signal(first)
    try:
        process.wait(patience_seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(then)
        process.wait()
        return False
    return True


def is_alive(pid: int) -> bool:
    """Whether a process with this id exists and is not merely waiting to be reaped."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in ("Z", "X")


def wait_for_end(pid: int, *, seconds: float) -> bool:
    """Wait until the process (of anybody) is gone; False when it outlives `seconds`."""
    deadline = time.monotonic() + seconds
    while is_alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def descendants(pid: int) -> list[int]:
    """The process and all that came from it, parents first."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for known in found:
        found.extend(children.get(known, ()))
    return found


def proportional_bytes(pid: int) -> int:
    """The process's share of memory (PSS), in bytes; 0 when it is gone or not ours to look into."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    for line in lines:
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def _wrapper(
    account: pwd.struct_passwd | None, ends_with_parent: bool, parent_death_signal: str
) -> list[str]:
    if account is None and not ends_with_parent:
        return []
    words = [str(find_tool("setpriv", package="util-linux"))]
    if account is not None:
        words += ["--reuid", str(account.pw_uid), "--regid", str(account.pw_gid), "--clear-groups"]
    if ends_with_parent:
        words += ["--pdeathsig", parent_death_signal]
    return [*words, "--"]


def _open_log(path: Path) -> int:
    # O_APPEND: the supervisor shortens a log in place, and the writer goes on at its new end
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
