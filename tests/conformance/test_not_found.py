from __future__ import annotations

import pytest


def test_an_unknown_object_is_404_with_its_name(space):
    answer = space.api.get(space.path("services", "nothing"))
    assert answer.failure == (404, "NotFound")
    assert answer.json["message"] == 'services "nothing" not found'
    assert answer.json["details"] == {"name": "nothing", "kind": "services"}


def test_the_group_is_told_as_well(space):
    answer = space.api.get(space.path("endpointslices", "nothing"))
    assert answer.failure == (404, "NotFound")
    assert answer.json["message"] == 'endpointslices.discovery.k8s.io "nothing" not found'
    assert answer.json["details"] == {
        "name": "nothing",
        "group": "discovery.k8s.io",
        "kind": "endpointslices",
    }


@pytest.mark.parametrize("verb", ["PUT", "PATCH", "DELETE"])
def test_writing_to_an_unknown_object_is_404(space, verb):
    body = {"metadata": {"name": "nothing", "namespace": space.name}, "data": {}}
    headers = {"Content-Type": "application/merge-patch+json"} if verb == "PATCH" else {}
    answer = space.api.ask(
        verb,
        space.path("configmaps", "nothing"),
        None if verb == "DELETE" else body,
        headers=headers,
    )
    assert answer.failure == (404, "NotFound")
    assert answer.json["details"] == {"name": "nothing", "kind": "configmaps"}


@pytest.mark.parametrize("where", ["/api/v1/things", "/apis/discovery.k8s.io/v1/things"])
def test_an_unknown_resource_is_404_without_a_name(space, where):
    answer = space.api.get(where)
    assert answer.status == 404


@pytest.mark.parametrize("where", ["/apis/nothing.example/v1/things", "/nothing"])
def test_an_unknown_path_is_404(space, where):
    assert space.api.get(where).status == 404


@pytest.mark.parametrize(("verb", "where"), [("POST", "/api/v1/services"), ("PUT", "")])
def test_a_verb_without_sense_is_405(space, verb, where):
    answer = space.api.ask(verb, where or space.slices, {"metadata": {"name": "a"}})
    assert answer.failure == (405, "MethodNotAllowed")
    assert answer.json["message"] == (
        "the server does not allow this method on the requested resource"
    )
