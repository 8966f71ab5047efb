"""Registries' services at a glance, kept in this process and as fresh as their feeds.

Lists are searched, sorted and turned over far more often than they change. So what they show of a
service is kept here and follows the feed: a look asks Redis what changed since the last one, which
is one command, and one more for the services that did. The registries that nobody looks at are
forgotten first.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from console import redis
from console.contract import keys, wire
from console.feed import FeedReader

# Services of all registries that are kept, beside those of the one that is looked at. One takes 0.7
# kilobytes (measured).
MOST = 100_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A service as lists show it; `observed_at` is in milliseconds since the Unix epoch."""

    namespace: str
    name: str
    ports: tuple[tuple[int, str], ...] = ()  # number and name, each pair once
    ready: int = 0
    total: int = 0
    observed_at: int = 0

    @property
    def key(self) -> str:
        return keys.service(self.namespace, self.name)


SORTS: Mapping[str, Callable[[Entry], Any]] = {
    "namespace": lambda one: (one.namespace, one.name),
    "name": lambda one: (one.name, one.namespace),
    "ready": lambda one: (one.ready, one.total, one.namespace, one.name),
    "changed": lambda one: (one.observed_at, one.namespace, one.name),
}


def entry_of(name: str, state: bytes) -> Entry:
    """What a list shows of a state, by its key. Of an unreadable one there is only the name."""
    namespace, _, service = name.partition("/")
    try:
        found = wire.decode_service(state)
    except msgspec.DecodeError:
        return Entry(namespace, service)
    ports, ready, total = set[tuple[int, str]](), 0, 0
    for subset in found.subsets:
        ports.update((port.port, port.name) for port in subset.ports)
        total += len(subset.endpoints)
        ready += sum(one.ready for one in subset.endpoints)
    return Entry(namespace, service, tuple(sorted(ports)), ready, total, found.observed_at)


@dataclass(slots=True)
class _Shelf:
    """One registry's entries."""

    reader: FeedReader
    client: redis.Client
    lock: threading.Lock = field(default_factory=threading.Lock)
    entries: dict[str, Entry] = field(default_factory=dict)
    sorted: dict[str, Sequence[Entry]] = field(default_factory=dict)

    def refresh(self) -> None:
        """Read what changed; the first time, everything. Raises `RedisError`."""
        if self.reader.known:
            # Without waiting: a server looks only ten times a second whose wait is over.
            answer: Any = self.client.xread({self.reader.stream: self.reader.last_id})
            self.reader.absorb(answer[0][1] if answer else ())
        else:
            self.reader.sync()
        changed = self.reader.take()
        for name, state in changed.items():
            if state is None:
                self.entries.pop(name, None)
            else:
                self.entries[name] = entry_of(name, state)
        if changed:
            self.sorted.clear()

    def in_order(self, sort: str) -> Sequence[Entry]:
        if sort not in self.sorted:
            turned = sort.startswith("-")
            key = SORTS[sort.removeprefix("-")]
            self.sorted[sort] = sorted(self.entries.values(), key=key, reverse=turned)
        return self.sorted[sort]


class Index:
    """Threads may share it."""

    def __init__(self, *, most: int = MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._shelves: OrderedDict[str, _Shelf] = OrderedDict()

    def services(self, registry_id: str, sort: str = "namespace") -> Sequence[Entry]:
        """All services of a registry as they are now, in the order of `SORTS` (a minus before it
        turns it round). Raises `RedisError`."""
        shelf = self._shelf(registry_id)
        with shelf.lock:
            shelf.refresh()
            found = shelf.in_order(sort)
        self._forget(registry_id)
        return found

    def _shelf(self, registry_id: str) -> _Shelf:
        client = redis.store()
        with self._lock:
            shelf = self._shelves.get(registry_id)
            if shelf is None or shelf.client is not client:
                reader = FeedReader(client, keys.feed(keys.registry(registry_id)))
                shelf = self._shelves[registry_id] = _Shelf(reader, client)
            self._shelves.move_to_end(registry_id)
            return shelf

    def _forget(self, kept: str) -> None:
        """Let go of what was looked at longest ago, until no more than `most` are kept."""
        with self._lock:
            total = sum(len(one.entries) for one in self._shelves.values())
            while total > self._most and next(iter(self._shelves)) != kept:
                _id, oldest = self._shelves.popitem(last=False)
                total -= len(oldest.entries)


INDEX = Index()
