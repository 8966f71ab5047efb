"""What one object of a cluster contributes to a Service. Pure.

Nil conditions get the meaning that Kubernetes documents (ready and serving: true, terminating:
false). A `Part` is the share of one object in one Service: usually a slice, in Endpoints mode the
whole object. What cannot be published is left out alone, and counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

import msgspec

from console.contract.wire import Endpoint, Port, Subset

from . import addresses
from .errors import gettext_noop
from .slices import Conditions, Endpoints, EndpointSlice, Reference, SliceEndpoint, SlicePort

SERVICE_LABEL = "kubernetes.io/service-name"
OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"
# RFC 1123: other names never came from a Kubernetes API server.
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_LONGEST_NAME = 253
# What is longer is read each time it is said: what is remembered must not be what fills a memory.
_REMEMBERED = 2_000  # bytes
_NO_NUMBER = gettext_noop("port without a number")
_OTHER_TYPE = gettext_noop("address type other than IPv4 and IPv6")
_ports_decoder = msgspec.json.Decoder(list[SlicePort] | None)
_endpoint_decoder = msgspec.json.Decoder(SliceEndpoint)


@dataclass(frozen=True, slots=True)
class Part:
    """What one object contributes. `family` is 4 or 6, or 0 where both may occur. `refused`
    counts endpoints that were left out, by a reason for the catalogues."""

    namespace: str
    name: str
    service: str
    subsets: tuple[Subset, ...] = ()
    family: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    truncated: bool = False


def to_part(thing: EndpointSlice | Endpoints, *, allow_loopback: bool = False) -> Part | None:
    """Read one object; None if it belongs to no Service or has an impossible name."""
    meta = thing.metadata
    service = (
        (meta.labels or {}).get(SERVICE_LABEL, "")
        if isinstance(thing, EndpointSlice)
        else meta.name
    )
    if not (_is_name(meta.namespace) and _is_name(meta.name) and _is_name(service)):
        return None
    intake = _Intake(allow_loopback)
    if isinstance(thing, EndpointSlice):
        subsets, family = intake.slice(thing)
    else:
        subsets, family = intake.endpoints(thing), 0
    return Part(
        namespace=meta.namespace,
        name=meta.name,
        service=service,
        subsets=subsets,
        family=family,
        refused=intake.refused,
        truncated=(meta.annotations or {}).get(OVER_CAPACITY) == "truncated",
    )


def _is_name(text: str) -> bool:
    return len(text) <= _LONGEST_NAME and _fits(text)


@lru_cache(maxsize=32_768)
def _fits(text: str) -> bool:
    return _NAME.fullmatch(text) is not None


class _Intake:
    """Reads the endpoints of one object and counts what it leaves out."""

    def __init__(self, allow_loopback: bool) -> None:
        self._allow_loopback = allow_loopback
        self.refused: dict[str, int] = {}

    def slice(self, thing: EndpointSlice) -> tuple[tuple[Subset, ...], int]:
        if thing.address_type not in ("IPv4", "IPv6"):
            self._refuse(_OTHER_TYPE, len(thing.endpoints or ()))
            return (), 0
        family = 4 if thing.address_type == "IPv4" else 6
        loopback = self._allow_loopback
        found = [self._take(*_endpoint_of(bytes(raw), loopback)) for raw in thing.endpoints or ()]
        ports, odd = _ports_of(bytes(thing.ports))
        self._refuse(_NO_NUMBER, odd)
        return self._subset(ports, found), family

    def endpoints(self, thing: Endpoints) -> tuple[Subset, ...]:
        subsets: list[Subset] = []
        for subset in thing.subsets or ():
            found = [
                self._take(
                    *_make(
                        one.ip,
                        Conditions(ready=ready, serving=ready),
                        node=one.node_name,
                        zone=None,
                        pod=one.target_ref,
                        allow_loopback=self._allow_loopback,
                    )
                )
                for ready, group in (
                    (True, subset.addresses),
                    (False, subset.not_ready_addresses),
                )
                for one in group or ()
            ]
            ports, odd = _make_ports(subset.ports)
            self._refuse(_NO_NUMBER, odd)
            subsets += self._subset(ports, found)
        return tuple(subsets)

    def _subset(self, ports: tuple[Port, ...], found: list[Endpoint | None]) -> tuple[Subset, ...]:
        endpoints = tuple(one for one in found if one is not None)
        if not endpoints:
            return ()
        return (Subset(ports=ports, endpoints=endpoints),)

    def _take(self, endpoint: Endpoint | None, reason: str) -> Endpoint | None:
        if reason:
            self._refuse(reason)
        return endpoint

    def _refuse(self, reason: str, count: int = 1) -> None:
        if count:
            self.refused[reason] = self.refused.get(reason, 0) + count


def _endpoint_of(raw: bytes, allow_loopback: bool) -> tuple[Endpoint | None, str]:
    """An endpoint of a slice, or why it is left out."""
    if len(raw) > _REMEMBERED:
        return _read_endpoint(raw, allow_loopback)
    return _remembered_endpoint(raw, allow_loopback)


def _read_endpoint(raw: bytes, allow_loopback: bool) -> tuple[Endpoint | None, str]:
    try:
        one = _endpoint_decoder.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return None, "an endpoint that cannot be read"
    return _make(
        # Consumers take the first address only; Kubernetes writes one.
        (one.addresses or [""])[0],
        one.conditions or Conditions(),
        node=one.node_name,
        zone=one.zone,
        pod=one.target_ref,
        allow_loopback=allow_loopback,
    )


# With every change of a slice the API server says all of its endpoints again, the same bytes but
# for one: those are not read again, and equal endpoints are one object. About 500 bytes each.
_remembered_endpoint = lru_cache(maxsize=32_768)(_read_endpoint)


def _ports_of(raw: bytes) -> tuple[tuple[Port, ...], int]:
    """The ports of a slice, and how many are left out. Most slices have the same few."""
    return _read_ports(raw) if len(raw) > _REMEMBERED else _remembered_ports(raw)


def _read_ports(raw: bytes) -> tuple[tuple[Port, ...], int]:
    try:
        return _make_ports(_ports_decoder.decode(raw))
    except (msgspec.DecodeError, RecursionError):
        return (), 1


_remembered_ports = lru_cache(maxsize=4_096)(_read_ports)


def _make_ports(ports: list[SlicePort] | None) -> tuple[tuple[Port, ...], int]:
    known, odd = [], 0
    for one in ports or ():
        if one.port is None or not 0 < one.port < 65_536:
            odd += 1
            continue
        known.append(
            Port(
                port=one.port,
                name=one.name or "",
                protocol=one.protocol or "TCP",
                app=one.app_protocol or "",
            )
        )
    return tuple(sorted(known, key=_port_order)), odd


def _make(
    text: str,
    conditions: Conditions,
    *,
    node: str | None,
    zone: str | None,
    pod: Reference | None,
    allow_loopback: bool,
) -> tuple[Endpoint | None, str]:
    address, reason = addresses.judge(text, allow_loopback=allow_loopback)
    if reason:
        return None, reason
    endpoint = Endpoint(
        address=address,
        ready=conditions.ready is not False,
        serving=conditions.serving is not False,
        terminating=bool(conditions.terminating),
        node=node or "",
        zone=zone or "",
        pod=pod.name if pod and pod.kind in ("", "Pod") else "",
    )
    return endpoint, ""


def _port_order(port: Port) -> tuple[str, int, str]:
    return (port.name, port.port, port.protocol)
