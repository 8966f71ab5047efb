"""An API server that restarts, forgets its history, lags behind or is set back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from console.contract import keys
from console.embedded import ports
from console.redis import Client
from practice.testing import PracticeCluster
from tests.factories import make_registry
from tests.faults.conftest import Play, forget_sockets, left_open
from tests.faults.follower import following
from tests.faults.scene import BOOKMARKS, LEASE_TTL, PACE, ROCK, ROCKS, WEB, Scene
from tests.faults.worker import working
from tests.threads import eventually

pytestmark = left_open

# The list after an outage comes within a second (40 s), and again half a second (5 min) later. A
# server that is asked for a version of its future waits for it for 3 s, and says so then.
SET_BACK = replace(
    PACE,
    reading=replace(PACE.reading, check_soon=(0.5, 1.0), check_pause=0.5, answer_within=6.0),
)


@pytest.fixture
def scene(play: Play, store: Client) -> Iterator[Scene]:
    with play(store) as made:
        yield made


def restart(scene: Scene, folder: Path, *, away: float = 0.0) -> None:
    """Stop the scene's cluster and start it anew from its folder, at the same address."""
    port = scene.cluster.port
    scene.cluster.stop()
    time.sleep(away)
    scene.cluster = PracticeCluster(data=folder, port=port, bookmark_every=BOOKMARKS).start()


def never_went_back(scene: Scene) -> bool:
    """Whether no nodes of the web were reported twice: each of its states is of its own."""
    told = [tuple(nodes) for nodes in scene.follower.history(WEB)]
    return len(told) == len(set(told))


@contextmanager
def kept(store: Client, folder: Path) -> Iterator[Scene]:
    """A scene whose cluster keeps its objects in a folder."""
    first = PracticeCluster(data=folder, port=ports.free(), bookmark_every=BOOKMARKS).start()
    first.put_service("steady", "rock", addresses=ROCKS)
    registry = make_registry(server=first.server, ca_bundle=first.ca, token=first.token)
    feed = keys.feed(keys.registry(str(registry.pk)))
    with (
        following(django_settings.REDIS_URL, feed, rock=ROCK) as follower,
        working(registry, pace=PACE) as worker,
    ):
        scene = Scene(first, registry, store, follower)
        scene.worker = worker
        try:
            scene.move()
            scene.heals("start")
            yield scene
        finally:
            scene.cluster.stop()
            forget_sockets()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_restarted_ten_times(store: Client, tmp_path: Path) -> None:
    """Each start forgets the old versions (410), so that one list a start would be what it takes.
    The longest wait after so many failures is 30 s, which nothing here scales down."""
    lists = 0
    with kept(store, tmp_path / "cluster") as scene:
        for _ in range(10):
            restart(scene, tmp_path / "cluster")
            scene.move()
            time.sleep(0.2)
            lists += scene.lists()
        scene.heals("ten restarts", within=40)
        assert lists + scene.lists() <= 10
        assert scene.follower.stood
        assert scene.follower.grew
        assert scene.worker.epochs == [1]


@pytest.mark.django_db(transaction=True)
def test_away_for_a_while(store: Client, tmp_path: Path) -> None:
    with kept(store, tmp_path / "cluster") as scene:
        told = scene.told()
        restart(scene, tmp_path / "cluster", away=1.0)
        assert scene.told() == told
        scene.move()
        scene.heals("restart")
        assert scene.follower.stood


def test_watches_ended_ten_times_cost_no_list(scene: Scene) -> None:
    for number in range(10):
        scene.rest()
        scene.cluster.fault("drop-watches", how=("clean", "fin", "rst")[number % 3])
        scene.move()
        scene.heals(f"end {number}")
    assert scene.lists() == 0
    assert scene.follower.stood


@pytest.mark.parametrize("window", [True, False])
def test_compacted(scene: Scene, window: bool) -> None:
    for _ in range(3):
        scene.rest()
        scene.burst(20)
        scene.cluster.fault("compact", window=window)
        scene.cluster.fault("drop-watches", how="rst")
        scene.move()
        scene.heals("compacted")
    assert scene.lists() <= 3
    assert scene.follower.stood
    assert scene.follower.grew


def test_compacted_within_a_long_list(scene: Scene) -> None:
    scene.burst(20)
    scene.cluster.fault("status", verb="list", page=1, code=410, reason="Expired", count=1)
    scene.cluster.fault("compact")
    scene.cluster.fault("drop-watches", how="rst")
    scene.move()
    scene.heals("compacted")
    assert scene.follower.stood


@pytest.mark.parametrize("code", [429, 500, 503])
def test_refusing_for_a_while(scene: Scene, code: int) -> None:
    scene.cluster.fault("status", code=code)
    scene.cluster.fault("drop-watches", how="clean")
    scene.move()
    time.sleep(0.5)
    scene.cluster.clear_faults()
    scene.heals(str(code))
    assert scene.lists() == 0
    assert scene.follower.stood


def test_a_replica_that_lags(scene: Scene) -> None:
    """After a 410 the list of a server that is behind must not bring old nodes back."""
    scene.cluster.fault("lag")
    scene.move()
    scene.heals("lag")
    scene.cluster.fault("compact")
    scene.cluster.fault("drop-watches", how="rst")
    time.sleep(1.0)
    scene.heals("lag")
    assert never_went_back(scene)
    assert scene.follower.stood


def test_a_replica_that_lags_and_a_worker_that_takes_over(scene: Scene, store: Client) -> None:
    """What the worker before has published is newer than what a lagging server lists."""
    scene.cluster.fault("lag")
    scene.move()
    scene.heals("lag")
    store.set(scene.lease, "another", px=int(LEASE_TTL * 500))  # who is gone soon
    eventually(lambda: len(scene.worker.epochs) == 2, within=4 * LEASE_TTL, what="takeover")
    time.sleep(0.5)
    scene.heals("takeover")
    assert never_went_back(scene)
    assert scene.follower.stood


def test_set_back(play: Play, store: Client) -> None:
    """Time travel: a server that has never been at the version we go on from."""
    with play(store, pace=SET_BACK) as scene:
        scene.cluster.fault("save")
        for _ in range(5):
            scene.burst(20)
        scene.heals("burst")
        scene.rest()
        scene.cluster.fault("restore")
        scene.move()
        scene.heals("restored")
        assert scene.follower.stood
        assert scene.follower.grew
        assert scene.lists() <= 2


def test_set_back_and_grown_past_us_while_it_was_away(play: Play, store: Client) -> None:
    """It has been at our version, in another history: only the list after an outage tells."""
    with play(store, pace=SET_BACK) as scene:
        scene.cluster.fault("save")
        scene.move()
        scene.heals("move")
        scene.cluster.fault("status", code=503)
        scene.cluster.fault("restore")
        for _ in range(5):
            scene.cluster.put_service("shop", "busy", addresses=["10.8.0.1"])
            scene.cluster.put_service("shop", "busy", addresses=["10.8.0.2"])
        time.sleep(0.3)
        scene.cluster.clear_faults()
        scene.heals("restored")
        assert scene.follower.stood
        assert scene.follower.grew


@pytest.mark.django_db(transaction=True)
def test_another_cluster_at_the_same_address(store: Client, tmp_path: Path) -> None:
    """Its nodes are not ours: nothing is published until a person has said that it is meant."""
    with kept(store, tmp_path / "cluster") as scene:
        told = scene.told()
        scene.cluster.fault("swap-identity")
        eventually(lambda: scene.status().phase == "failing", what="an alarm")
        scene.move()
        time.sleep(1.0)
        assert scene.told() == told
        assert scene.follower.stood
