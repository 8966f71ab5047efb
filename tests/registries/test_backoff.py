"""Waiting after failures: longer each time, never none, with jitter, and as long as was asked."""

from __future__ import annotations

import random
import statistics

import pytest

from registries.kube.backoff import ASKED_AT_MOST, FIRST, LONGEST, Backoff


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def waits(number: int, *, jitter: float = 1.0) -> list[float]:
    backoff = Backoff(clock=Clock(), random=lambda: jitter)
    return [backoff.failed() for _ in range(number)]


def test_doubles_up_to_the_longest() -> None:
    assert waits(8) == [0.8, 1.6, 3.2, 6.4, 12.8, 25.6, LONGEST, LONGEST]


def test_half_of_it_is_certain() -> None:
    assert waits(8, jitter=0.0) == [one / 2 for one in waits(8)]


def test_many_do_not_come_back_as_one() -> None:
    source = random.Random(7)  # noqa: S311 - statistics
    first = [Backoff(random=source.random).failed() for _ in range(1_000)]
    assert FIRST / 2 <= min(first) < max(first) <= FIRST
    assert statistics.mean(first) == pytest.approx(FIRST * 0.75, rel=0.05)
    in_one_tenth = [sum(a <= one < a + 0.04 for one in first) for a in (0.4, 0.5, 0.6, 0.7)]
    assert max(in_one_tenth) < 150


def test_a_healthy_time_is_forgiving() -> None:
    clock = Clock()
    backoff = Backoff(clock=clock, random=lambda: 1.0)
    for _ in range(5):
        backoff.failed()
    clock.now += 119
    assert backoff.failed() == 25.6
    clock.now += 121
    assert backoff.failed() == FIRST


def test_a_recovery_is_forgiving_at_once() -> None:
    backoff = Backoff(random=lambda: 1.0)
    for _ in range(5):
        backoff.failed()
    backoff.recovered()
    assert backoff.failed() == FIRST


@pytest.mark.parametrize(
    ("asked", "least"),
    [(20, 20), (0, 0), (-5, 0), (1e12, ASKED_AT_MOST), (float("inf"), ASKED_AT_MOST)],
)
def test_the_servers_wish_is_a_lower_bound_within_reason(asked: float, least: float) -> None:
    wait = Backoff(random=lambda: 1.0).failed(at_least=asked)
    assert wait == least + FIRST


def test_a_wish_that_is_no_number_is_none() -> None:
    assert Backoff(random=lambda: 1.0).failed(at_least=float("nan")) == FIRST


def test_counting_does_not_overflow() -> None:
    assert waits(5_000)[-1] == LONGEST
