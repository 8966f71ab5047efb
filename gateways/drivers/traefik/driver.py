"""Driving Traefik's tree in Redis."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar

from console.contract.wire import Resource
from gateways.drivers.base import Applied, Changes

from . import keys, names
from .book import Book, Differences
from .keys import Keys, Slots
from .render import Objects, render
from .tree import Tree

# Longer than a reading of a great tree takes, so that none that is going on misses what the next
# step refers to.
SETTLE = 0.3  # seconds
# Seconds for each resource until Traefik, which reads the whole tree at any change, serves it: 0.28
# at 1,000 services with a route each, 2.5 at 5,000, where whoever drives waits for no more than 2
# (docs/gateways/traefik.md).
_READING = 0.0002


class TraefikDriver:
    """Drives one tree (`gateways.drivers.base.Driver`)."""

    pulled: ClassVar[bool] = False

    def __init__(
        self, tree: Tree, *, entry_points: list[str], sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._tree = tree
        self._entry_points = entry_points
        self._sleep = sleep
        self._book = Book(self._render)
        self._slots: dict[str, Slots] = {}
        self._keys: dict[str, Keys] = {}  # of each object that was written

    def start(self, *, epoch: int = 0) -> None:
        self._tree.open(epoch)
        self._slots = keys.slots_of(self._tree.keys)
        self._keys = {}
        for name, value in self._tree.keys.items():
            self._keys.setdefault(names.object_of(name), {})[name] = value

    def replace(self, resources: Mapping[str, Resource], keep: Collection[str] = ()) -> Applied:
        self._book.replace(resources, had=keys.objects_of(self._keys), keep=keep)
        objects = self._book.objects
        gone = dict.fromkeys(self._keys.keys() - objects.keys())
        return self._write({**gone, **objects})

    def apply(self, changes: Changes) -> Applied:
        return self._write(self._book.apply(changes))

    def touch(self) -> Mapping[str, str] | None:
        before = self._refused
        self._tree.touch()
        return None if self._refused == before else self._refused

    @property
    def _refused(self) -> dict[str, str]:
        stopped = {key[:200]: why for key, why in self._tree.poison.items()}
        return {**stopped, **self._book.refused}

    def describe(self) -> dict[str, Any]:
        return {
            "provider": "redis",
            "resources": len(self._book),
            "keys": len(self._tree.keys),
            "refused": len(self._refused),
        }

    def _write(self, differences: Differences) -> Applied:
        wanted: Keys = {}
        gone: set[str] = set()
        after: dict[str, Keys] = {}
        for place, found in differences.items():
            slots = keys.assign(self._slots.get(place, ()), keys.urls_of(found or {}))
            after[place] = keys.flatten({place: found}, {place: slots}) if found else {}
            wanted |= after[place]
            gone |= self._keys.get(place, {}).keys() - after[place].keys()
            self._slots[place] = slots
        written = self._in_order(wanted, gone)
        for place, found_keys in after.items():
            self._keys.pop(place, None)
            if found_keys:
                self._keys[place] = found_keys
            if not self._slots[place]:
                del self._slots[place]
        rest = _READING * len(self._book) if written else 0.0
        return Applied(written, self._refused, rest=rest)

    def _in_order(self, wanted: Keys, gone: set[str]) -> int:
        """Write in one step; but what is new and what has been there refers to goes before, as a
        reading that began before the step could find the one without the other."""
        new = {
            name: value
            for name, value in wanted.items()
            if names.object_of(name) not in self._keys and not name.startswith("http/routers/")
        }
        written = 0
        if new and any(
            (self._tree.keys.get(name, value) != value and _refers(name))
            or (name not in self._tree.keys and _refers(name) and self._known(name))
            for name, value in wanted.items()
        ):
            written = self._tree.write(new)
            self._sleep(SETTLE)
        return written + self._tree.write(wanted, gone)

    def _known(self, name: str) -> bool:
        return names.object_of(name) in self._keys

    def _render(self, resource: Resource) -> Objects:
        objects = render(resource, entry_points=self._entry_points)
        keys.flatten(objects)  # raises what a tree cannot hold
        return objects


def _refers(name: str) -> bool:
    return name.endswith(("/service", "/middlewares", "/serversTransport"))
