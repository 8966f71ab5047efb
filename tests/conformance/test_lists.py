from __future__ import annotations

from tests.conformance.api import path


def test_a_list_says_its_kind_and_its_items_do_not(space):
    space.put_slices("a", "b")
    answer = space.api.get(space.slices)
    assert (answer.json["kind"], answer.json["apiVersion"]) == (
        "EndpointSliceList",
        "discovery.k8s.io/v1",
    )
    assert answer.names == ["a", "b"]
    for item in answer.json["items"]:
        assert not {"kind", "apiVersion"} & item.keys()


def test_a_list_without_items_has_an_empty_array(space):
    assert space.api.get(space.slices).json["items"] == []


def test_a_list_of_an_absent_namespace_is_empty_and_no_failure(space):
    answer = space.api.get(path("endpointslices", f"{space.name}-absent"))
    assert (answer.status, answer.json["items"]) == (200, [])
    assert int(answer.version) > 0


def test_the_order_is_that_of_the_names(space):
    space.put_slices("b", "a-b", "a", "a.b")
    assert space.api.get(space.slices).names == ["a", "a-b", "a.b", "b"]


def test_a_single_object_says_its_kind(space):
    space.put_slices("a")
    answer = space.api.get(space.path("endpointslices", "a"))
    assert (answer.json["kind"], answer.json["apiVersion"]) == (
        "EndpointSlice",
        "discovery.k8s.io/v1",
    )


def test_a_list_of_one_name_is_a_list(space):
    space.put_slices("a", "b")
    answer = space.api.get(space.slices, fieldSelector="metadata.name=b")
    assert answer.names == ["b"]
