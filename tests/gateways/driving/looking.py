"""A gateway that can be asked, what it was given, and who looks, by a clock of the test."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from console.contract.wire import Resource, Upstream
from gateways.drivers.base import DriverError, Served
from gateways.driving.given import SETTLE, Given
from gateways.driving.ledger import Ledger
from gateways.driving.patience import Pace
from gateways.driving.rounds import Rounds
from tests.gateways.examples import route, upstream

SERVICES = 300
AUDIT = 30.0
RIGHT = ("10.0.0.1:8080", "10.0.0.2:8080")


@dataclass
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Whole:
    """A gateway that tells all that it serves, or fails. It takes some time to tell."""

    clock: Clock
    upstreams: dict[str, tuple[str, ...]] = field(default_factory=dict)
    routes: set[str] = field(default_factory=set)
    takes: float = 0.0
    told: int = 0
    then: Callable[[], object] = lambda: None  # while it answers

    def served(self) -> Served:
        self.told += 1
        self.clock.now += self.takes
        found = Served(dict(self.upstreams), frozenset(self.routes))
        self.then()
        return found

    def processes(self) -> list[object]:
        return []

    def documents(self) -> None:
        return None

    def confirms(self, one: Upstream) -> None:
        return None

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class Parts(Whole):
    """One that can be asked for a few. `every`: of so many questions the last fails; `broken`:
    those for these always do."""

    every: int = 0
    broken: set[str] = field(default_factory=set)
    away: bool = False
    asked: list[str] = field(default_factory=list)
    questions: int = 0

    def served_of(self, resources: Mapping[str, Resource]) -> Served | None:
        for key in resources:
            self.questions += 1
            self.asked.append(key)
            if self.away or key in self.broken or (self.every and not self.questions % self.every):
                raise DriverError("It does not answer.")
        upstreams = {key: self.upstreams[key] for key in resources if key in self.upstreams}
        found = Served(upstreams, frozenset(self.routes & resources.keys()))
        if resources:
            self.then()
        return found


class House:
    """What a gateway was given, and somebody who looks at it."""

    def __init__(self, services: int = SERVICES, *, whole: bool = False) -> None:
        self.clock = Clock()
        self.given = Given()
        self.ledger = Ledger(clock=self.clock)
        self.gateway = (Whole if whole else Parts)(self.clock)
        self.told: list[Served] = []
        self.audits: list[dict[str, str]] = []
        self.over = False
        many: dict[str, Resource] = {
            f"upstream/u{n}": upstream(id=f"u{n}") for n in range(services)
        }
        self.give({**many, "route/r1": route()})
        self.serve(many)
        self.gateway.routes.add("route/r1")
        self.clock.now += SETTLE
        note = self.ledger.audited
        self.ledger.audited = lambda at, found: (self.audits.append(dict(found)), note(at, found))[
            1
        ]  # type: ignore[method-assign]
        self.rounds = self.looking()

    def looking(self) -> Rounds:
        return Rounds(
            self.given,
            self.ledger,
            Pace(audit=AUDIT),
            heals=True,
            tell=lambda _at, served: self.told.append(served),
            over=lambda: self.over,
            name="test",
            clock=self.clock,
        )

    @property
    def parts(self) -> Parts:
        assert isinstance(self.gateway, Parts)
        return self.gateway

    def give(self, changes: Mapping[str, Resource | None], refused: Iterable[str] = ()) -> None:
        self.given.note(changes, set(refused), at=self.clock.now, whole=True)

    def serve(self, keys: Iterable[str], *nodes: str) -> None:
        self.gateway.upstreams |= dict.fromkeys(keys, nodes or RIGHT)

    def pass_(self, seconds: float) -> None:
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.clock.now += self.rounds.step(self.gateway)

    def round(self) -> float:
        """Until the next one is over; how long that took."""
        began, told = self.clock.now, len(self.told)
        while len(self.told) == told:
            self.clock.now += self.rounds.step(self.gateway)
            assert self.clock.now < began + 10_000, "no round ends"
        return self.clock.now - began

    @property
    def differences(self) -> Mapping[str, str]:
        return self.ledger.findings.differences
