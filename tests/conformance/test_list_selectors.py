from __future__ import annotations

import pytest

from tests.conformance.api import path


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("app=a", ["a"]),
        ("app==a,tier=web", ["a"]),
        ("app!=a", ["b", "c"]),
        ("app in (a,b)", ["a", "b"]),
        ("app notin (a, b)", ["c"]),
        ("tier", ["a", "b"]),
        ("!tier", ["c"]),
        ("rank>1", ["b"]),
        ("rank<2", []),
        ("app=", []),
    ],
)
def test_labels_select(space, selector, found):
    space.put_slices("a", labels={"app": "a", "tier": "web"})
    space.put_slices("b", labels={"app": "b", "tier": "db", "rank": "2"})
    space.put_slices("c")
    assert space.api.get(space.slices, labelSelector=selector).names == found


@pytest.mark.parametrize("selector", ["app in (a", "=", "app=a=b", "app>x", "a b"])
def test_a_label_selector_that_is_none_is_400(space, selector):
    answer = space.api.get(space.slices, labelSelector=selector)
    assert answer.failure == (400, "BadRequest")


def test_fields_select_by_name_and_namespace(space):
    space.put_slices("a", "b")
    everywhere = path("endpointslices")
    where = f"metadata.namespace={space.name}"
    assert space.api.get(everywhere, fieldSelector=where).names == ["a", "b"]
    one = f"{where},metadata.name!=a"
    assert space.api.get(everywhere, fieldSelector=one).names == ["b"]


def test_another_field_is_400(space):
    answer = space.api.get(space.slices, fieldSelector="addressType=IPv4")
    assert answer.failure == (400, "BadRequest")
    assert "addressType" in answer.json["message"]
