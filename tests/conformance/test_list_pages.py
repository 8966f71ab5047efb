from __future__ import annotations

import pytest


@pytest.fixture
def five(space):
    space.put_slices("s0", "s1", "s2", "s3", "s4")
    return space


def test_a_page_says_how_many_remain(five):
    page = five.api.get(five.slices, limit=2)
    assert page.names == ["s0", "s1"]
    assert page.json["metadata"]["remainingItemCount"] == 3
    assert not {"kind", "apiVersion"} & page.json["items"][0].keys()
    last = five.api.get(five.slices, limit=3, **{"continue": page.json["metadata"]["continue"]})
    assert last.names == ["s2", "s3", "s4"]
    assert last.json["metadata"].keys() == {"resourceVersion"}


def test_pages_are_one_snapshot(five):
    first = five.api.get(five.slices, limit=2)
    five.drop("endpointslices", "s4")
    five.put_slices("s33")
    five.label("s3", late="yes")
    rest, token = [], first.json["metadata"]["continue"]
    while token:
        page = five.api.get(five.slices, limit=2, **{"continue": token})
        assert page.version == first.version
        rest += page.json["items"]
        token = page.json["metadata"].get("continue")
    assert [item["metadata"]["name"] for item in rest] == ["s2", "s3", "s4"]
    assert "late" not in rest[1]["metadata"].get("labels", {})


def test_a_list_at_version_0_is_not_paged(five):
    answer = five.api.get(five.slices, limit=2, resourceVersion="0")
    assert len(answer.names) == 5
    assert "continue" not in answer.json["metadata"]


def test_how_many_remain_is_not_told_with_a_selector(five):
    five.label("s3", colour="red")
    five.label("s4", colour="red")
    page = five.api.get(five.slices, limit=1, labelSelector="colour")
    assert page.names == ["s3"]
    assert "remainingItemCount" not in page.json["metadata"]
    rest = five.api.get(
        five.slices,
        limit=5,
        labelSelector="colour",
        **{"continue": page.json["metadata"]["continue"]},
    )
    assert rest.names == ["s4"]


def test_the_last_page_of_a_selection_may_be_empty(five):
    five.label("s1", colour="red")
    page = five.api.get(five.slices, limit=1, labelSelector="colour")
    assert page.names == ["s1"]
    more = {"continue": page.json["metadata"]["continue"]}
    rest = five.api.get(five.slices, limit=1, labelSelector="colour", **more)
    assert rest.names == []
    assert "continue" not in rest.json["metadata"]


def test_a_page_as_large_as_the_list_is_the_last(five):
    page = five.api.get(five.slices, limit=5)
    assert "continue" not in page.json["metadata"]
    assert "remainingItemCount" not in page.json["metadata"]


def test_a_limit_that_is_no_number_is_400(five):
    assert five.api.get(five.slices, limit="many").failure == (400, "BadRequest")
