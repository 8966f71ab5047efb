"""`follow` waits for several at once and tells each of its own."""

from __future__ import annotations

import threading
import time

import pytest

from console.contract import keys
from console.feed import FeedReader, FeedWriter, follow
from console.redis import Client, RedisError
from console.wakeups import Bell, WakeupReader
from tests.relay import Relay
from tests.threads import eventually


def writer_of(store: Client, owner: str) -> FeedWriter:
    writer = FeedWriter(store, keys.feed(owner), epoch=1)
    writer.open()
    return writer


def wake(store: Client, topic: str) -> None:
    store.xadd(keys.wakeups(), {"topic": topic})


def test_several_feeds_and_wake_ups_in_one_wait(store: Client) -> None:
    first, second = writer_of(store, "registry:1"), writer_of(store, "registry:2")
    first.commit({"a": b"1"})
    readers = [FeedReader(store, keys.feed(f"registry:{n}")) for n in (1, 2, 3)]
    wakeups = WakeupReader(store)
    for reader in readers:
        reader.sync()
    second.commit({"b": b"1"})
    wake(store, "control-plane:7")
    follow(store, [*readers, wakeups], block=1.0)
    assert [reader.take() for reader in readers] == [{"a": b"1"}, {"b": b"1"}, {}]
    assert wakeups.take() == {"control-plane:7"}
    assert wakeups.take() == set()


def test_a_wake_up_ends_the_wait_at_once(store: Client) -> None:
    wakeups = WakeupReader(store)
    reader = FeedReader(store, keys.feed("registry:1"))
    timer = threading.Timer(0.1, wake, (store, "gateway:1"))
    timer.start()
    began = time.monotonic()
    follow(store, [reader, wakeups], block=3.0)
    timer.join()
    assert time.monotonic() - began < 1.0
    assert wakeups.take() == {"gateway:1"}


def test_wake_ups_before_the_reader_began_are_not_its_business(store: Client) -> None:
    wake(store, "gateway:1")
    wakeups = WakeupReader(store)
    follow(store, [wakeups], block=0.01)
    assert wakeups.take() == set()


def test_many_wake_ups_of_one_topic_are_one(store: Client) -> None:
    wakeups = WakeupReader(store)
    for _ in range(10):
        wake(store, "gateway:1")
    follow(store, [wakeups], block=0.5)
    assert wakeups.take() == {"gateway:1"}


def test_nothing_is_lost_by_a_server_that_is_away(
    store: Client, relayed: tuple[Relay, Client]
) -> None:
    relay, client = relayed
    writer = writer_of(store, "registry:1")
    writer.commit({"a": b"1"})
    reader, wakeups = FeedReader(client, keys.feed("registry:1")), WakeupReader(client)
    reader.sync()
    relay.refuse()
    with pytest.raises(RedisError):
        follow(client, [reader, wakeups], block=0.1)
    writer.commit({"a": b"2"})
    wake(store, "gateway:1")
    relay.admit()
    follow(client, [reader, wakeups], block=1.0)
    assert reader.take() == {"a": b"2"}
    assert wakeups.take() == {"gateway:1"}


def test_the_bell_rings_for_the_topics_that_were_woken(store: Client) -> None:
    bell, mine, other = Bell(), threading.Event(), threading.Event()
    bell.subscribe("registry:1", mine)
    bell.subscribe("registry:2", other)

    def rung() -> bool:
        wake(store, "registry:1")
        return mine.wait(0.05)

    eventually(rung)
    assert not other.is_set()
    bell.unsubscribe("registry:1", mine)
