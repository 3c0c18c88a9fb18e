"""The worker's child processes in which strangers' files are decoded.

A child that crashes, runs out of memory or CPU, or answers nothing in time is ended and replaced;
its photo gets one more try in a fresh child and is then refused as `too-costly`. Children start
when needed, end when idle, hold no secrets in their environment, and die with their input.
"""

import asyncio
import contextlib
import json
import os
import sys
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from moderation.derivatives import Derived, Refused

_ANSWER_SECONDS: Final = 60.0
_IDLE_SECONDS: Final = 30.0
_PHOTOS_PER_CHILD: Final = 200
_MOST_BYTES: Final = 350 * 1024 * 1024
_KEPT: Final = ("PATH", "LANG", "LC_ALL", "TZ", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV")


class _ChildLost(Exception):
    """The child is gone, or silent; what it was working on is the likely reason."""


@dataclass
class _Child:
    process: asyncio.subprocess.Process
    photos: int = 0
    resident_bytes: int = 0

    @property
    def is_worn(self) -> bool:
        return self.photos >= _PHOTOS_PER_CHILD or self.resident_bytes > _MOST_BYTES

    async def ask(self, order: dict[str, str]) -> dict[str, Any]:
        if self.process.stdin is None or self.process.stdout is None:
            raise _ChildLost
        try:
            self.process.stdin.write(json.dumps(order).encode() + b"\n")
            async with asyncio.timeout(_ANSWER_SECONDS):
                await self.process.stdin.drain()
                line = await self.process.stdout.readline()
            answer: dict[str, Any] = json.loads(line)
        except (OSError, ValueError) as error:  # TimeoutError among them
            raise _ChildLost from error
        self.photos += 1
        self.resident_bytes = answer["resident_bytes"]
        return answer

    async def end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


@dataclass
class Darkroom:
    """At most `children` decoding processes at once; close it with `close`."""

    children: int = 1
    _idle: deque[_Child] = field(default_factory=deque)
    _places: asyncio.Semaphore = field(init=False)
    _sweep: asyncio.TimerHandle | None = None
    _ending: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._places = asyncio.Semaphore(self.children)

    async def derive(self, source: Path, large: Path, small: Path) -> Derived:
        """Write both harmless copies of `source`; raises Refused with a stable reason."""
        order = {"source": str(source), "large": str(large), "small": str(small)}
        async with self._places:
            for _ in range(2):
                try:
                    async with self._child() as child:
                        answer = await child.ask(order)
                except _ChildLost:
                    continue
                if "refused" in answer:
                    raise Refused(answer["refused"])
                return Derived(answer["width"], answer["height"])
        raise Refused("too-costly")

    async def close(self) -> None:
        """End all children."""
        if self._sweep is not None:
            self._sweep.cancel()
        while self._idle:
            await self._idle.pop().end()
        await asyncio.gather(*self._ending)

    @asynccontextmanager
    async def _child(self) -> AsyncIterator[_Child]:
        child = self._idle.pop() if self._idle else await _start_child()
        is_good = False
        try:
            yield child
            is_good = not child.is_worn
        finally:
            # a cancelled order leaves an answer in the pipe, so that child is not used again either
            if is_good:
                self._idle.append(child)
                self._end_when_idle()
            else:
                self._end(child)

    def _end(self, child: _Child) -> None:
        task = asyncio.get_running_loop().create_task(child.end())
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    def _end_when_idle(self) -> None:
        if self._sweep is not None:
            self._sweep.cancel()
        self._sweep = asyncio.get_running_loop().call_later(_IDLE_SECONDS, self._end_idle)

    def _end_idle(self) -> None:
        while self._idle:
            self._end(self._idle.pop())


async def _start_child() -> _Child:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-P",
        "-m",
        "moderation.derivatives",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={name: os.environ[name] for name in _KEPT if name in os.environ},
        start_new_session=True,
    )
    return _Child(process)
