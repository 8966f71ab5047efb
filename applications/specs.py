"""Published rows as plain values: what the compiler works with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from console.contract import keys, wire


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSpec:
    """A static target (`host`, `port`) or, with a registry, a discovered service."""

    weight: int = 100
    priority: int = 0
    host: str = ""
    port: int = 0
    registry: str = ""
    namespace: str = ""
    service: str = ""
    service_port: str = ""

    @property
    def name(self) -> tuple[str, str]:
        """The service within the control plane: registry id and state key."""
        return (self.registry, keys.service(self.namespace, self.service))


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamSpec:
    id: str
    name: str
    version: str
    members: tuple[MemberSpec, ...]
    scheme: str = "http"
    balance: str = "roundrobin"
    hash_key: str = ""
    retries: int | None = None
    timeouts: wire.Timeouts = field(default_factory=wire.Timeouts)
    host_mode: str = "pass"
    host: str = ""
    checks: dict[str, Any] = field(default_factory=dict)
    on_empty: str = "fail"  # or keep: the last nodes for `keep_for` seconds
    keep_for: int = 30

    def services(self) -> Iterator[tuple[str, str]]:
        return (member.name for member in self.members if member.registry)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSpec:
    id: str
    name: str
    paths: tuple[tuple[str, str], ...]  # path and type: prefix or exact
    methods: tuple[str, ...] = ()
    strip_path_prefix: bool = False
    websocket: bool = False
    expressions: tuple[wire.Expression, ...] = ()
    match_any: bool = False
    plugins: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationSpec:
    """A published application with its published APIs."""

    id: str
    name: str
    revision: int
    default_version: str
    upstreams: tuple[UpstreamSpec, ...]
    hosts: tuple[str, ...] = ()
    path_prefix: str = "/"
    protocols: tuple[str, ...] = ("http",)
    plugins: dict[str, Any] = field(default_factory=dict)
    apis: tuple[ApiSpec, ...] = ()
