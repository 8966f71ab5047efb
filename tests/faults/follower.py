"""Somebody who follows a feed all the time, as a gateway's driver does, and misses nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

from console import redis
from console.contract import wire
from console.contract.keys import FeedKeys
from console.feed import FeedReader, Position, follow
from console.redis import RedisError

_BLOCK = 0.1  # seconds


class Follower:
    """`rock` is a service that never changes in the cluster: whoever loses one of its nodes has
    been told something that was never true."""

    def __init__(self, url: str, feed: FeedKeys, *, rock: str) -> None:
        self._client = redis.connect(url)
        self._reader = FeedReader(self._client, feed)
        self._rock = rock
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="follower", daemon=True)
        self.nodes: dict[str, list[str]] = {}
        self.positions: list[Position] = []
        self.reports: list[tuple[str, list[str]]] = []

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join(15)
        self._client.close()
        assert not self._thread.is_alive()

    @property
    def stood(self) -> bool:
        """Whether the rock never lost a node."""
        reports = self.history(self._rock)
        return bool(reports) and all(set(reports[0]) <= set(one) for one in reports)

    @property
    def grew(self) -> bool:
        """Whether no position was followed by an older one."""
        return all(before < after for before, after in pairwise(self.positions))

    def history(self, name: str) -> list[list[str]]:
        """The nodes of a service each time that it was reported; none when it was gone."""
        return [nodes for one, nodes in self.reports if one == name]

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                follow(self._client, [self._reader], block=_BLOCK)
            except RedisError:
                self._over.wait(_BLOCK)
            self._note()

    def _note(self) -> None:
        for name, state in self._reader.take().items():
            nodes = addresses(state) if state else []
            self.reports.append((name, nodes))
            if state is None:
                self.nodes.pop(name, None)
            else:
                self.nodes[name] = nodes
        position = self._reader.position
        if position is not None and [position] != self.positions[-1:]:
            self.positions.append(position)


def addresses(state: bytes) -> list[str]:
    service = wire.decode_service(state)
    return sorted(one.address for subset in service.subsets for one in subset.endpoints)


@contextmanager
def following(url: str, feed: FeedKeys, *, rock: str) -> Iterator[Follower]:
    follower = Follower(url, feed, rock=rock)
    follower.start()
    try:
        yield follower
    finally:
        follower.stop()
