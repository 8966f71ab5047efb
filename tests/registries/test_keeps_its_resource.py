"""A resource that has worked is not given up for a denial or two."""

from __future__ import annotations

from dataclasses import replace

from practice.testing import PracticeCluster
from registries.kube.slices import ENDPOINT_SLICES, ENDPOINTS
from tests.registries.reflecting import TIMING, reflecting
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


def test_the_preferred_one_is_taken_up_again_when_it_is_permitted(
    cluster: PracticeCluster,
) -> None:
    cluster.put_service("shop", "web", addresses=["10.0.0.1"])
    denied = cluster.fault("status", verb="*", resource="endpointslices", code=403)
    timing = replace(TIMING, watch_for=(1, 1))
    with reflecting(cluster, resources=BOTH, timing=timing) as running:
        eventually(lambda: running.reflector.resource is ENDPOINTS, within=15)
        eventually(lambda: running.status.phase == "connected")
        assert running.of("shop/web") is None, "a slice made by hand has no Endpoints"
        cluster.clear_faults(denied["id"])
        eventually(lambda: running.of("shop/web") == ["10.0.0.1"], within=8)
        assert running.reflector.resource is ENDPOINT_SLICES


def test_a_new_reader_does_not_give_it_up_for_a_denial_or_two_either(
    cluster: PracticeCluster,
) -> None:
    cluster.put_service("shop", "web", addresses=["10.0.0.1"])
    cluster.fault("status", verb="*", resource="endpointslices", code=403, count=2)
    with reflecting(cluster, resources=BOTH) as running:
        eventually(lambda: running.of("shop/web") == ["10.0.0.1"], within=8)
        assert cluster.requests("", "endpoints") == []
