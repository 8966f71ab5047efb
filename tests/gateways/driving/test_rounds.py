"""Comparing a gateway a few resources at a time: all is seen, and nothing is said that was not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import pytest

from console.contract.wire import Resource, Upstream
from gateways.drivers.base import DriverError, Served
from gateways.driving.given import SETTLE, Given
from gateways.driving.ledger import HEAL_FIRST, Ledger
from gateways.driving.patience import Pace
from gateways.driving.rounds import FEW, RATE, STEP, Rounds
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


def test_a_great_gateway_is_asked_for_everything_a_few_at_a_time() -> None:
    house = House()
    took = house.round()
    assert house.gateway.told == 0
    assert sorted(house.parts.asked) == sorted([*house.gateway.upstreams, "route/r1"])
    assert (SERVICES + 1) / RATE <= took <= 2 * SERVICES / RATE
    assert house.told[0].upstreams == house.gateway.upstreams
    assert house.told[0].routes == {"route/r1"}
    assert house.audits == [{}]


def test_a_small_gateway_tells_all_at_once() -> None:
    house = House(services=FEW // 2)
    house.round()
    assert (house.gateway.told, house.parts.asked) == (1, [])


@pytest.mark.parametrize("whole", [False, True])
def test_what_is_different_is_named_asked_again_and_healed(whole: bool) -> None:
    house = House(whole=whole)
    house.serve(["upstream/u7"], "10.9.9.9:80")
    house.round()
    assert list(house.differences) == ["upstream/u7"]
    assert "missing 10.0.0.1:8080" in house.differences["upstream/u7"]
    assert not house.rounds.anew
    house.pass_(2 * AUDIT + SERVICES / RATE)
    assert house.rounds.anew
    assert house.ledger.findings.healed == 1


def test_a_doubtful_one_is_asked_again_long_before_the_next_round() -> None:
    house = House(services=8_000)
    house.serve(["upstream/u0"], "10.9.9.9:80")
    house.pass_(1.0)
    assert "upstream/u0" in house.differences
    house.serve(["upstream/u0"])
    house.pass_(AUDIT + 2)
    assert house.differences == {}
    assert house.parts.asked.count("upstream/u0") == 2
    assert house.told == [], "the first round is still going on"


def test_what_never_arrived_is_looked_at_at_once_whatever_the_size() -> None:
    house = House(services=8_000)
    house.pass_(10.0)
    house.serve(["upstream/u0"], "10.9.9.9:80")
    house.rounds.doubt("upstream/u0")
    house.pass_(1.0)
    assert "upstream/u0" in house.differences
    assert house.told == []


def test_a_gateway_that_tells_only_everything_is_asked_sooner_if_in_doubt() -> None:
    house = House(services=FEW // 2)
    house.gateway.takes = 2.0
    house.round()
    house.pass_(AUDIT + 5)
    assert house.gateway.told == 1, "one part of a hundred of the time"
    house.serve(["upstream/u0"], "10.9.9.9:80")
    house.rounds.doubt("upstream/u0")
    house.pass_(3.0)
    assert (house.gateway.told, list(house.differences)) == (2, ["upstream/u0"])


def test_nothing_is_asked_while_the_gateway_is_given_much() -> None:
    house = House()
    house.given.note({}, (), at=house.clock.now, whole=False)
    house.pass_(60)
    assert house.parts.asked == []
    house.given.note({}, (), at=house.clock.now, whole=True)
    house.pass_(SETTLE - 1)
    assert house.parts.asked == []
    house.round()
    assert len(house.parts.asked) == SERVICES + 1


@pytest.mark.parametrize("whole", [False, True])
def test_nothing_judged_is_not_told_as_no_difference(whole: bool) -> None:
    """In the middle of a round the gateway is given much, and has not got it yet."""
    house = House(whole=whole)
    house.serve(["upstream/u0", "upstream/u299"], "10.9.9.9:80")
    house.round()
    known = dict(house.differences)
    assert len(known) == 2
    audited, heard = house.ledger.findings.audited_at, len(house.audits)

    def begun() -> None:
        house.given.note({}, (), at=house.clock.now, whole=False)

    house.gateway.then = begun
    house.pass_(20 * AUDIT)
    assert house.differences == known
    assert (house.ledger.findings.audited_at, len(house.audits)) == (audited, heard)


@pytest.mark.parametrize("whole", [False, True])
def test_what_could_not_be_judged_is_asked_again(whole: bool) -> None:
    house = House(whole=whole)
    asked = iter([False])

    def begun() -> None:
        house.given.note({}, (), at=house.clock.now, whole=next(asked, True))

    house.gateway.then = begun
    house.pass_(0.005)
    house.given.note({}, (), at=house.clock.now, whole=True)
    house.round()
    if whole:
        assert house.gateway.told == 2
    else:
        assert house.parts.asked.count("upstream/u0") == 2
    assert house.audits == [{}]


def test_one_that_changes_all_the_time_keeps_what_was_found() -> None:
    house = House()
    house.serve(["upstream/u0"], "10.9.9.9:80")
    house.round()
    house.give({"upstream/u0": upstream(id="u0", retries=1)})
    house.gateway.then = lambda: house.give({"upstream/u0": upstream(id="u0", retries=2)})
    house.round()
    assert "upstream/u0" in house.differences


def test_what_is_refused_is_no_difference_any_more() -> None:
    house = House()
    house.serve(["upstream/u0"], "10.9.9.9:80")
    house.round()
    house.give({}, refused=["upstream/u0"])
    house.round()
    assert house.differences == {}


def test_it_is_noted_when_it_changes_and_at_the_end_of_a_round() -> None:
    house = House()
    house.round()
    house.round()
    assert house.audits == [{}, {}]
    house.serve(["upstream/u150"], "10.9.9.9:80")
    house.round()
    assert [len(one) for one in house.audits[2:]] == [1, 1]


def test_a_question_that_fails_now_and_then_keeps_no_key_from_being_looked_at() -> None:
    house = House()
    house.parts.every = 30
    house.serve(["upstream/u299"], "10.9.9.9:80")
    house.round()
    assert house.ledger.findings.audited_at
    assert "upstream/u299" in house.differences
    assert house.told[0].upstreams == house.gateway.upstreams


def test_one_that_always_fails_holds_up_none() -> None:
    house = House()
    house.parts.broken = {"upstream/u3"}
    house.round()
    assert set(house.parts.asked) >= house.gateway.upstreams.keys()
    assert house.told[0].upstreams.keys() == house.gateway.upstreams.keys() - {"upstream/u3"}
    assert house.parts.asked.count("upstream/u3") == 3


def test_a_gateway_that_is_away_is_asked_seldom_and_nothing_is_said_of_it() -> None:
    house = House(services=FEW + STEP)
    house.parts.away = True
    house.pass_(3600.0)
    assert len(house.parts.asked) < 3600 / AUDIT + 20
    house.pass_(24 * 3600.0)
    assert (house.audits, house.told) == ([], [])
    house.parts.away = False
    house.round()
    assert house.audits == [{}]


def test_what_was_taken_away_is_asked_for_until_it_is_gone() -> None:
    house = House()
    house.give({"upstream/u5": None, "upstream/u6": None})
    del house.gateway.upstreams["upstream/u6"]
    house.clock.now += SETTLE
    house.round()
    assert list(house.differences) == ["upstream/u5"]
    assert "although it is gone" in house.differences["upstream/u5"]
    del house.gateway.upstreams["upstream/u5"]
    house.pass_(AUDIT + 2)
    assert house.differences == {}
    house.parts.asked.clear()
    house.round()
    assert not {"upstream/u5", "upstream/u6"} & set(house.parts.asked)


@pytest.mark.parametrize("whole", [False, True])
def test_who_is_over_writes_nothing_into_what_others_share(whole: bool) -> None:
    house = House(whole=whole)
    house.serve(["upstream/u0"], "10.9.9.9:80")

    def ended() -> None:
        house.over = True

    house.gateway.then = ended
    house.pass_(60.0)
    assert (house.audits, house.told, house.rounds.anew) == ([], [], False)


def test_what_an_earlier_shift_found_is_looked_at_first() -> None:
    house = House(services=8_000)
    house.serve(["upstream/u7999"], "10.9.9.9:80")
    house.rounds.doubt("upstream/u7999")
    house.pass_(1.0)
    assert house.differences
    house.serve(["upstream/u7999"])
    house.rounds = house.looking()
    house.pass_(1.0)
    assert house.differences == {}


def test_giving_anew_is_counted_once_while_it_does_not_help() -> None:
    house = House()
    house.serve(["upstream/u0"], "10.9.9.9:80")
    house.pass_(4 * HEAL_FIRST)
    assert house.ledger.findings.healed == 1


def test_what_changes_is_forgotten_though_nobody_looks() -> None:
    given = Given()
    for number in range(10_000):
        given.note({f"upstream/u{number}": upstream()}, (), at=float(number), whole=True)
        given.note({f"upstream/u{number}": None}, (), at=float(number), whole=True)
    assert len(given.keys(20_000.0)) <= 1000
