"""Which addresses may be connected to and which may be published. Pure but for the resolver.

Loopback, link-local (cloud metadata lives there), unspecified and multicast addresses are never an
API server of somebody's cluster, nor a pod of one: refused, unless loopback is allowed for the
demo. Private ranges are where clusters live, and are allowed.
"""

from __future__ import annotations

import ipaddress
import socket
from functools import lru_cache

from .errors import KubeError, gettext_noop

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# Metadata services outside the link-local ranges.
_METADATA = frozenset(
    ipaddress.ip_address(text) for text in ("100.100.100.200", "fd00:ec2::254", "168.63.129.16")
)


_NO_ADDRESS = gettext_noop("not an address")


def refusal(address: Address, *, allow_loopback: bool) -> str:
    """Say why an address is not to be used, in a text for the catalogues; empty if it may be."""
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is not None:
        address = mapped
    if address.is_loopback:
        return "" if allow_loopback else gettext_noop("a loopback address")
    if address.is_link_local:
        return gettext_noop("a link-local address")
    if address.is_unspecified:
        return gettext_noop("the unspecified address")
    if address.is_multicast:
        return gettext_noop("a multicast address")
    if address in _METADATA:
        return gettext_noop("the address of a metadata service")
    return ""


_LONGEST = 45  # characters of an address


def judge(text: str, *, allow_loopback: bool) -> tuple[str, str]:
    """An endpoint's address as it is published, and why it is not."""
    if len(text) > _LONGEST:
        return "", _NO_ADDRESS
    return _judge(text, allow_loopback)


# Clusters say the same addresses again with every change, and reading one costs more than the rest
# of its endpoint.
@lru_cache(maxsize=100_000)
def _judge(text: str, allow_loopback: bool) -> tuple[str, str]:
    address = parse(text)
    if address is None:
        return "", _NO_ADDRESS
    return str(address), refusal(address, allow_loopback=allow_loopback)


def parse(text: str) -> Address | None:
    """Read an address as clusters write it; None if it is none, or one of a single host's zone."""
    if "%" in text:
        return None
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def resolve(host: str, port: int, *, allow_loopback: bool) -> list[str]:
    """Look a host up and check every address it has. Raises `KubeError`.

    The caller connects to what was checked here, not to the name again: a name that resolves
    differently the second time reaches nothing.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise KubeError("dns", f"The name {host} cannot be resolved.") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    for text in addresses:
        parsed = parse(text.partition("%")[0])
        reason = refusal(parsed, allow_loopback=allow_loopback) if parsed else "no address"
        if reason:
            raise KubeError(
                "refused_address", f"{host} is {text}, {reason}: it is not connected to."
            )
    return addresses
