"""Pods without a machine: bound to a node on which no kubelet is, their status written by the test.

A controller puts no pod of an absent node into slices; and a node is nothing to make in somebody's
cluster, where pods would be sent to it. So a node for this must have been made by its owner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.api import Api, path
from tests.conformance.space import Json, Space
from tests.threads import eventually

if TYPE_CHECKING:
    from tests.conformance.conftest import Target

SERVICE_NAME = "kubernetes.io/service-name"
MANAGED_BY = "endpointslice.kubernetes.io/managed-by"


NOBODY_HOME = "portolan.test/nobody-home"


def find_node(target: Target, api: Api) -> str:
    """The node for such pods: any of the practice cluster's, or one with the label."""
    params = {} if target.practice else {"labelSelector": f"{NOBODY_HOME}=true"}
    found = api.get(path("nodes"), **params).names
    if not found:
        pytest.skip(f"no node labelled {NOBODY_HOME}=true, on which no kubelet is")
    return found[0]


def put_pod(space: Space, node: str, name: str, address: str, *, port: int = 8080) -> None:
    """A pod labelled `app=web` with a named port, running and ready."""
    container = {
        "name": "main",
        "image": "none",
        "ports": [{"name": "http", "containerPort": port}],
    }
    where = space.path("serviceaccounts", "default")
    # No pod is admitted before its account is there.
    eventually(lambda: space.api.get(where).status == 200)
    space.make(
        "pods",
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "labels": {"app": "web"}},
            "spec": {"nodeName": node, "containers": [container]},
        },
    )
    set_status(space, name, address, ready=True)


def set_status(space: Space, name: str, address: str, *, ready: bool) -> None:
    status = {
        "phase": "Running",
        "podIP": address,
        "podIPs": [{"ip": address}],
        "conditions": [{"type": "Ready", "status": str(ready)}],
    }
    answer = space.api.patch(f"{space.path('pods', name)}/status", {"status": status})
    assert answer.status == 200, answer.raw


def slices(space: Space, service: str) -> list[Json]:
    return space.api.get(space.slices, labelSelector=f"{SERVICE_NAME}={service}").json["items"]


def told(space: Space, service: str) -> dict[str, dict[str, bool]]:
    """The conditions by address, of all slices of a service."""
    return {
        address: endpoint["conditions"]
        for one in slices(space, service)
        for endpoint in one["endpoints"] or []
        for address in endpoint["addresses"]
    }


def subsets(space: Space, service: str) -> list[Any]:
    """The subsets of a service's Endpoints as (ready, not ready, port numbers)."""
    answer = space.api.get(space.path("endpoints", service))
    if answer.status != 200:
        return []
    return [
        (
            sorted(one["ip"] for one in subset.get("addresses", [])),
            sorted(one["ip"] for one in subset.get("notReadyAddresses", [])),
            [port["port"] for port in subset.get("ports", [])],
        )
        for subset in answer.json.get("subsets") or []
    ]
