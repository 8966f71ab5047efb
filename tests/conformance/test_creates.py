from __future__ import annotations

import pytest

from tests.conformance.space import service_of, slice_of


def test_what_the_server_owns_is_filled_in(space):
    made = space.make("services", service_of("web"))
    metadata, spec = made["metadata"], made["spec"]
    assert {"uid", "resourceVersion", "creationTimestamp"} <= metadata.keys()
    assert metadata["namespace"] == space.name
    assert spec["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]
    assert (spec["type"], spec["sessionAffinity"]) == ("ClusterIP", "None")
    assert spec["clusterIPs"] == [spec["clusterIP"]]
    assert made["status"] == {"loadBalancer": {}}


def test_a_slice_gets_its_defaults(space):
    body = slice_of("a", ports=[{"port": 80}])
    del body["endpoints"][0]["addresses"][1:]
    made = space.make("endpointslices", body)
    assert made["ports"] == [{"name": "", "port": 80, "protocol": "TCP"}]
    assert made["endpoints"] == [{"addresses": ["10.0.0.1"], "conditions": {}}]
    assert made["metadata"]["generation"] == 1


def test_an_empty_slice_has_nulls(space):
    body = slice_of("a")
    del body["endpoints"], body["ports"]
    made = space.make("endpointslices", body)
    assert made["endpoints"] is None
    assert made["ports"] is None


def test_a_name_that_is_taken_is_409_already_exists(space):
    space.make("services", service_of("web"))
    again = space.post("services", service_of("web"))
    assert again.failure == (409, "AlreadyExists")
    assert again.json["message"] == 'services "web" already exists'
    assert again.json["details"] == {"name": "web", "kind": "services"}


def test_a_taken_name_of_a_group_is_told_with_the_group(space):
    space.put_slices("a")
    again = space.post("endpointslices", slice_of("a"))
    assert again.failure == (409, "AlreadyExists")
    assert again.json["message"] == 'endpointslices.discovery.k8s.io "a" already exists'


def test_an_absent_namespace_is_404(space):
    where = space.path("services").replace(space.name, f"{space.name}-absent")
    answer = space.api.post(where, service_of("web"))
    assert answer.failure == (404, "NotFound")
    assert answer.json["message"] == f'namespaces "{space.name}-absent" not found'


def test_generated_names_differ(space):
    names = {
        space.make("configmaps", {"metadata": {"generateName": "x-"}})["metadata"]["name"]
        for _ in range(3)
    }
    assert len(names) == 3
    assert all(name.startswith("x-") and len(name) == 7 for name in names)


def test_a_version_may_not_be_brought_along(space):
    body = service_of("web")
    body["metadata"]["resourceVersion"] = "5"
    answer = space.post("services", body)
    assert answer.status in (400, 500)
    assert "resourceVersion should not be set on objects to be created" in answer.json["message"]


def test_a_dry_run_makes_nothing(space):
    assert space.api.post(space.path("services"), service_of("web"), dryRun="All").status == 201
    assert space.api.get(space.path("services", "web")).status == 404
    answer = space.api.post(space.path("services"), service_of("web"), dryRun="Some")
    assert answer.failure == (422, "Invalid")


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "ConfigMap"},
        {"metadata": {"name": "web", "namespace": "default"}},
    ],
)
def test_a_body_that_contradicts_the_path_is_400(space, change):
    answer = space.post("services", {**service_of("web"), **change})
    assert answer.failure == (400, "BadRequest")


def test_a_body_that_is_no_json_is_400(space):
    answer = space.api.post(
        space.path("services"), b"{no", headers={"Content-Type": "application/json"}
    )
    assert answer.failure == (400, "BadRequest")
