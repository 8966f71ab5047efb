"""The endpoints controllers: from services with a selector and their pods to Endpoints and
EndpointSlices.

A change marks services dirty; each dirty service is synced once, in the next turn of the loop.
What is unchanged is not written. Slices keep the endpoints they have, so that a change touches
as few of them as possible.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from practice.defaults import suffix
from practice.schema import (
    ENDPOINTS,
    ENDPOINTSLICES,
    NAMESPACES,
    NODES,
    PODS,
    SERVICES,
    Json,
    Resource,
)
from practice.selectors import match_labels
from practice.store import Entry, Event, Store, now_text

PER_SLICE = 100
ENDPOINTS_MOST = 1000
SERVICE_NAME = "kubernetes.io/service-name"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
MANAGER = "endpointslice-controller.k8s.io"
MANAGED_LABEL = "endpoints.kubernetes.io/managed-by"
ENDPOINTS_MANAGER = "endpoint-controller"
TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time"
OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"
HEADLESS = "service.kubernetes.io/headless"
ZONE = "topology.kubernetes.io/zone"

PortKey = tuple[tuple[str, int, str, str], ...]


class EndpointsController:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.dirty: dict[str, None] = {}
        self.selecting: dict[str, dict[str, dict[str, str]]] = {}
        store.listeners.append(self._notice)
        for entry in store.tables[SERVICES].entries.values():
            self._learn(entry)

    def _learn(self, entry: Entry) -> None:
        selector = entry.object()["spec"].get("selector") if b'"selector"' in entry.raw else None
        known = self.selecting.setdefault(entry.namespace, {})
        if selector:
            known[entry.name] = selector
            self._mark(entry.key)
        elif known.pop(entry.name, None) is not None:
            self._mark(entry.key)

    def _mark(self, key: str) -> None:
        if not self.dirty:
            asyncio.get_running_loop().call_soon(self._run)
        self.dirty[key] = None

    def _notice(self, resource: Resource, event: Event) -> None:
        if resource is SERVICES:
            if event.after is not None:
                self._learn(event.after)
            elif event.before is not None:
                self.selecting.get(event.before.namespace, {}).pop(event.before.name, None)
                self._mark(event.before.key)
        elif resource is PODS:
            for entry in (event.before, event.after):
                if entry is not None:
                    for name, selector in self.selecting.get(entry.namespace, {}).items():
                        if match_labels(selector, entry.labels):
                            self._mark(f"{entry.namespace}/{name}")
        elif resource in (ENDPOINTS, ENDPOINTSLICES) and (event.after or event.before):
            self._repair(resource, event)

    def _repair(self, resource: Resource, event: Event) -> None:
        """Restore what somebody else changed or deleted of a service with a selector."""
        entry = event.after or event.before
        if entry is None:
            return
        name = entry.name if resource is ENDPOINTS else entry.labels.get(SERVICE_NAME, "")
        if name in self.selecting.get(entry.namespace, {}):
            self._mark(f"{entry.namespace}/{name}")

    def _run(self) -> None:
        keys, self.dirty = list(self.dirty), {}
        for key in keys:
            self.sync(key)

    def sync(self, key: str) -> None:
        namespace, _, name = key.partition("/")
        service = self.store.get(SERVICES, key)
        if service is None:
            self._remove_all(namespace, name)
            return
        obj = service.object()
        selector = obj["spec"].get("selector")
        if not selector or self.store.get(NAMESPACES, namespace) is None:
            return
        groups: dict[PortKey, list[Json]] = {}
        for pod in self._pods(namespace, selector):
            key_ = _ports(obj["spec"], pod)
            groups.setdefault(key_, []).append(self._endpoint(obj["spec"], pod))
        self._sync_endpoints(obj, groups)
        self._sync_slices(obj, groups)

    def _pods(self, namespace: str, selector: dict[str, str]) -> Iterator[Json]:
        for entry in self.store.tables[PODS].walk(prefix=f"{namespace}/"):
            if match_labels(selector, entry.labels):
                pod = entry.object()
                status = pod.get("status") or {}
                if status.get("podIP") and status.get("phase") not in ("Succeeded", "Failed"):
                    yield pod

    def _endpoint(self, spec: Json, pod: Json) -> Json:
        status = pod["status"]
        healthy = any(
            c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions") or []
        )
        healthy = healthy or bool(spec.get("publishNotReadyAddresses"))
        leaving = bool(pod["metadata"].get("deletionTimestamp"))
        published = bool(spec.get("publishNotReadyAddresses"))
        endpoint: Json = {
            "addresses": [status["podIP"]],
            "conditions": {
                "ready": healthy and (published or not leaving),
                "serving": healthy,
                "terminating": leaving,
            },
            "targetRef": {
                "kind": "Pod",
                "namespace": pod["metadata"]["namespace"],
                "name": pod["metadata"]["name"],
                "uid": pod["metadata"]["uid"],
            },
        }
        node = (pod.get("spec") or {}).get("nodeName")
        if node:
            endpoint["nodeName"] = node
            found = self.store.get(NODES, node)
            if found is not None and ZONE in found.labels:
                endpoint["zone"] = found.labels[ZONE]
        return endpoint

    def _sync_endpoints(self, service: Json, groups: dict[PortKey, list[Json]]) -> None:
        meta = service["metadata"]
        left = ENDPOINTS_MOST
        subsets: list[Json] = []
        total = 0
        for ports, endpoints in sorted(groups.items()):
            staying = [e for e in endpoints if not e["conditions"]["terminating"]]
            total += len(staying)
            # Ready ones first, so that the limit cuts the others.
            staying.sort(key=lambda e: (not e["conditions"]["ready"], e["addresses"][0]))
            staying, left = staying[:left], left - len(staying[:left])
            subset: Json = {}
            for field, ready in (("addresses", True), ("notReadyAddresses", False)):
                found = [_address(e) for e in staying if e["conditions"]["ready"] is ready]
                if found:
                    subset[field] = found
            if subset:
                subset["ports"] = [_port(port) for port in ports]
                subsets.append(subset)
        obj: Json = {
            "metadata": {
                "name": meta["name"],
                "namespace": meta["namespace"],
                "labels": {**(meta.get("labels") or {}), MANAGED_LABEL: ENDPOINTS_MANAGER},
                "annotations": {TRIGGER_TIME: now_text()},
            }
        }
        if subsets:
            obj["subsets"] = subsets
        if total > ENDPOINTS_MOST:
            obj["metadata"]["annotations"][OVER_CAPACITY] = "truncated"
        self._put(ENDPOINTS, obj)

    def _sync_slices(self, service: Json, groups: dict[PortKey, list[Json]]) -> None:
        meta = service["metadata"]
        mine = self._slices(meta["namespace"], meta["name"])
        free: list[Entry] = []
        for entry in mine:
            if _port_key(entry.object()) not in groups:
                free.append(entry)
        written: list[tuple[Entry | None, PortKey, list[Json]]] = []
        for ports, endpoints in sorted(groups.items()):
            wanted = {e["targetRef"]["uid"]: e for e in endpoints}
            kept: list[tuple[Entry | None, list[Json]]] = []
            for entry in mine:
                old = entry.object()
                if _port_key(old) == ports:
                    uids = [e["targetRef"]["uid"] for e in old["endpoints"] or []]
                    kept.append((entry, [wanted.pop(uid) for uid in uids if uid in wanted]))
            rest = list(wanted.values())
            for _, held in kept:
                room = PER_SLICE - len(held)
                held.extend(rest[:room])
                rest = rest[room:]
            while rest:
                kept.append((free.pop() if free else None, rest[:PER_SLICE]))
                rest = rest[PER_SLICE:]
            for entry_, held in kept:
                if held:
                    written.append((entry_, ports, held))
                elif entry_ is not None:
                    free.append(entry_)
        if not written:
            # A service without pods keeps one empty slice.
            written.append((free.pop() if free else None, (), []))
        for entry_, ports, held in written:
            self._put_slice(service, entry_, ports, held)
        for entry in free:
            self.store.delete(ENDPOINTSLICES, entry.key)

    def _put_slice(
        self, service: Json, entry: Entry | None, ports: PortKey, endpoints: list[Json]
    ) -> None:
        meta = service["metadata"]
        labels = {**(meta.get("labels") or {}), SERVICE_NAME: meta["name"], MANAGED_BY: MANAGER}
        if service["spec"].get("clusterIP") == "None":
            labels[HEADLESS] = ""
        name = entry.name if entry is not None else f"{meta['name']}-{suffix()}"
        owner = {
            "apiVersion": "v1",
            "kind": "Service",
            "name": meta["name"],
            "uid": meta["uid"],
            "controller": True,
            "blockOwnerDeletion": True,
        }
        obj: Json = {
            "metadata": {
                "name": name,
                "generateName": f"{meta['name']}-",
                "namespace": meta["namespace"],
                "generation": 1,
                "labels": labels,
                "annotations": {TRIGGER_TIME: now_text()},
                "ownerReferences": [owner],
            },
            "addressType": "IPv6" if _is_v6(endpoints) else "IPv4",
            "endpoints": endpoints or None,
            "ports": [_slice_port(port) for port in ports] or None,
        }
        self._put(ENDPOINTSLICES, obj)

    def _put(self, resource: Resource, obj: Json) -> None:
        """Write an object unless it says what the stored one says, its time apart."""
        meta = obj["metadata"]
        entry = self.store.get(resource, f"{meta['namespace']}/{meta['name']}")
        if entry is None:
            self.store.create(resource, obj)
            return
        old = entry.object()
        for field in ("uid", "creationTimestamp", "generation"):
            if field in old["metadata"]:
                meta[field] = old["metadata"][field]
        if _said(old) == _said(obj):
            return
        if "generation" in meta:
            meta["generation"] += 1
        self.store.replace(resource, obj)

    def _slices(self, namespace: str, name: str) -> list[Entry]:
        return [
            entry
            for entry in self.store.tables[ENDPOINTSLICES].walk(prefix=f"{namespace}/{name}-")
            if entry.labels.get(SERVICE_NAME) == name and entry.labels.get(MANAGED_BY) == MANAGER
        ]

    def _remove_all(self, namespace: str, name: str) -> None:
        if self.store.get(ENDPOINTS, f"{namespace}/{name}") is not None:
            self.store.delete(ENDPOINTS, f"{namespace}/{name}")
        for entry in self._slices(namespace, name):
            self.store.delete(ENDPOINTSLICES, entry.key)


def _said(obj: Json) -> Json:
    meta = obj["metadata"]
    annotations = {k: v for k, v in (meta.get("annotations") or {}).items() if k != TRIGGER_TIME}
    said: Json = {k: v for k, v in obj.items() if k not in ("metadata", "kind", "apiVersion")}
    return {**said, "labels": meta.get("labels") or {}, "annotations": annotations}


def _ports(spec: Json, pod: Json) -> PortKey:
    """The ports of a service on one pod; a named target that the pod lacks is left out."""
    found: list[tuple[str, int, str, str]] = []
    for port in spec.get("ports") or []:
        target: Any = port.get("targetPort", port["port"])
        protocol = port.get("protocol", "TCP")
        if isinstance(target, str):
            target = _named_port(pod, target, protocol)
        if target is not None:
            found.append((port.get("name", ""), target, protocol, port.get("appProtocol", "")))
    return tuple(found)


def _named_port(pod: Json, name: str, protocol: str) -> int | None:
    for container in (pod.get("spec") or {}).get("containers") or []:
        for port in container.get("ports") or []:
            if port.get("name") == name and port.get("protocol", "TCP") == protocol:
                number: int = port["containerPort"]
                return number
    return None


def _port(port: tuple[str, int, str, str]) -> Json:
    name, number, protocol, app = port
    made: Json = {"name": name} if name else {}
    made |= {"port": number, "protocol": protocol}
    return {**made, "appProtocol": app} if app else made


def _slice_port(port: tuple[str, int, str, str]) -> Json:
    return {"name": port[0], **{k: v for k, v in _port(port).items() if k != "name"}}


def _port_key(slice_: Json) -> PortKey:
    return tuple(
        (p.get("name") or "", p["port"], p.get("protocol", "TCP"), p.get("appProtocol", ""))
        for p in slice_.get("ports") or []
    )


def _address(endpoint: Json) -> Json:
    address = {"ip": endpoint["addresses"][0]}
    if "nodeName" in endpoint:
        address["nodeName"] = endpoint["nodeName"]
    return {**address, "targetRef": endpoint["targetRef"]}


def _is_v6(endpoints: list[Json]) -> bool:
    return bool(endpoints) and ":" in endpoints[0]["addresses"][0]
