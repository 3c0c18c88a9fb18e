"""A connection that sends raw HTTP/1.1 requests and reads their answers: the load costs little."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from bench.stack import Served


@asynccontextmanager
async def open_lane(web: Served) -> AsyncIterator[Callable[[bytes], Awaitable[None]]]:
    """A function that sends one request and waits for its 201; raises for any other answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", web.port)

    async def ask(request: bytes) -> None:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 201"):
            raise RuntimeError(f"not acknowledged: {head[:80]!r}")
        at = head.lower().index(b"content-length:")
        await reader.readexactly(int(head[at + 15 : head.index(b"\r", at)]))

    try:
        yield ask
    finally:
        writer.close()
