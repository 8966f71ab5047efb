"""Ways that can fail, and scenes at their ends."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection
from pytest_django.fixtures import Settings

from console import redis
from console.contract import keys
from console.redis import Client
from practice.testing import PracticeCluster
from registries.history import WRITER
from registries.rows import ROWS
from registries.watcher import Pace
from tests.factories import make_registry
from tests.faults.follower import following
from tests.faults.scene import BOOKMARKS, LEASE_TTL, PACE, REDIS_TIMEOUT, ROCK, ROCKS, Scene
from tests.faults.valkeys import OwnValkey, own_valkey
from tests.faults.worker import working
from tests.relay import Relay, relay_to
from tests.threads import eventually

Play = Callable[..., AbstractContextManager[Scene]]


@pytest.fixture
def cluster() -> Iterator[PracticeCluster]:
    with PracticeCluster(bookmark_every=BOOKMARKS) as running:
        yield running


@pytest.fixture
def to_cluster(cluster: PracticeCluster) -> Iterator[Relay]:
    """The way to the API server."""
    with relay_to(cluster.server) as (relay, _):
        yield relay
    forget_sockets()


# A connection that is reset before its handshake begins is left open by Python's ssl module
# (SSLSocket._create, 3.11 to 3.13) until somebody collects it.
left_open = pytest.mark.filterwarnings("ignore:unclosed <ssl.SSLSocket:ResourceWarning")


def forget_sockets() -> None:
    """Collect them now, so that they are no warning in another test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def to_redis(store: Client) -> Iterator[Relay]:
    """The way to Redis, for everybody in this process but `store` and those who follow."""
    with leading_to_redis(django_settings.REDIS_URL) as relay:
        yield relay


@contextmanager
def leading_to_redis(url: str) -> Iterator[Relay]:
    with relay_to(url) as (relay, led):
        redis.configure(
            f"{led}?socket_timeout={REDIS_TIMEOUT}&socket_connect_timeout={REDIS_TIMEOUT}"
        )
        try:
            yield relay
        finally:
            client = redis.store()
            redis.configure(django_settings.REDIS_URL)
            # The house's listener for wake-ups may be using one: it leaves by itself.
            client.connection_pool.disconnect(inuse_connections=False)


@pytest.fixture
def to_postgres(transactional_db: None) -> Iterator[Relay]:
    """The way to PostgreSQL, for every connection that is not open yet: the test's own is."""
    connection.ensure_connection()
    direct = {name: connection.settings_dict[name] for name in ("HOST", "PORT", "OPTIONS")}
    relay = Relay((direct["HOST"], int(direct["PORT"])))
    # All threads share this dictionary. The shortest timeout there is instead of 5 s.
    hurried = {**direct["OPTIONS"], "connect_timeout": 2}
    connection.settings_dict.update(HOST="127.0.0.1", PORT=relay.port, OPTIONS=hurried)
    yield relay
    connection.settings_dict.update(direct)
    relay.close()
    # What could not be told meanwhile is told now, while the tables are this test's.
    eventually(lambda: WRITER.idle, within=30, what="the history is written")
    with ROWS.reading:
        pass


@pytest.fixture
def play(transactional_db: None, cluster: PracticeCluster, settings: Settings) -> Play:
    """Make a scene: the ways that are given lead through relays, the others straight on. It begins
    when the feed is the cluster's, or at once if `quiet`."""
    settings.LEASE_TTL = LEASE_TTL

    @contextmanager
    def make(
        store: Client,
        *,
        to_cluster: Relay | None = None,
        redis_url: str = "",
        pace: Pace = PACE,
        quiet: bool = False,
    ) -> Iterator[Scene]:
        port = to_cluster.port if to_cluster else cluster.port
        cluster.put_service("steady", "rock", addresses=ROCKS)
        registry = make_registry(
            server=f"https://127.0.0.1:{port}", ca_bundle=cluster.ca, token=cluster.token
        )
        feed = keys.feed(keys.registry(str(registry.pk)))
        with ExitStack() as stack:
            url = redis_url or django_settings.REDIS_URL
            follower = stack.enter_context(following(url, feed, rock=ROCK))
            scene = Scene(cluster, registry, store, follower)
            scene.worker = stack.enter_context(working(registry, pace=pace))
            if not quiet:
                scene.move()
                scene.heals("start")
                eventually(lambda: WRITER.idle, what="its history is written")
            cluster.forget_requests()
            yield scene

    return make


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[OwnValkey]:
    with own_valkey(tmp_path / "valkey") as server:
        yield server


@pytest.fixture
def to_valkey(valkey: OwnValkey) -> Iterator[Relay]:
    """The way to a Valkey of the test's own, which everybody in this process takes for Redis."""
    with leading_to_redis(valkey.url) as relay:
        yield relay
