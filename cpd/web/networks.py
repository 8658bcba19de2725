"""Network addresses: what counts as one."""

from __future__ import annotations

import ipaddress


def network_of(address: str | None) -> str:
    """What counts as one address: all of IPv4, the first 64 bits of IPv6, which one household or ward shares."""
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


def is_this_machine(address: str | None) -> bool:
    """Whether a request comes from the machine itself, such as from its monitor."""
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False
