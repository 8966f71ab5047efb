from __future__ import annotations

import time

import pytest

from practice.testing import PracticeCluster
from tests.practice.conftest import SHOP_SLICES, SLICES, Api, settled


def types(events):
    return [event["type"] for event in events]


def name(event):
    return event["object"]["metadata"].get("name")


def test_a_watch_from_a_version_gets_what_came_after(shop, api):
    version = shop.version
    shop.patch("endpointslices", "shop", "s0-1", {"metadata": {"labels": {"a": "b"}}})
    shop.delete("endpointslices", "shop", "s1-1")
    shop.put_service("shop", "new")
    events = settled(shop, api, f"{SLICES}?watch=true&resourceVersion={version}&timeoutSeconds=1")
    assert [(e["type"], name(e)) for e in events] == [
        ("MODIFIED", "s0-1"),
        ("DELETED", "s1-1"),
        ("ADDED", "new-1"),
    ]
    assert events[0]["object"]["kind"] == "EndpointSlice"
    versions = [int(e["object"]["metadata"]["resourceVersion"]) for e in events]
    assert versions == sorted(versions)
    assert versions[0] > int(version)


def test_a_watch_is_told_at_once(shop, api):
    path = f"{SLICES}?watch=true&resourceVersion={shop.version}&timeoutSeconds=20"
    stream = api.watch(path)
    began = time.monotonic()
    shop.patch("endpointslices", "shop", "s0-1", {"metadata": {"labels": {"a": "b"}}})
    assert name(next(stream)) == "s0-1"
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("version", ["", "&resourceVersion=0"])
def test_a_watch_from_nowhere_begins_with_the_present(shop, api, version):
    events = settled(shop, api, f"{SLICES}?watch=true&timeoutSeconds=1{version}")
    assert types(events) == ["ADDED"] * 5


def test_the_time_ends_cleanly_with_a_bookmark_before(shop, api):
    began = time.monotonic()
    query = f"watch=1&resourceVersion={shop.version}&allowWatchBookmarks=true&timeoutSeconds=2"
    events = list(api.watch(f"{SLICES}?{query}"))
    assert 1.8 < time.monotonic() - began < 15
    assert types(events)[-1] == "BOOKMARK"
    assert events[-1]["object"]["metadata"] == {"resourceVersion": shop.version}
    assert events[-1]["object"]["endpoints"] is None


def test_no_bookmark_unless_asked(shop, api):
    path = f"{SLICES}?watch=1&resourceVersion={shop.version}&timeoutSeconds=1"
    assert list(api.watch(path)) == []


def test_bookmarks_come_in_between():
    with PracticeCluster(bookmark_every=0.2) as cluster:
        api = Api(cluster, cluster.admin_token)
        query = "watch=1&resourceVersion=0&allowWatchBookmarks=true&timeoutSeconds=1"
        assert len(list(api.watch(f"{SLICES}?{query}"))) >= 3


def test_initial_events_end_with_their_bookmark(shop, api):
    query = (
        "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
        "&allowWatchBookmarks=true&timeoutSeconds=1"
    )
    events = settled(shop, api, f"{SLICES}?{query}")
    assert types(events)[:6] == ["ADDED"] * 5 + ["BOOKMARK"]
    annotations = events[5]["object"]["metadata"]["annotations"]
    assert annotations == {"k8s.io/initial-events-end": "true"}
    assert events[5]["object"]["endpoints"] is None


def refused_field(api):
    query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
    answer = api.get(f"{SLICES}?{query}")
    assert (answer.status, answer.json["reason"]) == (422, "Invalid")
    (cause,) = answer.json["details"]["causes"]
    return cause["field"]


def test_initial_events_are_refused_where_their_gate_is_closed(cluster, api):
    cluster.fault("watch-list", on=False)
    assert refused_field(api) == "sendInitialEvents"


def test_initial_events_are_refused_by_1_23_for_their_companion():
    with PracticeCluster(release="1.23") as cluster:
        assert refused_field(Api(cluster, cluster.admin_token)) == "resourceVersionMatch"


def test_selectors_turn_changes_into_added_and_deleted(shop, api):
    version = shop.version
    shop.patch("endpointslices", "shop", "s0-1", {"metadata": {"labels": {"colour": "red"}}})
    shop.patch("endpointslices", "shop", "s0-1", {"metadata": {"labels": {"size": "big"}}})
    shop.patch("endpointslices", "shop", "s0-1", {"metadata": {"labels": {"colour": "blue"}}})
    shop.patch("endpointslices", "shop", "s0-1", {"metadata": {"labels": {"size": None}}})
    query = f"watch=1&resourceVersion={version}&labelSelector=colour=red&timeoutSeconds=1"
    events = settled(shop, api, f"{SLICES}?{query}")
    assert types(events) == ["ADDED", "MODIFIED", "DELETED"]
    gone = events[2]["object"]["metadata"]
    assert gone["labels"]["colour"] == "red"
    assert int(gone["resourceVersion"]) == int(version) + 3


def test_a_watch_of_one_namespace_or_name_sees_only_that(shop, api):
    version = shop.version
    shop.put_service("other", "x")
    shop.patch("endpointslices", "shop", "s0-1", {"metadata": {"labels": {"a": "b"}}})
    shop.patch("endpointslices", "shop", "s1-1", {"metadata": {"labels": {"a": "b"}}})
    base = f"{SHOP_SLICES}?watch=1&resourceVersion={version}&timeoutSeconds=1"
    assert [name(e) for e in settled(shop, api, base)] == ["s0-1", "s1-1"]
    one = f"{base}&fieldSelector=metadata.name=s1-1"
    assert [name(e) for e in settled(shop, api, one)] == ["s1-1"]


def test_an_expired_version_is_one_error_event(shop, api):
    version = shop.version
    shop.fault("compact")
    events = list(api.watch(f"{SLICES}?watch=1&resourceVersion={version}"))
    assert types(events) == ["ERROR"]
    status = events[0]["object"]
    assert (status["kind"], status["code"], status["reason"]) == ("Status", 410, "Expired")
    assert status["message"].startswith(f"too old resource version: {version} (")


def test_compaction_alone_does_not_hurt_a_recent_watch(shop, api):
    version = shop.version
    shop.put_service("shop", "new")
    shop.fault("compact", window=False)
    events = settled(shop, api, f"{SLICES}?watch=1&resourceVersion={version}&timeoutSeconds=1")
    assert [name(e) for e in events] == ["new-1"]


def test_the_window_is_bounded():
    with PracticeCluster(window=10) as cluster:
        api = Api(cluster, cluster.admin_token)
        cluster.put_service("shop", "s0")
        old = cluster.version
        for i in range(12):
            cluster.patch("endpointslices", "shop", "s0-1", {"metadata": {"labels": {"i": str(i)}}})
        path = f"{SLICES}?watch=1&resourceVersion={old}&timeoutSeconds=1"
        assert types(api.watch(path)) == ["ERROR"]


def test_a_watch_from_the_future_is_silent(shop, api):
    path = f"{SLICES}?watch=1&resourceVersion=99999&timeoutSeconds=1&allowWatchBookmarks=true"
    shop.put_service("shop", "new")
    assert settled(shop, api, path) == []


def test_a_version_that_is_no_number_is_500(api):
    assert api.get(f"{SLICES}?watch=1&resourceVersion=abc").status == 500


def test_many_changes_reach_many_watchers(shop, api):
    path = f"{SLICES}?watch=1&resourceVersion={shop.version}&timeoutSeconds=30"
    streams = [api.watch(path) for _ in range(5)]
    for stream in streams:
        # Opens the stream; the generator does nothing before its first event.
        shop.patch(
            "endpointslices", "shop", "s1-1", {"metadata": {"labels": {"x": str(id(stream))}}}
        )
        next(stream)
    seen = len(streams)
    began = time.monotonic()
    for i in range(1000):
        shop.patch("endpointslices", "shop", "s0-1", {"metadata": {"labels": {"i": str(i)}}})
    for stream in streams:
        for event in stream:
            if event["object"]["metadata"]["labels"].get("i") == "999":
                break
    assert seen == 5
    assert time.monotonic() - began < 20


def test_watch_events_come_as_tables_if_wanted(shop, api):
    accept = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    events = settled(shop, api, f"{SLICES}?watch=1&timeoutSeconds=1", headers=accept)
    assert [e["object"]["kind"] for e in events] == ["Table"] * 5
    assert events[0]["object"]["columnDefinitions"]
    assert events[1]["object"]["columnDefinitions"] is None
