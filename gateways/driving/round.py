"""One round of looking at all that a gateway was given: what is left of it, and what came of it.
Touches nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from gateways.drivers.base import Served

_TRIES = 3  # failures after which a resource is passed over
# Of the resources at least this part was passed over: then it says nothing, as when a gateway is
# away for long.
_TOO_MANY = 0.1


@dataclass(frozen=True, slots=True)
class Some:
    """A few keys that are looked at together; `failures`: how often they could not be asked for."""

    keys: list[str]
    failures: int = 0


class Round:
    """`at`: its beginning, in milliseconds. `told`: what the gateway served at `asked_at`, if it
    has told everything."""

    def __init__(
        self,
        keys: Sequence[str],
        few: int,
        *,
        at: int,
        told: Served | None = None,
        asked_at: float = 0.0,
    ) -> None:
        self.at = at
        self.told = told
        self.asked_at = asked_at
        self._size = len(keys)
        self._passed_over = 0
        self._todo = deque(
            Some(list(keys[first : first + few])) for first in range(0, len(keys), few)
        )

    @property
    def next(self) -> Some | None:
        return self._todo[0] if self._todo else None

    @property
    def said_enough(self) -> bool:
        return self._passed_over <= _TOO_MANY * self._size

    def done(self) -> None:
        """The next ones have been looked at."""
        self._todo.popleft()

    def failed(self) -> None:
        """The next ones could not be asked for: they come again after all others, each by itself,
        so that one that always fails holds up none."""
        some = self._todo.popleft()
        if some.failures + 1 >= _TRIES:
            self._passed_over += len(some.keys)
            return
        self._todo.extend(Some([key], some.failures + 1) for key in some.keys)
