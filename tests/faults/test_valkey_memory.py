"""A store without room: refused writes are made later, evicted keys are written again."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.faults.conftest import Play
from tests.faults.scene import PACE, Scene
from tests.faults.valkeys import OwnValkey
from tests.relay import Relay
from tests.threads import eventually


@pytest.fixture
def scene(play: Play, valkey: OwnValkey, to_valkey: Relay) -> Iterator[Scene]:
    with play(valkey.client, redis_url=valkey.url) as made:
        yield made


def test_refused_writes_are_made_when_there_is_room_again(scene: Scene, valkey: OwnValkey) -> None:
    before = scene.told()
    valkey.set(maxmemory="1mb")  # less than there is
    for _ in range(5):
        scene.move()
        time.sleep(0.3)
    assert scene.told() == before, "what was published stays whole"
    valkey.set(maxmemory=0)
    scene.heals("no room")
    assert scene.follower.stood
    assert scene.follower.grew
    assert scene.lists() <= len(scene.worker.epochs)


def test_emptied_and_without_room(scene: Scene, valkey: OwnValkey) -> None:
    """Writing everything anew begins with a deletion: it is refused as a whole."""
    valkey.client.hset(scene.feed.states, "stranger", b"x")  # found by the next look
    valkey.set(maxmemory="1mb")
    time.sleep(2 * PACE.verify)
    assert len(valkey.client.hkeys(scene.feed.states)) >= 2, "nothing was deleted in vain"
    valkey.set(maxmemory=0)
    scene.heals("no room")
    assert scene.follower.stood


def test_evicted_keys_are_written_again(scene: Scene, valkey: OwnValkey) -> None:
    keys = (scene.feed.states, scene.feed.meta, scene.feed.changes)
    valkey.set(maxmemory_policy="allkeys-random")
    valkey.set(maxmemory="1mb")
    eventually(lambda: valkey.client.exists(*keys) < 3, what="something is gone")
    valkey.set(maxmemory=0)
    scene.heals("evicted")
    scene.move()
    scene.heals("evicted")
    assert scene.lists() <= len(scene.worker.epochs)
