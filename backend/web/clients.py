"""Where a request really comes from: the peer, or what a trusted proxy says of it."""

import ipaddress
from typing import Any, TypeAlias

from litestar.connection import ASGIConnection

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Networks: TypeAlias = tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]

_UNKNOWN = ipaddress.IPv4Address(0)


def read_networks(texts: tuple[str, ...]) -> Networks:
    """The networks written as addresses or CIDR; raises ValueError on anything else."""
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)


def client_address(connection: ASGIConnection[Any, Any, Any, Any], trusted: Networks) -> Address:
    """The nearest address that is not a trusted proxy's own.

    X-Forwarded-For is read from the right and only as far as trusted proxies wrote it: whatever
    stands further left came from the client and may be invented.
    """
    client = connection.client
    address = _address(client.host if client else "")
    if address is None:
        return _UNKNOWN
    hops = ",".join(connection.headers.getall("x-forwarded-for", [])).split(",")
    while hops and _is_in(address, trusted):
        found = _address(hops.pop().strip())
        if found is None:
            break
        address = found
    return address


def is_direct_loopback(connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
    """Whether a program on this machine asks for itself, not a proxy on behalf of a stranger."""
    client = connection.client
    address = _address(client.host if client else "")
    forwarded = any(name in connection.headers for name in ("x-forwarded-for", "forwarded", "via"))
    return address is not None and address.is_loopback and not forwarded


def limit_key(address: Address) -> str:
    """What a limit counts by: an IPv4 address, or the /64 that an IPv6 subscriber owns."""
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Address(int(address) >> 64 << 64))
    return str(address)


def _address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _is_in(address: Address, networks: Networks) -> bool:
    return any(address in network for network in networks)
