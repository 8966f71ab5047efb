"""Tables: the columns `kubectl get` shows, made by the server as the real one does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from practice.schema import (
    CLUSTERROLEBINDINGS,
    CONFIGMAPS,
    DEPLOYMENTS,
    ENDPOINTS,
    ENDPOINTSLICES,
    NAMESPACES,
    NODES,
    PODS,
    REPLICASETS,
    ROLEBINDINGS,
    SECRETS,
    SERVICEACCOUNTS,
    SERVICES,
    Json,
    Resource,
)
from practice.store import Entry, encode

Cells = Callable[[Json], list[Any]]
NONE = "<none>"


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of columns between Name and Age, and of those `-o wide` adds after Age."""

    names: tuple[str, ...]
    wide: tuple[str, ...]
    cells: Cells


def age(text: str) -> str:
    """Say how long ago a time was, in kubectl's two steps of precision."""
    if not text:
        return "<unknown>"
    then = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    seconds = max(0, int((datetime.now(UTC) - then).total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return f"{minutes}m{seconds % 60}s" if seconds % 60 else f"{minutes}m"
    if hours < 3:
        return f"{minutes}m"
    if hours < 8:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    return f"{days}d" if days < 730 else f"{days // 365}y"


def _short(values: Iterable[str], most: int = 3) -> str:
    found = list(values)
    if not found:
        return NONE
    more = f" + {len(found) - most} more..." if len(found) > most else ""
    return ",".join(found[:most]) + more


def _pairs(labels: dict[str, str] | None) -> str:
    return ",".join(f"{k}={v}" for k, v in sorted((labels or {}).items())) or NONE


def _service(obj: Json) -> list[Any]:
    spec = obj["spec"]
    ports = [f"{port['port']}/{port['protocol']}" for port in spec.get("ports") or []]
    return [
        spec.get("type", "ClusterIP"),
        spec.get("clusterIP", "") or NONE,
        spec.get("externalName") or NONE,
        ",".join(ports) or NONE,
        _pairs(spec.get("selector")),
    ]


def _endpoints(obj: Json) -> list[Any]:
    found = [
        f"{address['ip']}:{port['port']}"
        for subset in obj.get("subsets") or []
        for port in subset.get("ports") or [{"port": ""}]
        for address in subset.get("addresses") or []
    ]
    return [_short(found)]


def _slice(obj: Json) -> list[Any]:
    ports = ["*" if p.get("port") is None else str(p["port"]) for p in obj.get("ports") or []]
    addresses = [a for endpoint in obj.get("endpoints") or [] for a in endpoint["addresses"]]
    shown = [_short(found).replace(NONE, "<unset>") for found in (ports, addresses)]
    return [obj["addressType"], *shown]


def _pod(obj: Json) -> list[Any]:
    status, spec = obj.get("status") or {}, obj.get("spec") or {}
    states = status.get("containerStatuses") or []
    total = len(spec.get("containers") or []) or 1
    ready = sum(1 for state in states if state.get("ready"))
    phase = (
        "Terminating"
        if obj["metadata"].get("deletionTimestamp")
        else status.get("phase", "Pending")
    )
    restarts = sum(state.get("restartCount", 0) for state in states)
    return [
        f"{ready}/{total}",
        phase,
        str(restarts),
        status.get("podIP") or NONE,
        spec.get("nodeName") or NONE,
        NONE,
        NONE,
    ]


def _containers(obj: Json) -> list[Any]:
    containers = obj["spec"]["template"]["spec"].get("containers") or []
    labels = (obj["spec"].get("selector") or {}).get("matchLabels")
    names = ",".join(c["name"] for c in containers)
    return [names, ",".join(c.get("image", "") for c in containers), _pairs(labels)]


def _deployment(obj: Json) -> list[Any]:
    status, wanted = obj.get("status") or {}, obj["spec"].get("replicas", 1)
    counts = [status.get("updatedReplicas", 0), status.get("availableReplicas", 0)]
    return [f"{status.get('readyReplicas', 0)}/{wanted}", *counts, *_containers(obj)]


def _replicaset(obj: Json) -> list[Any]:
    status = obj.get("status") or {}
    counts = [
        obj["spec"].get("replicas", 0),
        status.get("replicas", 0),
        status.get("readyReplicas", 0),
    ]
    return [*counts, *_containers(obj)]


def _role(obj: Json) -> list[Any]:
    return [f"{obj['roleRef']['kind']}/{obj['roleRef']['name']}"]


WIDE_TEMPLATE = ("Containers", "Images", "Selector")
COLUMNS: dict[Resource, Columns] = {
    NAMESPACES: Columns(
        ("Status",), (), lambda o: [(o.get("status") or {}).get("phase", "Active")]
    ),
    SERVICES: Columns(("Type", "Cluster-IP", "External-IP", "Port(s)"), ("Selector",), _service),
    ENDPOINTS: Columns(("Endpoints",), (), _endpoints),
    ENDPOINTSLICES: Columns(("AddressType", "Ports", "Endpoints"), (), _slice),
    PODS: Columns(
        ("Ready", "Status", "Restarts"), ("IP", "Node", "Nominated Node", "Readiness Gates"), _pod
    ),
    DEPLOYMENTS: Columns(("Ready", "Up-to-date", "Available"), WIDE_TEMPLATE, _deployment),
    REPLICASETS: Columns(("Desired", "Current", "Ready"), WIDE_TEMPLATE, _replicaset),
    SECRETS: Columns(("Type", "Data"), (), lambda o: [o.get("type", ""), len(o.get("data") or {})]),
    CONFIGMAPS: Columns(("Data",), (), lambda o: [len(o.get("data") or {})]),
    SERVICEACCOUNTS: Columns(("Secrets",), (), lambda o: [len(o.get("secrets") or [])]),
    NODES: Columns(("Status", "Roles", "Version"), (), lambda _: ["Ready", NONE, "practice"]),
    ROLEBINDINGS: Columns(("Role",), (), _role),
    CLUSTERROLEBINDINGS: Columns(("Role",), (), _role),
}
PLAIN = Columns((), (), lambda _: [])


def definitions(resource: Resource) -> list[Json]:
    columns = COLUMNS.get(resource, PLAIN)
    named = [("Name", 0), *((name, 0) for name in columns.names), ("Age", 0)]
    named += [(name, 1) for name in columns.wide]
    return [
        {
            "name": name,
            "type": "string",
            "format": "name" if name == "Name" else "",
            "description": "",
            "priority": priority,
        }
        for name, priority in named
    ]


def row(resource: Resource, entry: Entry, include: str) -> Json:
    columns = COLUMNS.get(resource, PLAIN)
    obj = entry.object()
    cells = columns.cells(obj)
    at = len(columns.names)
    shown = [
        entry.name,
        *cells[:at],
        age(obj["metadata"].get("creationTimestamp", "")),
        *cells[at:],
    ]
    if include == "Object":
        part: Json = {"kind": resource.kind, "apiVersion": resource.api_version, **obj}
    else:
        part = {
            "kind": "PartialObjectMetadata",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": obj["metadata"],
        }
    return {"cells": shown, "object": part} if include != "None" else {"cells": shown}


def table(
    resource: Resource,
    entries: Iterable[Entry],
    metadata: Json,
    *,
    include: str,
    header: bool = True,
) -> Json:
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": metadata,
        "columnDefinitions": definitions(resource) if header else None,
        "rows": [row(resource, entry, include) for entry in entries],
    }


class TableShape:
    """Turns a watch's entries into table events; the columns are sent with the first only."""

    def __init__(self, resource: Resource, include: str) -> None:
        self.resource = resource
        self.include = include
        self.first = True

    def __call__(self, type_: str, entry: Entry) -> bytes:
        made = table(
            self.resource,
            [entry],
            {"resourceVersion": str(entry.rv)},
            include=self.include,
            header=self.first,
        )
        self.first = False
        return b'{"type":"%s","object":%s}\n' % (type_.encode(), encode(made))
