"""A real installation in a folder of its own, driven through ./run as an operator would."""

import http.client
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from backend.roof.places import free_port
from tests.shared_data import CHECKOUT

BUILT = Path("backend/web/static/dist")


@dataclass(frozen=True)
class Installation:
    """One checkout with a CAUNOI_VAR and port of its own."""

    checkout: Path
    var_dir: Path
    port: int = field(default_factory=free_port)
    extra: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, seconds: float = 100) -> subprocess.CompletedProcess[str]:
        """`./run ARGUMENTS` to the end of its output, as a pipe would read it."""
        return subprocess.run(
            [self.checkout / "run", *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=seconds,
            check=False,
        )

    def start(self) -> None:
        """`./run --detach`, which must succeed."""
        started = self.run("--detach")
        assert started.returncode == 0, started.stdout

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: text for name, text in os.environ.items() if "CAUNOI" not in name}
        return {
            **inherited,
            "CAUNOI_VAR": str(self.var_dir),
            "CAUNOI_PORT": str(self.port),
            # as it is: the environment that these tests run in
            "CAUNOI_VENV": sys.prefix,
            "CAUNOI_DEMO": "off",
            **self.extra,
        }

    def status_of(self, path: str) -> int:
        """The HTTP status of a GET; 0 when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()

    def pid_of(self, part: str) -> int:
        """The process id of a running part; 0 while it is down."""
        parts = json.loads((self.var_dir / "state.json").read_text())["parts"]
        return next((found["pid"] for found in parts if found["name"] == part), 0)

    def living_processes(self) -> list[str]:
        """The command lines of all processes that belong to this CAUNOI_VAR."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                words = (entry / "cmdline").read_bytes()
                environment = (entry / "environ").read_bytes().split(b"\0")
                works_in = str((entry / "cwd").readlink())
            except (FileNotFoundError, ProcessLookupError, PermissionError):
                continue
            is_ours = f"CAUNOI_VAR={self.var_dir}".encode() in environment
            if (
                is_ours
                or works_in.startswith(str(self.var_dir))
                or os.fsencode(self.var_dir) in words
            ):
                line = words.replace(b"\0", b" ").decode()
                found.append(f"{entry.name} {line}")
        return found


def copy_checkout(target: Path, *, is_built: bool = True) -> Path:
    """A copy of what git knows, or would take in, of this checkout; its built pages too."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (CHECKOUT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, target / name)
    if is_built:
        # after the sources, so that they are not newer
        shutil.copytree(CHECKOUT / BUILT, target / BUILT)
    return target


def wait_until(condition: Callable[[], bool], *, seconds: float) -> float:
    """Wait for the condition; the seconds it took, or AssertionError."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < seconds, f"not within {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - begun
