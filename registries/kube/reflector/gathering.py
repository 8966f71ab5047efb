"""A list that comes as the first events of a watch (WatchList).

Until the bookmark that says so, what came is no list, whatever it looks like: it is gathered aside
and thrown away if the watch ends. Versions of these events are in no order and mean nothing.
"""

from __future__ import annotations

from registries.kube import errors

from .answers import Thing
from .timing import Limits


class Gathering:
    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._things: dict[tuple[str, str], Thing] = {}
        self._size = 0

    def take(self, kind: str, thing: Thing, size: int) -> None:
        """Take one event of `size` bytes. Changes may already come among the first events."""
        key = (thing.metadata.namespace, thing.metadata.name)
        if kind == "DELETED":
            self._things.pop(key, None)
            return
        self._things[key] = thing
        self._size += size
        if len(self._things) > self._limits.objects or self._size > self._limits.size:
            raise errors.too_much(
                f"a list of more than {len(self._things):,} objects, {self._size:,} bytes"
            )

    def things(self) -> list[Thing]:
        return list(self._things.values())
