from __future__ import annotations

import pytest

from tests.conformance.space import service_of


def test_a_deleted_slice_is_answered_with_success_and_gone(space):
    space.put_slices("a")
    where = space.path("endpointslices", "a")
    uid = space.api.get(where).json["metadata"]["uid"]
    answer = space.api.delete(where)
    assert (answer.status, answer.json["kind"], answer.json["status"]) == (200, "Status", "Success")
    assert answer.json["details"] == {
        "name": "a",
        "group": "discovery.k8s.io",
        "kind": "endpointslices",
        "uid": uid,
    }
    assert space.api.get(where).status == 404


def test_a_deleted_service_is_answered_with_itself(space):
    space.make("services", service_of("web"))
    answer = space.api.delete(space.path("services", "web"))
    assert (answer.status, answer.json["kind"]) == (200, "Service")


@pytest.mark.parametrize("field", ["uid", "resourceVersion"])
def test_a_precondition_holds(space, field):
    space.put_slices("a")
    where = space.path("endpointslices", "a")
    wanted = {"uid": "00000000-0000-4000-8000-000000000000", "resourceVersion": "1"}[field]
    answer = space.api.delete(where, {"preconditions": {field: wanted}})
    assert answer.failure == (409, "Conflict")
    assert wanted in answer.json["message"]
    assert answer.json["details"]["name"] == "a"
    now = space.api.get(where).json["metadata"][field]
    assert space.api.delete(where, {"preconditions": {field: now}}).status == 200


def test_a_dry_run_deletes_nothing(space):
    space.put_slices("a")
    where = space.path("endpointslices", "a")
    assert space.api.delete(where, dryRun="All").status == 200
    assert space.api.delete(where, {"dryRun": ["All"]}).status == 200
    assert space.api.get(where).status == 200


def test_options_that_contradict_each_other_are_422(space):
    space.put_slices("a")
    where = space.path("endpointslices", "a")
    options = {"orphanDependents": True, "propagationPolicy": "Background"}
    assert space.api.delete(where, options).failure == (422, "Invalid")
    answer = space.api.delete(where, {"propagationPolicy": "Somehow"})
    assert answer.failure == (422, "Invalid")


def test_a_collection_is_deleted_by_selector(space):
    space.put_slices("a", labels={"app": "x"})
    space.put_slices("b")
    answer = space.api.delete(space.slices, labelSelector="app=x")
    assert answer.status == 200
    assert space.api.get(space.slices).names == ["b"]


def test_a_finalizer_holds_an_object_until_it_is_removed(space):
    version = space.put_slices("a")
    where = space.path("endpointslices", "a")
    hold = ["portolan.test/hold"]
    space.api.patch(where, {"metadata": {"finalizers": hold}})
    held = space.api.delete(where)
    assert held.status == 200
    assert space.api.get(where).json["metadata"]["deletionTimestamp"]
    space.api.patch(where, {"metadata": {"finalizers": None}})
    assert space.api.get(where).status == 404
    watch = space.api.watch(space.slices, resourceVersion=version)
    types = [event["type"] for event in watch.until("DELETED", "a")]
    assert types == ["MODIFIED", "MODIFIED", "DELETED"]
