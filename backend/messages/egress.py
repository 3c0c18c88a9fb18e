"""Connections to hosts that strangers name: the address is checked, and it is the one connected to.

Looking a name up to check it and then connecting by name would ask twice, and a hostile name
server answers differently the second time (DNS rebinding). Here the name is looked up once, every
answer must be a public address, and the connection goes to one of those; TLS still checks the
name. httpcore follows no redirects and reads no proxy from the environment.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, Final, TypeAlias

import httpcore

Resolve: TypeAlias = Callable[[str, int], Awaitable[list[str]]]

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_ADDRESSES_MOST: Final = 4


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """httpcore's network, for public addresses only (and this machine, if told so)."""

    def __init__(self, *, allows_loopback: bool = False, resolve: Resolve | None = None) -> None:
        self._allows_loopback = allows_loopback
        self._resolve = resolve or _look_up
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a checked address of this host; raises httpcore.ConnectError."""
        try:
            addresses = await asyncio.wait_for(self._resolve(host, port), timeout)
        except TimeoutError as error:
            raise httpcore.ConnectTimeout("name not found in time") from error
        except (OSError, UnicodeError) as error:
            raise httpcore.ConnectError("name not found") from error
        if not addresses or not all(self.lets(address) for address in addresses):
            raise httpcore.ConnectError("not a public address")
        failure: Exception = httpcore.ConnectError("no address answers")
        for address in addresses[:_ADDRESSES_MOST]:
            try:
                return await self._network.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109  httpcore's signature
        socket_options: Any = None,
    ) -> httpcore.AsyncNetworkStream:
        raise httpcore.ConnectError("no sockets of this machine")

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def lets(self, address: str) -> bool:
        """Whether a connection may go to this numeric address."""
        found = ipaddress.ip_address(address.partition("%")[0])
        return is_public(found) or (self._allows_loopback and found.is_loopback)


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether this is an address of the open internet, and so is any address wrapped in it."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return True
    wrapped = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        wrapped.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return all(one is None or is_public(one) for one in wrapped)


async def _look_up(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
