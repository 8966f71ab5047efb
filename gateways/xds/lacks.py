"""What an Envoy lacks, and since when. No I/O."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass


@dataclass(slots=True)
class Lack:
    """A name that Envoy lacks the newest state of. `update`: since which one; `fresh`: a change
    that is being measured; `forced`: Envoy is to be sent it, whatever it has."""

    update: int
    fresh: bool = False
    forced: bool = False


class Since:
    """The updates since which one Envoy lacks something, however much it is: whoever is stuck
    lacks thousands of names, and must not make each change cost thousands.

    An update that is new here is either newer than all that are in it, or older.
    """

    def __init__(self) -> None:
        self._counts: OrderedDict[int, int] = OrderedDict()

    @property
    def oldest(self) -> int | None:
        return next(iter(self._counts), None)

    def add(self, update: int) -> None:
        oldest = self.oldest
        self._counts[update] = self._counts.get(update, 0) + 1
        if oldest is not None and update < oldest:
            self._counts.move_to_end(update, last=False)

    def drop(self, update: int) -> None:
        self._counts[update] -= 1
        if not self._counts[update]:
            del self._counts[update]
