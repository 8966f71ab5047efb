"""EndpointSlices as a cluster of some size has them: with all that an endpoint carries, and the
managedFields that nobody reads."""

from __future__ import annotations

import re
from typing import Any

# The first endpoint's pod carries the number of the change that made it, so that a change can be
# told in any place where its slice arrives.
MARK = re.compile(rb'"change-(\d+)"')

_MANAGED = {
    "manager": "kube-controller-manager",
    "operation": "Update",
    "apiVersion": "discovery.k8s.io/v1",
    "time": "2026-01-01T00:00:00Z",
    "fieldsType": "FieldsV1",
    "fieldsV1": {
        "f:addressType": {},
        "f:endpoints": {},
        "f:metadata": {
            "f:annotations": {".": {}, "f:endpoints.kubernetes.io/last-change-trigger-time": {}},
            "f:generateName": {},
            "f:labels": {
                ".": {},
                "f:app.kubernetes.io/name": {},
                "f:endpointslice.kubernetes.io/managed-by": {},
                "f:kubernetes.io/service-name": {},
            },
            "f:ownerReferences": {
                ".": {},
                'k:{"uid":"5f1f6a52-6b0c-4a1c-8f10-2f6b8cf0c111"}': {},
            },
        },
        "f:ports": {},
    },
}


def name_of(service: int) -> tuple[str, str]:
    """Namespace and name of the numbered service."""
    return f"team-{service // 50:03}", f"web-{service:05}"


def make_slice(service: int, *, endpoints: int, change: int = 0, unready: int = -1) -> Any:
    """The one slice of a numbered service after the numbered change, without a version."""
    namespace, name = name_of(service)
    return {
        "metadata": {
            "name": f"{name}-x7k2p",
            "generateName": f"{name}-",
            "namespace": namespace,
            "uid": f"5f1f6a52-6b0c-4a1c-8f10-{service:012}",
            "generation": change + 1,
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "labels": {
                "app.kubernetes.io/name": name,
                "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
                "kubernetes.io/service-name": name,
            },
            "annotations": {
                "endpoints.kubernetes.io/last-change-trigger-time": "2026-01-01T00:00:00Z"
            },
            "ownerReferences": [
                {
                    "apiVersion": "v1",
                    "kind": "Service",
                    "name": name,
                    "uid": f"9c0d7c1e-6b0c-4a1c-8f10-{service:012}",
                    "controller": True,
                    "blockOwnerDeletion": True,
                }
            ],
            "managedFields": [_MANAGED],
        },
        "addressType": "IPv4",
        "endpoints": [
            _endpoint(service * endpoints + at, name, change=change, ready=at != unready)
            if at
            else _endpoint(service * endpoints, f"change-{change}", change=-1, ready=at != unready)
            for at in range(endpoints)
        ],
        "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
    }


def make_service(namespace: str, name: str, port: int) -> Any:
    """A Service whose pods serve at a port."""
    return {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "type": "ClusterIP",
            "clusterIP": "10.96.0.1",
            "selector": {"app.kubernetes.io/name": name},
            "ports": [{"name": "http", "port": 80, "targetPort": port, "protocol": "TCP"}],
        },
    }


def make_ingress(namespace: str, service: str, host: str) -> Any:
    """An Ingress that leads everything of a host to a Service."""
    backend = {"service": {"name": service, "port": {"number": 80}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    return {
        "metadata": {"name": service, "namespace": namespace},
        "spec": {"rules": [{"host": host, "http": {"paths": [path]}}]},
    }


def _endpoint(number: int, pod: str, *, change: int, ready: bool) -> Any:
    suffix = "" if change < 0 else f"-5d4f8c7b9-{number:06}"
    return {
        "addresses": [f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"],
        "conditions": {"ready": ready, "serving": ready, "terminating": False},
        "nodeName": f"node-{number % 97:03}.eu-central-1.compute.internal",
        "targetRef": {
            "kind": "Pod",
            "namespace": "team",
            "name": f"{pod}{suffix}",
            "uid": f"0b8e1d34-77aa-4d57-9d3a-{number:012}",
        },
        "zone": f"eu-central-1{'abc'[number % 3]}",
    }
