"""A sign of life from a thread that may hang in a socket, for another thread to judge.

The reading thread says what it does and by when it must have got somewhere; a watchdog, which is
never the reading thread, compares that with the clock. Both sides only assign and read one value.
"""

from __future__ import annotations

import time
from collections.abc import Callable


class Pulse:
    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._state = ("beginning", float("inf"), 0.0)

    def enter(self, doing: str, *, within: float) -> None:
        """Begin something that shows progress every `within` seconds (`beat`) or is over."""
        self._state = (doing, self._clock() + within, within)

    def beat(self) -> None:
        doing, _, within = self._state
        self._state = (doing, self._clock() + within, within)

    @property
    def doing(self) -> str:
        return self._state[0]

    def overdue(self) -> float:
        """The seconds by which the deadline has passed; not above zero: all is well."""
        return self._clock() - self._state[1]
