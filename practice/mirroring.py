"""Mirroring: Endpoints written by hand appear as EndpointSlices, as the real mirroring controller
makes them.

Only for a service without a selector, and not for Endpoints labelled skip-mirror.
"""

from __future__ import annotations

import asyncio

from practice.defaults import suffix
from practice.endpoints import MANAGED_BY, SERVICE_NAME
from practice.schema import ENDPOINTS, ENDPOINTSLICES, SERVICES, Json, Resource
from practice.slicing import TRIGGER_TIME
from practice.store import Entry, Event, Store

MANAGER = "endpointslicemirroring-controller.k8s.io"
SKIP = "endpointslice.kubernetes.io/skip-mirror"
MOST = 1000


class MirroringController:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.dirty: dict[str, None] = {}
        store.listeners.append(self._notice)

    def _notice(self, resource: Resource, event: Event) -> None:
        entry = event.after or event.before
        if entry is None or resource not in (ENDPOINTS, SERVICES):
            return
        if resource is SERVICES and self.store.get(ENDPOINTS, entry.key) is None:
            return
        if not self.dirty:
            asyncio.get_running_loop().call_soon(self._run)
        self.dirty[entry.key] = None

    def _run(self) -> None:
        keys, self.dirty = list(self.dirty), {}
        for key in keys:
            self.sync(key)

    def sync(self, key: str) -> None:
        wanted = list(self._wanted(key))
        namespace, _, name = key.partition("/")
        for entry in self._mirrors(namespace, name):
            old = entry.object()
            match = next((new for new in wanted if _same_ports(new, old)), None)
            if match is None:
                self.store.delete(ENDPOINTSLICES, entry.key)
                continue
            wanted.remove(match)
            if (
                match["endpoints"] != old["endpoints"]
                or match["metadata"]["labels"] != entry.labels
            ):
                old["endpoints"] = match["endpoints"]
                old["metadata"]["labels"] = match["metadata"]["labels"]
                old["metadata"]["generation"] += 1
                self.store.replace(ENDPOINTSLICES, old)
        for new in wanted:
            new["metadata"]["name"] = f"{name}-{suffix()}"
            self.store.create(ENDPOINTSLICES, new)

    def _mirrors(self, namespace: str, name: str) -> list[Entry]:
        walk = self.store.tables[ENDPOINTSLICES].walk(prefix=f"{namespace}/{name}-")
        return [
            entry
            for entry in walk
            if entry.labels.get(SERVICE_NAME) == name and entry.labels.get(MANAGED_BY) == MANAGER
        ]

    def _wanted(self, key: str) -> list[Json]:
        entry, service = self.store.get(ENDPOINTS, key), self.store.get(SERVICES, key)
        if entry is None or service is None or service.object()["spec"].get("selector"):
            return []
        if entry.labels.get(SKIP) == "true":
            return []
        return list(_slices(entry))


def _slices(entry: Entry) -> list[Json]:
    obj = entry.object()
    made: list[Json] = []
    for subset in obj.get("subsets") or []:
        families: dict[str, list[Json]] = {}
        for field, ready in (("addresses", True), ("notReadyAddresses", False)):
            for address in subset.get(field) or []:
                family = "IPv6" if ":" in address["ip"] else "IPv4"
                families.setdefault(family, []).append(_endpoint(address, ready=ready))
        ports = [{"name": "", **port} for port in subset.get("ports") or []]
        for family, endpoints in families.items():
            made.append(
                {
                    "metadata": _metadata(obj["metadata"]),
                    "addressType": family,
                    "endpoints": endpoints[:MOST],
                    "ports": ports,
                }
            )
    return made


def _metadata(meta: Json) -> Json:
    owner = {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    kept = {k: v for k, v in (meta.get("annotations") or {}).items() if k != TRIGGER_TIME}
    made: Json = {
        "generateName": f"{meta['name']}-",
        "namespace": meta["namespace"],
        "generation": 1,
        "labels": {
            **(meta.get("labels") or {}),
            SERVICE_NAME: meta["name"],
            MANAGED_BY: MANAGER,
        },
        "ownerReferences": [owner],
    }
    kept.pop("kubectl.kubernetes.io/last-applied-configuration", None)
    return {**made, "annotations": kept} if kept else made


def _endpoint(address: Json, *, ready: bool) -> Json:
    endpoint: Json = {"addresses": [address["ip"]], "conditions": {"ready": ready}}
    for field in ("hostname", "nodeName", "targetRef"):
        if field in address:
            endpoint[field] = address[field]
    return endpoint


def _same_ports(new: Json, old: Json) -> bool:
    return bool(new["ports"] == old["ports"] and new["addressType"] == old["addressType"])
