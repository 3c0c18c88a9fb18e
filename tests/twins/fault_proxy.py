"""A TCP proxy that misbehaves as told: late, slow, silent, resetting, refusing, lying.

It tells "never arrived" (reset upstream) from "answer lost" (reset downstream). The mode can be
changed at any time and holds for connections made from then on; `cut` ends those there are.
"""

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass, field
from typing import Literal, TypeAlias


@dataclass(frozen=True)
class Passing:
    """Everything goes through."""


@dataclass(frozen=True)
class Late:
    """Each connection waits before its first byte."""

    seconds: float


@dataclass(frozen=True)
class Slow:
    """Each direction carries so many bytes a second."""

    bytes_per_second: float


@dataclass(frozen=True)
class Silent:
    """Connections are taken, and nothing is ever passed on or answered."""


@dataclass(frozen=True)
class ResetAfter:
    """The connection is reset once so many bytes have gone one way."""

    bytes: int
    way: Literal["up", "down"]


@dataclass(frozen=True)
class Refusing:
    """Connections are reset at once."""


@dataclass(frozen=True)
class Answering:
    """Every request is answered in the server's place, as the sign-in page of a hotel does."""

    answer: bytes


Mode: TypeAlias = Passing | Late | Slow | Silent | ResetAfter | Refusing | Answering


@dataclass
class FaultProxy:
    """A proxy on 127.0.0.1 in front of one server; use as an asynchronous context manager."""

    host: str
    port: int
    mode: Mode = field(default_factory=Passing)
    connections: int = 0
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> "FaultProxy":
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        await self.cut()

    @property
    def address(self) -> str:
        """host:port of the proxy."""
        if self._server is None:
            raise RuntimeError("the proxy is not started")
        return f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def cut(self) -> None:
        """End all connections there are."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        if task is None:
            return
        self._tasks.add(task)
        try:
            await self._carry(reader, writer, self.mode)
        except (OSError, asyncio.CancelledError):
            _reset(writer)
        finally:
            self._tasks.discard(task)

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, mode: Mode
    ) -> None:
        match mode:
            case Refusing():
                _reset(writer)
                return
            case Silent():
                await asyncio.Event().wait()
            case Answering(answer):
                await _answer_in_its_place(reader, writer, answer)
                return
            case Late(seconds):
                await asyncio.sleep(seconds)
            case _:
                pass
        up_reader, up_writer = await asyncio.open_connection(self.host, self.port)
        try:
            await asyncio.gather(
                _pump(reader, up_writer, mode, "up"), _pump(up_reader, writer, mode, "down")
            )
        except _Reset:
            _reset(writer)
            _reset(up_writer)
        finally:
            for side in (writer, up_writer):
                side.close()
                with contextlib.suppress(OSError):
                    await side.wait_closed()


class _Reset(Exception):
    pass


async def _answer_in_its_place(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: bytes
) -> None:
    """Read the head of one request, answer it, and close once the rest has been swallowed."""
    await reader.readuntil(b"\r\n\r\n")
    writer.write(answer)
    await writer.drain()
    writer.write_eof()
    while await reader.read(65536):
        pass
    writer.close()


async def _pump(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    mode: Mode,
    way: Literal["up", "down"],
) -> None:
    carried = 0
    while piece := await reader.read(4096):
        match mode:
            case Slow(bytes_per_second):
                await asyncio.sleep(len(piece) / bytes_per_second)
            case ResetAfter(limit, its) if its == way and carried + len(piece) > limit:
                writer.write(piece[: limit - carried])
                await writer.drain()
                raise _Reset
            case _:
                pass
        carried += len(piece)
        writer.write(piece)
        await writer.drain()
    if writer.can_write_eof():
        with contextlib.suppress(OSError):
            writer.write_eof()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN (SO_LINGER of zero seconds)."""
    raw = writer.get_extra_info("socket")
    if raw is not None:
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
