"""Reading: first the states, then the changes, and at the end always the present."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from console.feed import FeedReader, Position, follow
from console.redis import Client
from tests.feed.conftest import FEED, MakeWriter, View, states


def test_snapshot_then_follow(store: Client, make_writer: MakeWriter, view: View) -> None:
    writer = make_writer()
    writer.commit({"a": b"1", "b": b"1"})
    view.reader.sync()
    view.adopt()
    assert view.states == {"a": b"1", "b": b"1"}
    assert view.reader.position == Position(1, 1)
    writer.commit({"a": b"2"})
    writer.commit({"b": None})
    assert view.look().states == {"a": b"2"}
    assert view.reader.position == Position(1, 3)
    assert view.reader.committed_at == 1_700_000_002_000, "the third second of the writers"


def test_a_feed_that_was_never_published_is_not_known(store: Client, view: View) -> None:
    view.reader.sync()
    view.look(later=10)
    assert not view.reader.known
    assert view.reader.take() == {}


def test_a_claimed_feed_is_still_not_known(make_writer: MakeWriter, view: View) -> None:
    make_writer(3)
    view.reader.sync()
    assert not view.look(later=10).reader.known


def test_an_empty_first_commit_makes_it_known(make_writer: MakeWriter, view: View) -> None:
    make_writer().commit({}, always=True)
    assert view.look().reader.known
    assert view.states == {}


def test_follows_a_feed_that_is_published_later(make_writer: MakeWriter, view: View) -> None:
    view.reader.sync()
    make_writer().commit({"a": b"1"})
    assert view.look().states == {"a": b"1"}


def test_many_wake_ups_are_one_report(make_writer: MakeWriter, view: View) -> None:
    writer = make_writer()
    writer.commit({"a": b"0"})
    view.look()
    for number in range(1, 50):
        writer.commit({"a": b"%d" % number})
    assert view.look().states == {"a": b"49"}
    assert view.reader.position == Position(1, 50)


def test_what_came_and_went_between_two_looks_is_not_reported(
    make_writer: MakeWriter, view: View
) -> None:
    writer = make_writer()
    writer.commit({"a": b"1"})
    view.look()
    writer.commit({"b": b"1"})
    writer.commit({"b": None, "a": b"2"})
    writer.commit({"a": b"1"})
    view.reader.absorb(())
    view.look()
    assert view.states == {"a": b"1"}


def test_a_trimmed_stream_costs_nothing_but_a_reading(
    store: Client, make_writer: MakeWriter, view: View
) -> None:
    writer = make_writer()
    writer.commit({"a": b"1", "b": b"1"})
    view.look()
    for number in range(5):
        writer.commit({"a": b"x%d" % number})
    writer.commit({"b": None})
    writer.commit({"c": b"1"})
    store.xtrim(FEED.changes, maxlen=1, approximate=False)
    assert view.look().states == states(store) == {"a": b"x4", "c": b"1"}


def test_a_gap_leads_to_the_present(store: Client, make_writer: MakeWriter, view: View) -> None:
    writer = make_writer()
    writer.commit({"a": b"1", "b": b"1"})
    view.look()
    writer.commit({"b": None})
    writer.commit({"a": b"2"})
    store.xdel(FEED.changes, "1-2")
    assert view.look().states == {"a": b"2"}


def test_a_new_epoch_is_followed(make_writer: MakeWriter, view: View) -> None:
    make_writer(1).commit({"a": b"1", "b": b"1"})
    view.look()
    second = make_writer(2)
    second.commit({"a": b"2"})
    second.commit({"b": None})
    assert view.look().states == {"a": b"2"}
    assert view.reader.position == Position(2, 3)


def test_a_claim_without_a_commit_is_noticed_in_time(make_writer: MakeWriter, view: View) -> None:
    make_writer(1).commit({"a": b"1"})
    view.look()
    make_writer(2)
    assert view.look(later=3).reader.position == Position(2, 1)


def test_keeps_what_it_had_while_the_feed_is_lost(
    store: Client, make_writer: MakeWriter, view: View
) -> None:
    writer = make_writer()
    writer.commit({"a": b"1", "b": b"1"})
    view.look()
    store.flushdb()
    assert view.look(later=10).states == {"a": b"1", "b": b"1"}
    make_writer(2)  # another worker begins, and has published nothing yet
    assert view.look(later=10).states == {"a": b"1", "b": b"1"}
    make_writer(3).commit({"b": b"2"}, always=True)
    assert view.look().states == {"b": b"2"}


def test_a_feed_that_is_lost_while_it_is_read_removes_nothing(
    store: Client, make_writer: MakeWriter, view: View
) -> None:
    writer = make_writer()
    writer.commit({"a": b"1", "b": b"1"})
    view.look()
    writer.commit({"a": b"2"})
    came = store.xread({FEED.changes: view.reader.last_id})[0][1]
    store.flushdb()
    view.reader.absorb(came)
    view.adopt()
    assert view.states == {"a": b"1", "b": b"1"}
    writer.replace({"a": b"2", "b": b"1"})
    assert view.look(later=3).states == {"a": b"2", "b": b"1"}


class Emptied:
    """A client whose server is emptied at the moment when the states are read."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        if name == "hscan_iter":
            self._client.flushdb()
        return getattr(self._client, name)


def test_a_feed_that_is_lost_within_a_reading_of_all_removes_nothing(
    store: Client, make_writer: MakeWriter
) -> None:
    make_writer().commit({"a": b"1"})
    reader = FeedReader(store, FEED)
    reader.sync()
    assert reader.take() == {"a": b"1"}
    reader._client = Emptied(store)
    reader.sync()
    assert reader.take() == {}
    assert reader.position == Position(1, 1)


def test_a_history_that_began_anew_lower_down_is_followed(
    store: Client, make_writer: MakeWriter, view: View
) -> None:
    make_writer(9).commit({"a": b"1"})
    view.look()
    store.flushdb()
    make_writer(2).commit({"b": b"1"})  # PostgreSQL came back from an old backup, too
    assert view.look(later=3).states == {"b": b"1"}


def copied(store: Client) -> Callable[[], None]:
    """Copy the feed as it is now; what is returned sets it back to that."""
    old = {key: store.dump(key) for key in FEED.all()}

    def set_back() -> None:
        for key, value in old.items():
            store.restore(key, 0, value, replace=True)

    return set_back


def test_an_old_copy_takes_nothing_back(store: Client, make_writer: MakeWriter, view: View) -> None:
    """A replica that lagged became primary: what was read stays until the writer repaired it."""
    writer = make_writer()
    writer.commit({"a": b"1", "b": b"1"})
    set_back = copied(store)
    writer.commit({"a": b"2", "b": None})
    assert view.look().states == {"a": b"2"}
    set_back()
    for _ in range(3):
        assert view.look(later=3).states == {"a": b"2"}
    writer.replace({"a": b"2", "c": b"1"})
    assert view.look(later=3).states == {"a": b"2", "c": b"1"}


def test_an_old_copy_that_its_next_owner_finds_true_is_taken(
    store: Client, make_writer: MakeWriter, view: View
) -> None:
    """It has nothing to commit then: its epoch is all that tells of it."""
    writer = make_writer(5)
    writer.commit({"a": b"1"})
    set_back = copied(store)
    writer.commit({"a": b"2"})
    view.look()
    set_back()
    make_writer(6).commit({"a": b"1"})
    assert view.look(later=3).states == {"a": b"1"}


def test_who_goes_on_for_another_reader_takes_no_older_copy(
    store: Client, make_writer: MakeWriter, view: View
) -> None:
    writer = make_writer()
    writer.commit({"a": b"1"})
    set_back = copied(store)
    writer.commit({"a": b"2"})
    view.look()
    set_back()
    heir = FeedReader(store, FEED, since=view.reader.newest)
    heir.sync()
    assert not heir.known
    assert heir.newest == view.reader.newest
    writer.replace({"a": b"2"})
    heir.sync()
    assert heir.take() == {"a": b"2"}


def test_entries_that_cannot_be_taken_do_not_keep_a_processor_busy(
    store: Client, make_writer: MakeWriter
) -> None:
    writer = make_writer()
    writer.commit({"a": b"1"})
    reader = FeedReader(store, FEED)
    reader.sync()
    writer.commit({"a": b"2"})
    store.unlink(FEED.meta, FEED.states)
    before = store.info("commandstats")["cmdstat_xread"]["calls"]
    end = time.monotonic() + 1
    while time.monotonic() < end:
        follow(store, [reader], block=1)
    assert store.info("commandstats")["cmdstat_xread"]["calls"] - before < 10
    assert reader.position == Position(1, 1)


def test_an_old_copy_that_another_worker_goes_on_with_is_followed(
    store: Client, make_writer: MakeWriter, view: View
) -> None:
    writer = make_writer()
    writer.commit({"a": b"1"})
    set_back = copied(store)
    writer.commit({"a": b"2"})
    writer.commit({"a": b"3"})
    view.look()
    set_back()
    make_writer().commit({"a": b"4"})
    assert view.look(later=3).states == {"a": b"4"}


def test_a_history_that_began_anew_and_came_as_far_is_followed(
    store: Client, make_writer: MakeWriter, view: View
) -> None:
    make_writer(1).commit({"a": b"1", "b": b"1"})
    view.look()
    store.flushdb()
    make_writer(1).commit({"a": b"2"})
    assert view.look(later=3).states == {"a": b"2"}


def test_looks_for_a_lost_stream_now_and_then_only(
    store: Client, make_writer: MakeWriter, view: View
) -> None:
    make_writer().commit({"a": b"1"})
    view.look()
    before = store.info("commandstats").get("cmdstat_hmget", {"calls": 0})["calls"]
    for _ in range(20):
        view.reader.absorb(())
    assert store.info("commandstats")["cmdstat_hmget"]["calls"] == before


def test_reads_some_states_beside_what_it_reports(make_writer: MakeWriter, view: View) -> None:
    make_writer().commit({"a": b"1"})
    view.reader.sync()
    assert view.reader.look(["a", "z"]) == {"a": b"1", "z": None}
    assert view.reader.take() == {"a": b"1"}


@pytest.mark.parametrize("number", [1, 200, 201, 1_000])
def test_reads_large_commits_whole(make_writer: MakeWriter, view: View, number: int) -> None:
    writer = make_writer()
    writer.commit({"first": b"1"})
    view.look()
    writer.commit({f"k{n}": b"%d" % n for n in range(number)})
    assert len(view.look().states) == number + 1
