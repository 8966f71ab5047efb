"""The four states of an instance."""

from __future__ import annotations

import pytest

from gateways import presence
from gateways.instances import Instance
from gateways.presence import State, Way

NOW = 1_800_000_000_000
SECOND = 1_000
HOUR = 3_600 * SECOND


def state(*, silent: int = 0, refuses: str = "", way: Way = Way(0)) -> State:  # noqa: B008
    instance = Instance(id="1", hostname="h", refuses=refuses, seen_at=NOW - silent)
    return presence.of(instance, way, now=NOW).state


@pytest.mark.parametrize(
    ("silent", "expected"),
    [
        (0, State.HEALTHY),
        (30 * SECOND, State.HEALTHY),
        (30 * SECOND + 1, State.LOST),
        (2 * HOUR, State.LOST),
        (2 * HOUR + 1, State.OFFLINE),
        (-5 * SECOND, State.HEALTHY),  # its clock is ahead of ours
    ],
)
def test_silence_is_lost_and_then_offline(silent: int, expected: State) -> None:
    assert state(silent=silent) is expected


def test_who_refuses_only_sends_heartbeats() -> None:
    assert state(refuses="the Admin API refuses the key") is State.HEARTBEATS
    assert state(refuses="the same", silent=31 * SECOND) is State.LOST


@pytest.mark.parametrize(
    ("silent", "waiting", "expected"),
    [
        (0, 5_000, State.HEALTHY),
        (0, 5_001, State.HEARTBEATS),
        # A report of nine seconds ago cannot tell of a commit of six seconds ago.
        (9 * SECOND, 6 * SECOND, State.HEALTHY),
        (9 * SECOND, 15 * SECOND, State.HEARTBEATS),
    ],
)
def test_a_commit_may_wait_a_moment_as_of_the_report(
    silent: int, waiting: int, expected: State
) -> None:
    assert state(silent=silent, way=Way(3, NOW - waiting)) is expected


def test_how_far_behind_it_was_when_it_reported() -> None:
    instance = Instance(id="1", hostname="h", applied="1-4", seen_at=NOW)
    found = presence.of(instance, Way(3, NOW - 250), now=NOW)
    assert (found.behind, found.behind_ms) == (3, 250)
    assert presence.of(instance, Way(3, NOW + 250), now=NOW).behind == 0
    lost = presence.of(instance, Way(3, NOW + 1_000), now=NOW + 60_000)
    assert (lost.behind, lost.behind_ms, lost.state) == (3, 59_000, State.LOST)
    unknown = presence.of(instance, Way(), now=NOW)
    assert (unknown.behind, unknown.behind_ms, unknown.state) == (None, None, State.HEALTHY)
