"""A thread that hangs is seen by another."""

from __future__ import annotations

from registries.kube.reflector.pulse import Pulse


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_beats_put_the_deadline_off_and_nothing_else_does() -> None:
    clock = Clock()
    pulse = Pulse(clock=clock)
    clock.now = 10_000
    assert pulse.overdue() < 0, "nothing has begun"
    pulse.enter("watching", within=90)
    clock.now += 80
    pulse.beat()
    clock.now += 80
    assert pulse.overdue() == -10
    clock.now += 20
    assert (pulse.doing, pulse.overdue()) == ("watching", 10)
    pulse.enter("waiting", within=5)
    assert pulse.overdue() == -5
