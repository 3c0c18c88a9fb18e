"""A worker with jobs that misbehave: `python -m tests.worker.poisoned`. Run by test_poison.py."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from typing import cast

from backend import worker
from backend.jobs import lanes, store
from backend.roof.installation import load_settings
from backend.worker import Tools


async def _kill(tools: Tools, payload: bytes) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def _fail(tools: Tools, payload: bytes) -> None:
    raise ValueError("always")


async def _hang(tools: Tools, payload: bytes) -> None:
    await asyncio.Event().wait()


async def _greet(tools: Tools, payload: bytes) -> None:
    """A good job: its side effect is a line in a file."""
    with (tools.settings.var_dir / "greeted").open("a") as file:
        file.write(payload.decode() + "\n")


def main() -> None:
    """Run the real worker with these handlers added and little patience."""
    lane = lanes.Lane("quick", poll_seconds=0.1, at_once=16, job_seconds=1.0)
    handlers = cast(
        dict[str, tuple[lanes.Lane, Callable[[Tools, bytes], Awaitable[None]]]], worker.HANDLERS
    )
    handlers.clear()
    for name, handler in (("kill", _kill), ("fail", _fail), ("hang", _hang), ("greet", _greet)):
        handlers[name] = (lane, handler)
    store.LAST_ATTEMPT = int(os.environ["ATTEMPTS"])  # type: ignore[misc]  # final elsewhere
    asyncio.run(worker.run_worker(load_settings()))


if __name__ == "__main__":
    main()
