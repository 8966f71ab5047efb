"""The store: objects, one global version, the log of changes, and who is watching.

Promises:
* every write takes the next number of one global counter, as etcd does;
* an entry never changes once stored: it is bytes, so a page, a watch and a snapshot can share it;
* each change is encoded once, however many watch it;
* past versions can be listed until they are compacted, and watched from until they leave the
  window; the two bounds differ, as etcd's history and the watch cache differ.

All calls belong to the event loop's thread.
"""

from __future__ import annotations

import heapq
import uuid
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

import msgspec

from practice.schema import STORED, Json, Resource
from practice.status import already_exists, not_found

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Json).decode

META_ORDER = ("name", "generateName", "namespace", "uid", "resourceVersion", "generation")


def now_text() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of one object. `raw` is its JSON without kind and apiVersion, as in a list."""

    key: str
    namespace: str
    name: str
    rv: int
    labels: dict[str, str]
    raw: bytes

    def object(self) -> Json:
        """A fresh copy: the caller may change it."""
        return decode(self.raw)


@dataclass(slots=True)
class Event:
    """One change: `before` is None for a creation, `after` None for a deletion."""

    rv: int
    before: Entry | None
    after: Entry | None
    head: bytes
    lines: dict[str, bytes] = field(default_factory=dict)

    @property
    def type(self) -> str:
        if self.after is None:
            return "DELETED"
        return "ADDED" if self.before is None else "MODIFIED"

    def entry(self, type_: str) -> Entry:
        """The object as the event of that type carries it: a deletion shows the last state."""
        if type_ != "DELETED" and self.after is not None:
            return self.after
        if self.before is None:
            raise ValueError("nothing was deleted")
        gone = self.before.object()
        gone["metadata"]["resourceVersion"] = str(self.rv)
        before = self.before
        return Entry(
            before.key, before.namespace, before.name, self.rv, before.labels, encode(gone)
        )

    def line(self, type_: str) -> bytes:
        if type_ not in self.lines:
            self.lines[type_] = event_line(type_, self.head, self.entry(type_).raw)
        return self.lines[type_]


def event_line(type_: str, head: bytes, raw: bytes) -> bytes:
    return b'{"type":"%s","object":%s%s}\n' % (type_.encode(), head, raw[1:])


@dataclass(frozen=True, slots=True)
class Saved:
    """All objects as they were at one version."""

    rv: int
    entries: dict[Resource, dict[str, Entry]]


class Watcher(Protocol):
    def push(self, event: Event) -> None: ...


class Table:
    """All entries of one resource, in etcd's order, with their recent changes."""

    def __init__(self, resource: Resource, *, window: int) -> None:
        self.resource = resource
        self.head = f'{{"kind":"{resource.kind}","apiVersion":"{resource.api_version}",'.encode()
        self.entries: dict[str, Entry] = {}
        self.keys: list[str] = []
        self.log: deque[Event] = deque()
        self.window = window
        self.floor = 0
        self.history = 0
        self.watchers: set[Watcher] = set()

    def put(self, entry: Entry) -> None:
        if entry.key not in self.entries:
            insort(self.keys, entry.key)
        self.entries[entry.key] = entry

    def drop(self, key: str) -> None:
        del self.entries[key]
        del self.keys[bisect_left(self.keys, key)]

    def record(self, event: Event) -> None:
        self.log.append(event)
        if len(self.log) > self.window:
            self.floor = self.history = self.log.popleft().rv
        for watcher in tuple(self.watchers):
            watcher.push(event)

    def since(self, rv: int) -> list[Event]:
        events: list[Event] = []
        for event in reversed(self.log):
            if event.rv <= rv:
                break
            events.append(event)
        events.reverse()
        return events

    def forget(self, rv: int) -> None:
        self.log.clear()
        self.floor = self.history = rv

    def replace(self, entries: dict[str, Entry], rv: int) -> None:
        """Hold these instead, and know of no change after `rv`."""
        self.entries, self.keys = dict(entries), sorted(entries)
        while self.log and self.log[-1].rv > rv:
            self.log.pop()

    def walk(self, *, prefix: str = "", start: str = "", at: int | None = None) -> Iterator[Entry]:
        """Yield entries under `prefix` from key `start` on, as they were at version `at`."""
        past = self._past(at) if at is not None else {}
        begin = bisect_left(self.keys, max(prefix, start))
        present = (self.keys[i] for i in range(begin, len(self.keys)))
        lost = sorted(
            key
            for key, entry in past.items()
            if entry is not None and key not in self.entries and key >= start
        )
        for key in heapq.merge(present, lost) if lost else present:
            if not key.startswith(prefix):
                if key > prefix:
                    return
                continue
            entry = past[key] if key in past else self.entries[key]
            if entry is not None:
                yield entry

    def _past(self, at: int) -> dict[str, Entry | None]:
        past: dict[str, Entry | None] = {}
        for event in reversed(self.log):
            if event.rv <= at:
                break
            entry = event.after or event.before
            if entry is not None:
                past[entry.key] = event.before
        return past


class Store:
    def __init__(self, *, window: int = 20_000) -> None:
        self.rv = 1
        self.compacted = 0
        self.tables = {resource: Table(resource, window=window) for resource in STORED}
        self.listeners: list[Callable[[Resource, Event], None]] = []

    def get(self, resource: Resource, key: str) -> Entry | None:
        return self.tables[resource].entries.get(key)

    def must(self, resource: Resource, key: str) -> Entry:
        entry = self.get(resource, key)
        if entry is None:
            raise not_found(resource, key.rpartition("/")[2])
        return entry

    def create(self, resource: Resource, obj: Json) -> Entry:
        """Store a new object; uid and creationTimestamp are given here unless they are there."""
        meta = obj["metadata"]
        key = resource.key(meta.get("namespace", ""), meta["name"])
        if key in self.tables[resource].entries:
            raise already_exists(resource, meta["name"])
        meta.setdefault("uid", str(uuid.uuid4()))
        meta.setdefault("creationTimestamp", now_text())
        return self._write(resource, obj, None)

    def replace(self, resource: Resource, obj: Json) -> Entry:
        """Store a new version of an object; one that is equal to the old one is not a change."""
        meta = obj["metadata"]
        before = self.must(resource, resource.key(meta.get("namespace", ""), meta["name"]))
        if self.seal(resource, obj, before.rv).raw == before.raw:
            return before
        return self._write(resource, obj, before)

    def delete(self, resource: Resource, key: str) -> Event:
        before = self.must(resource, key)
        self.rv += 1
        table = self.tables[resource]
        table.drop(key)
        event = Event(self.rv, before, None, table.head)
        self._publish(table, event)
        return event

    def seal(self, resource: Resource, obj: Json, rv: int) -> Entry:
        """Encode an object in the field order the real server uses."""
        given = obj["metadata"]
        given["resourceVersion"] = str(rv)
        meta = {key: given[key] for key in META_ORDER if key in given}
        meta.update((key, value) for key, value in given.items() if key not in meta)
        body: Json = {"metadata": meta}
        body.update((k, v) for k, v in obj.items() if k not in ("kind", "apiVersion", "metadata"))
        namespace, name = meta.get("namespace", ""), meta["name"]
        labels = dict(meta.get("labels") or {})
        return Entry(resource.key(namespace, name), namespace, name, rv, labels, encode(body))

    def _write(self, resource: Resource, obj: Json, before: Entry | None) -> Entry:
        entry = self.seal(resource, obj, self.rv + 1)
        self.rv += 1
        table = self.tables[resource]
        table.put(entry)
        self._publish(table, Event(self.rv, before, entry, table.head))
        return entry

    def _publish(self, table: Table, event: Event) -> None:
        table.record(event)
        for listener in self.listeners:
            listener(table.resource, event)

    def pass_time(self) -> None:
        """Step on by a version that nobody is told of: a real cluster's leases always do."""
        self.rv += 1

    def compact(self, *, window: bool = True) -> int:
        """Forget the history; with `window` also what watches could still start from.

        The version steps on, so that even the newest version handed out before is an old one.
        """
        self.rv += 1
        self.compacted = self.rv
        if window:
            for table in self.tables.values():
                table.forget(self.rv)
        return self.compacted

    def load(self, objects: list[Json], rv: int, find: dict[tuple[str, str], Resource]) -> None:
        """Fill an empty store; watching and history begin at `rv`, as after a restart."""
        for obj in objects:
            resource = find[obj["apiVersion"], obj["kind"]]
            self.tables[resource].put(
                self.seal(resource, obj, int(obj["metadata"]["resourceVersion"]))
            )
        self.rv = rv
        self.compact()

    def renumber(self) -> None:
        """Start the versions again from 1, as a cluster restored elsewhere would."""
        self.rv = 1
        for table in self.tables.values():
            for entry in list(table.entries.values()):
                self.rv += 1
                table.put(self.seal(table.resource, entry.object(), self.rv))
        self.compact()

    def save(self) -> Saved:
        return Saved(self.rv, {each: dict(table.entries) for each, table in self.tables.items()})

    def restore(self, saved: Saved) -> None:
        """Go back to a saved state, as an etcd restored from a backup under a server that starts
        again: versions given out since are of the future, and will be given to other changes.

        The version steps on, so that what was then the newest is too old to watch from.
        """
        self.rv = saved.rv + 1
        self.compacted = min(self.compacted, self.rv)
        for resource, table in self.tables.items():
            table.replace(saved.entries[resource], saved.rv)
            table.floor, table.history = self.rv, min(table.history, self.rv)
