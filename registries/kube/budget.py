"""How many lists one process may begin in a second.

Lists cost the servers and this process most; watches hardly anything. When hundreds of registries
lose their servers at once, or are taken over at once, their lists go out in a row.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

RATE = 25.0  # a second: 200 registries are through in 8 seconds, a small house notices nothing
BURST = 25.0


class Budget:
    """A token bucket that many threads wait for in turn."""

    def __init__(
        self,
        *,
        rate: float = RATE,
        burst: float = BURST,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._lock = threading.Lock()
        self._left = burst
        self._at = clock()

    def take(self) -> float:
        """Take one; return the seconds to wait before using it."""
        with self._lock:
            now = self._clock()
            self._left = min(self._burst, self._left + (now - self._at) * self._rate) - 1
            self._at = now
            return max(0.0, -self._left / self._rate)


LISTS = Budget()
