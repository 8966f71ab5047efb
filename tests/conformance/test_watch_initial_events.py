from __future__ import annotations

import pytest

from tests.conformance.api import told

WANTED = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}


@pytest.fixture(autouse=True)
def _offered(target, space):
    """From 1.34 for certain; before, it depends on the version and on a feature gate."""
    answer = space.api.get(space.slices, watch="true", timeoutSeconds=1, **WANTED)
    if target.minor < 34 and answer.status == 422:
        pytest.skip("this server does not offer initial events")


def test_the_present_ends_with_a_bookmark_that_says_so(space):
    newest = space.put_slices("a", "b")
    watch = space.api.watch(space.slices, allowWatchBookmarks="true", **WANTED)
    *added, end = watch.take(3)
    assert {told(event) for event in added} == {("ADDED", "a"), ("ADDED", "b")}
    assert end["type"] == "BOOKMARK"
    metadata = end["object"]["metadata"]
    assert metadata["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert int(metadata["resourceVersion"]) >= int(newest)
    assert end["object"]["endpoints"] is None


def test_changes_follow_the_present(space):
    space.put_slices("a")
    watch = space.api.watch(space.slices, allowWatchBookmarks="true", **WANTED)
    watch.take(2)
    space.label("a", x="y")
    assert [told(event) for event in watch.take(1)] == [("MODIFIED", "a")]


def test_an_empty_present_is_the_bookmark_alone(space):
    watch = space.api.watch(space.slices, allowWatchBookmarks="true", **WANTED)
    (end,) = watch.take(1)
    assert end["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_initial_events_can_be_declined(space):
    space.put_slices("a")
    params = {**WANTED, "sendInitialEvents": "false"}
    watch = space.api.watch(space.slices, timeoutSeconds=1, **params)
    assert list(watch) == []


@pytest.mark.parametrize("match", [None, "Exact"])
def test_initial_events_need_their_match_rule(space, match):
    params = {"sendInitialEvents": "true"} | ({"resourceVersionMatch": match} if match else {})
    answer = space.api.get(space.slices, watch="true", **params)
    assert answer.failure == (422, "Invalid")
    causes = answer.json["details"]["causes"]
    assert {cause["field"] for cause in causes} == {"resourceVersionMatch"}
