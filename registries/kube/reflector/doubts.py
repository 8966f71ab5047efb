"""When a server has to prove itself, and when the whole is compared again. Pure.

After an end that nobody ordered the next server proves that it has been at our version. If the
server was away, that is not enough: restored from a backup it may have passed our version since, on
another way, and only a look at the whole shows that. So the next safety list is brought forward;
not at every restart of a row of them, which must not become a row of lists.
"""

from __future__ import annotations

from collections.abc import Callable

from .timing import Timing
from .trouble import Outcome


class Doubts:
    def __init__(
        self, *, timing: Timing, clock: Callable[[], float], random: Callable[[], float]
    ) -> None:
        self._timing = timing
        self._clock = clock
        self._random = random
        self._outage = False
        self._compared_at = self._check_at = 0.0
        self.uncertain = False  # ask for proof before the next watch

    @property
    def left(self) -> float:
        """The seconds until the whole is to be compared; not above zero: now."""
        return self._check_at - self._clock()

    def note(self, outcome: Outcome) -> None:
        self.uncertain = self.uncertain or outcome.uncertain
        self._outage = self._outage or outcome.outage

    def proven(self) -> None:
        """The server has been at our version."""
        if self._outage:
            soon = self._clock() + self._between(self._timing.check_soon)
            self._check_at = max(soon, self._compared_at + self._timing.check_pause)
        self.uncertain = self._outage = False

    def compared(self) -> None:
        """All that is held has just been compared or replaced."""
        self.uncertain = self._outage = False
        self._compared_at = self._clock()
        self._check_at = self._compared_at + self._between(self._timing.check_every)

    def _between(self, limits: tuple[float, float]) -> float:
        low, high = limits
        return low + (high - low) * self._random()
