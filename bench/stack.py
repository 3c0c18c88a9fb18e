"""A web process of the product for benchmarks, on the installation's own database."""

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from urllib.parse import urlsplit, urlunsplit

from backend.database import migrate, owner_connection
from backend.demo.boundaries import NEW_VALID_FROM, load_boundaries
from backend.demo.configuration import build_configuration, store_configuration
from backend.settings import Settings
from geo.store import list_all_units


@dataclass(frozen=True)
class Served:
    """A running web process."""

    port: int
    pid: int


@asynccontextmanager
async def own_database(
    settings: Settings, name: str = "caunoi_bench_intake"
) -> AsyncIterator[Settings]:
    """A fresh, configured database beside the installation's own, which no worker works on."""
    server = settings.database_url or ""
    async with owner_connection(server) as admin:
        await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await admin.execute(f"CREATE DATABASE {name}")
    url = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    try:
        await migrate(url)
        async with owner_connection(url) as owner:
            await load_boundaries(owner)
            units = [
                unit
                for unit in await list_all_units(owner)
                if unit.level == "commune" and unit.valid_from == NEW_VALID_FROM
            ]
            async with owner.transaction():
                await store_configuration(owner, build_configuration(units))
        yield replace(settings, database_url=url)
    finally:
        async with owner_connection(server) as admin:
            await admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def free_port() -> int:
    """A loopback port that nobody listens on just now."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


@asynccontextmanager
async def served(settings: Settings, *, port: int) -> AsyncIterator[Served]:
    """The product's web, started as the supervisor starts it, with request limits off."""
    environment = {
        **os.environ,
        "CAUNOI_VAR": str(settings.var_dir),
        "CAUNOI_PORT": str(port),
        "CAUNOI_LIMITS": "off",
        "CAUNOI_DATABASE_URL": settings.database_url or "",
        "CAUNOI_SECRET_KEY": settings.secret_key.decode(),
    }
    if settings.s3:
        environment |= {
            "CAUNOI_S3_URL": settings.s3.url,
            "CAUNOI_S3_ACCESS_KEY": settings.s3.access_key,
            "CAUNOI_S3_SECRET_KEY": settings.s3.secret_key,
            "CAUNOI_S3_BUCKET": settings.s3.bucket,
        }
    web = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "backend", "web"),
        env=environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await _wait_for(port)
        yield Served(port, web.pid)
    finally:
        web.terminate()
        await web.wait()


async def _wait_for(port: int) -> None:
    for _ in range(200):
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            answer = await reader.readline()
            writer.close()
            if b" 200 " in answer:
                return
        await asyncio.sleep(0.1)
    raise RuntimeError("the web process does not become ready")
