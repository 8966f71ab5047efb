"""One run of a driver: what it is given and when, by a clock that goes as fast as the test."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar

import pytest

from console.contract import wire
from console.contract.wire import Resource
from console.feed import States
from gateways.drivers.base import Applied, Changes
from gateways.driving.auditor import Auditor
from gateways.driving.ledger import Ledger
from gateways.driving.news import News
from gateways.driving.patience import Pace
from gateways.driving.shift import Shift
from gateways.instances import Instance
from tests.gateways.examples import upstream


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Source:
    """A feed to which commits come at given moments."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._coming: list[tuple[float, Callable[[], None]]] = []
        self._pending: States = {}
        self.known = False
        self.seq = 0
        self.waited: list[float] = []

    @property
    def position(self) -> str:
        return f"1-{self.seq}" if self.seq else ""

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        self._coming.append((1000.0 + seconds, action))
        self._coming.sort(key=lambda one: one[0])

    def commit(self, changes: Mapping[str, Resource | bytes | None]) -> None:
        self.known = True
        self.seq += 1
        for key, one in changes.items():
            self._pending[key] = wire.encode(one) if isinstance(one, wire.Resource) else one

    def begin(self) -> None:
        """It has read nothing before."""

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        end = self._clock.now + max(seconds, 0.001)
        if self._coming and self._coming[0][0] <= end:
            moment, action = self._coming.pop(0)
            self._clock.now = max(self._clock.now, moment)
            action()
        else:
            self._clock.now = end

    def take(self) -> States:
        taken, self._pending = self._pending, {}
        return taken


class House:
    def __init__(self) -> None:
        self.going, self.changed = True, False
        self.owner = True
        self.settled_at: list[str] = []
        self.told: list[News] = []

    def prove(self) -> None:
        if not self.owner:
            raise PermissionError("another one has taken over")

    def settled(self) -> None:
        self.settled_at.append(self.told[-1].applied if self.told else "")

    def tell(self, news: News) -> None:
        self.told.append(news)

    def instances(self) -> list[Instance]:
        return []


class Driver:
    """Writes `turn` of what it is given to begin with, the rest when it is asked to go on."""

    pulled: ClassVar[bool] = False

    def __init__(self, clock: Clock, *, turn: int = 1000) -> None:
        self._clock = clock
        self._turn = turn
        self._due: OrderedDict[str, Resource | None] = OrderedDict()
        self.has: dict[str, Resource] = {}
        self.wrote: list[list[str]] = []
        self.touched: list[float] = []
        self.kept: set[str] = set()

    def start(self, *, epoch: int = 0) -> None:
        """Goes well."""

    def replace(self, resources: Mapping[str, Resource], keep: Collection[str] = ()) -> Applied:
        self.kept = set(keep)
        self._due = OrderedDict(resources)
        return self._write(self._turn)

    def apply(self, changes: Changes) -> Applied:
        for key, one in changes.items():
            self._due[key] = one
            self._due.move_to_end(key, last=False)
        return self._write(len(changes) or self._turn)

    def touch(self) -> None:
        self.touched.append(self._clock.now)

    def describe(self) -> dict[str, Any]:
        return {"resources": len(self.has)}

    def _write(self, most: int) -> Applied:
        keys = list(self._due)[:most]
        for key in keys:
            one = self._due.pop(key)
            if one is None:
                self.has.pop(key, None)
            else:
                self.has[key] = one
        self.wrote.append(keys)
        return Applied(len(keys), {}, len(self._due))


class World:
    def __init__(self, **fields: Any) -> None:
        self.clock = Clock()
        self.source = Source(self.clock)
        self.house = House()
        self.driver = Driver(self.clock, **fields)

    def run(self, seconds: float) -> None:
        """To the end of some seconds, or of the lease."""

        def end() -> None:
            self.house.going = False

        self.source.at(seconds, end)
        auditor = Auditor(
            reader=lambda: None,
            ledger=Ledger(),
            report=lambda *_said: None,
            pace=Pace(report=60.0, audit=60.0),
        )
        with auditor:
            Shift(
                driver=self.driver,
                source=self.source,
                house=self.house,
                auditor=auditor,
                pace=Pace(touch=5.0),
                clock=self.clock,
            ).run(1)

    @property
    def last(self) -> News:
        return self.house.told[-1]


def some(count: int, first: int = 0) -> dict[str, Resource]:
    return {f"upstream/u{n}": upstream(id=f"u{n}") for n in range(first, first + count)}


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
