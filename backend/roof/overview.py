"""What an installation tells its operator: where it is, how to sign in, what runs."""

import json
import time
from dataclasses import dataclass

from backend.roof import processes
from backend.roof.installation import holder, read_state
from backend.settings import Settings

_PAGES = (
    ("/", "citizens"),
    ("/theo-doi", "citizens follow a report"),
    ("/can-bo", "officers and moderators"),
    ("/ioc", "leaders"),
    ("/openapi.json", "interface"),
)


def welcome(settings: Settings) -> str:
    """The addresses of a running installation and the logins of its demo."""
    lines = [f"Cầu Nối runs at {settings.public_url}", ""]
    lines += [f"  {settings.public_url}{path:<16}{who}" for path, who in _PAGES]
    logins = _demo_logins(settings)
    if logins:
        lines += ["", f"Demo logins (also in {settings.demo_logins_path}):"]
        lines += [f"  {login}" for login in logins]
    return "\n".join(lines)


def _demo_logins(settings: Settings) -> list[str]:
    if not settings.demo_logins_path.exists():
        return []
    logins = json.loads(settings.demo_logins_path.read_text())
    return [
        f"{login['role']:<12}{login.get('username') or '':<28}"
        f"{login.get('password') or login.get('token') or '':<24}{login.get('agency') or ''}"
        for login in logins
    ]


@dataclass(frozen=True)
class Overview:
    """What runs now; memory is the sum of proportional shares (PSS), in bytes."""

    url: str
    lines: tuple[str, ...]
    memory_bytes: int


def look(settings: Settings) -> Overview | None:
    """The running parts of this CAUNOI_VAR; None when nothing runs."""
    pid = holder(settings.var_dir)
    if pid is None:
        return None
    url, parts = read_state(settings.var_dir)
    rows: list[tuple[str, int, int | None, float | None, int, int]] = [
        ("supervisor", pid, None, None, 0, processes.proportional_bytes(pid))
    ]
    rows += [
        (
            part.name,
            part.pid,
            part.port,
            part.started_at,
            part.restarts,
            sum(map(processes.proportional_bytes, processes.descendants(part.pid))),
        )
        for part in parts
    ]
    memory_bytes = sum(row[5] for row in rows)
    head = f"{'part':<14}{'pid':>8}{'port':>7}{'up':>10}{'restarts':>10}{'memory':>10}"
    lines = [head]
    lines += [
        f"{name:<14}{number:>8}{port or '':>7}{_since(started_at):>10}{restarts:>10}"
        f"{share / 1e6:>7.0f} MB"
        for name, number, port, started_at, restarts, share in rows
    ]
    lines.append(f"{'sum':<49}{memory_bytes / 1e6:>7.0f} MB")
    return Overview(url, tuple(lines), memory_bytes)


def _since(started_at: float | None) -> str:
    if started_at is None:
        return ""
    seconds = int(time.time() - started_at)
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}h{minutes:02}m" if hours else f"{minutes}m{seconds % 60:02}s"
