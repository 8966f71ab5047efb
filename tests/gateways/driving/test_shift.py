"""One run of a driver: what it is given and when."""

from __future__ import annotations

import pytest

from gateways.drivers.base import Applied, Changes
from tests.gateways.examples import upstream

from .world import Driver, World, some


def test_nothing_is_given_before_something_is_known() -> None:
    world = World()
    world.run(10)
    assert world.driver.wrote == []
    assert world.driver.touched == []
    assert world.last.phase == "waiting"


def test_what_is_left_is_brought_turn_by_turn_without_a_pause() -> None:
    world = World(turn=10)
    world.source.at(1, lambda: world.source.commit(some(95)))
    world.run(3)
    assert len(world.driver.has) == 95
    assert [len(keys) for keys in world.driver.wrote] == [10] * 9 + [5]
    assert world.source.waited.count(0) == 8, "the first two turns are one step"


def test_until_the_last_turn_the_gateway_is_not_where_the_feed_is() -> None:
    world = World(turn=10)
    world.source.at(1, lambda: world.source.commit(some(30)))
    world.run(3)
    filling = [news for news in world.house.told if 0 < news.resources < 30]
    assert filling
    assert {(news.phase, news.applied, news.applied_at) for news in filling} == {("waiting", "", 0)}
    assert (world.last.phase, world.last.applied) == ("in_sync", "1-1")
    assert world.last.applied_at
    assert len(world.house.settled_at) == 1
    assert world.last.written == 30


def test_what_changes_during_a_fill_goes_before_the_rest() -> None:
    world = World(turn=10)
    changed = {"upstream/u99": upstream(id="u99", nodes=()), "upstream/new": upstream(id="new")}
    world.source.at(1, lambda: world.source.commit(some(100)))
    world.source.at(1.002, lambda: world.source.commit(changed))
    world.run(3)
    turn = next(number for number, keys in enumerate(world.driver.wrote) if "upstream/new" in keys)
    assert set(world.driver.wrote[turn]) == changed.keys()
    assert turn < 6
    assert len(world.driver.has) == 101
    assert world.driver.has["upstream/u99"] == changed["upstream/u99"]
    assert {news.applied for news in world.house.told} == {"", "1-2"}


def test_a_later_fill_keeps_the_position_that_the_gateway_has() -> None:
    """Of its own changes a driver may leave some, too."""
    world = World()
    world.source.at(1, lambda: world.source.commit(some(5)))
    world.driver.apply = lambda changes: _in_turns(world.driver, changes)  # type: ignore[method-assign]
    world.source.at(2, lambda: world.source.commit(some(20, first=5)))
    world.run(4)
    positions = [(news.resources, news.applied) for news in world.house.told]
    assert (15, "1-1") in positions
    assert positions[-1] == (25, "1-2")
    assert len(world.house.settled_at) == 2


def _in_turns(driver: Driver, changes: Changes) -> Applied:
    driver._due.update(changes)
    return driver._write(5)


def test_who_loses_the_lease_in_the_middle_of_a_fill_writes_nothing_more() -> None:
    world = World(turn=10)

    def lost() -> None:
        world.house.owner = False

    world.source.at(1, lambda: world.source.commit(some(100)))
    world.source.at(1.003, lost)
    with pytest.raises(PermissionError):
        world.run(3)
    assert 0 < len(world.driver.has) < 100
    assert world.house.settled_at == []


def test_who_is_told_to_stop_in_the_middle_of_a_fill_stops() -> None:
    world = World(turn=10)
    world.source.at(1, lambda: world.source.commit(some(100)))
    world.run(1.003)
    assert 0 < len(world.driver.has) < 100


def test_commits_that_change_nothing_move_the_position() -> None:
    world = World()
    world.source.at(1, lambda: world.source.commit(some(1)))
    world.source.at(2, lambda: world.source.commit({}))
    world.run(4)
    assert world.last.applied == "1-2"
    assert len(world.driver.wrote) == 1


def test_what_cannot_be_read_is_to_be_kept_and_the_rest_goes_out() -> None:
    world = World()
    world.source.at(1, lambda: world.source.commit({**some(2), "upstream/odd": b"nonsense"}))
    world.run(3)
    assert world.driver.kept == {"upstream/odd"}
    assert world.driver.has.keys() == {"upstream/u0", "upstream/u1"}
    assert world.last.refused.keys() == {"upstream/odd"}


def test_under_constant_change_what_was_given_before_is_looked_after() -> None:
    world = World()
    for number in range(200):
        changes = {"upstream/u0": upstream(id="u0", retries=number)}
        world.source.at(1 + number / 10, lambda changes=changes: world.source.commit(changes))
    world.run(21)
    assert len(world.driver.wrote) == 200
    assert 3 <= len(world.driver.touched) <= 5
