from __future__ import annotations

import threading
import time

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


@pytest.mark.parametrize("version", ["", "0", "1", "first", "newest"])
def test_from_whatever_version_all_of_the_present_comes(space, version):
    first = space.put_slices("b")
    newest = space.put_slices("a", "c")
    # So that also the server's cache has seen them.
    space.api.get(space.slices, resourceVersion=newest)
    watch = space.api.watch(
        space.slices,
        resourceVersion={"first": first, "newest": newest}.get(version, version),
        allowWatchBookmarks="true",
        limit=1,
        **WANTED,
    )
    *added, end = watch.take(4)
    assert {told(event) for event in added} == {("ADDED", name) for name in "abc"}
    assert int(end["object"]["metadata"]["resourceVersion"]) >= int(newest)
    assert end["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_the_present_is_what_the_labels_select(space):
    space.put_slices("a", "c", labels={"colour": "red"})
    space.put_slices("b")
    selected = {"labelSelector": "colour=red", "allowWatchBookmarks": "true"}
    watch = space.api.watch(space.slices, **selected, **WANTED)
    assert {told(event) for event in watch.take(2)} == {("ADDED", "a"), ("ADDED", "c")}
    assert watch.take(1)[0]["type"] == "BOOKMARK"
    space.label("a", colour=None)
    assert [told(event) for event in watch.take(1)] == [("DELETED", "a")]


def test_the_end_of_no_endpoints_is_a_bookmark_without_subsets(space):
    where = space.path("endpoints")
    (end,) = space.api.watch(where, allowWatchBookmarks="true", **WANTED).take(1)
    assert end["type"] == "BOOKMARK"
    assert end["object"].keys() == {"kind", "apiVersion", "metadata"}
    assert end["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_without_bookmarks_nobody_says_where_the_present_ends(space):
    space.put_slices("a")
    watch = space.api.watch(space.slices, timeoutSeconds=1, **WANTED)
    assert [told(event) for event in watch] == [("ADDED", "a")]


@pytest.mark.parametrize("word", ["yes", "TRUE", ""])
def test_any_word_but_no_is_a_yes(space, word):
    space.put_slices("a")
    params = {**WANTED, "sendInitialEvents": word, "allowWatchBookmarks": word}
    added, end = space.api.watch(space.slices, **params).take(2)
    assert (told(added), end["type"]) == (("ADDED", "a"), "BOOKMARK")


def test_a_version_that_does_not_come_is_an_error_event_after_a_while(space):
    future = str(int(space.put_slices("a")) + 1_000_000)
    began = time.monotonic()
    watch = space.api.watch(
        space.slices, resourceVersion=future, allowWatchBookmarks="true", **WANTED
    )
    assert 2 < time.monotonic() - began < 15, "the headers wait, too"
    (event,) = watch
    assert (event["type"], event["object"]["kind"]) == ("ERROR", "Status")
    status = event["object"]
    assert (status["code"], status["reason"]) == (504, "Timeout")
    assert status["message"].startswith(f"Timeout: Too large resource version: {future}, ")
    assert status["details"]["causes"][0]["reason"] == "ResourceVersionTooLarge"
    assert status["details"]["retryAfterSeconds"] == 1


def test_a_version_that_comes_in_time_is_waited_for(space):
    version = int(space.put_slices("a")) + 1
    late = threading.Timer(0.5, space.label, ("a",), {"x": "y"})
    late.start()
    watch = space.api.watch(
        space.slices, resourceVersion=version, allowWatchBookmarks="true", **WANTED
    )
    added, end = watch.take(2)
    late.join()
    assert told(added) == ("ADDED", "a")
    assert int(end["object"]["metadata"]["resourceVersion"]) >= version


def test_they_are_for_watches_only(space):
    answer = space.api.get(space.slices, **WANTED)
    assert answer.failure == (422, "Invalid")
    fields = {cause["field"] for cause in answer.json["details"]["causes"]}
    assert fields == {"resourceVersionMatch", "sendInitialEvents"}


@pytest.mark.parametrize("match", [None, "Exact"])
def test_initial_events_need_their_match_rule(space, match):
    params = {"sendInitialEvents": "true"} | ({"resourceVersionMatch": match} if match else {})
    answer = space.api.get(space.slices, watch="true", **params)
    assert answer.failure == (422, "Invalid")
    causes = answer.json["details"]["causes"]
    assert {cause["field"] for cause in causes} == {"resourceVersionMatch"}
