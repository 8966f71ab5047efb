"""A commit whose reply is lost is found out about: it is neither repeated nor forgotten."""

from __future__ import annotations

import pytest

from console.feed import FeedLost
from console.redis import Client, RedisError
from tests.feed.conftest import MakeWriter, entries, meta, states
from tests.relay import Relay

Relayed = tuple[Relay, Client]


def test_the_same_commit_again_is_one_entry(
    store: Client, make_writer: MakeWriter, relayed: Relayed
) -> None:
    relay, client = relayed
    writer = make_writer(client=client)
    writer.commit({"a": b"1"})
    relay.swallow()
    with pytest.raises(RedisError):
        writer.commit({"a": b"2", "b": b"2"})
    assert not relay.armed
    assert entries(store) == ["1-1", "1-2"], "it was executed"
    assert writer.commit({"a": b"2", "b": b"2"}), "it is told that it was made"
    assert entries(store) == ["1-1", "1-2"]
    writer.verify()


def test_later_changes_are_not_lost(
    store: Client, make_writer: MakeWriter, relayed: Relayed
) -> None:
    relay, client = relayed
    writer = make_writer(client=client)
    writer.commit({"a": b"1", "b": b"1"})
    relay.swallow()
    with pytest.raises(RedisError):
        writer.commit({"a": b"2", "b": None})
    writer.commit({"a": b"3", "b": b"3"})
    assert states(store) == {"a": b"3", "b": b"3"}
    assert entries(store) == ["1-1", "1-2", "1-3"]
    writer.verify()


def test_a_first_commit_without_reply_is_not_made_twice(
    store: Client, make_writer: MakeWriter, relayed: Relayed
) -> None:
    relay, client = relayed
    make_writer(1).commit({}, always=True)  # the script is known to the server
    store.delete(*store.keys("*"))
    writer = make_writer(2, client=client)
    relay.swallow()
    with pytest.raises(RedisError):
        writer.commit({}, always=True)
    assert writer.commit({}, always=True)
    assert entries(store) == ["2-1"]


def test_a_commit_that_never_arrived_is_made_by_the_next_call(
    store: Client, make_writer: MakeWriter, relayed: Relayed
) -> None:
    relay, client = relayed
    writer = make_writer(client=client)
    writer.commit({"a": b"1"})
    relay.refuse()
    with pytest.raises(RedisError):
        writer.commit({"a": b"2"})
    with pytest.raises(RedisError):
        writer.commit({"a": b"2"})
    relay.admit()
    assert writer.commit({"a": b"2"})
    assert entries(store) == ["1-1", "1-2"]
    assert states(store) == {"a": b"2"}


def test_a_replacement_without_reply_is_settled(
    store: Client, make_writer: MakeWriter, relayed: Relayed
) -> None:
    relay, client = relayed
    writer = make_writer(client=client)
    writer.commit({"a": b"1", "b": b"1"})
    store.flushdb()
    relay.swallow()  # the reply to the reading of meta
    with pytest.raises(RedisError):
        writer.replace({"a": b"2"})
    assert not states(store)
    with pytest.raises(FeedLost):
        writer.commit({"c": b"3"})
    writer.replace({"a": b"2", "c": b"3"})
    assert states(store) == {"a": b"2", "c": b"3"}
    writer.verify()


def test_a_replacement_that_never_arrived_is_asked_for_again(
    store: Client, make_writer: MakeWriter, relayed: Relayed
) -> None:
    relay, client = relayed
    writer = make_writer(client=client)
    writer.commit({"a": b"1", "b": b"1"})
    store.hset("portolan:v1:{registry:tested}:states", "stranger", b"x")
    with pytest.raises(FeedLost):
        writer.verify()
    relay.refuse()
    with pytest.raises(RedisError):
        writer.replace({"a": b"1"})
    relay.admit()
    # Were this commit made on top of what nobody knows, the removal of b would be passed over.
    with pytest.raises(FeedLost):
        writer.commit({"b": None})
    writer.replace({"a": b"1"})
    assert states(store) == {"a": b"1"}
    assert meta(store)["seq"] == "3"
