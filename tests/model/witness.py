"""A reader that looks at a feed all the time and remembers what must never be seen."""

from __future__ import annotations

import threading
import time

from console.contract import wire
from console.contract.keys import FeedKeys
from console.redis import Client, RedisError


class Witness:
    """`steady` is a service that nobody changes: once seen, it must be seen always. `allowed` are
    the addresses that were ever ready, by service; the test adds to them before the cluster does.
    """

    def __init__(self, client: Client, feed: FeedKeys, *, steady: str) -> None:
        self._client = client
        self._feed = feed
        self._steady = steady
        self._stop = threading.Event()
        self._seen = False
        self._position = (0, 0)
        self._thread = threading.Thread(target=self._run, name="witness", daemon=True)
        self.allowed: dict[str, set[str]] = {}
        self.complaints: list[str] = []
        self.looks = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(5)

    def forget(self) -> None:
        """Redis is about to lose everything: positions begin anew."""
        self._position = (0, 0)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._look()
            except RedisError:
                self._stop.wait(0.02)
            time.sleep(0.003)

    def _look(self) -> None:
        with self._client.pipeline(transaction=True) as pipe:
            pipe.hmget(self._feed.meta, ["epoch", "seq"])
            pipe.hgetall(self._feed.states)
            (epoch, seq), states = pipe.execute()
        if not int(seq or 0):
            return  # never published, or lost: nothing is said
        self.looks += 1
        position = (int(epoch or 0), int(seq))
        if position < self._position:
            self.complaints.append(f"back from {self._position} to {position}")
        self._position = position
        found = {name.decode(): addresses(state) for name, state in states.items()}
        if self._seen and self._steady not in found:
            self.complaints.append(f"{self._steady} is missing at {position}")
        self._seen = self._seen or self._steady in found
        for name, here in found.items():
            stray = here - self.allowed.get(name, set())
            if stray and name in self.allowed:
                self.complaints.append(f"{name} has {sorted(stray)}, which never was")


def addresses(state: bytes) -> set[str]:
    service = wire.decode_service(state)
    return {one.address for subset in service.subsets for one in subset.endpoints}
