"""From the store to the feed: builds what changed and commits it.

One thread, the task's own. It commits at once when something changes after a quiet moment; what
changes while a commit is under way, or in the short rest after it, goes out together with the next.
The rest follows the cost of the commits, so that a slow Redis or a storm of changes makes larger
commits, not a queue. A service whose state says the same as the one that
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
from console.lags import Lags
from console.redis import RedisError
from registries import chronicle
from registries.chronicle import Chronicler
from registries.endpoints import EndpointStore
from registries.union import count

# After a commit the publisher rests for as long as it took: it is busy for half of the time at
# most, and at 1,000 changes a second a commit carries a few of them. Measured at that pace: without
# a rest a change is there after 3.2 ms and the worker takes 57 % of a core; with one 4.8 ms and
# 45 %; with one four times as long 19.5 ms and 36 %.
REST = 1.0
LONGEST_REST = 0.05  # seconds; nobody notices more than this being slow

# A feed that was never published says nothing until every namespace has been read, because "not in
# it" will mean "does not exist". A namespace that is refused is not waited for, one that does not
# answer not longer than this.
FIRST_WITHIN = 30.0  # seconds


class Publisher:
    """`source` tells where the states come from (`registries.source`), for the next worker;
    `chronicler` is told what was committed."""

    def __init__(
        self,
        store: EndpointStore,
        writer: FeedWriter,
        *,
        source: Callable[[], str] = str,
        chronicler: Chronicler | None = None,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store = store
        self._writer = writer
        self._source = source
        self._chronicler = chronicler
        self._now = now
        self._clock = clock
        self._published: dict[str, wire.Service] = {}
        self._unsure: dict[str, wire.Service | None] = {}
        self._first = True
        self._opened_at = clock()
        self._rested_at = 0.0
        self.endpoints = 0
        self.commits = 0
        self.lags = Lags()

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
        return self._first and self._speaks()

    @property
    def rest(self) -> float:
        """The seconds until the next commit should be made."""
        return max(0.0, self._rested_at - self._clock())

    @property
    def source(self) -> str:
        """Where the states came from that the feed held when it was opened."""
        return self._writer.source

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
        self._opened_at = self._clock()

    def publish(self) -> bool:
        """Commit what changed; tell whether anything was written. Raises `Fenced`, `RedisError`;
        nothing is lost by it."""
        if not self._speaks():
            return False
        began = self._clock()
        self._settle()
        taken = self._store.take()
        changed: dict[str, wire.Service | None] = {}
        for name, service in taken.items():
            if not self._says_the_same(name, service):
                changed[name] = self._stamp(service) if service else None
        try:
            written = self._commit(changed)
        except RedisError:
            self._store.again(taken)
            self._unsure = changed
            raise
        if written:
            self.commits += 1
            if self._store.taken_since:
                self.lags.add(max(0.0, self._now() - self._store.taken_since / 1000))
            took = self._clock() - began
            self._rested_at = self._clock() + min(REST * took, LONGEST_REST)
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
            first, self._first = self._first, False
            self._adopt(self._unsure, first=first)
        self._unsure = {}

    def _commit(self, changed: dict[str, wire.Service | None]) -> bool:
        states = {
            name: wire.encode(service) if service else None for name, service in changed.items()
        }
        first = self._first
        try:
            written = self._writer.commit(states, source=self._source(), always=first)
        except FeedLost:
            self._adopt(changed, first=first)
            self._restore()
            return True
        self._first = False
        self._adopt(changed, first=first)
        return written

    def _adopt(self, changed: dict[str, wire.Service | None], *, first: bool) -> None:
        """Take for published what was committed."""
        pairs = [(name, self._note(name, service), service) for name, service in changed.items()]
        if self._chronicler and first:
            self._chronicler.first(changed.values())
        elif self._chronicler:
            self._chronicler.committed(pairs)

    def _restore(self) -> None:
        states = {name: wire.encode(one) for name, one in self._published.items()}
        self._writer.replace(states, source=self._source())
        self._first = False
        if self._chronicler:
            self._chronicler.restored(self._published.values())

    def _says_the_same(self, name: str, service: wire.Service | None) -> bool:
        published = self._published.get(name)
        if service is None or published is None:
            return service is published
        return wire.same_content(service, published)

    def _speaks(self) -> bool:
        """Whether what the store holds may be published."""
        if not self._first:
            return bool(self._store.synced())
        waited = self._clock() - self._opened_at
        return self._store.complete or (bool(self._store.synced()) and waited > FIRST_WITHIN)

    def _stamp(self, service: wire.Service) -> wire.Service:
        return msgspec.structs.replace(service, seq=self._writer.next_seq)

    def _note(self, name: str, service: wire.Service | None) -> wire.Service | None:
        """Take a state for published; return the one before."""
        before = self._published.pop(name, None)
        self.endpoints -= count(before.subsets) if before else 0
        if service is not None:
            self._published[name] = service
            self.endpoints += count(service.subsets)
        return before


def erase(registry_id: str) -> None:
    """Remove all that Redis holds of a registry that no longer exists. Raises `RedisError`."""
    owner = keys.registry(registry_id)
    erase_feed(redis.store(), keys.feed(owner))
    redis.store().unlink(keys.status(owner))
    chronicle.erase(registry_id)
