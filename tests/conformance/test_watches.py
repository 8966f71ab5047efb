from __future__ import annotations

import time

import pytest

from tests.conformance.api import told


def test_a_watch_from_a_version_gets_what_came_after(space):
    version = space.put_slices("a", "b")
    space.label("a", x="y")
    space.drop("endpointslices", "b")
    space.put_slices("c")
    events = space.api.watch(space.slices, resourceVersion=version).take(3)
    assert [told(event) for event in events] == [
        ("MODIFIED", "a"),
        ("DELETED", "b"),
        ("ADDED", "c"),
    ]
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in events]
    assert versions == sorted(set(versions))
    assert versions[0] > int(version)


def test_an_object_in_an_event_says_its_kind(space):
    version = space.put_slices("a")
    space.label("a", x="y")
    (event,) = space.api.watch(space.slices, resourceVersion=version).take(1)
    assert (event["object"]["kind"], event["object"]["apiVersion"]) == (
        "EndpointSlice",
        "discovery.k8s.io/v1",
    )


def test_a_deletion_carries_the_last_state_at_a_version_of_its_own(space):
    version = space.put_slices("a")
    space.drop("endpointslices", "a")
    (event,) = space.api.watch(space.slices, resourceVersion=version).take(1)
    assert event["object"]["endpoints"][0]["addresses"] == ["10.0.0.1"]
    assert int(event["object"]["metadata"]["resourceVersion"]) > int(version)


def test_a_change_is_told_at_once(space):
    version = space.put_slices("a")
    watch = space.api.watch(space.slices, resourceVersion=version)
    time.sleep(0.2)
    began = time.monotonic()
    space.label("a", x="y")
    watch.take(1)
    assert time.monotonic() - began < 10


def test_a_write_that_changes_nothing_is_not_told(space):
    version = space.put_slices("a")
    assert space.label("a") == version
    space.put_slices("end")
    watch = space.api.watch(space.slices, resourceVersion=version)
    assert [told(event) for event in watch.take(1)] == [("ADDED", "end")]


@pytest.mark.parametrize("params", [{}, {"resourceVersion": "0"}])
def test_a_watch_from_nowhere_begins_with_the_present(space, params):
    version = space.put_slices("a", "b")
    # So that also the server's cache has seen them.
    space.api.get(space.slices, resourceVersion=version)
    watch = space.api.watch(space.slices, **params)
    assert {told(event) for event in watch.take(2)} == {("ADDED", "a"), ("ADDED", "b")}
    space.label("a", x="y")
    assert [told(event) for event in watch.take(1)] == [("MODIFIED", "a")]


def test_a_watch_ends_cleanly_at_its_time(space):
    version = space.put_slices("a")
    began = time.monotonic()
    watch = space.api.watch(space.slices, resourceVersion=version, timeoutSeconds=1)
    assert list(watch) == []
    assert 0.8 < time.monotonic() - began < 15


def test_a_watch_is_a_chunked_stream_of_json(space):
    version = space.put_slices("a")
    watch = space.api.watch(space.slices, resourceVersion=version)
    headers = watch.response.headers
    assert headers["Transfer-Encoding"] == "chunked"
    assert headers["Content-Type"] == "application/json"


def test_a_watch_of_another_namespace_hears_nothing_of_ours(space):
    version = space.put_slices("a")
    space.label("a", x="y")
    watch = space.api.watch(
        space.slices.replace(space.name, f"{space.name}-absent"),
        resourceVersion=version,
        timeoutSeconds=1,
    )
    assert list(watch) == []
