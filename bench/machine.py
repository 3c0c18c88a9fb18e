"""What the machine itself does to latency: processes that only count, at a share of their cores.

On shared cores work that is due waits for the host as well as for us. Nothing of the product runs
here, nothing is read, written or collected; whatever is late, the machine made late.
"""

import multiprocessing
import time
from typing import Final

_PROCESSES: Final = 2
_WORK_SECONDS: Final = 0.001


def lateness(*, share: float, seconds: float) -> list[float]:
    """Milliseconds from the moment each piece of 1 ms work was due to its end, on two processes."""
    count = _calibrated()
    with multiprocessing.get_context("spawn").Pool(_PROCESSES) as pool:
        found = pool.starmap(_run, [(count, share, seconds)] * _PROCESSES)
    return [late for one in found for late in one]


def _calibrated() -> int:
    """How far to count for one piece of work, when nobody disturbs."""
    count, best = 20_000, float("inf")
    for _ in range(20):
        started = time.perf_counter()
        _count_to(count)
        best = min(best, time.perf_counter() - started)
    return int(count * _WORK_SECONDS / best)


def _count_to(count: int) -> None:
    number = 0
    for _ in range(count):
        number ^= 3


def _run(count: int, share: float, seconds: float) -> list[float]:
    rate = share / _WORK_SECONDS
    started = time.perf_counter()
    late = []
    for number in range(int(rate * seconds)):
        due = started + number / rate
        wait = due - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        _count_to(count)
        late.append((time.perf_counter() - due) * 1000)
    return late
