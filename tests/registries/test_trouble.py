"""What follows from a failure, by the clock."""

from __future__ import annotations

import pytest

from registries.kube import errors
from registries.kube.errors import Cut, Denied, Doubtful, Expired, KubeError, Silent, TooLarge
from registries.kube.reflector import TIMING
from registries.kube.reflector.trouble import Keep, Trouble


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def trouble(clock: Clock | None = None) -> Trouble:
    return Trouble(timing=TIMING, clock=clock or Clock(), random=lambda: 1.0)


CUT, SILENT = Cut("cut", ""), Silent("silent", "")
BUSY = KubeError("throttled", "", retry_after=20)


@pytest.mark.parametrize(
    ("error", "lived", "pause", "keep", "told", "uncertain"),
    [
        (Doubtful("mass_deletion", ""), 0.0, 5.0, Keep.ALL, True, False),
        (Expired("expired", ""), 0.0, 0.0, Keep.FLOOR, False, False),
        (TooLarge("version_too_large", "", retry_after=1), 0.0, 0.0, Keep.NOTHING, True, False),
        (SILENT, 75.0, 0.0, Keep.ALL, False, True),
        (CUT, 60.0, 0.0, Keep.ALL, False, True),
        (CUT, 0.2, 0.8, Keep.ALL, True, True),
        (BUSY, 0.0, 20.8, Keep.ALL, True, True),
        (errors.unauthorized(), 0.0, 0.8, Keep.ALL, True, True),
        (errors.bad_answer("x"), 3.0, 0.8, Keep.ALL, True, True),
    ],
)
def test_each_failure_has_its_own_consequence(
    error: KubeError, lived: float, pause: float, keep: Keep, told: bool, uncertain: bool
) -> None:
    outcome = trouble().after(error, lived=lived)
    assert outcome.pause == pytest.approx(pause)
    assert (outcome.keep, outcome.told, outcome.uncertain) == (keep, told, uncertain)


def test_a_second_expiry_soon_is_no_coincidence() -> None:
    clock = Clock()
    reader, expired = trouble(clock), Expired("expired", "")
    assert reader.after(expired, lived=0).pause == 0
    clock.now += 59
    assert reader.after(expired, lived=0).pause > 0
    clock.now += 61
    assert reader.after(expired, lived=0).pause == 0


def test_one_denial_is_not_told_and_three_are_believed() -> None:
    reader, denied = trouble(), Denied("forbidden", "")
    outcomes = [reader.after(denied, lived=0) for _ in range(3)]
    assert [one.told for one in outcomes] == [False, True, True]
    assert [one.keep for one in outcomes] == [Keep.ALL, Keep.ALL, Keep.FLOOR]


def test_a_server_that_restarts_now_and_then_is_found_quickly_each_time() -> None:
    """client-go's wait has grown to half a minute by the fourth restart in five minutes."""
    clock = Clock()
    reader = trouble(clock)
    waits = []
    for _ in range(10):
        clock.now += 30
        assert reader.after(CUT, lived=28.0).pause == 0
        waits.append(reader.after(KubeError("refused", ""), lived=0).pause)
    assert max(waits) == 0.8


def test_a_server_that_ends_every_watch_at_once_is_not_pressed() -> None:
    reader = trouble()
    waits = [reader.after_end(0.01, 270.0).pause for _ in range(4)]
    assert waits == [0.8, 1.6, 3.2, 6.4]


def test_only_an_end_before_its_time_leaves_doubts() -> None:
    assert trouble().after_end(20.0, 270.0).uncertain
    assert not trouble().after_end(269.0, 270.0).uncertain
