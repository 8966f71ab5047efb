"""Everything that can be wrong with the way to the API server, at any moment."""

from __future__ import annotations

import pytest

from console.redis import Client
from tests.faults.conftest import Play, left_open
from tests.faults.troubles import PHASES, SLOW, TROUBLES, befall
from tests.relay import Relay

pytestmark = [left_open, pytest.mark.slow]


@pytest.mark.parametrize("trouble", TROUBLES)
def test_the_feed_is_the_clusters_again(
    play: Play, store: Client, to_cluster: Relay, trouble: str
) -> None:
    with play(store, to_cluster=to_cluster) as scene:

        def meanwhile() -> None:
            if trouble == "late ends":
                scene.cluster.fault("drop-watches", how="fin")

        for phase in PHASES:
            befall(scene, to_cluster, trouble, phase=phase, meanwhile=meanwhile)
            scene.heals(f"{trouble} while {phase}")
            # One that was begun before the trouble, and one after it.
            assert scene.lists() <= (2 if phase == "listing" else 0), phase
        assert scene.follower.stood
        assert scene.follower.grew
        assert scene.worker.epochs == [1], "nobody had to take over"


@pytest.mark.parametrize("trouble", ["latency", "trickle"])
def test_slow_is_no_failure(play: Play, store: Client, to_cluster: Relay, trouble: str) -> None:
    with play(store, to_cluster=to_cluster) as scene:
        to_cluster.be(SLOW[trouble])
        for _ in range(3):
            scene.move()
            scene.heals(trouble)
        assert scene.lists() == 0
        assert scene.follower.stood
