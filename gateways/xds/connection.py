"""One connected Envoy: its stream, what is known of it, how it stands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Any

from console.lags import Lags
from gateways.drivers.envoy import api
from gateways.drivers.envoy.named import Named
from gateways.instances import Instance

from .plane import Plane
from .stream import Stream


class Connection:
    """`gateway.listeners` and the plane's resources are what it may be given."""

    def __init__(self, gateway: Gateway, node: Any, lags: Lags) -> None:
        self.gateway = gateway
        self.wake = asyncio.Event()
        self.gone = False  # whether its gateway is served no more
        self.stream = Stream(self._held)
        self.registered_at = int(time.time() * 1000)
        self._id = node.id or "nameless"
        self._version = _version(node)
        self._lags = lags
        self._applied = ("", 0)

    @property
    def id(self) -> str:
        return str(self._id)

    def take(self, request: Any) -> None:
        """Take what Envoy says, and measure what it confirms."""
        plane = self.gateway.plane
        new = not self.stream.knows(request.type_url)
        said = self.stream.take(request)
        if new and request.type_url == api.ROUTES:
            for name in request.initial_resource_versions:  # what it took from another server
                plane.hear(request.initial_resource_versions[name], "")
        if said and said.kind == api.ROUTES:
            for one in said.sent:
                plane.hear(one.version, said.refused)
        now = time.time()
        for one in said.fresh if said else ():
            if one.observed_at:
                self._lags.add(max(0.0, now - one.observed_at / 1000))
        applied = plane.position_of(self.stream.confirmed_update)
        if applied and applied != self._applied[0]:
            self._applied = (applied, int(now * 1000))
        self.wake.set()

    def instance(self) -> Instance:
        counts = self._lags.counts
        told = bool(sum(counts))
        applied, applied_at = self._applied
        return Instance(
            id=self.id,
            hostname=self.id,
            version=self._version,
            by="xds",
            applied=applied,
            applied_at=applied_at,
            refuses=self._refuses(),
            lag_ms=round(self._lags.last * 1000) if told else None,
            lag_counts=counts if told else (),
            lag_sum=self._lags.sum,
            registered_at=self.registered_at,
        )

    def settle(self) -> None:
        """The feed went on without anything for this Envoy."""
        applied = self.gateway.plane.position_of(self.stream.confirmed_update)
        if applied and applied != self._applied[0]:
            self._applied = (applied, int(time.time() * 1000))

    def _refuses(self) -> str:
        named = [f"{name}: {reason}" for (_kind, name), reason in self.stream.refused.items()]
        return "; ".join([*self.gateway.plane.banned.values(), *named])[:1_000]

    def _held(self, kind: str) -> Mapping[str, Named]:
        if kind == api.LISTENERS:
            return self.gateway.listeners
        return self.gateway.plane.held[kind]


class Gateway:
    """A gateway as Envoys are told of it: its own listener, its control plane's rest."""

    def __init__(self, gateway_id: str, plane: Plane, listeners: dict[str, Named]) -> None:
        self.id = gateway_id
        self.plane = plane
        self.listeners = listeners
        self.connections: set[Connection] = set()
        # By Envoy's name: it may come again before its old connection is known to be dead.
        self.newest: dict[str, Connection] = {}


def _version(node: Any) -> str:
    number = node.user_agent_build_version.version
    if number.major_number or number.minor_number:
        return f"{number.major_number}.{number.minor_number}.{number.patch}"
    return str(node.user_agent_version)
