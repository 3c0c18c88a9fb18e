"""Knowing early that the server stops, so that open streams end instead of holding it up.

An ASGI server tells its application to stop only when every answer has ended, and a stream never
ends by itself. The signal is heard here first and then goes to the server as before.
"""

import asyncio
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


def call_when_stopping(callback: Callable[[], None]) -> None:
    """Call `callback` on the running loop when the process is asked to stop.

    Signals can be heard in the main thread only; in another (a test's) nothing is installed.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        signal.signal(number, _hearer(loop, callback, signal.getsignal(number)))


def _hearer(
    loop: asyncio.AbstractEventLoop, callback: Callable[[], None], before: Any
) -> Callable[[int, FrameType | None], None]:
    def hear(number: int, frame: FrameType | None) -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(callback)
        if callable(before):
            before(number, frame)
        elif before is not signal.SIG_IGN:
            # nobody else listened: what the signal does by itself must still happen
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    return hear
