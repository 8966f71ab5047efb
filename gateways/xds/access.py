"""Who may ask the xDS server for what.

An Envoy says in its node which gateway it belongs to. With TLS its certificate has to name that
gateway; without, it has to be on this machine, and so has the server's address.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path


class Refused(Exception):
    """The server will not start like this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """Files: the server's certificate and key, and who vouches for Envoys."""

    certificate: Path
    key: Path
    authority: Path


def demand_loopback(host: str) -> None:
    """Raise `Refused` unless only this machine reaches the address."""
    try:
        loopback = ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if not loopback:
        raise Refused(
            f"Without TLS anybody who reaches {host} could read every route and node. Give a"
            " certificate, a key and an authority, or listen on 127.0.0.1."
        )


def names(context: Mapping[str, Iterable[bytes]]) -> frozenset[str]:
    """What a client's certificate calls it: its common name, its alternative names, and the last
    part of those that are URIs."""
    found: set[str] = set()
    for field in ("x509_common_name", "x509_subject_alternative_name"):
        for value in context.get(field, ()):
            text = value.decode(errors="replace")
            found.add(text)
            if "://" in text:
                found.add(text.rpartition("/")[2])
    return frozenset(found)
