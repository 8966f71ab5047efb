from __future__ import annotations

from tests.conformance.space import service_of, slice_of

CHANGED = (
    "the object has been modified; please apply your changes to the latest version and try again"
)


def test_an_update_from_an_old_version_is_409(space):
    old = space.make("services", service_of("web"))
    where = space.path("services", "web")
    space.api.patch(where, {"metadata": {"labels": {"a": "b"}}})
    answer = space.api.put(where, old)
    assert answer.failure == (409, "Conflict")
    assert answer.json["message"] == f'Operation cannot be fulfilled on services "web": {CHANGED}'
    assert answer.json["details"] == {"name": "web", "kind": "services"}


def test_a_patch_may_name_its_version_too(space):
    version = space.put_slices("a")
    space.label("a", x="y")
    where = space.path("endpointslices", "a")
    answer = space.api.patch(where, {"metadata": {"resourceVersion": version}})
    assert answer.failure == (409, "Conflict")
    assert CHANGED in answer.json["message"]
    assert answer.json["details"]["group"] == "discovery.k8s.io"


def test_an_update_from_the_newest_version_is_taken(space):
    made = space.make("services", service_of("web"))
    made["metadata"]["labels"] = {"a": "b"}
    answer = space.api.put(space.path("services", "web"), made)
    assert answer.status == 200
    assert int(answer.version) > int(made["metadata"]["resourceVersion"])


def test_an_update_that_changes_nothing_keeps_the_version(space):
    space.put_slices("a")
    where = space.path("endpointslices", "a")
    made = space.api.get(where).json
    answer = space.api.put(where, made)
    assert (answer.status, answer.version) == (200, made["metadata"]["resourceVersion"])


def test_an_update_without_a_version_overwrites(space):
    made = space.make("services", service_of("web"))
    answer = space.api.put(space.path("services", "web"), service_of("web", selector={"a": "b"}))
    assert answer.status == 200
    assert answer.json["metadata"]["uid"] == made["metadata"]["uid"]
    assert answer.json["spec"]["clusterIP"] == made["spec"]["clusterIP"]


def test_a_slice_is_overwritten_as_well(space):
    space.put_slices("a")
    answer = space.api.put(space.path("endpointslices", "a"), slice_of("a", ["10.0.0.2"]))
    assert answer.status == 200
    assert answer.json["endpoints"][0]["addresses"] == ["10.0.0.2"]


def test_an_update_of_another_incarnation_is_409(space):
    made = space.make("services", service_of("web"))
    made["metadata"]["uid"] = "00000000-0000-4000-8000-000000000000"
    answer = space.api.put(space.path("services", "web"), made)
    assert answer.failure == (409, "Conflict")
    assert "Precondition failed: UID in precondition: " in answer.json["message"]


def test_a_generation_counts_what_is_not_metadata(space):
    space.put_slices("a")
    where = space.path("endpointslices", "a")
    ports = space.api.patch(where, {"ports": [{"name": "http", "port": 81}]})
    assert ports.json["metadata"]["generation"] == 2
