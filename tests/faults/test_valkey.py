"""A store that forgets, stops and freezes: what a worker knows is published again, and who follows
keeps what it has until then."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator

import pytest

from console.redis import Client
from tests.faults.conftest import Play
from tests.faults.scene import LEASE_TTL, Scene
from tests.faults.valkeys import OwnValkey
from tests.relay import Relay
from tests.threads import eventually


@pytest.fixture
def scene(play: Play, valkey: OwnValkey, to_valkey: Relay) -> Iterator[Scene]:
    with play(valkey.client, redis_url=valkey.url) as made:
        yield made


def test_flushed(scene: Scene, valkey: OwnValkey) -> None:
    for _ in range(3):
        scene.cluster.put_service("idle", "quiet", addresses=["10.9.0.1"])
        valkey.client.flushall()
        scene.move()
        scene.heals("flushed")
    assert scene.follower.stood
    assert scene.follower.grew
    assert scene.lists() == 0, "the worker knows; the cluster is not asked"


def test_flushed_while_nothing_happens(scene: Scene, valkey: OwnValkey) -> None:
    valkey.client.flushall()
    scene.heals("flushed")
    assert scene.follower.stood
    assert scene.lists() == 0


def test_flushed_while_everything_happens(scene: Scene, valkey: OwnValkey) -> None:
    with scene.churning():
        for _ in range(5):
            valkey.client.flushall()
            time.sleep(0.1)
    scene.heals("flushed")
    assert scene.follower.stood
    assert scene.follower.grew


def test_restarted_empty(scene: Scene, valkey: OwnValkey) -> None:
    valkey.stop(signal.SIGKILL)
    scene.move()
    valkey.start()
    scene.heals("restarted")
    assert scene.follower.stood
    assert scene.follower.grew
    assert scene.lists() <= 1


def test_stopped_for_longer_than_a_lease_and_empty_then(scene: Scene, valkey: OwnValkey) -> None:
    valkey.stop(signal.SIGKILL)
    scene.move()
    time.sleep(LEASE_TTL)
    valkey.start()
    scene.heals("restarted")
    assert scene.follower.stood
    assert scene.follower.grew, "a new worker has a higher epoch"


def _writes_its_file(client: Client) -> bool:
    told = client.info("persistence")
    return bool(told["aof_rewrite_scheduled"] or told["aof_rewrite_in_progress"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_restarted_with_its_data(
    play: Play, valkey: OwnValkey, to_valkey: Relay, number: signal.Signals
) -> None:
    valkey.set(appendonly="yes", appendfsync="always")
    valkey.client.config_rewrite()
    # Until it has written the first one beside its work, it has no file that outlives it.
    eventually(lambda: not _writes_its_file(valkey.client), what="the file of commands is there")
    with play(valkey.client, redis_url=valkey.url) as scene:
        scene.burst(20)
        scene.heals("burst")
        before = scene.seq()
        valkey.stop(number)
        scene.move()
        valkey.start()
        scene.heals("restarted")
        assert before < scene.seq() <= before + 2, "only what had changed was written"
        assert scene.follower.stood
        assert scene.follower.grew


@pytest.mark.parametrize("seconds", [0.5, LEASE_TTL + 1.0])
def test_frozen(scene: Scene, valkey: OwnValkey, seconds: float) -> None:
    valkey.freeze()
    for _ in range(10):
        scene.move()
    time.sleep(seconds)
    valkey.thaw()
    scene.heals("frozen")
    assert scene.follower.stood
    assert scene.follower.grew


@pytest.mark.parametrize("what", ["WRITE", "ALL"])
def test_paused(scene: Scene, valkey: OwnValkey, what: str) -> None:
    valkey.client.execute_command("CLIENT", "PAUSE", 1000, what)
    scene.move()
    scene.heals("paused")
    assert scene.follower.stood
    assert scene.follower.grew


def test_changes_that_cannot_be_written_are_one_commit_later(
    scene: Scene, valkey: OwnValkey
) -> None:
    """However many there were: what waits is the names of the services, not the events (R36)."""
    scene.burst(10)
    scene.heals("burst")
    before = scene.seq()
    valkey.freeze()
    for _ in range(100):
        scene.burst(10)
    valkey.thaw()
    scene.heals("1,000 changes")
    assert scene.seq() <= before + 3, "one under way, one not answered, one for all the others"


def test_scripts_forgotten(scene: Scene, valkey: OwnValkey) -> None:
    for _ in range(3):
        valkey.client.script_flush()
        scene.move()
        scene.heals("forgotten")
    assert len(scene.worker.epochs) == 1


@pytest.mark.parametrize("part", ["states", "meta", "lease"])
def test_one_key_lost(scene: Scene, valkey: OwnValkey, part: str) -> None:
    key = scene.lease if part == "lease" else getattr(scene.feed, part)
    valkey.client.delete(key)
    eventually(lambda: valkey.client.exists(key) == 1, what=f"{part} again")
    scene.move()
    scene.heals(part)
    assert scene.follower.stood
    assert scene.lists() == 0


def test_the_stream_lost(scene: Scene, valkey: OwnValkey) -> None:
    """With entries that nobody has read yet: who follows looks for himself when it is quiet."""
    for _ in range(5):
        scene.move()
        valkey.client.delete(scene.feed.changes)
    scene.heals("stream")
    assert scene.follower.stood
    assert scene.follower.grew
