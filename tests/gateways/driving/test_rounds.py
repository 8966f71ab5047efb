"""Comparing a gateway a few resources at a time: all is seen, and nothing is said that was not."""

from __future__ import annotations

import pytest

from gateways.driving.given import SETTLE, Given
from gateways.driving.ledger import HEAL_FIRST
from gateways.driving.rounds import FEW, RATE, STEP
from tests.gateways.examples import upstream

from .looking import AUDIT, SERVICES, House


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


def test_of_doubtful_ones_that_which_always_fails_holds_up_none() -> None:
    house = House(services=8_000)
    doubted = [f"upstream/u{number}" for number in range(8)]
    house.serve(doubted, "10.9.9.9:80")
    house.parts.broken = {"upstream/u3"}
    for key in doubted:
        house.rounds.doubt(key)
    house.pass_(20.0)
    assert house.differences.keys() == set(doubted) - {"upstream/u3"}


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
