"""A server tells a bookmark only if its version is newer than the one the watch began at: so each
test makes a change first.
"""

from __future__ import annotations

import pytest

from tests.conformance.api import told


@pytest.fixture
def watch(target, space):
    """A watch with bookmarks that has just been told of a change."""
    version = space.put_slices("a")
    watch = space.api.watch(
        space.slices,
        resourceVersion=version,
        allowWatchBookmarks="true",
        timeoutSeconds=target.moment,
    )
    space.label("a", x="y")
    assert [told(event) for event in watch.take(1)] == [("MODIFIED", "a")]
    return watch


def test_a_bookmark_comes_before_the_end_and_has_empty_fields(space, watch):
    newest = space.api.get(space.path("endpointslices", "a")).version
    *_, last = watch
    assert last["type"] == "BOOKMARK"
    thing = last["object"]
    assert (thing["kind"], thing["apiVersion"]) == ("EndpointSlice", "discovery.k8s.io/v1")
    assert thing["metadata"].keys() == {"resourceVersion"}
    assert int(thing["metadata"]["resourceVersion"]) >= int(newest)
    assert (thing["addressType"], thing["endpoints"], thing["ports"]) == ("", None, None)


def test_a_bookmark_is_a_version_to_watch_from(space, watch):
    *_, last = watch
    again = last["object"]["metadata"]["resourceVersion"]
    space.label("a", x="z")
    (event,) = space.api.watch(space.slices, resourceVersion=again).take(1)
    assert event["object"]["metadata"]["labels"]["x"] == "z"


def test_a_bookmark_never_says_the_version_the_watch_began_at(target, space):
    version = space.put_slices("a")
    watch = space.api.watch(
        space.slices,
        resourceVersion=version,
        allowWatchBookmarks="true",
        timeoutSeconds=target.moment,
    )
    for event in watch:
        assert event["type"] == "BOOKMARK"
        assert int(event["object"]["metadata"]["resourceVersion"]) > int(version)


def test_a_bookmark_of_endpoints_has_no_subsets(target, space):
    version = space.put_slices("a")
    watch = space.api.watch(
        space.path("endpoints"),
        resourceVersion=version,
        allowWatchBookmarks="true",
        timeoutSeconds=target.moment,
    )
    space.make("endpoints", {"metadata": {"name": "web"}})
    *_, last = watch
    assert (last["type"], last["object"]["kind"]) == ("BOOKMARK", "Endpoints")
    assert last["object"].get("subsets") is None


def test_no_bookmark_comes_unasked(target, space):
    version = space.put_slices("a")
    watch = space.api.watch(space.slices, resourceVersion=version, timeoutSeconds=target.moment)
    space.label("a", x="y")
    assert [told(event) for event in watch] == [("MODIFIED", "a")]
