from __future__ import annotations

import pytest

from tests.conformance.pods import (
    MANAGED_BY,
    SERVICE_NAME,
    find_node,
    put_pod,
    set_status,
    slices,
    subsets,
    told,
)
from tests.conformance.space import service_of
from tests.threads import eventually

READY = {"ready": True, "serving": True, "terminating": False}
UNREADY = {"ready": False, "serving": False, "terminating": False}


@pytest.fixture
def node(target, admin):
    return find_node(target, admin)


@pytest.fixture
def web(space, node):
    """A service that selects `app=web`, with one ready pod behind it."""
    ports = [{"name": "http", "port": 80, "targetPort": "http"}]
    space.make("services", service_of("web", selector={"app": "web"}, ports=ports))
    put_pod(space, node, "p1", "10.9.0.1")
    eventually(lambda: told(space, "web") == {"10.9.0.1": READY}, within=10)
    eventually(lambda: subsets(space, "web") == [(["10.9.0.1"], [], [8080])], within=10)
    return space


def test_a_pod_is_an_endpoint_with_its_origin(web, node):
    (one,) = slices(web, "web")
    labels = one["metadata"]["labels"]
    assert labels[SERVICE_NAME] == "web"
    assert labels[MANAGED_BY] == "endpointslice-controller.k8s.io"
    assert one["metadata"]["generateName"] == "web-"
    assert one["metadata"]["ownerReferences"][0]["kind"] == "Service"
    assert (one["addressType"], one["ports"]) == (
        "IPv4",
        [{"name": "http", "port": 8080, "protocol": "TCP"}],
    )
    (endpoint,) = one["endpoints"]
    assert endpoint["targetRef"]["kind"] == "Pod"
    assert endpoint["targetRef"]["name"] == "p1"
    assert endpoint["nodeName"] == node


def test_an_unready_pod_stays_and_says_so(web):
    set_status(web, "p1", "10.9.0.1", ready=False)
    eventually(lambda: told(web, "web") == {"10.9.0.1": UNREADY}, within=10)
    eventually(lambda: subsets(web, "web") == [([], ["10.9.0.1"], [8080])], within=10)


def test_an_unready_pod_can_be_published_nevertheless(web):
    set_status(web, "p1", "10.9.0.1", ready=False)
    web.api.patch(web.path("services", "web"), {"spec": {"publishNotReadyAddresses": True}})
    eventually(lambda: told(web, "web").get("10.9.0.1", {}).get("ready") is True, within=10)
    eventually(lambda: subsets(web, "web") == [(["10.9.0.1"], [], [8080])], within=10)


def test_a_deleted_pod_leaves_both(web, node):
    put_pod(web, node, "p2", "10.9.0.2")
    eventually(lambda: len(told(web, "web")) == 2, within=10)
    web.api.delete(web.path("pods", "p1"), {"gracePeriodSeconds": 0})
    eventually(lambda: told(web, "web") == {"10.9.0.2": READY}, within=10)
    eventually(lambda: subsets(web, "web") == [(["10.9.0.2"], [], [8080])], within=10)


def test_a_pod_that_is_ending_leaves_endpoints_at_once_and_still_serves_in_its_slice(web):
    where = web.path("pods", "p1")
    web.api.patch(where, {"metadata": {"finalizers": ["portolan.test/hold"]}})
    assert web.api.delete(where).status == 200
    ending = {"ready": False, "serving": True, "terminating": True}
    eventually(lambda: told(web, "web") == {"10.9.0.1": ending}, within=10)
    eventually(lambda: subsets(web, "web") == [], within=10)
    web.api.patch(where, {"metadata": {"finalizers": None}})
    web.api.delete(where, {"gracePeriodSeconds": 0})
    eventually(lambda: told(web, "web") == {}, within=10)


def test_a_named_port_may_be_another_in_each_pod(web, node):
    put_pod(web, node, "p2", "10.9.0.2", port=9090)
    eventually(lambda: len(slices(web, "web")) == 2, within=10)
    found = {
        (one["endpoints"][0]["addresses"][0], one["ports"][0]["port"]) for one in slices(web, "web")
    }
    assert found == {("10.9.0.1", 8080), ("10.9.0.2", 9090)}
    eventually(
        lambda: (
            sorted(subsets(web, "web")) == [(["10.9.0.1"], [], [8080]), (["10.9.0.2"], [], [9090])]
        ),
        within=10,
    )


def test_a_service_without_pods_keeps_an_empty_slice(web):
    web.api.delete(web.path("pods", "p1"), {"gracePeriodSeconds": 0})
    eventually(lambda: told(web, "web") == {}, within=10)
    (one,) = slices(web, "web")
    assert (one["endpoints"], one["ports"]) == (None, None)
    eventually(lambda: subsets(web, "web") == [], within=10)


def test_a_deleted_service_takes_them_along(web):
    web.drop("services", "web")
    eventually(lambda: slices(web, "web") == [], within=15)
    where = web.path("endpoints", "web")
    eventually(lambda: web.api.get(where).status == 404, within=15)


def test_a_slice_that_somebody_deletes_comes_back(web):
    (one,) = slices(web, "web")
    web.drop("endpointslices", one["metadata"]["name"])
    eventually(lambda: told(web, "web") == {"10.9.0.1": READY}, within=10)


def test_the_labels_of_the_service_are_on_its_slices(web):
    web.api.patch(web.path("services", "web"), {"metadata": {"labels": {"team": "a"}}})
    eventually(
        lambda: [one["metadata"]["labels"].get("team") for one in slices(web, "web")] == ["a"],
        within=10,
    )
