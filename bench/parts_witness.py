"""The witness of a soak: looks at feed, status and workers all the time, and remembers what breaks
a promise.

* Within an epoch seq never goes back, and the epoch never does, whatever Redis has lost.
* While nothing changes in the cluster and only reads fail, no node leaves the feed.
* A safety list finds nothing that the watch had not told (`Status.drift`).
"""

from __future__ import annotations

import statistics
import threading
import time
from collections import deque
from contextlib import suppress

import psutil

from bench.parts import MIB, wait_for
from console import redis
from console.contract import keys, wire
from console.feed import FeedReader, follow
from console.redis import RedisError
from registries import health

_AGED = 60.0  # seconds of a worker's life after which its memory counts

Nodes = dict[str, list[str]]


class Log:
    """The last events, for whoever has to find out what happened."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._lines: deque[str] = deque(maxlen=80)
        self._episode: list[str] = []

    def begin(self, kind: str) -> None:
        """Begin another episode."""
        self._episode = []
        self.note(f"— {kind}")

    def note(self, text: str) -> None:
        line = f"{time.monotonic() - self._began:8.2f}  {text}"
        self._lines.append(line)
        self._episode.append(line)

    def episode(self) -> list[str]:
        return list(self._episode)

    def lines(self) -> list[str]:
        return list(self._lines)


class Witness:
    def __init__(self, registry_id: str, log: Log) -> None:
        self._id = registry_id
        self._log = log
        self._keys = keys.feed(keys.registry(registry_id))
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._still = False
        self._nodes: dict[str, set[str]] = {}
        self._last = (0, 0)
        self._memory: dict[int, list[tuple[float, float]]] = {}
        self.broken: list[str] = []
        self.drift = 0
        self.epochs: set[int] = set()
        self._threads = [
            threading.Thread(target=one, name=f"witness {one.__name__}", daemon=True)
            for one in (self._follow, self._count, self._ask)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    @property
    def position(self) -> tuple[int, int]:
        return self._last

    def stand_still(self, still: bool) -> None:
        """Say whether the cluster stands still: then no node may leave the feed. Begins once what
        was committed before has been heard of."""
        if still:
            feed = {name: set(nodes) for name, nodes in self.feed().items() if nodes}
            wait_for(lambda: self._holds(feed), within=10, what="the witness has read the feed")
        with self._lock:
            self._still = still

    def _holds(self, feed: dict[str, set[str]]) -> bool:
        with self._lock:
            return feed == {name: nodes for name, nodes in self._nodes.items() if nodes}

    def feed(self) -> Nodes:
        """The ready addresses of every service, read anew. Raises `RedisError`."""
        states = redis.store().hgetall(self._keys.states)
        return {name.decode(): sorted(_ready(state)) for name, state in states.items()}

    # What the threads do --------------------------------------------------------------------------

    def _break(self, text: str) -> None:
        self._log.note(f"BROKEN: {text}")
        self.broken.append(text)

    def _follow(self) -> None:
        """Read the feed as a consumer does."""
        reader = FeedReader(redis.store(), self._keys)
        while not self._over.is_set():
            try:
                if not reader.known:
                    reader.sync()
                follow(redis.store(), [reader], block=0.3)
            except RedisError:
                self._over.wait(0.1)
                continue
            for name, state in reader.take().items():
                self._judge(name, _ready(state) if state else set())

    def _judge(self, name: str, now: set[str]) -> None:
        with self._lock:
            gone = self._nodes.get(name, set()) - now
            if gone and self._still:
                self._break(f"{name} lost {', '.join(sorted(gone))} though nothing had changed")
            self._nodes[name] = now

    def _count(self) -> None:
        """Look at the feed's position much more often than it could go back and forth."""
        while not self._over.wait(0.01):
            try:
                found = redis.store().hmget(self._keys.meta, ["epoch", "seq"])
            except RedisError:
                continue
            epoch, seq = (int(one or 0) for one in found)
            if not seq:
                continue  # lost, or taken over and not yet written
            self.epochs.add(epoch)
            if (epoch, seq) < self._last:
                self._break(f"the feed went from {self._last} back to {(epoch, seq)}")
            self._last = (epoch, seq)

    def _ask(self) -> None:
        """What the worker says of itself."""
        while not self._over.wait(0.5):
            with suppress(RedisError):
                status = health.read([self._id])[self._id]
                if status.drift > self.drift:
                    self._break(f"drift {status.drift}: {status.phase}, {status.failures}")
                self.drift = max(self.drift, status.drift)

    # Memory ---------------------------------------------------------------------------------------

    def aged(self, pid: int) -> bool:
        """Whether a worker is old enough for its memory to count (and to take a signal)."""
        with suppress(psutil.Error):
            return time.time() - psutil.Process(pid).create_time() > _AGED
        return False

    def weigh(self, pid: int) -> None:
        """Note a worker's memory."""
        if self.aged(pid):
            found = self._memory.setdefault(pid, [])
            found.append((time.monotonic(), psutil.Process(pid).memory_info().rss / MIB))

    def oldest(self) -> tuple[float, float, float]:
        """Of the worker that lived longest: minutes between its first and last weighing, MiB at
        both ends."""
        found = max(self._memory.values(), key=lambda one: one[-1][0] - one[0][0], default=[])
        if not found:
            return 0.0, 0.0, 0.0
        return (found[-1][0] - found[0][0]) / 60, found[0][1], found[-1][1]

    def slope(self) -> float:
        """MiB an hour, over all workers: each has its own level, all have one slope."""
        above = below = 0.0
        for found in self._memory.values():
            at = statistics.fmean(one for one, _ in found)
            level = statistics.fmean(one for _, one in found)
            above += sum((one - at) * (size - level) for one, size in found)
            below += sum((one - at) ** 2 for one, _ in found)
        return above / below * 3600 if below else 0.0


def _ready(state: bytes) -> set[str]:
    service = wire.decode_service(state)
    return {one.address for subset in service.subsets for one in subset.endpoints if one.ready}
