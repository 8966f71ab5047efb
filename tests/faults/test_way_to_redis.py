"""Everything that can be wrong with the way to Redis, at any moment."""

from __future__ import annotations

import pytest

from console.redis import Client
from tests.faults.conftest import Play
from tests.faults.scene import LEASE_TTL, ROCK
from tests.faults.troubles import PHASES, SLOW, TROUBLES, befall
from tests.relay import Relay, Trouble
from tests.threads import eventually

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("trouble", TROUBLES)
def test_the_feed_is_the_clusters_again(
    play: Play, store: Client, to_redis: Relay, trouble: str
) -> None:
    with play(store) as scene:
        rock = store.hget(scene.feed.states, ROCK)

        def meanwhile() -> None:
            if trouble == "late ends":
                store.client_kill_filter(_type="normal", skipme=True)

        for phase in PHASES:
            befall(scene, to_redis, trouble, phase=phase, meanwhile=meanwhile)
            scene.heals(f"{trouble} while {phase}")
            assert scene.lists() <= 1 + len(scene.worker.epochs), phase
        assert store.hget(scene.feed.states, ROCK) == rock, "it was never written again"
        assert scene.follower.stood
        assert scene.follower.grew


def test_one_reply_swallowed_is_one_entry(play: Play, store: Client, to_redis: Relay) -> None:
    with play(store) as scene:
        for _ in range(3):
            to_redis.swallow()
            scene.move()
            scene.heals("swallowed reply")
        entries = store.xrange(scene.feed.changes)
        assert int(entries[-1][0].split(b"-")[1]) == len(entries), "no seq twice, none left out"
        assert scene.follower.grew


@pytest.mark.parametrize("trouble", ["latency", "trickle"])
def test_slow_is_no_failure(play: Play, store: Client, to_redis: Relay, trouble: str) -> None:
    with play(store) as scene:
        to_redis.be(SLOW[trouble])
        scene.move()
        scene.heals(trouble)
        assert scene.lists() <= len(scene.worker.epochs)


@pytest.mark.parametrize("trouble", ["refuse", "hole"])
def test_away_for_longer_than_a_lease(
    play: Play, store: Client, to_redis: Relay, trouble: str
) -> None:
    with play(store) as scene:
        rock = store.hget(scene.feed.states, ROCK)
        to_redis.be(TROUBLES[trouble])
        for _ in range(20):
            scene.move()
        eventually(
            lambda: not store.exists(scene.lease), within=2 * LEASE_TTL, what="the lease ran out"
        )
        scene.move()
        to_redis.clear()
        scene.heals(trouble)
        assert len(scene.worker.epochs) > 1, "taken over anew"
        assert store.hget(scene.feed.states, ROCK) == rock, "inherited, never removed"
        assert scene.follower.stood
        assert scene.follower.grew


def test_a_worker_that_starts_without_redis(play: Play, store: Client, to_redis: Relay) -> None:
    to_redis.be(Trouble(refuse=True))
    with play(store, quiet=True) as scene:
        scene.move()
        to_redis.clear()
        scene.heals("start")
