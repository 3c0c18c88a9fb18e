"""One web process: the application served by uvicorn on a given or an own listening socket."""

import gc
import socket

import uvicorn

from backend.app import create_app
from backend.settings import Settings


def run_web(settings: Settings, *, listener: int | None) -> None:
    """Serve until SIGTERM; `listener` is an inherited socket's descriptor, None to open one."""
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        lifespan="on",
        ws="none",
        access_log=False,
        # the application configures logging; uvicorn's own lines join it
        log_config=None,
        log_level=settings.log_level,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        backlog=2048,
        timeout_keep_alive=20,
        # an open event stream would hold the shutdown for ever
        timeout_graceful_shutdown=4,
    )
    # What lives as long as the process is never looked through again: a full collection of it would
    # hold every request for tens of milliseconds.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    sockets = None if listener is None else [socket.socket(fileno=listener)]
    uvicorn.Server(config).run(sockets=sockets)
