from __future__ import annotations

import pytest

from practice.endpoints import MANAGED_BY, OVER_CAPACITY, SERVICE_NAME

MIRROR = "endpointslicemirroring-controller.k8s.io"


def service(**spec):
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"ports": ports, **spec},
    }


def pod(i, *, ready=True, port=8080):
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"web-{i}", "namespace": "shop", "labels": {"app": "web"}},
        "spec": {"containers": [{"name": "c", "ports": [{"name": "p", "containerPort": port}]}]},
        "status": {
            "phase": "Running",
            "podIP": f"10.0.{i // 250}.{i % 250 + 1}",
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        },
    }


def slices(cluster):
    return cluster.list("endpointslices", "shop", labels=f"{SERVICE_NAME}=web")


def addresses(cluster):
    return sorted(e["addresses"][0] for s in slices(cluster) for e in s["endpoints"] or [])


def test_pods_become_endpoints_and_slices(cluster):
    cluster.apply_all([service(selector={"app": "web"}), pod(1), pod(2, ready=False)])
    (subset,) = cluster.get("endpoints", "shop", "web")["subsets"]
    assert [a["ip"] for a in subset["addresses"]] == ["10.0.0.2"]
    assert [a["ip"] for a in subset["notReadyAddresses"]] == ["10.0.0.3"]
    assert subset["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]
    (slice_,) = slices(cluster)
    assert slice_["endpoints"][1]["conditions"] == {
        "ready": False,
        "serving": False,
        "terminating": False,
    }


def test_a_leaving_pod_is_out_of_endpoints_and_terminating_in_the_slice(cluster):
    held = pod(1)
    held["metadata"]["finalizers"] = ["test/hold"]
    cluster.apply_all([service(selector={"app": "web"}), held])
    cluster.delete("pods", "shop", "web-1")
    assert "subsets" not in cluster.get("endpoints", "shop", "web")
    (slice_,) = slices(cluster)
    assert slice_["endpoints"][0]["conditions"] == {
        "ready": False,
        "serving": True,
        "terminating": True,
    }


def test_a_slice_holds_a_hundred(cluster):
    cluster.apply_all([service(selector={"app": "web"}), *(pod(i) for i in range(250))])
    assert sorted(len(s["endpoints"]) for s in slices(cluster)) == [50, 100, 100]
    cluster.delete("pods", "shop", "web-7")
    assert len(addresses(cluster)) == 249
    cluster.delete("services", "shop", "web")
    assert slices(cluster) == []
    assert cluster.list("endpoints", "shop") == []


def test_endpoints_are_cut_at_a_thousand_and_say_so(cluster):
    cluster.apply_all([service(selector={"app": "web"}), *(pod(i) for i in range(1200))])
    endpoints = cluster.get("endpoints", "shop", "web")
    assert len(endpoints["subsets"][0]["addresses"]) == 1000
    assert endpoints["metadata"]["annotations"][OVER_CAPACITY] == "truncated"
    assert len(addresses(cluster)) == 1200


def test_a_service_without_pods_keeps_one_empty_slice(cluster):
    cluster.apply_all([service(selector={"app": "web"}), pod(1)])
    (before,) = slices(cluster)
    cluster.delete("pods", "shop", "web-1")
    (after,) = slices(cluster)
    assert after["metadata"]["name"] == before["metadata"]["name"]
    assert (after["endpoints"], after["ports"]) == (None, None)


def test_a_named_port_that_differs_makes_several_slices(cluster):
    ports = [{"name": "http", "port": 80, "targetPort": "p"}]
    wanted = service(selector={"app": "web"}, ports=ports)
    cluster.apply_all([wanted, pod(1, port=8080), pod(2, port=9090)])
    assert sorted(s["ports"][0]["port"] for s in slices(cluster)) == [8080, 9090]
    assert len(cluster.get("endpoints", "shop", "web")["subsets"]) == 2


def test_a_deleted_slice_of_a_controller_comes_back(cluster):
    cluster.apply_all([service(selector={"app": "web"}), pod(1)])
    (slice_,) = slices(cluster)
    cluster.delete("endpointslices", "shop", slice_["metadata"]["name"])
    assert addresses(cluster) == ["10.0.0.2"]


def endpoints(**labels):
    subset = {"addresses": [{"ip": "10.0.0.1"}, {"ip": "10.0.0.2"}], "ports": [{"port": 8080}]}
    return {
        "apiVersion": "v1",
        "kind": "Endpoints",
        "metadata": {"name": "web", "namespace": "shop", "labels": labels},
        "subsets": [subset],
    }


def test_endpoints_by_hand_are_mirrored(cluster):
    cluster.apply_all([service(), endpoints()])
    (slice_,) = slices(cluster)
    assert slice_["metadata"]["labels"][MANAGED_BY] == MIRROR
    assert addresses(cluster) == ["10.0.0.1", "10.0.0.2"]
    cluster.patch("endpoints", "shop", "web", {"subsets": None})
    assert slices(cluster) == []


@pytest.mark.parametrize("why", ["label", "selector"])
def test_some_endpoints_are_not_mirrored(cluster, why):
    if why == "label":
        label = {"endpointslice.kubernetes.io/skip-mirror": "true"}
        cluster.apply_all([service(), endpoints(**label)])
    else:
        cluster.apply_all([endpoints(), service(selector={"app": "none"})])
    assert addresses(cluster) == []


def test_a_slice_by_hand_just_exists(cluster):
    cluster.put_service("shop", "web", ports=[("http", 8080)], addresses=["10.9.9.9"])
    (slice_,) = slices(cluster)
    assert slice_["endpoints"] == [{"addresses": ["10.9.9.9"], "conditions": {"ready": True}}]
    cluster.delete_service("shop", "web")
    assert slices(cluster) == []
