from __future__ import annotations

from tests.conformance.pods import MANAGED_BY, slices, told
from tests.conformance.space import service_of
from tests.threads import eventually

SUBSET = {
    "addresses": [{"ip": "10.9.0.1"}],
    "notReadyAddresses": [{"ip": "10.9.0.2"}],
    "ports": [{"name": "http", "port": 8080}],
}


def endpoints_of(name, **labels):
    return {"metadata": {"name": name, "labels": labels}, "subsets": [SUBSET]}


def test_endpoints_made_by_hand_are_mirrored_to_slices(space):
    space.make("services", service_of("web"))
    space.make("endpoints", endpoints_of("web"))
    eventually(lambda: len(told(space, "web")) == 2, within=10)
    assert told(space, "web") == {"10.9.0.1": {"ready": True}, "10.9.0.2": {"ready": False}}
    (one,) = slices(space, "web")
    mirroring = "endpointslicemirroring-controller.k8s.io"
    assert one["metadata"]["labels"][MANAGED_BY] == mirroring
    assert one["metadata"]["ownerReferences"][0]["kind"] == "Endpoints"
    assert one["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]


def test_a_change_of_theirs_is_mirrored(space):
    space.make("services", service_of("web"))
    space.make("endpoints", endpoints_of("web"))
    eventually(lambda: len(told(space, "web")) == 2, within=10)
    subset = {"addresses": [{"ip": "10.9.0.3"}], "ports": SUBSET["ports"]}
    space.api.patch(space.path("endpoints", "web"), {"subsets": [subset]})
    eventually(lambda: told(space, "web") == {"10.9.0.3": {"ready": True}}, within=10)
    space.drop("endpoints", "web")
    eventually(lambda: slices(space, "web") == [], within=10)


def test_those_without_a_service_or_with_the_label_are_not(space):
    space.make("services", service_of("skipped"))
    space.make(
        "endpoints", endpoints_of("skipped", **{"endpointslice.kubernetes.io/skip-mirror": "true"})
    )
    space.make("endpoints", endpoints_of("alone"))
    space.make("services", service_of("web"))
    space.make("endpoints", endpoints_of("web"))
    eventually(lambda: len(slices(space, "web")) == 1, within=10)
    assert slices(space, "skipped") == []
    assert slices(space, "alone") == []


def test_slices_made_by_hand_are_let_alone(space):
    space.make("services", service_of("web"))
    space.put_slices("web-1", service="web")
    space.make("endpoints", endpoints_of("other"))
    space.make("services", service_of("other"))
    eventually(lambda: len(slices(space, "other")) == 1, within=10)
    assert [one["metadata"]["name"] for one in slices(space, "web")] == ["web-1"]
