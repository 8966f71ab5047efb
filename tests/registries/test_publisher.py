"""From the store to the feed: what changed, once, with its times; whatever becomes of Redis."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.conf import settings

from console import redis
from console.contract import keys, wire
from console.feed import FeedReader, FeedWriter, Fenced
from console.redis import Client, RedisError
from registries.endpoints import EndpointStore
from registries.publisher import Publisher, erase
from tests.registries.parts import part
from tests.relay import Relay, relay_to

OWNER = keys.registry("tested")
FEED = keys.feed(OWNER)


def publisher_of(
    client: Client, *, epoch: int = 1, store: EndpointStore | None = None
) -> tuple[EndpointStore, Publisher]:
    store = store or EndpointStore()
    publisher = Publisher(store, FeedWriter(client, FEED, epoch=epoch), now=lambda: 10.5)
    publisher.open()
    return store, publisher


def states(client: Client) -> dict[str, wire.Service]:
    found = client.hgetall(FEED.states)
    return {key.decode(): wire.decode_service(state) for key, state in found.items()}


def seq(client: Client) -> int:
    return int(client.hget(FEED.meta, "seq") or 0)


@pytest.fixture
def relayed() -> Iterator[tuple[Relay, Client]]:
    with relay_to(settings.REDIS_URL) as (relay, url):
        client = redis.connect(url)
        yield relay, client
        client.close()


def test_a_state_is_stamped_with_seq_and_time(store: Client) -> None:
    endpoints, publisher = publisher_of(store)
    endpoints.replace("", [part("a", "10.0.0.1")], at=10_100)
    assert publisher.publish()
    assert states(store)["shop/web"].seq == 1
    assert states(store)["shop/web"].observed_at == 10_100
    assert publisher.lags.last == pytest.approx(0.4)
    assert sum(publisher.lags.counts) == 1
    endpoints.put(part("b", "10.0.0.2", "10.0.0.3", service="api"), at=10_200)
    publisher.publish()
    found = states(store)
    assert (found["shop/api"].seq, found["shop/api"].observed_at) == (2, 10_200)
    assert found["shop/web"].seq == 1
    assert (publisher.services, publisher.endpoints, publisher.seq) == (2, 3, 2)


def test_nothing_is_said_before_the_cluster_was_read(store: Client) -> None:
    endpoints, publisher = publisher_of(store)
    assert not publisher.due
    assert not publisher.publish()
    publisher.verify()
    assert seq(store) == 0
    endpoints.replace("", [])
    assert publisher.due
    assert publisher.publish(), "there is nothing, and that is something"
    assert publisher.lags.sum == 0, "it was no change, so nothing was late"
    assert seq(store) == 1
    assert not publisher.due


def test_nothing_is_said_before_the_cluster_was_read_even_if_redis_is_emptied(
    store: Client,
) -> None:
    endpoints, publisher = publisher_of(store)
    store.flushdb()
    publisher.verify()
    assert seq(store) == 0, "its readers would take it for: there is nothing"
    endpoints.replace("", [part("a", "10.0.0.1")])
    publisher.publish()
    assert states(store).keys() == {"shop/web"}


def test_the_same_content_is_not_written_again(store: Client) -> None:
    endpoints, publisher = publisher_of(store)
    endpoints.replace("", [part("a", "10.0.0.1")])
    publisher.publish()
    endpoints.put(part("a", "10.0.0.2"))
    endpoints.put(part("a", "10.0.0.1"))
    assert not publisher.publish()
    assert seq(store) == 1


def test_a_takeover_writes_only_what_differs(store: Client) -> None:
    endpoints, publisher = publisher_of(store)
    endpoints.replace(
        "", [part("a", "10.0.0.1"), part("b", service="api"), part("c", service="old")], at=1
    )
    publisher.publish()
    endpoints, publisher = publisher_of(store, epoch=2)
    assert publisher.services == 3
    assert not publisher.due
    endpoints.replace("", [part("a", "10.0.0.1"), part("b", "10.0.0.9", service="api")], at=2)
    publisher.publish()
    found = states(store)
    assert found.keys() == {"shop/web", "shop/api"}
    assert (found["shop/web"].seq, found["shop/web"].observed_at) == (1, 1)
    assert (found["shop/api"].seq, found["shop/api"].observed_at) == (2, 2)


def test_a_state_that_cannot_be_read_is_judged_by_the_next_list(store: Client) -> None:
    endpoints, publisher = publisher_of(store)
    endpoints.replace("", [part("a", "10.0.0.1"), part("b", "10.0.0.2", service="api")])
    publisher.publish()
    store.hset(FEED.states, "shop/web", "nonsense")
    store.hset(FEED.states, "shop/api", "nonsense")
    endpoints, publisher = publisher_of(store, epoch=2)
    endpoints.replace("", [part("a", "10.0.0.1")])
    publisher.publish()
    assert states(store).keys() == {"shop/web"}


def test_redis_away_and_back_is_one_commit(store: Client, relayed: tuple[Relay, Client]) -> None:
    relay, client = relayed
    endpoints, publisher = publisher_of(client)
    endpoints.replace("", [part("a", "10.0.0.1")])
    publisher.publish()
    relay.refuse()
    for number in range(50):
        endpoints.put(part("a", f"10.0.0.{number}"))
        endpoints.put(part(f"s{number}", "10.0.1.1", service=f"s{number}"))
        with pytest.raises(RedisError):
            publisher.publish()
    endpoints.drop("shop", "s7")
    relay.admit()
    assert publisher.publish()
    assert seq(store) == 2
    found = states(store)
    assert found["shop/web"].subsets[0].endpoints[0].address == "10.0.0.49"
    assert len(found) == 50
    publisher.verify()


def test_a_commit_without_reply_is_not_made_again(
    store: Client, relayed: tuple[Relay, Client]
) -> None:
    relay, client = relayed
    endpoints, publisher = publisher_of(client)
    endpoints.replace("", [part("a", "10.0.0.1")])
    publisher.publish()
    endpoints.put(part("a", "10.0.0.2"))
    relay.swallow()
    with pytest.raises(RedisError):
        publisher.publish()
    assert seq(store) == 2
    publisher.publish()
    assert seq(store) == 2
    endpoints.put(part("a", "10.0.0.3"))
    publisher.publish()
    assert states(store)["shop/web"].seq == seq(store) == 3
    publisher.verify()


@pytest.mark.parametrize("by", ["commit", "verify"])
def test_an_emptied_redis_is_filled_again(store: Client, by: str) -> None:
    endpoints, publisher = publisher_of(store)
    endpoints.replace("", [part("a", "10.0.0.1"), part("b", "10.0.0.2", service="api")])
    publisher.publish()
    reader = FeedReader(store, FEED)
    reader.sync()
    reader.take()
    store.flushdb()
    if by == "commit":
        endpoints.put(part("a", "10.0.0.9"))
        publisher.publish()
    else:
        publisher.verify()
    assert states(store).keys() == {"shop/web", "shop/api"}
    reader.sync()
    assert reader.take().keys() == ({"shop/web"} if by == "commit" else set())
    publisher.verify()


def test_filling_again_survives_another_failure(
    store: Client, relayed: tuple[Relay, Client]
) -> None:
    relay, client = relayed
    endpoints, publisher = publisher_of(client)
    endpoints.replace("", [part("a", "10.0.0.1"), part("b", "10.0.0.2", service="api")])
    publisher.publish()
    store.flushdb()
    endpoints.put(part("a", "10.0.0.9"))
    relay.swallow()
    with pytest.raises(RedisError):
        publisher.publish()
    publisher.publish()
    publisher.verify()
    found = states(store)
    assert found.keys() == {"shop/web", "shop/api"}
    assert found["shop/web"].subsets[0].endpoints[0].address == "10.0.0.9"


def test_a_newer_epoch_ends_it(store: Client) -> None:
    endpoints, publisher = publisher_of(store)
    endpoints.replace("", [part("a", "10.0.0.1")])
    publisher_of(store, epoch=2)
    with pytest.raises(Fenced):
        publisher.publish()
    with pytest.raises(Fenced):
        publisher.verify()
    assert seq(store) == 0


def test_nothing_of_a_deleted_registry_is_left(store: Client) -> None:
    endpoints, publisher = publisher_of(store)
    endpoints.replace("", [part("a", "10.0.0.1")])
    publisher.publish()
    store.set(keys.status(OWNER), "{}")
    erase("tested")
    assert store.keys("*") == []
