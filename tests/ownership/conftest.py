"""An empty broker, and what the loops of `tests.ownership.loops` leave in Redis."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from django.conf import settings

from console import redis
from console.contract import keys
from console.redis import Client
from tests.ownership import loops
from tests.threads import eventually

# Seconds, beyond those for which a runner's word counts, that a busy machine may keep it silent. A
# loop that ended is away for longer: its lease runs out first, or another look at all loops comes.
GAP = 1.0


@pytest.fixture(autouse=True)
def broker(store: Client) -> Iterator[Client]:
    client = redis.connect(settings.REDIS_BROKER_URL)
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


class Seen:
    """Looks at the loops that worker processes run."""

    def __init__(self, store: Client) -> None:
        self._store = store

    def want(self, *ids: str) -> None:
        self._store.sadd(loops.WANTED, *ids)

    def runners(self) -> dict[str, int]:
        """Each loop that runs now, and the process that runs it."""
        ids = sorted(one.decode() for one in self._store.smembers(loops.WANTED))
        words = self._store.mget([loops.runner(one) for one in ids])
        return {one: int(word) for one, word in zip(ids, words, strict=True) if word}

    def by(self, pid: int) -> int:
        """How many loops a process runs now."""
        return list(self.runners().values()).count(pid)

    def begun(self, one: str) -> list[int]:
        """The processes that have begun a loop, in order."""
        return [int(pid) for pid in self._store.lrange(loops.begun(one), 0, -1)]

    def alive(self) -> int:
        """How many workers say that they live."""
        return len(list(self._store.scan_iter(keys.worker("*"))))

    def all_run(self, *, within: float = 20.0) -> float:
        wanted = self._store.scard(loops.WANTED)
        return eventually(
            lambda: len(self.runners()) == wanted, within=within, what="every loop runs"
        )

    def longest_gap(self, seconds: float, *ids: str) -> float:
        """Watch loops (all) for some seconds; return the longest time that any of them was without
        a runner, beyond the time for which a runner's word counts."""
        ids = ids or tuple(one.decode() for one in self._store.smembers(loops.WANTED))
        last = dict.fromkeys(ids, time.monotonic())
        worst = 0.0
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            running = self.runners()
            now = time.monotonic()
            for one in ids:
                if one in running:
                    last[one] = now
                worst = max(worst, now - last[one])
            time.sleep(0.01)
        return worst


@pytest.fixture
def seen(store: Client) -> Seen:
    return Seen(store)
