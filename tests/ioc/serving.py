"""A real server process, and readers of its answers and streams."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import httpx

from backend.settings import Settings

PASSWORD = "chiều nay đi dạo bờ kè"


@dataclass(frozen=True)
class Server:
    """A running web process."""

    url: str
    process: subprocess.Popen[bytes]

    def stop(self) -> float:
        """Ask it to stop as the supervisor does; how many seconds it took."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=20)
        return time.monotonic() - started


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def serve(settings: Settings, port: int | None = None) -> Iterator[Server]:
    """The application of these settings, served until the block ends."""
    port = port or free_port()
    assert settings.database_url
    environment = {
        **os.environ,
        "CAUNOI_DATABASE_URL": settings.database_url,
        "CAUNOI_SECRET_KEY": settings.secret_key.decode(),
        "CAUNOI_VAR": str(settings.var_dir),
        "CAUNOI_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "CAUNOI_LOG_LEVEL": "warning",
    }
    command = [
        *(sys.executable, "-m", "uvicorn", "backend.app:serve", "--factory"),
        *("--port", str(port), "--log-level", "warning", "--timeout-graceful-shutdown", "15"),
    ]
    process = subprocess.Popen(command, env=environment)
    try:
        wait_until_it_answers(f"http://127.0.0.1:{port}/healthz", process)
        yield Server(f"http://127.0.0.1:{port}", process)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def wait_until_it_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert process.poll() is None, "the server ended"
        try:
            if httpx.get(url, timeout=1).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(f"{url} does not answer")


@asynccontextmanager
async def signed_in(server: Server, username: str) -> AsyncIterator[httpx.AsyncClient]:
    """A program signed in as this person."""
    async with httpx.AsyncClient(base_url=server.url, timeout=10) as client:
        answer = await client.post(
            "/api/v1/sessions", json={"username": username, "password": PASSWORD}
        )
        answer.raise_for_status()
        client.headers["authorization"] = f"Bearer {answer.json()['access_token']}"
        yield client


@dataclass(frozen=True)
class Told:
    """One event of a stream and when it was heard."""

    event: str
    body: dict
    at: float


class Listener:
    """Reads a stream of server-sent events as they come."""

    def __init__(self, response: httpx.Response) -> None:
        self.heard: asyncio.Queue[Told | None] = asyncio.Queue()
        self._response = response
        self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        event = ""
        try:
            async for line in self._response.aiter_lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    event = value
                elif name == "data":
                    self.heard.put_nowait(Told(event, json.loads(value), time.monotonic()))
        except httpx.TransportError:
            event = "broken"
        self.heard.put_nowait(None)

    async def next(self, event: str, *, within: float) -> Told:
        """The next event of this name; anything else is skipped."""
        async with asyncio.timeout(within):
            while True:
                told = await self.heard.get()
                assert told is not None, "the stream has ended"
                if told.event == event:
                    return told

    async def end(self, *, within: float) -> float:
        """Wait until the stream ends; the moment it did."""
        async with asyncio.timeout(within):
            while await self.heard.get() is not None:
                pass
        return time.monotonic()

    def close(self) -> None:
        self._task.cancel()


@asynccontextmanager
async def listening(client: httpx.AsyncClient, query: str = "") -> AsyncIterator[Listener]:
    """A stream of figures, open until the block ends."""
    async with client.stream(
        "GET", f"/api/v1/ioc/stream{query}", headers={"last-event-id": "7; DROP"}, timeout=30
    ) as response:
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        listener = Listener(response)
        try:
            yield listener
        finally:
            listener.close()
