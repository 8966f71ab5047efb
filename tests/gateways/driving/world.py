"""One run of a driver, by a clock that goes as fast as the test: a feed, a house, and a driver."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar

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

STARTED = 1000.0


class Clock:
    def __init__(self) -> None:
        self.now = STARTED

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
        self._coming.append((STARTED + seconds, action))
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
    """Writes `turn` of what it is given to begin with, the rest when it is asked to go on. Its
    gateway needs some seconds to digest a writing."""

    pulled: ClassVar[bool] = False

    def __init__(self, clock: Clock, *, turn: int = 1000, rest: float = 0.0) -> None:
        self._clock = clock
        self._rest = rest
        self._turn = turn
        self._due: OrderedDict[str, Resource | None] = OrderedDict()
        self.has: dict[str, Resource] = {}
        self.wrote: list[list[str]] = []
        self.wrote_at: list[float] = []
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
        self.wrote_at.append(self._clock.now - STARTED)
        return Applied(len(keys), {}, len(self._due), self._rest)


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
