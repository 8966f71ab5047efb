"""Lists of services come from memory, as fresh as the feed, and cost Redis little."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from console.contract import keys, wire
from console.feed import FeedWriter
from registries import catalogue
from registries.index import Index

if TYPE_CHECKING:
    from console.redis import Client as Store

REGISTRY = "11111111-2222-4333-8444-555555555555"
HTTP = wire.Port(port=8080, name="http")


def service(name: str, *, ready: int = 1, waiting: int = 0, at: int = 0) -> wire.Service:
    namespace, _, short = name.partition("/")
    endpoints = tuple(
        wire.Endpoint(address=f"10.0.{number // 250}.{number % 250}", ready=number < ready)
        for number in range(ready + waiting)
    )
    subsets = (wire.Subset(ports=(HTTP,), endpoints=endpoints),)
    return wire.Service(namespace=namespace, name=short, subsets=subsets, observed_at=at)


class Feed:
    def __init__(self, store: Store) -> None:
        self.writer = FeedWriter(store, keys.feed(keys.registry(REGISTRY)), epoch=1)
        self.writer.open()

    def put(self, *services: wire.Service) -> None:
        states = {keys.service(one.namespace, one.name): wire.encode(one) for one in services}
        self.writer.commit(states)

    def drop(self, name: str) -> None:
        self.writer.commit({name: None})


@pytest.fixture
def feed(store: Store) -> Feed:
    return Feed(store)


def names(index: Index, sort: str = "namespace") -> list[str]:
    return [one.key for one in index.services(REGISTRY, sort)]


def commands(store: Store) -> int:
    return int(store.info("stats")["total_commands_processed"])


def test_follows_every_change(feed: Feed) -> None:
    index = Index()
    feed.put(service("shop/web"), service("bank/api"))
    assert names(index) == ["bank/api", "shop/web"]
    feed.put(service("shop/web", ready=0, waiting=2), service("shop/db"))
    assert names(index) == ["bank/api", "shop/db", "shop/web"]
    web = index.services(REGISTRY)[2]
    assert (web.ready, web.total, web.ports) == (0, 2, ((8080, "http"),))
    feed.drop("bank/api")
    assert names(index) == ["shop/db", "shop/web"]


def test_a_feed_that_was_never_published_holds_nothing(store: Store) -> None:
    index = Index()
    assert names(index) == []
    Feed(store).put(service("shop/web"))
    assert names(index) == ["shop/web"]


def test_a_feed_that_began_anew_is_read_anew(feed: Feed, store: Store) -> None:
    index = Index()
    feed.put(service("shop/web"))
    assert names(index) == ["shop/web"]
    successor = FeedWriter(store, keys.feed(keys.registry(REGISTRY)), epoch=2)
    successor.open()
    successor.replace({"shop/other": wire.encode(service("shop/other"))})
    assert names(index) == ["shop/other"]


def test_an_unreadable_state_has_a_name_all_the_same(store: Store) -> None:
    feed = Feed(store)
    feed.writer.commit({"shop/odd": b"{"})
    assert [(one.key, one.total) for one in Index().services(REGISTRY)] == [("shop/odd", 0)]


def test_sorts_both_ways(feed: Feed) -> None:
    index = Index()
    feed.put(
        service("a/z", ready=3, at=1), service("b/y", ready=0, at=3), service("c/x", ready=1, at=2)
    )
    assert names(index, "name") == ["c/x", "b/y", "a/z"]
    assert names(index, "-name") == ["a/z", "b/y", "c/x"]
    assert names(index, "ready") == ["b/y", "c/x", "a/z"]
    assert names(index, "-changed") == ["b/y", "c/x", "a/z"]


def test_finds_by_part_of_the_name_namespace_and_readiness(feed: Feed) -> None:
    feed.put(
        service("shop/web"),
        service("shop/webhooks", ready=0),
        service("bank/web", ready=1, waiting=1),
    )

    def found(**query: str) -> list[str]:
        return [one.key for one in catalogue.find(REGISTRY, **query)]

    assert found(search="WEB") == ["bank/web", "shop/web", "shop/webhooks"]
    assert found(search="k/w") == ["bank/web"]
    assert found(namespace="shop", search="hook") == ["shop/webhooks"]
    assert found(state="none") == ["shop/webhooks"]
    assert found(state="partly") == ["bank/web"]
    assert found(state="ready") == ["shop/web"]
    assert catalogue.namespaces(REGISTRY) == ["bank", "shop"]


def test_what_nobody_looks_at_is_forgotten_first(store: Store) -> None:
    index = Index(most=3)
    for number in range(3):
        registry = f"11111111-2222-4333-8444-55555555555{number}"
        writer = FeedWriter(store, keys.feed(keys.registry(registry)), epoch=1)
        writer.open()
        writer.commit({f"a/{one}": wire.encode(service(f"a/{one}")) for one in "xy"})
        assert len(index.services(registry)) == 2
    assert list(index._shelves) == ["11111111-2222-4333-8444-555555555552"]


@pytest.mark.slow
def test_ten_thousand_services_cost_two_commands_and_little_time(feed: Feed, store: Store) -> None:
    index = Index()
    for part in range(20):
        feed.put(*(service(f"n{part}/s{number}", ready=3) for number in range(500)))
    assert len(index.services(REGISTRY)) == 10_000
    feed.put(service("n3/s77", ready=0))
    before = commands(store)
    assert sum(one.ready == 0 for one in index.services(REGISTRY, "name")) == 1
    # What changed, its new state, and the question itself.
    assert commands(store) - before <= 3
    took = []
    for _ in range(20):
        began = time.thread_time()
        index.services(REGISTRY, "-changed")
        took.append(time.thread_time() - began)
    assert sorted(took)[10] < 0.02
