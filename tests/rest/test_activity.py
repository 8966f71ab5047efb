"""The timeline for programs: both sources, narrowed, page by page."""

from __future__ import annotations

import pytest

from tests import factories

V1 = "/api/v1"
URL = f"{V1}/activity/"


@pytest.fixture
def registry(plane, store):
    return factories.make_registry(control_plane=plane, name="cluster-a", token="never-to-be-seen")


@pytest.fixture
def move(store):
    """Let a service's node come or go."""
    from console.contract import keys, wire
    from console.feed import FeedWriter
    from registries.chronicle import Chronicler, Recorder

    recorder = Recorder(threaded=False)

    def make(registry, name, *, pod="web-1", gone=True):
        FeedWriter(store, keys.feed(keys.registry(str(registry.pk))), epoch=1).open()
        namespace, _slash, title = name.partition("/")
        nodes = wire.Subset(endpoints=(wire.Endpoint(address="10.0.0.1", pod=pod),))
        full = wire.Service(namespace=namespace, name=title, subsets=(nodes,))
        empty = wire.Service(namespace=namespace, name=title)
        pair = (name, full, empty) if gone else (name, empty, full)
        Chronicler(str(registry.pk), recorder=recorder).committed([pair])
        recorder.write()

    return make


def test_what_nodes_did(api, registry, move):
    move(registry, "shop/cart")
    answer = api.get(URL, {"kind": "nodes"}).json()
    assert answer.keys() == {"next", "results"}
    [entry] = answer["results"]
    assert entry["change"] is None
    assert entry["nodes"] == {
        "kind": "moved",
        "registry": str(registry.pk),
        "namespace": "shop",
        "service": "cart",
        "ready_before": 1,
        "ready_after": 0,
        "total_before": 1,
        "total_after": 0,
        "services": 0,
        "cause": "pod web-1 was removed",
        "changes": [{"address": "10.0.0.1", "pod": "web-1", "what": "removed", "ready": False}],
        "left_out": 0,
    }


def test_what_people_changed(api, registry):
    answer = api.get(URL, {"object": str(registry.pk)})
    [entry] = answer.json()["results"]
    assert entry["nodes"] is None
    assert (entry["change"]["verb"], entry["change"]["object_name"]) == ("created", "cluster-a")
    assert entry["change"]["after"]["token"] == "(set)"
    assert "never-to-be-seen" not in answer.content.decode()


def test_pages_follow_each_other(api, registry, move):
    for number in range(5):
        move(registry, f"shop/s{number}")
    whole = [one["id"] for one in api.get(URL).json()["results"]]
    read, url = [], f"{URL}?page_size=2"
    while url:
        answer = api.get(url).json()
        assert len(answer["results"]) <= 2
        read += [one["id"] for one in answer["results"]]
        url = answer["next"]
    assert read == whole
    assert len(read) >= 6


@pytest.mark.parametrize(
    ("query", "services"),
    [
        ({}, {"cart", "till"}),
        ({"service": "shop/cart"}, {"cart"}),
        ({"service": "shop"}, {"cart", "till"}),
        ({"service": "elsewhere/"}, set()),
        ({"search": "TILL-9"}, {"till"}),
        ({"until": "2000-01-01T00:00:00Z"}, set()),
        ({"since": "2000-01-01T00:00:00Z"}, {"cart", "till"}),
        ({"actor": "bo"}, set()),
    ],
)
def test_it_is_narrowed(api, registry, move, query, services):
    move(registry, "shop/cart")
    move(registry, "shop/till", pod="till-9")
    found = api.get(URL, query).json()["results"]
    assert {one["nodes"]["service"] for one in found if one["nodes"]} == services


@pytest.mark.parametrize(
    "query",
    [
        {"before": "nonsense"},
        {"page_size": "1000"},
        {"kind": "both"},
        {"since": "yesterday"},
        {"registry": "x"},
        {"verb": "baked"},
        {"search": "a\0b"},
    ],
)
def test_nonsense_is_refused_at_its_field(api, plane, query):
    answer = api.get(URL, query)
    assert answer.status_code == 400
    assert answer.json().keys() == query.keys()


def test_each_control_plane_has_its_own(api, ada, plane, registry, move):
    other = factories.make_control_plane()
    theirs = factories.make_registry(control_plane=other)
    move(theirs, "shop/secret")
    assert "secret" not in api.get(URL, {"control_plane": str(plane.pk)}).content.decode()
    nowhere = "00000000-0000-0000-0000-000000000000"
    assert api.get(URL, {"control_plane": nowhere}).status_code == 404


def test_without_redis_the_nodes_are_not_known(api, registry, monkeypatch):
    from console import redis

    monkeypatch.setattr(redis, "_store", redis.connect("redis://127.0.0.1:1/0"))
    assert api.get(URL).status_code == 503
    assert api.get(URL, {"kind": "changes"}).status_code == 200


def test_it_costs_the_same_however_long_it_is(api, registry, move, django_assert_num_queries):
    move(registry, "shop/cart")
    for rounds in range(2):
        with django_assert_num_queries(4):
            api.get(URL)
        for number in range(3):
            more = factories.make_registry(control_plane=registry.control_plane)
            move(more, f"shop/s{rounds}{number}")
