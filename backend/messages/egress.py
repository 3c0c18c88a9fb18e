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

# IANA's registries of special-purpose addresses (RFC 6890): whole blocks, also the
# few that are reachable from everywhere, since nobody's push service stands in them. Written out,
# because what Python's `is_global` knows differs from release to release.
_SPECIAL_IPV4: Final = tuple(
    ipaddress.IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this network (RFC 791)
        "10.0.0.0/8",  # private (RFC 1918)
        "100.64.0.0/10",  # carriers' own (RFC 6598)
        "127.0.0.0/8",  # this machine (RFC 1122)
        "169.254.0.0/16",  # link-local, and clouds' metadata (RFC 3927)
        "172.16.0.0/12",  # private (RFC 1918)
        "192.0.0.0/24",  # IETF protocols (RFC 6890)
        "192.0.2.0/24",  # documentation (RFC 5737)
        "192.31.196.0/24",  # AS112 (RFC 7535)
        "192.52.193.0/24",  # AMT (RFC 7450)
        "192.88.99.0/24",  # 6to4 relays, withdrawn (RFC 7526)
        "192.168.0.0/16",  # private (RFC 1918)
        "192.175.48.0/24",  # AS112 (RFC 7534)
        "198.18.0.0/15",  # benchmarks (RFC 2544)
        "198.51.100.0/24",  # documentation (RFC 5737)
        "203.0.113.0/24",  # documentation (RFC 5737)
        "224.0.0.0/4",  # multicast (RFC 5771)
        "240.0.0.0/4",  # reserved, broadcast (RFC 1112, RFC 8190)
    )
)
# Only here does IANA assign addresses of the internet (RFC 4291 §2.5.4); site-local, link-local,
# unique local, multicast, mapped and discard-only addresses all lie outside.
_GLOBAL_IPV6: Final = ipaddress.IPv6Network("2000::/3")
_SPECIAL_IPV6: Final = tuple(
    ipaddress.IPv6Network(block)
    for block in (
        "2001::/23",  # IETF protocols: Teredo, benchmarks, ORCHID (RFC 2928)
        "2001:db8::/32",  # documentation (RFC 3849)
        "2002::/16",  # 6to4, withdrawn (RFC 3056, RFC 7526)
        "2620:4f:8000::/48",  # AS112 (RFC 7534)
        "3fff::/20",  # documentation (RFC 9637)
    )
)
# How a network without IPv4 reaches an IPv4 address, which is then the one to be looked at
# (RFC 6052); 64:ff9b:1::/48 leads to networks of one's own (RFC 8215).
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
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
    """Whether this is an address of the open internet, for a host of anybody's."""
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in block for block in _SPECIAL_IPV4)
    if address in _NAT64:
        return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    return address in _GLOBAL_IPV6 and not any(address in block for block in _SPECIAL_IPV6)


async def _look_up(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))
