"""Lists go out in a row, whoever asks for them."""

from __future__ import annotations

from registries.kube.budget import Budget


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_few_go_at_once_and_many_in_a_row() -> None:
    budget = Budget(rate=10, burst=5, clock=Clock())
    waits = [round(budget.take(), 3) for _ in range(200)]
    assert waits[:5] == [0] * 5
    assert waits[5:8] == [0.1, 0.2, 0.3]
    assert waits[-1] == 19.5, "200 reflectors are through after (200 - 5) / 10 seconds"


def test_quiet_times_are_saved_up_to_the_burst() -> None:
    clock = Clock()
    budget = Budget(rate=10, burst=5, clock=clock)
    for _ in range(5):
        budget.take()
    clock.now += 3_600
    assert [budget.take() for _ in range(5)] == [0] * 5
    assert budget.take() > 0
