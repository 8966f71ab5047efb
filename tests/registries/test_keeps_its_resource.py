"""A resource that has worked is not given up for a denial or two."""

from __future__ import annotations

from practice.testing import PracticeCluster
from registries.kube.slices import ENDPOINT_SLICES, ENDPOINTS
from tests.registries.reflecting import reflecting
from tests.threads import eventually

BOTH = (ENDPOINT_SLICES, ENDPOINTS)


def relist(cluster: PracticeCluster) -> None:
    """Make the reflector list again: its version is forgotten and its watch is ended."""
    cluster.fault("compact")
    cluster.fault("drop-watches")


def test_a_server_that_denies_for_a_moment_changes_nothing(cluster: PracticeCluster) -> None:
    cluster.put_service("shop", "web", addresses=["10.0.0.1"])
    with reflecting(cluster, resources=BOTH) as running:
        eventually(lambda: running.of("shop/web") == ["10.0.0.1"])
        cluster.fault("status", verb="list", resource="endpointslices", code=403, count=1)
        relist(cluster)
        eventually(lambda: "forbidden" in running.seen.remarks)
        cluster.put_service("shop", "web", addresses=["10.0.0.2"])
        eventually(lambda: running.of("shop/web") == ["10.0.0.2"], within=10)
        assert running.reflector.resource is ENDPOINT_SLICES


def test_a_server_that_goes_on_denying_is_asked_for_endpoints(cluster: PracticeCluster) -> None:
    named = {"name": "old", "namespace": "shop"}
    ports = [{"port": 80}]
    cluster.apply(
        {"apiVersion": "v1", "kind": "Service", "metadata": named, "spec": {"ports": ports}}
    )
    cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": named,
            "subsets": [{"addresses": [{"ip": "10.0.0.7"}], "ports": ports}],
        }
    )
    with reflecting(cluster, resources=BOTH) as running:
        eventually(lambda: running.of("shop/old") == ["10.0.0.7"])
        cluster.fault("status", verb="list", resource="endpointslices", code=403)
        relist(cluster)
        eventually(lambda: running.reflector.resource is ENDPOINTS, within=15)
        eventually(lambda: running.of("shop/old") == ["10.0.0.7"])
