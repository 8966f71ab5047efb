"""Lists at exactly a version, which may be any that the server has told."""

from __future__ import annotations

import pytest

EXACT = {"resourceVersionMatch": "Exact"}
NOT_OLDER = {"resourceVersionMatch": "NotOlderThan"}


def at(space, version, **more):
    answer = space.api.get(space.slices, resourceVersion=version, **more, **EXACT)
    assert answer.status == 200, answer.raw
    assert answer.version == str(version)
    return answer


def test_the_version_of_a_list_shows_that_list(space):
    space.put_slices("a", "b")
    version = space.api.get(space.slices).version
    space.drop("endpointslices", "a")
    space.put_slices("c")
    assert at(space, version).names == ["a", "b"]


def test_the_version_of_an_event_shows_what_it_left(space):
    version = space.put_slices("a", "b")
    watch = space.api.watch(space.slices, resourceVersion=version)
    space.label("a", x="y")
    space.drop("endpointslices", "b")
    space.put_slices("c")
    told = [event["object"]["metadata"]["resourceVersion"] for event in watch.take(3)]
    assert [at(space, version).names for version in told] == [["a", "b"], ["a"], ["a", "c"]]
    assert at(space, told[0]).json["items"][0]["metadata"]["labels"]["x"] == "y"
    assert at(space, int(told[1]) - 1).names == ["a", "b"]


def test_the_version_of_a_bookmark_shows_what_was_then(target, space):
    version = space.put_slices("a")
    watch = space.api.watch(
        space.slices,
        resourceVersion=version,
        allowWatchBookmarks="true",
        timeoutSeconds=target.moment,
    )
    space.label("a", x="y")
    *_, last = watch
    assert last["type"] == "BOOKMARK"
    space.put_slices("b")
    assert at(space, last["object"]["metadata"]["resourceVersion"]).names == ["a"]


def test_the_version_of_a_change_to_something_else_does_as_well(space):
    space.put_slices("a")
    other = space.make("configmaps", {"metadata": {"name": "other"}})["metadata"]
    space.put_slices("b")
    assert at(space, other["resourceVersion"]).names == ["a"]


def test_pages_stay_at_the_version(space):
    version = space.put_slices("a", "b", "c")
    space.drop("endpointslices", "c")
    page = at(space, version, limit=2)
    assert page.names == ["a", "b"]
    assert page.json["metadata"]["remainingItemCount"] == 1
    rest = space.api.get(space.slices, **{"continue": page.json["metadata"]["continue"]})
    assert (rest.names, rest.version) == (["c"], version)


def test_a_selector_selects_by_what_was_then(space):
    space.put_slices("a", labels={"colour": "red"})
    space.put_slices("b")
    version = space.put_slices("c", labels={"colour": "red"})
    space.label("b", colour="red")
    space.label("c", colour="blue")
    assert at(space, version, labelSelector="colour=red").names == ["a", "c"]
    page = at(space, version, labelSelector="colour=red", limit=1)
    more = {"continue": page.json["metadata"]["continue"]}
    rest = space.api.get(space.slices, labelSelector="colour=red", limit=1, **more)
    assert (page.names + rest.names, rest.version) == (["a", "c"], version)


@pytest.mark.parametrize(
    "params", [EXACT, {"limit": 1, **EXACT}, {"limit": 1}, {"labelSelector": "x=y", **EXACT}]
)
def test_a_compacted_version_is_410_however_it_is_asked(space, compacted, params):
    answer = space.api.get(space.slices, resourceVersion=compacted, **params)
    assert answer.failure == (410, "Expired")
    assert answer.json["message"] == "The resourceVersion for the provided list is too old."
    assert "continue" not in answer.json["metadata"]


def test_not_older_than_a_compacted_version_is_no_trouble(space, compacted):
    space.put_slices("a")
    answer = space.api.get(space.slices, resourceVersion=compacted, limit=9, **NOT_OLDER)
    assert answer.status == 200
