"""The scale subresource of a deployment: its replicas as an object of their own."""

from __future__ import annotations

from typing import Any

from practice.patches import apply_patch
from practice.schema import DEPLOYMENTS, Json
from practice.status import Causes, bad_request, conflict
from practice.store import Entry
from practice.writes import Writer


def get_scale(entry: Entry) -> Json:
    obj = entry.object()
    meta, spec = obj["metadata"], obj["spec"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    labels = (spec.get("selector") or {}).get("matchLabels") or {}
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: meta[key] for key in kept},
        "spec": {"replicas": spec.get("replicas", 1)},
        "status": {
            "replicas": (obj.get("status") or {}).get("replicas", 0),
            "selector": ",".join(f"{key}={value}" for key, value in sorted(labels.items())),
        },
    }


def put_scale(writer: Writer, entry: Entry, scale: Any, *, dry: bool) -> Json:
    if not isinstance(scale, dict):
        raise bad_request("error decoding object: expected a Scale")
    version = (scale.get("metadata") or {}).get("resourceVersion")
    if version and version != str(entry.rv):
        raise conflict(DEPLOYMENTS, entry.name)
    replicas = (scale.get("spec") or {}).get("replicas", 0)
    causes = Causes()
    if not isinstance(replicas, int) or replicas < 0:
        causes.invalid("spec.replicas", replicas, "must be greater than or equal to 0")
    causes.raise_for("Scale", entry.name, group="autoscaling")
    obj = entry.object()
    obj["spec"]["replicas"] = replicas
    saved, _ = writer.update(DEPLOYMENTS, entry.namespace, entry.name, obj, dry=dry)
    return get_scale(saved)


def patch_scale(writer: Writer, entry: Entry, kind: str, patch: Any, *, dry: bool) -> Json:
    return put_scale(writer, entry, apply_patch(kind, "Scale", get_scale(entry), patch), dry=dry)
