"""From the store to the feed: builds what changed and commits it.

One thread, the task's own. It commits at once when something changes; what changes while a commit
is under way goes out together with the next. A service whose state says the same as the one that
is published is not written. Redis being away only delays: changed services stay marked in the
store, whose size is bounded by the cluster's, and the reader's thread never waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

from console import redis
from console.contract import keys, wire
from console.feed import FeedLost, FeedWriter
from console.feed import erase as erase_feed
from console.redis import RedisError
from registries.endpoints import EndpointStore, count


class Publisher:
    def __init__(
        self, store: EndpointStore, writer: FeedWriter, *, now: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._writer = writer
        self._now = now
        self._published: dict[str, wire.Service] = {}
        self._unsure: dict[str, wire.Service | None] = {}
        self._first = True
        self.endpoints = 0
        self.lag_ms = 0

    @property
    def services(self) -> int:
        return len(self._published)

    @property
    def seq(self) -> int:
        return self._writer.seq

    @property
    def due(self) -> bool:
        """Whether the feed's first commit can be made: it says that the cluster has been read,
        even if nothing was found."""
        return self._first and bool(self._store.synced())

    def open(self) -> None:
        """Take the feed over and tell the store what it holds. Raises `Fenced`, `RedisError`."""
        for name, state in self._writer.open().items():
            namespace, _, service = name.partition("/")
            try:
                self._note(name, wire.decode_service(state))
            except msgspec.DecodeError:
                # Of something unreadable there is only the name, until a list judges it.
                self._note(name, wire.Service(namespace=namespace, name=service))
        self._store.inherit(self._published.values())
        self._first = self._writer.seq == 0

    def publish(self, *, read_at: int) -> bool:
        """Commit what changed; tell whether anything was written. `read_at` is when the newest
        change was read (milliseconds). Raises `Fenced`, `RedisError`; nothing is lost by it."""
        if not self._store.synced():
            return False
        self._settle()
        taken = self._store.take()
        changed: dict[str, wire.Service | None] = {}
        for name, service in taken.items():
            if not self._says_the_same(name, service):
                changed[name] = self._stamp(service, read_at) if service else None
        try:
            written = self._commit(changed)
        except RedisError:
            self._store.again(taken)
            self._unsure = changed
            raise
        for name, service in changed.items():
            self._note(name, service)
        if written:
            self.lag_ms = max(0, int(self._now() * 1000) - read_at)
        return written

    def verify(self) -> None:
        """Compare the feed with what was committed, and publish everything anew where Redis lost
        it. Raises `Fenced`, `RedisError`."""
        self._settle()
        try:
            self._writer.verify()
        except FeedLost:
            if self._first:
                self._writer.open()  # nothing is known yet, and that is all there is to say
            else:
                self._restore()

    def _settle(self) -> None:
        """Find out whether a commit without answer was made: then its services are published."""
        try:
            happened = self._writer.settle()
        except FeedLost:
            self._restore()
            return
        if happened:
            self._first = False
            for name, service in self._unsure.items():
                self._note(name, service)
        self._unsure = {}

    def _commit(self, changed: dict[str, wire.Service | None]) -> bool:
        states = {
            name: wire.encode(service) if service else None for name, service in changed.items()
        }
        try:
            written = self._writer.commit(states, always=self._first)
        except FeedLost:
            for name, service in changed.items():
                self._note(name, service)
            self._restore()
            return True
        self._first = False
        return written

    def _restore(self) -> None:
        self._writer.replace({name: wire.encode(one) for name, one in self._published.items()})
        self._first = False

    def _says_the_same(self, name: str, service: wire.Service | None) -> bool:
        published = self._published.get(name)
        if service is None or published is None:
            return service is published
        return wire.same_content(service, published)

    def _stamp(self, service: wire.Service, read_at: int) -> wire.Service:
        return wire.Service(
            namespace=service.namespace,
            name=service.name,
            subsets=service.subsets,
            serve_terminating=service.serve_terminating,
            seq=self._writer.next_seq,
            observed_at=read_at,
        )

    def _note(self, name: str, service: wire.Service | None) -> None:
        before = self._published.pop(name, None)
        self.endpoints -= count(before.subsets) if before else 0
        if service is not None:
            self._published[name] = service
            self.endpoints += count(service.subsets)


def erase(registry_id: str) -> None:
    """Remove all that Redis holds of a registry that no longer exists. Raises `RedisError`."""
    owner = keys.registry(registry_id)
    erase_feed(redis.store(), keys.feed(owner))
    redis.store().unlink(keys.status(owner))
