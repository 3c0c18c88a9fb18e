"""Asking a running installation whether it is ready to serve."""

import http.client
import ipaddress
from dataclasses import dataclass

from backend.settings import Settings


@dataclass(frozen=True)
class Readiness:
    """`reason` says what is missing; empty when ready."""

    is_ready: bool
    reason: str


def ask_readiness(settings: Settings) -> Readiness:
    """What `/readyz` answers now."""
    connection = http.client.HTTPConnection(reachable_host(settings), settings.port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        body = answer.read(2000).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return Readiness(False, f"/readyz: {error}")
    finally:
        connection.close()
    return Readiness(answer.status == 200, f"/readyz: {answer.status} {body}")


def reachable_host(settings: Settings) -> str:
    """An address of this machine at which the web listens."""
    if settings.host == "localhost":
        return "127.0.0.1"
    address = ipaddress.ip_address(settings.host)
    if not address.is_unspecified:
        return settings.host
    return "127.0.0.1" if address.version == 4 else "::1"
