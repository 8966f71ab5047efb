"""The endpoints controllers: from services with a selector and their pods to Endpoints and
EndpointSlices.

A change marks services dirty; each dirty service is synced once, in the next turn of the loop.
What is unchanged is not written. Slices keep the endpoints they have, so that a change touches
as few of them as possible.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from practice import slicing
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
from practice.slicing import TRIGGER_TIME, PortKey
from practice.store import Entry, Event, Store, now_text

SERVICE_NAME = "kubernetes.io/service-name"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
MANAGER = "endpointslice-controller.k8s.io"
MANAGED_LABEL = "endpoints.kubernetes.io/managed-by"
ENDPOINTS_MANAGER = "endpoint-controller"
OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity"
HEADLESS = "service.kubernetes.io/headless"
ZONE = "topology.kubernetes.io/zone"


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
            key_ = slicing.ports_of(obj["spec"], pod)
            groups.setdefault(key_, []).append(
                slicing.endpoint(obj["spec"], pod, zone=self._zone(pod))
            )
        self._sync_endpoints(obj, groups)
        self._sync_slices(obj, groups)

    def _pods(self, namespace: str, selector: dict[str, str]) -> Iterator[Json]:
        for entry in self.store.tables[PODS].walk(prefix=f"{namespace}/"):
            if match_labels(selector, entry.labels):
                pod = entry.object()
                status = pod.get("status") or {}
                if status.get("podIP") and status.get("phase") not in ("Succeeded", "Failed"):
                    yield pod

    def _zone(self, pod: Json) -> str:
        found = self.store.get(NODES, (pod.get("spec") or {}).get("nodeName", ""))
        return found.labels.get(ZONE, "") if found is not None else ""

    def _sync_endpoints(self, service: Json, groups: dict[PortKey, list[Json]]) -> None:
        meta = service["metadata"]
        subsets, total = slicing.subsets(groups)
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
        if total > slicing.ENDPOINTS_MOST:
            obj["metadata"]["annotations"][OVER_CAPACITY] = "truncated"
        self._put(ENDPOINTS, obj)

    def _sync_slices(self, service: Json, groups: dict[PortKey, list[Json]]) -> None:
        meta = service["metadata"]
        mine = {entry.name: entry for entry in self._slices(meta["namespace"], meta["name"])}
        plan, free = slicing.share({name: e.object() for name, e in mine.items()}, groups)
        for name, ports, held in plan:
            self._put_slice(service, name, ports, held)
        for name in free:
            self.store.delete(ENDPOINTSLICES, mine[name].key)

    def _put_slice(self, service: Json, name: str, ports: PortKey, endpoints: list[Json]) -> None:
        meta = service["metadata"]
        labels = {**(meta.get("labels") or {}), SERVICE_NAME: meta["name"], MANAGED_BY: MANAGER}
        if service["spec"].get("clusterIP") == "None":
            labels[HEADLESS] = ""
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
                "name": name or f"{meta['name']}-{suffix()}",
                "generateName": f"{meta['name']}-",
                "namespace": meta["namespace"],
                "generation": 1,
                "labels": labels,
                "annotations": {TRIGGER_TIME: now_text()},
                "ownerReferences": [owner],
            },
            "addressType": slicing.family(endpoints),
            "endpoints": endpoints or None,
            "ports": [slicing.slice_port(port) for port in ports] or None,
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
        if slicing.said(old) == slicing.said(obj):
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
