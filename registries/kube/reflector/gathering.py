"""A list that comes as the first events of a watch (WatchList).

Until the bookmark that says so, what came is no list, whatever it looks like: it is gathered aside
and thrown away if the watch ends. Versions of these events are in no order and mean nothing.
"""

from __future__ import annotations

from registries.kube import errors
from registries.kube.slices import Resource

from . import answers
from .answers import Thing
from .timing import Limits


class Gathering:
    def __init__(self, resource: Resource, limits: Limits) -> None:
        self._resource = resource
        self._limits = limits
        self._things: dict[tuple[str, str], Thing] = {}
        self._size = 0
        self.version = ""  # of the list, once it is complete

    def take(self, line: bytes) -> bool:
        """Take one event; True if the list is complete with it. Raises `KubeError`."""
        kind, thing = answers.read_event(self._resource, line)
        key = (thing.metadata.namespace, thing.metadata.name)
        # Changes may already come among the first events.
        if kind in ("ADDED", "MODIFIED"):
            self._things[key] = thing
        elif kind == "DELETED":
            self._things.pop(key, None)
        elif kind != "BOOKMARK":
            raise errors.bad_answer(f"an event of type {kind[:20]!r}")
        elif answers.ends_initial_events(thing):
            self.version = thing.metadata.resource_version
            return bool(self.version)
        self._size += len(line)
        if len(self._things) > self._limits.objects or self._size > self._limits.size:
            raise errors.too_much(
                f"a list of more than {len(self._things):,} objects, {self._size:,} bytes"
            )
        return False

    def things(self) -> list[Thing]:
        return list(self._things.values())
