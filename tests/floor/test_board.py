"""How often a worker's word is written: a phase at once, figures now and then."""

from __future__ import annotations

import pytest

from console.board import Speaker
from console.redis import Client
from gateways import health
from gateways.health import Phase, Status


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def said() -> Status:
    return health.read(["1"])["1"]


def test_says_a_new_phase_at_once_and_figures_now_and_then(store: Client, clock: Clock) -> None:
    speaker = Speaker(health.board, "1", repeat=5.0, clock=clock)
    speaker.say(Status(phase=Phase.WAITING.value))
    speaker.say(Status(phase=Phase.IN_SYNC.value, written=1))
    assert said().phase == Phase.IN_SYNC.value
    speaker.say(Status(phase=Phase.IN_SYNC.value, written=2))
    assert said().written == 1, "figures wait"
    clock.now += Speaker.NEWS
    speaker.say(Status(phase=Phase.IN_SYNC.value, written=3))
    assert said().written == 3


def test_repeats_an_old_word_so_that_its_age_is_the_workers(store: Client, clock: Clock) -> None:
    speaker = Speaker(health.board, "1", repeat=5.0, clock=clock)
    word = Status(phase=Phase.IN_SYNC.value)
    speaker.say(word)
    store.flushdb()
    clock.now += 4.9
    speaker.say(word)
    assert said().phase == Phase.UNKNOWN.value
    clock.now += 0.2
    speaker.say(word)
    assert said().phase == Phase.IN_SYNC.value
    assert said().said_at > 0
