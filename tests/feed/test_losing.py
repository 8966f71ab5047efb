"""A server that lost commits is noticed, and everything true is written anew."""

from __future__ import annotations

import pytest

from console.feed import FeedLost
from console.redis import Client, RedisError
from tests.feed.conftest import FEED, MakeWriter, View, entries, meta, states
from tests.relay import Relay


def test_an_emptied_server_is_noticed_by_the_next_commit(
    store: Client, make_writer: MakeWriter
) -> None:
    writer = make_writer()
    writer.commit({"a": b"1", "b": b"1"})
    store.flushdb()
    with pytest.raises(FeedLost):
        writer.commit({"a": b"2"})
    writer.replace({"a": b"2", "b": b"1"})
    assert states(store) == {"a": b"2", "b": b"1"}
    writer.commit({"b": None})
    assert states(store) == {"a": b"2"}
    writer.verify()


def test_an_emptied_server_is_noticed_without_a_commit(
    store: Client, make_writer: MakeWriter
) -> None:
    writer = make_writer()
    writer.commit({"a": b"1"})
    writer.verify()
    store.flushdb()
    with pytest.raises(FeedLost):
        writer.verify()


@pytest.mark.parametrize(
    "damage",
    [
        lambda store: store.hdel(FEED.states, "a"),
        lambda store: store.hset(FEED.states, "c", b"3"),
        lambda store: store.delete(FEED.states),
        lambda store: store.hset(FEED.meta, "seq", 1),
        lambda store: store.hset(FEED.meta, "checksum", "0"),
        lambda store: store.delete(FEED.meta),
    ],
)
def test_damage_is_found(store: Client, make_writer: MakeWriter, damage: object) -> None:
    writer = make_writer()
    writer.commit({"a": b"1"})
    writer.commit({"b": b"1"})
    damage(store)  # type: ignore[operator]
    with pytest.raises(FeedLost):
        writer.verify()
    writer.replace({"a": b"1", "b": b"1"})
    writer.verify()


def test_the_seq_never_goes_back(store: Client, make_writer: MakeWriter) -> None:
    writer = make_writer()
    for number in range(5):
        writer.commit({"a": b"%d" % number})
    store.flushdb()
    writer.replace({"a": b"4"})
    assert meta(store)["seq"] == "7", "one is left out"
    assert entries(store) == ["1-7"]


def test_a_replica_that_lagged_is_put_right(
    store: Client, make_writer: MakeWriter, view: View
) -> None:
    writer = make_writer()
    for number in range(3):
        writer.commit({"a": b"%d" % number, f"k{number}": b"x"})
    dumped = {key: store.dump(key) for key in FEED.all()}
    writer.commit({"a": b"3", "k0": None})
    view.look()
    for key, data in dumped.items():  # the failover: the last commit never happened
        store.restore(key, 0, data, replace=True)
    with pytest.raises(FeedLost):
        writer.commit({"k1": None})
    writer.replace({"a": b"3", "k2": b"x"})
    assert view.look(later=3).states == states(store) == {"a": b"3", "k2": b"x"}


def test_a_reader_that_heard_of_a_commit_nobody_remembers_is_put_right(
    store: Client, make_writer: MakeWriter, view: View, relayed: tuple[Relay, Client]
) -> None:
    relay, client = relayed
    writer = make_writer(client=client)
    writer.commit({"a": b"1"})
    relay.swallow()
    with pytest.raises(RedisError):
        writer.commit({"b": b"1"})
    assert view.look().states == {"a": b"1", "b": b"1"}
    store.flushdb()
    with pytest.raises(FeedLost):
        writer.verify()
    writer.replace({"a": b"1"})
    assert view.look(later=3).states == {"a": b"1"}
