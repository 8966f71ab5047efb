"""What Envoys themselves say that they have, by their administration interfaces."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from console.contract.wire import Upstream
from gateways.drivers.base import DriverError, Process, Served

from . import api
from .admin import Admin
from .driver import documents
from .settings import Settings

_OURS = ("upstream/", "route/", "portolan")
# The section of a dump, the list in it, the resource in an entry, its message and our word for it.
_SECTIONS = (
    ("dynamic_listeners", "active_state.listener", api.Listener, api.LISTENERS),
    ("dynamic_route_configs", "route_config", api.Routes, api.ROUTES),
    ("dynamic_active_clusters", "cluster", api.Cluster, api.CLUSTERS),
    ("dynamic_endpoint_configs", "endpoint_config", api.Assignment, api.ASSIGNMENTS),
)
_ENVOYS_FACTOR = 140
_DEGRADED = 5  # of Envoy's HealthStatus; of those there are, the only one that we say


class EnvoyReader:
    """Asks the Envoys whose addresses are known (`gateways.drivers.base.Reader`). What a gateway
    has is what the first of them that answers has: all are given the same."""

    def __init__(self, urls: list[str]) -> None:
        self._admins = [Admin(url) for url in urls]

    def processes(self) -> list[Process]:
        found = []
        for admin, answer in self._each(lambda one: one.server()):
            node = answer.get("node") or {}
            name = str(node.get("id") or admin.url)
            version = str(answer.get("version", ""))
            parts = version.split("/")
            found.append(Process(name, name, parts[1] if len(parts) > 2 else version))
        return found

    def documents(self) -> Mapping[str, Any] | None:
        if not self._admins:
            return None
        found: dict[str, Any] = {}
        for kind, message in self._resources():
            name = message.cluster_name if kind == api.ASSIGNMENTS else message.name
            if name.startswith(_OURS):
                found |= documents(message)
        return found

    def served(self) -> Served | None:
        if not self._admins:
            return None
        upstreams = {
            str(one.get("name")): tuple(sorted(_addresses(one)))
            for one in self._first(lambda admin: admin.clusters())
            if str(one.get("name")).startswith("upstream/")
        }
        routes: set[str] = set()
        for kind, message in self._resources(resource="dynamic_route_configs"):
            if kind == api.ROUTES:
                for host in message.virtual_hosts:
                    routes |= {route.name for route in host.routes}
        return Served(upstreams, frozenset(one for one in routes if one.startswith("route/")))

    def confirms(self, upstream: Upstream) -> bool | None:
        """Envoy's ACK to our xDS server says so, sooner than any question; and a question costs
        the thread by which Envoy takes changes."""
        return None

    def close(self) -> None:
        """Each question has a connection of its own."""

    def _each(self, ask: Any) -> Iterator[tuple[Admin, Any]]:
        """Who answers, with the answer. Raises `DriverError` if nobody does."""
        failed: DriverError | None = None
        answered = False
        for admin in self._admins:
            try:
                answer = ask(admin)
            except DriverError as error:
                failed = error
                continue
            answered = True
            yield admin, answer
        if failed and not answered:
            raise failed

    def _first(self, ask: Any) -> Any:
        return next(answer for _admin, answer in self._each(ask))

    def _resources(self, **only: str) -> Iterator[tuple[str, Any]]:
        """Messages with their types. Envoy also tells what names were resolved to, as assignments;
        of such a cluster only itself counts."""
        found = list(self._told(**only))
        apart = {one.name for kind, one in found if kind == api.CLUSTERS and _holds_nodes(one)}
        for kind, one in found:
            if kind != api.ASSIGNMENTS or one.cluster_name not in apart:
                yield kind, one

    def _told(self, **only: str) -> Iterator[tuple[str, Any]]:
        for section in self._first(lambda admin: admin.dump(**only)):
            # Asked for one resource, Envoy gives its entries without the section around them.
            for name, path, message, kind in _SECTIONS:
                entries = section.get(name)
                bare = [section] if entries is None and only.get("resource") == name else []
                for entry in bare if entries is None else entries:
                    found = _at(entry, path)
                    if found is not None:
                        made = api.from_json(found, message)
                        yield kind, _plain(made) if kind == api.ASSIGNMENTS else made


def reader(settings: Settings, secret: str) -> EnvoyReader:
    return EnvoyReader(settings.admin_urls)


def _at(entry: Any, path: str) -> dict[str, Any] | None:
    for name in path.split("."):
        entry = entry.get(name) if isinstance(entry, dict) else None
    return {k: v for k, v in entry.items() if k != "@type"} if isinstance(entry, dict) else None


def _addresses(status: dict[str, Any]) -> Iterator[str]:
    for one in status.get("host_statuses") or ():
        socket = (one.get("address") or {}).get("socket_address") or {}
        host = str(one.get("hostname") or "").rpartition(":")[0] or str(one.get("hostname") or "")
        named = host and not re.fullmatch(r"[\d.]+|\[?[0-9a-fA-F:]*:[0-9a-fA-F:.]*\]?", host)
        yield _joined(host if named else str(socket.get("address")), socket.get("port_value", 0))


def _holds_nodes(cluster: Any) -> bool:
    return bool(cluster.HasField("load_assignment"))


def _plain(assignment: Any) -> Any:
    """An assignment without what Envoy writes into it by itself."""
    if assignment.policy.overprovisioning_factor.value == _ENVOYS_FACTOR:
        assignment.ClearField("policy")
    for locality in assignment.endpoints:
        locality.ClearField("locality")
        locality.ClearField("load_balancing_weight")
        for one in locality.lb_endpoints:
            if one.health_status != _DEGRADED:
                one.ClearField("health_status")  # what its checks found
            if not one.endpoint.health_check_config.port_value:
                one.endpoint.ClearField("health_check_config")
    return assignment


def _joined(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
