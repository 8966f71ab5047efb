"""A failover to a replica that lagged: acknowledged commits are gone, and published again (R56)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import Play
from tests.faults.scene import Scene
from tests.faults.valkeys import OwnValkey, own_valkey
from tests.relay import Relay
from tests.threads import eventually


@pytest.fixture
def replica(tmp_path: Path) -> Iterator[OwnValkey]:
    with own_valkey(tmp_path / "replica") as server:
        yield server


@pytest.fixture
def replication(valkey: OwnValkey) -> Iterator[Relay]:
    relay = Relay(valkey.address)
    yield relay
    relay.close()


@pytest.fixture
def scene(
    play: Play, valkey: OwnValkey, replica: OwnValkey, replication: Relay, to_valkey: Relay
) -> Iterator[Scene]:
    """Everybody, also who follows, goes where `to_valkey` leads to."""
    replica.follow(("127.0.0.1", replication.port))
    led = valkey.url.replace(str(valkey.address[1]), str(to_valkey.port))
    with play(valkey.client, redis_url=led) as made:
        yield made


def test_commits_that_the_replica_never_got(
    scene: Scene, valkey: OwnValkey, replica: OwnValkey, replication: Relay, to_valkey: Relay
) -> None:
    eventually(lambda: replica.client.hget(scene.feed.meta, "seq") is not None, what="a copy")
    replication.refuse()
    for _ in range(5):
        scene.move()
        scene.heals("alone")
    replica.lead()
    scene.store = replica.client
    assert scene.told() != scene.truth(), "acknowledged, and gone"
    to_valkey.lead_to(replica.address)
    scene.heals("failover")
    assert scene.follower.stood
    # And back, after the old primary has been made its replica.
    valkey.follow(replica.address)
    scene.move()
    scene.heals("failover")
    metas = [server.client.hgetall for server in (valkey, replica)]
    eventually(lambda: metas[0](scene.feed.meta) == metas[1](scene.feed.meta), what="a copy")
    valkey.lead()
    scene.store = valkey.client
    to_valkey.lead_to(valkey.address)
    scene.move()
    scene.heals("failover back")
    assert scene.follower.stood
    assert scene.lists() <= len(scene.worker.epochs)


def test_back_to_a_primary_that_heard_of_nothing(
    scene: Scene, valkey: OwnValkey, replica: OwnValkey, replication: Relay, to_valkey: Relay
) -> None:
    """Two histories of one epoch: whoever comes back from the other one is put right."""
    replication.refuse()
    scene.burst(5)
    scene.heals("alone")
    replica.lead()
    for server in (replica, valkey, replica, valkey):
        scene.store = server.client
        to_valkey.lead_to(server.address)
        scene.move()
        scene.heals("failover")
        assert scene.follower.stood


def test_a_replica_that_still_is_one(
    scene: Scene, valkey: OwnValkey, replica: OwnValkey, to_valkey: Relay
) -> None:
    """Read-only: a failover in which the address moved before the role."""
    eventually(lambda: replica.client.hget(scene.feed.meta, "seq") is not None, what="a copy")
    to_valkey.lead_to(replica.address)
    scene.move()
    replica.lead()
    scene.store = replica.client
    scene.heals("promoted late")
    assert scene.follower.stood
