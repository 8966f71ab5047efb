"""Commits: what differs is written once, in one step; what is equal is silent."""

from __future__ import annotations

import json

from console.contract import wire
from console.feed import FeedWriter
from console.redis import Client
from tests.feed.conftest import FEED, MakeWriter, entries, meta, states


def test_a_commit_writes_states_stream_and_meta_together(
    store: Client, make_writer: MakeWriter
) -> None:
    writer = make_writer(7)
    assert writer.commit({"b": b"2", "a": b"1"}, source="rv-9")
    assert states(store) == {"a": b"1", "b": b"2"}
    [(entry_id, fields)] = store.xrange(FEED.changes)
    assert entry_id == b"7-1"
    assert json.loads(fields[b"keys"]) == ["a", "b"]
    assert fields[b"at"] == b"1700000000000"
    found = meta(store)
    expected = wire.checksum([wire.state_digest("a", b"1"), wire.state_digest("b", b"2")])
    assert (found["epoch"], found["seq"], found["source"]) == ("7", "1", "rv-9")
    assert int(found["checksum"], 16) == expected == writer.checksum


def test_equal_is_silent(store: Client, make_writer: MakeWriter) -> None:
    writer = make_writer()
    writer.commit({"a": b"1", "b": b"2"})
    assert not writer.commit({"a": b"1"})
    assert not writer.commit({"c": None})
    assert not writer.commit({})
    assert entries(store) == ["1-1"]


def test_of_a_commit_only_what_differs_is_written(store: Client, make_writer: MakeWriter) -> None:
    writer = make_writer()
    writer.commit({"a": b"1", "b": b"2", "c": b"3"})
    assert writer.commit({"a": b"1", "b": b"20", "c": None, "d": None})
    assert states(store) == {"a": b"1", "b": b"20"}
    assert json.loads(store.xrange(FEED.changes)[-1][1][b"keys"]) == ["b", "c"]


def test_the_first_commit_is_made_even_if_there_is_nothing(
    store: Client, make_writer: MakeWriter
) -> None:
    writer = make_writer()
    assert writer.commit({}, always=True)
    assert meta(store)["seq"] == "1"
    assert entries(store) == ["1-1"]


def test_the_checksum_follows_every_commit(store: Client, make_writer: MakeWriter) -> None:
    writer = make_writer()
    writer.commit({"a": b"1", "b": b"2"})
    writer.commit({"a": None, "b": b"3", "c": b"4"})
    digests = [wire.state_digest(key, value) for key, value in states(store).items()]
    assert int(meta(store)["checksum"], 16) == wire.checksum(digests) == writer.checksum
    writer.verify()


def test_the_next_writer_goes_on_where_the_last_one_stopped(
    store: Client, make_writer: MakeWriter
) -> None:
    make_writer(1).commit({"a": b"1", "b": b"2"})
    second = make_writer(2, opened=False)
    assert second.open() == {"a": b"1", "b": b"2"}
    assert second.next_seq == 2
    assert not second.commit({"a": b"1"}), "what the first one wrote is not written again"
    assert second.commit({"b": None})
    assert entries(store) == ["1-1", "2-2"]
    second.verify()


def test_the_stream_is_trimmed(store: Client, make_writer: MakeWriter) -> None:
    writer: FeedWriter = make_writer()
    for number in range(10_150):
        writer.commit({"a": str(number).encode()})
    assert 10_000 <= store.xlen(FEED.changes) < 10_150


def test_commits_survive_a_lost_script_cache(store: Client, make_writer: MakeWriter) -> None:
    writer = make_writer()
    writer.commit({"a": b"1"})
    store.script_flush()
    assert writer.commit({"a": b"2"})
    assert states(store) == {"a": b"2"}
