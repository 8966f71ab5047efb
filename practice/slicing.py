"""Planning endpoints: from pods and ports to subsets and to the contents of slices. Nothing is
written here.

Slices keep the endpoints they have and are filled up before new ones are made, so that a change
touches as few of them as possible.
"""

from __future__ import annotations

from typing import Any

from practice.schema import Json

PER_SLICE = 100
ENDPOINTS_MOST = 1000
TRIGGER_TIME = "endpoints.kubernetes.io/last-change-trigger-time"

PortKey = tuple[tuple[str, int, str, str], ...]
# Endpoints by the ports they are reached on: pods may differ in what a named port is.
Groups = dict[PortKey, list[Json]]
# The name of the slice to write ("" for a new one), its ports, its endpoints.
Plan = list[tuple[str, PortKey, list[Json]]]


def endpoint(spec: Json, pod: Json, *, zone: str) -> Json:
    """One pod as a slice says it."""
    status, meta = pod["status"], pod["metadata"]
    conditions = status.get("conditions") or []
    published = bool(spec.get("publishNotReadyAddresses"))
    healthy = published or any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
    leaving = bool(meta.get("deletionTimestamp"))
    made: Json = {
        "addresses": [status["podIP"]],
        "conditions": {
            "ready": healthy and (published or not leaving),
            "serving": healthy,
            "terminating": leaving,
        },
        "targetRef": {
            "kind": "Pod",
            "namespace": meta["namespace"],
            "name": meta["name"],
            "uid": meta["uid"],
        },
    }
    node = (pod.get("spec") or {}).get("nodeName")
    if node:
        made["nodeName"] = node
    if zone:
        made["zone"] = zone
    return made


def subsets(groups: Groups) -> tuple[list[Json], int]:
    """What Endpoints say, cut at a thousand addresses, and how many there would have been."""
    left, total = ENDPOINTS_MOST, 0
    made: list[Json] = []
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
            made.append({**subset, "ports": [_port(port) for port in ports]})
    return made, total


def share(slices: dict[str, Json], groups: Groups) -> tuple[Plan, list[str]]:
    """Share the endpoints out to slices; returns what to write and the slices to delete."""
    keys = {name: _port_key(slice_) for name, slice_ in slices.items()}
    free = [name for name, key in keys.items() if key not in groups]
    plan: Plan = []
    for ports, endpoints in sorted(groups.items()):
        wanted = {e["targetRef"]["uid"]: e for e in endpoints}
        kept: list[tuple[str, list[Json]]] = []
        for name, slice_ in slices.items():
            if keys[name] == ports:
                uids = [(e.get("targetRef") or {}).get("uid") for e in slice_["endpoints"] or []]
                kept.append((name, [wanted.pop(uid) for uid in uids if uid in wanted]))
        rest = list(wanted.values())
        for _, held in kept:
            room = PER_SLICE - len(held)
            held.extend(rest[:room])
            rest = rest[room:]
        for at in range(0, len(rest), PER_SLICE):
            kept.append((free.pop() if free else "", rest[at : at + PER_SLICE]))
        plan += [(name, ports, held) for name, held in kept if held]
        free += [name for name, held in kept if name and not held]
    if not plan:
        # A service without pods keeps one empty slice.
        plan.append((free.pop() if free else "", (), []))
    return plan, free


def family(endpoints: list[Json]) -> str:
    return "IPv6" if endpoints and ":" in endpoints[0]["addresses"][0] else "IPv4"


def said(obj: Json) -> Json:
    meta = obj["metadata"]
    annotations = {k: v for k, v in (meta.get("annotations") or {}).items() if k != TRIGGER_TIME}
    said: Json = {k: v for k, v in obj.items() if k not in ("metadata", "kind", "apiVersion")}
    return {**said, "labels": meta.get("labels") or {}, "annotations": annotations}


def ports_of(spec: Json, pod: Json) -> PortKey:
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


def slice_port(port: tuple[str, int, str, str]) -> Json:
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
