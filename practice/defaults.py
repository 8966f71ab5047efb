"""Defaults: the fields the server fills in before it stores an object."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable

from practice.schema import (
    DEPLOYMENTS,
    ENDPOINTS,
    ENDPOINTSLICES,
    NAMESPACES,
    RBAC,
    SECRETS,
    SERVICES,
    Json,
    Resource,
)

# The alphabet of generated names: without vowels, so that they spell nothing.
ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def suffix(length: int = 5) -> str:
    return "".join(random.choices(ALPHABET, k=length))  # noqa: S311


def set_defaults(resource: Resource, obj: Json, before: Json | None = None) -> None:
    fill = DEFAULTS.get(resource)
    if fill is not None:
        fill(obj, before)
    if resource.group == RBAC and "roleRef" in obj:
        obj["roleRef"].setdefault("apiGroup", RBAC)
        for subject in obj.get("subjects") or []:
            if subject.get("kind") in ("User", "Group"):
                subject.setdefault("apiGroup", RBAC)


def _namespace(obj: Json, before: Json | None) -> None:
    labels = obj["metadata"].get("labels") or {}
    obj["metadata"]["labels"] = {**labels, "kubernetes.io/metadata.name": obj["metadata"]["name"]}
    obj["spec"] = obj.get("spec") or {"finalizers": ["kubernetes"]}
    obj["status"] = (before or {}).get("status") or {"phase": "Active"}


def _service(obj: Json, before: Json | None) -> None:
    spec = obj.setdefault("spec", {})
    old = (before or {}).get("spec") or {}
    kind = spec.setdefault("type", "ClusterIP")
    for port in spec.get("ports") or []:
        port.setdefault("protocol", "TCP")
        if port.get("targetPort") in (None, "", 0):
            port["targetPort"] = port.get("port")
    spec.setdefault("sessionAffinity", "None")
    if kind != "ExternalName":
        given = spec.get("clusterIP") or next(iter(spec.get("clusterIPs") or []), "")
        # An update that leaves the address out keeps it, so that a plain PUT works.
        address = given or old.get("clusterIP") or cluster_ip(obj["metadata"])
        spec["clusterIP"] = address
        spec["clusterIPs"] = [address]
        spec.setdefault("ipFamilies", ["IPv6" if ":" in address else "IPv4"])
        spec.setdefault("ipFamilyPolicy", "SingleStack")
        spec.setdefault("internalTrafficPolicy", "Cluster")
    obj["status"] = obj.get("status") or (before or {}).get("status") or {"loadBalancer": {}}


def cluster_ip(meta: Json) -> str:
    """An address that looks like one of a service network; nothing answers there."""
    number = hash((meta.get("namespace"), meta.get("name")))
    return f"10.96.{number >> 8 & 255}.{(number & 255) % 254 + 1}"


def _endpoints(obj: Json, _: Json | None) -> None:
    for subset in obj.get("subsets") or []:
        for port in subset.get("ports") or []:
            port.setdefault("protocol", "TCP")


def _slice(obj: Json, _: Json | None) -> None:
    obj.setdefault("endpoints", None)
    obj.setdefault("ports", None)
    for endpoint in obj["endpoints"] or []:
        endpoint.setdefault("conditions", {})
    for port in obj["ports"] or []:
        port.setdefault("name", "")
        port.setdefault("protocol", "TCP")


def _secret(obj: Json, before: Json | None) -> None:
    obj.setdefault("type", (before or {}).get("type", "Opaque"))
    plain = obj.pop("stringData", None) or {}
    if plain:
        encoded = {k: base64.b64encode(v.encode()).decode() for k, v in plain.items()}
        obj["data"] = {**(obj.get("data") or {}), **encoded}


def _deployment(obj: Json, before: Json | None) -> None:
    spec = obj.setdefault("spec", {})
    spec.setdefault("replicas", 1)
    spec.setdefault(
        "strategy",
        {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
    )
    spec.setdefault("revisionHistoryLimit", 10)
    spec.setdefault("progressDeadlineSeconds", 600)
    template = spec.get("template") or {}
    pod = template.get("spec") or {}
    if pod:
        pod.setdefault("restartPolicy", "Always")
        pod.setdefault("terminationGracePeriodSeconds", 30)
        pod.setdefault("dnsPolicy", "ClusterFirst")
    for container in pod.get("containers") or []:
        container.setdefault("imagePullPolicy", "IfNotPresent")
        container.setdefault("resources", {})
        for port in container.get("ports") or []:
            port.setdefault("protocol", "TCP")
    obj["status"] = obj.get("status") or (before or {}).get("status") or {}


DEFAULTS: dict[Resource, Callable[[Json, Json | None], None]] = {
    NAMESPACES: _namespace,
    SERVICES: _service,
    ENDPOINTS: _endpoints,
    ENDPOINTSLICES: _slice,
    SECRETS: _secret,
    DEPLOYMENTS: _deployment,
}
