"""The workload's objects: what a deployment, its replica set and its pods look like, and their
status.
"""

from __future__ import annotations

import hashlib

import msgspec

from practice.defaults import suffix
from practice.schema import DEPLOYMENTS, REPLICASETS, Json
from practice.store import Store, now_text

NAME = "httpbin"
IMAGE = "kennethreitz/httpbin:latest"
NODES = ("practice-1", "practice-2")
HASH = "pod-template-hash"
OWNED = "practice/deployment"


def deployment(name: str, replicas: int) -> Json:
    labels = {"app": name}
    container = {"name": name, "image": IMAGE}
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def service(name: str, target_port: int) -> Json:
    """As `kubectl create service clusterip NAME --tcp=80:80` makes it, port name included."""
    port = {"name": "80-80", "port": 80, "protocol": "TCP", "targetPort": target_port}
    spec = {"type": "ClusterIP", "selector": {"app": name}, "ports": [port]}
    return {"metadata": {"name": name, "labels": {"app": name}}, "spec": spec}


def template_hash(deployment: Json) -> str:
    template = msgspec.json.encode(deployment["spec"]["template"], order="deterministic")
    return hashlib.sha256(template).hexdigest()[:10]


def pod(deployment: Json, *, node: str) -> Json:
    meta, template = deployment["metadata"], deployment["spec"]["template"]
    hash_ = template_hash(deployment)
    owner = {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "name": f"{meta['name']}-{hash_}",
        "uid": replica_set_uid(deployment, hash_),
        "controller": True,
        "blockOwnerDeletion": True,
    }
    given = template.get("metadata") or {}
    made: Json = {
        "metadata": {
            "name": f"{meta['name']}-{hash_}-{suffix()}",
            "generateName": f"{meta['name']}-{hash_}-",
            "labels": {**(given.get("labels") or {}), HASH: hash_, OWNED: meta["name"]},
            "ownerReferences": [owner],
        },
        "spec": {**template["spec"], "nodeName": node, "serviceAccountName": "default"},
        "status": {"phase": "Pending", "conditions": [_condition("PodScheduled", ready=True)]},
    }
    if given.get("annotations"):
        made["metadata"]["annotations"] = given["annotations"]
    return made


def owner(pod: Json) -> str | None:
    found: str | None = (pod["metadata"].get("labels") or {}).get(OWNED)
    return found


def _condition(kind: str, *, ready: bool) -> Json:
    return {
        "type": kind,
        "status": "True" if ready else "False",
        "lastProbeTime": None,
        "lastTransitionTime": now_text(),
    }


def is_ready(pod: Json) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or []
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def set_running(pod: Json, address: str) -> None:
    status = pod.setdefault("status", {})
    if status.get("podIP") == address and status.get("phase") == "Running":
        return
    status.update(
        phase="Running",
        podIP=address,
        podIPs=[{"ip": address}],
        hostIP="127.0.0.1",
        startTime=now_text(),
    )
    status["containerStatuses"] = [
        {
            "name": container["name"],
            "image": container.get("image", ""),
            "imageID": "",
            "ready": False,
            "started": True,
            "restartCount": 0,
            "state": {"running": {"startedAt": now_text()}},
            "lastState": {},
        }
        for container in pod["spec"].get("containers") or []
    ]


def set_ready(pod: Json, *, ready: bool) -> None:
    """Set the readiness conditions; a condition that stays keeps its time."""
    status = pod.setdefault("status", {})
    old = {c["type"]: c for c in status.get("conditions") or []}
    wanted = {
        "Initialized": True,
        "Ready": ready,
        "ContainersReady": ready,
        "PodScheduled": True,
    }
    status["conditions"] = [
        old[kind]
        if old.get(kind, {}).get("status") == ("True" if value else "False")
        else _condition(kind, ready=value)
        for kind, value in wanted.items()
    ]
    for container in status.get("containerStatuses") or []:
        container["ready"] = ready


def count_restart(pod: Json, *, moved: bool) -> None:
    status = pod.get("status") or {}
    for container in status.get("containerStatuses") or []:
        container["restartCount"] += 1
    if moved:
        status.pop("podIP", None)
        status.pop("podIPs", None)


def replica_set_uid(deployment: Json, hash_: str) -> str:
    """A uid that follows from the deployment's: pods name their owner before it exists."""
    digest = hashlib.sha256(f"{deployment['metadata']['uid']}/{hash_}".encode()).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-8{digest[17:20]}-{digest[20:32]}"


def save_status(store: Store, deployment: Json, hash_: str, pods: list[Json]) -> None:
    """Write the status of a deployment and of its replica sets, if it changed."""
    alive = [pod for pod in pods if not pod["metadata"].get("deletionTimestamp")]
    ready = sum(map(is_ready, alive))
    wanted = deployment["spec"]["replicas"]
    updated = sum(1 for pod in alive if pod["metadata"]["labels"].get(HASH) == hash_)
    counts = {
        "replicas": len(alive),
        "updatedReplicas": updated,
        "readyReplicas": ready,
        "availableReplicas": ready,
        "unavailableReplicas": max(0, wanted - ready),
    }
    old = deployment.get("status") or {}
    status: Json = {"observedGeneration": deployment["metadata"]["generation"]}
    status.update({key: value for key, value in counts.items() if value})
    conditions = {c["type"]: c for c in old.get("conditions") or []}
    status["conditions"] = [
        _deployment_condition(conditions, "Available", ready >= wanted, "MinimumReplicasAvailable"),
        _deployment_condition(conditions, "Progressing", True, "NewReplicaSetAvailable"),
    ]
    if status != old:
        deployment["status"] = status
        store.replace(DEPLOYMENTS, deployment)
    _save_replica_sets(store, deployment, hash_, alive)


def _deployment_condition(old: dict[str, Json], kind: str, holds: bool, reason: str) -> Json:
    status = "True" if holds else "False"
    known = old.get(kind)
    if known is not None and known["status"] == status:
        return known
    now = now_text()
    return {
        "type": kind,
        "status": status,
        "lastUpdateTime": now,
        "lastTransitionTime": now,
        "reason": reason if holds else "MinimumReplicasUnavailable",
        "message": "",
    }


def _save_replica_sets(store: Store, deployment: Json, hash_: str, alive: list[Json]) -> None:
    meta = deployment["metadata"]
    prefix = f"{meta['namespace']}/{meta['name']}-"
    known = {
        entry.name: entry.object()
        for entry in store.tables[REPLICASETS].walk(prefix=prefix)
        if entry.labels.get(OWNED) == meta["name"]
    }
    current = f"{meta['name']}-{hash_}"
    if current not in known:
        known[current] = store.create(REPLICASETS, _replica_set(deployment, hash_)).object()
    for obj in known.values():
        own = obj["metadata"]["labels"][HASH]
        mine = [pod for pod in alive if pod["metadata"]["labels"].get(HASH) == own]
        wanted = deployment["spec"]["replicas"] if own == hash_ else len(mine)
        if wanted != obj["spec"]["replicas"]:
            obj["spec"]["replicas"] = wanted
            obj["metadata"]["generation"] += 1
        ready = sum(map(is_ready, mine))
        status = {"replicas": len(mine), "observedGeneration": obj["metadata"]["generation"]}
        if ready:
            status |= {"readyReplicas": ready, "availableReplicas": ready}
        obj["status"] = status
        store.replace(REPLICASETS, obj)


def _replica_set(deployment: Json, hash_: str) -> Json:
    meta, spec = deployment["metadata"], deployment["spec"]
    labels = (spec["template"].get("metadata") or {}).get("labels") or {}
    all_labels = {**labels, HASH: hash_, OWNED: meta["name"]}
    owner_ = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    return {
        "metadata": {
            "name": f"{meta['name']}-{hash_}",
            "namespace": meta["namespace"],
            "uid": replica_set_uid(deployment, hash_),
            "generation": 1,
            "labels": all_labels,
            "ownerReferences": [owner_],
        },
        "spec": {
            "replicas": spec["replicas"],
            "selector": {"matchLabels": {**labels, HASH: hash_}},
            "template": spec["template"],
        },
        "status": {"replicas": 0},
    }
