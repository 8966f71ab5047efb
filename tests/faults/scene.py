"""A registry from its cluster to its feed, with a worker between them and somebody who follows.

Times are scaled down, all by about the same factor, so that a case takes a second and not a minute:

    what                              here     in production
    silence of a watch                1 s      75 s (bookmarks: 0.3 s, 60 s)
    an answer of the API server       1.5 s    30 s
    after which a watch has worked    0.1 s    10 s
    a Redis answer                    1.2 s    5 s
    lease                             3 s      15 s
    between two looks at the feed     0.5 s    5 s
    between two looks for orphans     0.1 s    5 s
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from console.contract import keys
from console.redis import Client
from practice.testing import PracticeCluster
from registries import health
from registries.health import Status
from registries.kube.reflector import Timing
from registries.models import Registry
from registries.watcher import Pace
from tests.faults.follower import Follower, addresses
from tests.faults.worker import Worker
from tests.threads import eventually

LEASE_TTL = 3
REDIS_TIMEOUT = 1.2
BOOKMARKS = 0.3
PACE = Pace(
    look=20,
    verify=0.5,
    tell=0.5,
    reading=Timing(
        watch_for=(60, 61),
        silence=1.0,
        first_silence=1.0,
        answer_within=1.5,
        short_watch=0.05,
        healthy=0.1,
        confirm_after=0.3,
        soon=0.5,
    ),
)
# Every case may take 60 s in production; this is that, scaled down, with room for a slow machine.
HEALED = 30.0

ROCK, WEB = "steady/rock", "shop/web"
ROCKS = ["10.1.0.1", "10.1.0.2", "10.1.0.3"]

_numbers = itertools.count(1)


class Scene:
    def __init__(
        self, cluster: PracticeCluster, registry: Registry, store: Client, follower: Follower
    ) -> None:
        self.cluster = cluster
        self.registry = registry
        self.store = store
        self.follower = follower
        self.worker: Worker
        self.feed = keys.feed(keys.registry(str(registry.pk)))
        self.lease = keys.lease(keys.registry(str(registry.pk)))

    def rest(self) -> None:
        """Let a watch live long enough to have worked: what comes then is the first failure."""
        time.sleep(1.5 * PACE.reading.healthy)

    def move(self) -> None:
        """A change in the cluster: all nodes of the web are others."""
        self.cluster.put_service("shop", "web", addresses=_fresh())

    def burst(self, number: int = 100) -> None:
        """Many changes at once."""
        for one in range(number):
            self.cluster.put_service("many", f"s{one}", addresses=_fresh())

    @contextmanager
    def churning(self) -> Iterator[None]:
        """One change after the other while the block runs."""
        over = threading.Event()

        def churn() -> None:
            while not over.wait(0.02):
                self.cluster.put_service("shop", "busy", addresses=_fresh())

        thread = threading.Thread(target=churn)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def truth(self) -> dict[str, list[str]]:
        """What the cluster says."""
        found: dict[str, list[str]] = {}
        for one in self.cluster.list("endpointslices"):
            meta = one["metadata"]
            name = f"{meta['namespace']}/{meta['labels']['kubernetes.io/service-name']}"
            nodes = [end["addresses"][0] for end in one.get("endpoints") or ()]
            found[name] = sorted([*found.get(name, ()), *nodes])
        return found

    def told(self) -> dict[str, list[str]]:
        """What the feed says; of a state that nobody can read, that."""
        states = self.store.hgetall(self.feed.states)
        found: dict[str, list[str]] = {}
        for name, state in states.items():
            try:
                found[name.decode()] = addresses(state)
            except msgspec.DecodeError:
                found[name.decode()] = ["unreadable"]
        return found

    def heals(self, after: str, *, within: float = HEALED) -> float:
        """Wait until the feed, and who follows it, say what the cluster says; return the seconds
        it took."""
        truth = self.truth()
        took = eventually(lambda: self.told() == truth, within=within, what=f"{after}: the feed")
        return took + eventually(
            lambda: self.follower.nodes == truth, what=f"{after}: who follows the feed"
        )

    def lists(self) -> int:
        """How often everything was asked for, as a list or as the beginning of a watch. A list of
        one object asks for no more than whether the server has reached a version."""
        asked = self.cluster.requests(resource="endpointslices")
        return sum(
            one["params"].get("limit") != "1"
            if one["verb"] == "list"
            else "sendInitialEvents" in one["params"]
            for one in asked
        )

    def status(self) -> Status:
        """What the worker says of itself."""
        registry_id = str(self.registry.pk)
        return health.read([registry_id])[registry_id]

    def seq(self) -> int:
        return int(self.store.hget(self.feed.meta, "seq") or 0)


def _fresh() -> list[str]:
    number = next(_numbers)
    return [f"10.{2 + one}.{number // 250 % 250}.{number % 250 + 1}" for one in range(3)]
