"""Whatever becomes of a worker, its registries are watched by another, and no node is lost."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from console.contract import keys
from console.redis import Client
from practice.testing import PracticeCluster
from registries.models import Registry
from tests.ownership.workers import TTL, Process, environment, running, worker
from tests.registries.watched import Published, registry_of
from tests.relay import relay_to
from tests.threads import eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

NODE, WEB = "10.0.0.1", "shop/web"


class Fleet:
    """Some registries of one cluster, and a thread that looks at them all the time."""

    def __init__(self, store: Client, registries: list[Registry]) -> None:
        self._store = store
        self.owners = [keys.registry(str(one.pk)) for one in registries]
        self.published = [Published(store, one) for one in registries]
        self._free = dict.fromkeys(self.owners, 0.0)
        self._epochs = dict.fromkeys(self.owners, 0)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self.longest = 0.0  # seconds without a holder
        self.wrongs: list[str] = []

    def holders(self) -> list[int]:
        """The process that holds each lease; 0: nobody."""
        words = self._store.mget([keys.lease(one) for one in self.owners])
        return [int(word.split(b":")[1]) if word else 0 for word in words]

    def held_by(self, *processes: Process) -> bool:
        return set(self.holders()) == {one.pid for one in processes}

    def serve(self, address: str) -> bool:
        return all(one.of(WEB) == [address] for one in self.published)

    @contextmanager
    def watched(self) -> Iterator[None]:
        self.longest = 0.0
        self._stop.clear()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self._thread.join()
        assert self.wrongs == []

    def _look(self) -> None:
        since: dict[str, float] = {}
        while not self._stop.wait(0.01):
            now = time.monotonic()
            for owner, pid, published in zip(
                self.owners, self.holders(), self.published, strict=True
            ):
                if pid:
                    since.pop(owner, None)
                self.longest = max(
                    self.longest, now - since.setdefault(owner, now) if not pid else 0
                )
                epoch = int(self._store.hget(keys.feed(owner).meta, "epoch") or 0)
                if epoch < self._epochs[owner]:
                    self.wrongs.append(f"{owner}: epoch {epoch} after {self._epochs[owner]}")
                self._epochs[owner] = epoch
                if not published.of(WEB):
                    self.wrongs.append(f"{owner}: no node")


@pytest.fixture
def fleet(cluster: PracticeCluster, store: Client) -> Fleet:
    cluster.put_service("shop", "web", addresses=[NODE])
    return Fleet(store, [registry_of(cluster) for _ in range(4)])


def pair(database: str = "") -> tuple[Process, Process]:
    url = database or environment()["DATABASE_URL"]
    return worker("console", DATABASE_URL=url), worker("console", DATABASE_URL=url)


def settle(fleet: Fleet, *processes: Process) -> None:
    eventually(lambda: fleet.serve(NODE), within=30)
    even = [len(fleet.owners) // len(processes)] * len(processes)
    eventually(lambda: [fleet.holders().count(one.pid) for one in processes] == even, within=30)
    time.sleep(1)  # for all to have settled


def test_a_rolling_restart_is_not_noticed(fleet: Fleet, cluster: PracticeCluster) -> None:
    first, second = pair()
    with running(first, second):
        settle(fleet, first, second)
        mine = fleet.holders().count(first.pid)
        cluster.forget_requests()
        with fleet.watched():
            first.term()
            eventually(lambda: fleet.held_by(second))
            cluster.put_service("shop", "web", addresses=["10.0.0.2"])
            eventually(lambda: fleet.serve("10.0.0.2"))
        lists = len(cluster.requests("list", "endpointslices"))
        assert fleet.longest < TTL
        assert lists <= mine, "at most one more for each registry that moved"


def test_a_killed_worker_is_missed_after_its_leases(fleet: Fleet, cluster: PracticeCluster) -> None:
    first, second = pair()
    with running(first, second):
        settle(fleet, first, second)
        with fleet.watched():
            first.kill()
            eventually(lambda: fleet.held_by(second), within=TTL + 15)
            cluster.put_service("shop", "web", addresses=["10.0.0.2"])
            eventually(lambda: fleet.serve("10.0.0.2"))


def test_a_worker_that_slept_is_not_heard(fleet: Fleet, cluster: PracticeCluster) -> None:
    first, second = pair()
    with running(first, second):
        settle(fleet, first, second)
        with fleet.watched():
            first.signal(signal.SIGSTOP)
            eventually(lambda: fleet.held_by(second), within=TTL + 15)
            cluster.put_service("shop", "web", addresses=["10.0.0.2"])
            eventually(lambda: fleet.serve("10.0.0.2"))
            first.signal(signal.SIGCONT)
            cluster.put_service("shop", "web", addresses=["10.0.0.3"])
            eventually(lambda: fleet.serve("10.0.0.3"))
            time.sleep(2)
            assert fleet.serve("10.0.0.3")
        eventually(lambda: first.said.count("lease lost") + first.said.count("released") > 0)


def test_loops_go_on_while_postgresql_restarts(fleet: Fleet, cluster: PracticeCluster) -> None:
    """Every session is cut, and for some seconds none is let in."""
    with relay_to(environment()["DATABASE_URL"]) as (relay, url):
        first, second = pair(url)
        with running(first, second):
            settle(fleet, first, second)
            before = fleet.holders()
            cluster.forget_requests()
            with fleet.watched():
                relay.refuse()
                cluster.put_service("shop", "web", addresses=["10.0.0.2"])
                eventually(lambda: fleet.serve("10.0.0.2"))
                time.sleep(TTL + 1)
                cluster.put_service("shop", "web", addresses=["10.0.0.3"])
                eventually(lambda: fleet.serve("10.0.0.3"))
                relay.admit()
                time.sleep(2)
            assert fleet.holders() == before
            assert cluster.requests("list", "endpointslices") == []
            first.term()
            eventually(lambda: fleet.held_by(second))


def test_a_worker_without_postgresql_leaves_new_work_to_others(
    cluster: PracticeCluster, store: Client
) -> None:
    with relay_to(environment()["DATABASE_URL"]) as (relay, url):
        lame, sound = worker("console", DATABASE_URL=url), worker("console")
        with running(lame, sound):
            eventually(lambda: store.scard(keys.workers()) == 2, within=30)
            relay.refuse()
            time.sleep(TTL)
            cluster.put_service("shop", "web", addresses=[NODE])
            fleet = Fleet(store, [registry_of(cluster) for _ in range(4)])
            eventually(lambda: fleet.held_by(sound), within=30)
            eventually(lambda: fleet.serve(NODE))
