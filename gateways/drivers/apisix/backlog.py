"""The names of objects that are to be written, in the order in which APISIX takes them: upstreams
before the routes that need them, and deleted after them. Touches nothing outside of itself.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from itertools import islice, takewhile
from typing import Any

from . import names
from .book import upstreams_of
from .render import Objects


class Backlog:
    """`wanted` are the objects that the gateway is to have; a name without one is to be deleted."""

    def __init__(self) -> None:
        self._due: OrderedDict[str, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._due)

    def clear(self) -> None:
        self._due.clear()

    def add(self, some: Iterable[str], wanted: Objects) -> int:
        """These come before all that is there, with what they need of it; how many that is.
        Upstreams to be deleted go last: routes that still need them may be among the others."""
        front = set(some)
        needed = {upstreams_of(wanted.get(name, {})) for name in front}
        front |= needed & self._due.keys() & wanted.keys()
        ordered = sorted(front, key=lambda name: (_step(name, wanted), name))
        for name in ordered:
            self._due[name] = None
            self._due.move_to_end(name)
        for name in reversed(ordered):
            if _step(name, wanted) != _LAST:
                self._due.move_to_end(name, last=False)
        return len(ordered)

    def discard(self, name: str) -> None:
        self._due.pop(name, None)

    def take(self, most: int, wanted: Mapping[str, Any]) -> list[str]:
        """The next ones, of which none needs another."""
        some = list(islice(self._due, most))
        found = list(takewhile(lambda one: _step(one, wanted) == _step(some[0], wanted), some))
        for name in found:
            del self._due[name]
        return found


_LAST = 3


def _step(name: str, wanted: Mapping[str, Any]) -> int:
    upstream = names.kind_of(name) == "upstreams"
    if name in wanted:
        return 0 if upstream else 1
    return _LAST if upstream else 2
