"""The arithmetic of sharing loops, and what a worker makes of it."""

from __future__ import annotations

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console import crew
from console.contract import keys
from console.crew import Member
from console.loops import Loops
from console.redis import Client
from console.spread import Place, Share, portion, share

ROOMY = 1_000
PLACES = st.lists(st.builds(Place, st.integers(0, 50), st.integers(0, 60)), max_size=6)


def test_one_worker_takes_everything() -> None:
    alone = share(100, [])
    assert alone == Share(fair=100, elsewhere=0)
    assert not alone.declines(5_000)
    assert alone.excess(5_000) == 0


@pytest.mark.parametrize(
    ("total", "others", "mine", "declines", "excess"),
    [
        (10, [Place(0, ROOMY)], 4, False, 0),
        (10, [Place(0, ROOMY)], 5, True, 0),
        (10, [Place(0, ROOMY)], 10, True, 5),
        (10, [Place(0, 2)], 10, True, 2),  # no more than fits
        (10, [Place(0, 0)], 10, False, 0),  # nobody has room
        (3, [Place(1, ROOMY)], 2, True, 0),  # one more than another is even enough
        (4, [Place(2, ROOMY), Place(1, ROOMY)], 1, False, 0),
    ],
)
def test_what_a_worker_takes_and_gives(
    total: int, others: list[Place], mine: int, declines: bool, excess: int
) -> None:
    found = share(total, others)
    assert found.declines(mine) == declines
    assert found.excess(mine) == excess


@given(st.integers(0, 200), PLACES, st.integers(0, 200))
def test_who_gives_declines_and_gives_no_more_than_fits(
    total: int, others: list[Place], mine: int
) -> None:
    found = share(total, others)
    assert found.excess(mine) <= sum(max(0, one.room) for one in others)
    if found.excess(mine):
        assert found.declines(mine)
        assert mine - found.excess(mine) >= found.fair, "nobody gives himself below his share"


def test_giving_is_gradual_and_never_nothing() -> None:
    assert [portion(excess, 250) for excess in (125, 12, 5, 0)] == [12, 12, 5, 0]
    assert portion(3, 6) == 1


class Loop:
    def __init__(self, *, movable: bool = True) -> None:
        self.movable = movable
        self.given = False

    def give_back(self) -> None:
        self.given = True


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def holding(number: int, *, clock: Clock) -> tuple[Loops, list[Loop]]:
    loops, held = Loops(clock=clock), [Loop() for _ in range(number)]
    for one in held:
        assert loops.enter("registry")
        loops.started("registry", one)
    return loops, held


def test_the_youngest_that_may_move_are_given_back_at_a_pace() -> None:
    clock = Clock()
    loops, held = holding(40, clock=clock)
    held[-1].movable = False
    loops.know("registry", share(40, [Place(0, ROOMY)]))
    assert loops.give_back("registry", every=15) == 0, "it has only just begun"
    clock.now += 15
    assert loops.give_back("registry", every=15) == 2
    assert [one.given for one in held[-4:]] == [False, True, True, False]
    assert loops.give_back("registry", every=15) == 0
    clock.now += 15
    assert loops.give_back("registry", every=15) == 2


def test_the_maximum_counts_loops_of_all_kinds() -> None:
    loops = Loops()
    loops.join(kinds=["registry", "gateway"], most=2)
    assert loops.enter("registry")
    assert loops.enter("gateway")
    assert not loops.enter("registry")
    loops.leave("gateway")
    assert loops.enter("registry")
    assert loops.member() == Member(kinds=("gateway", "registry"), held=2, most=2)


def test_a_thread_has_its_place_from_its_start() -> None:
    loops, go, entered = Loops(), threading.Event(), []
    loops.join(kinds=["registry"], most=1)

    def work() -> None:
        go.wait(5)
        entered.append(loops.enter("registry"))

    loops.run("registry", work, name="tested")
    assert not loops.may_take("registry")
    assert not loops.enter("registry"), "the place is kept for the thread"
    go.set()
    loops.wait(5)
    assert entered == [True]


def test_a_share_is_no_limit_to_who_waited_long_enough() -> None:
    loops, _ = holding(3, clock=Clock())
    loops.know("registry", share(6, [Place(0, ROOMY)]))
    assert not loops.may_take("registry")
    assert loops.may_take("registry", share=False)


def test_workers_that_are_silent_are_forgotten(store: Client) -> None:
    crew.say(store, "a", Member(kinds=("registry",), held=3, most=8), ttl=30)
    crew.say(store, "b", Member(kinds=("registry",), held=0, most=8), ttl=0.05)
    time.sleep(0.1)
    assert crew.alive(store) == {"a": Member(kinds=("registry",), held=3, most=8)}
    assert store.smembers(keys.workers()) == {b"a"}
    crew.leave(store, "a")
    assert crew.alive(store) == {}
