"""A gateway that builds everything anew for any change is left in peace until it has."""

from __future__ import annotations

from itertools import pairwise

import pytest

from gateways.driving.shift import LONGEST_REST, WAIT
from tests.gateways.examples import upstream

from .world import World, some


def storm(world: World, *, commits: int = 250, of: int = 50, begins: float = 1.0) -> float:
    """Fifty commits a second, each of another upstream; the last moment."""
    for number in range(commits):
        changes = {f"upstream/u{number % of}": upstream(id=f"u{number % of}", retries=number)}
        world.source.at(begins + number / 50, lambda changes=changes: world.source.commit(changes))
    return begins + commits / 50


@pytest.mark.parametrize("rest", [0.3, 2.0, 60.0])
def test_a_gateway_that_is_slow_to_digest_is_given_what_came_together(rest: float) -> None:
    world = World(rest=rest)
    taken = min(rest, LONGEST_REST)
    last = storm(world)
    world.run(last + taken + 1.0)
    assert world.driver.wrote_at[0] == pytest.approx(1.0), "the first goes at once"
    pauses = [after - before for before, after in pairwise(world.driver.wrote_at)]
    assert all(taken - 0.001 <= pause <= taken + 0.1 for pause in pauses)
    assert len(world.driver.wrote) <= 5.0 / taken + 2
    assert world.driver.wrote_at[-1] <= last + taken + 0.1
    assert {one.retries for one in world.driver.has.values()} == set(range(200, 250))
    assert world.last.applied == "1-250"


def test_one_that_takes_changes_at_once_gets_each_of_them() -> None:
    world = World()
    storm(world)
    world.run(8)
    assert len(world.driver.wrote) == 250


def test_a_change_after_a_quiet_moment_does_not_wait() -> None:
    world = World(rest=2.0)
    for second in (1, 4, 7):
        changes = {"upstream/u0": upstream(id="u0", retries=second)}
        world.source.at(second, lambda changes=changes: world.source.commit(changes))
    world.run(10)
    assert world.driver.wrote_at == pytest.approx([1, 4, 7])


def test_what_goes_away_waits_no_longer_than_what_comes() -> None:
    world = World(rest=1.0)
    world.source.at(1, lambda: world.source.commit(some(2)))
    world.source.at(1.2, lambda: world.source.commit({"upstream/u0": None}))
    world.source.at(1.9, lambda: world.source.commit({"upstream/new": upstream(id="new")}))
    world.run(4)
    assert [set(keys) for keys in world.driver.wrote[1:]] == [{"upstream/u0", "upstream/new"}]
    assert world.driver.wrote_at[1] == pytest.approx(2.0, abs=0.01)


def test_who_is_left_in_peace_is_looked_after_and_a_lost_lease_is_noticed() -> None:
    world = World(rest=60.0)
    storm(world, commits=1000)
    world.run(15.2)
    assert len(world.driver.touched) == 3
    assert max(world.source.waited) <= WAIT
